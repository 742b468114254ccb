"""A card in a worker's hands, with TensorFlow's own errors and without a card."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import drivers
import pytest

from deap_nas.evaluation.worker import _status
from deap_nas.training.cards import Card
from deap_nas.training.recipes import find_recipe
from deap_nas.training.trainer import Trainer

tf = pytest.importorskip("tensorflow")

from deap_nas.training.keras_engine import card as cards, network  # noqa: E402
from deap_nas.training.keras_engine.card import (  # noqa: E402
    CardError,
    CardFullError,
    CardOperationError,
    Probe,
    blame,
    use_card,
)

SHARE = Card("Toy 9000", 1234)
GENOME = "CR 4 3 relu;GP"
# As TensorFlow tells of what happens in a graph.
GRAPH = (
    "Graph execution error:\n\nDetected at node model/conv2d/Conv2D defined at (most recent call "
    "last):\n<stack traces unavailable>\n{}\n\t [[{{{{node model/conv2d/Conv2D}}}}]]\n"
    "Hint: If you want to see a list of allocated tensors when OOM happens, add ... "
    "[Op:__inference_run_42]"
)


class Config:
    """``tf.config`` of a machine with cards; what it was asked to do."""

    LogicalDeviceConfiguration = SimpleNamespace

    def __init__(self, *names: str) -> None:
        self.names, self.done = names, []
        self.experimental = SimpleNamespace(
            get_device_details=lambda device: {"device_name": names[device]},
            enable_op_determinism=lambda: self.done.append("deterministic"),
            enable_tensor_float_32_execution=lambda on: self.done.append(("tf32", on)),
        )

    def list_physical_devices(self, kind: str) -> list[int]:
        assert kind == "GPU"
        return [*range(len(self.names))]

    def set_visible_devices(self, devices: int, kind: str) -> None:
        self.done.append(("visible", devices, kind))

    def set_logical_device_configuration(self, device: int, logical: list[Any]) -> None:
        self.done.append(("limit", device, [each.memory_limit for each in logical]))


def test_a_share_is_limited_and_its_sums_are_the_same_each_time():
    config = Config("Other", "Toy 9000")
    use_card(SHARE, config)
    assert config.done == [
        ("visible", 1, "GPU"),
        ("limit", 1, [1234]),
        "deterministic",
        ("tf32", False),
    ]


@pytest.mark.parametrize(("names", "seen"), [((), "no card"), (("Toy 100",), "Toy 100")])
def test_a_card_that_is_gone_is_never_the_cpu_nor_another_card(names, seen):
    config = Config(*names)
    with pytest.raises(CardError, match=f"Toy 9000 is gone: TensorFlow sees {seen}"):
        use_card(SHARE, config)
    assert config.done == []


def test_the_settings_of_a_card_are_tensorflows_own():
    """The fake has no name that TensorFlow has not."""
    for name in ("list_physical_devices", "set_visible_devices", "LogicalDeviceConfiguration"):
        assert hasattr(tf.config, name)
    assert hasattr(tf.config, "set_logical_device_configuration")
    assert all(hasattr(tf.config.experimental, name) for name in vars(Config().experimental))
    assert tf.config.LogicalDeviceConfiguration(memory_limit=5).memory_limit == 5


def test_what_there_is_is_told_with_what_is_free(monkeypatch):
    from tensorflow.python.client import device_lib

    devices = [
        SimpleNamespace(device_type="CPU", memory_limit=2**28),
        SimpleNamespace(device_type="GPU", memory_limit=5 * 2**30),
    ]
    monkeypatch.setattr(device_lib, "list_local_devices", lambda: devices)
    monkeypatch.setattr(tf.test, "is_built_with_gpu_support", lambda: True)
    monkeypatch.setattr(cards, "names_of", lambda _: ["Toy 9000"])
    assert Probe().look()[0] == [("Toy 9000", 5 * 1024)]
    monkeypatch.setattr(tf.test, "is_built_with_gpu_support", lambda: False)
    assert Probe().look() == ([], "this TensorFlow is built for the CPU alone")


# --- what goes wrong


def error(kind: str, text: str) -> Exception:
    made: Exception = getattr(tf.errors, kind)(None, None, text)
    return made


@pytest.mark.parametrize(
    ("raised", "expected", "status"),
    [
        (error("ResourceExhaustedError", GRAPH.format("OOM when allocating [9]")), CardFullError,
         "oom"),
        (error("InternalError", GRAPH.format("CUDNN_STATUS_ALLOC_FAILED")), CardFullError, "oom"),
        (error("InternalError", GRAPH.format("CUDA_ERROR_ILLEGAL_ADDRESS")), CardError, "killed"),
        (error("UnknownError", "the device fell off the bus"), CardError, "killed"),
        (error("UnimplementedError", "when determinism is enabled"), CardOperationError, "error"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)  # fmt: skip
def test_a_genomes_status_and_reason(raised, expected, status):
    with pytest.raises(expected) as caught:
        blame(SHARE, raised)
    assert _status(caught.value) == status
    text = str(caught.value)
    assert "Toy 9000" in text
    assert len(text) < 300
    assert not any(word in text for word in ("\n", "stack traces", "Detected", "Hint", "[["))


@pytest.mark.parametrize(
    "raised",
    [ValueError("bad layer"), error("InvalidArgumentError", "x"), error("UnimplementedError", "x")],
)
def test_what_is_no_cards_fault_stays_as_it_is(raised):
    blame(SHARE, raised)


def test_out_of_memory_in_a_training_is_of_the_share_and_the_next_genome_trains(monkeypatch):
    """By the trainer that workers have; on this machine's CPU, since there is no card."""
    used: list[Card] = []
    monkeypatch.setattr(network, "use_card", used.append)
    monkeypatch.setattr(network, "use_one_thread", lambda: None)
    data = drivers.tiny_dataset(side=6, n=12)
    how = (*data.split("validation"), data.n_classes)
    trainer = Trainer(*how, engine="keras", card=SHARE)
    epoch = network.KerasEpoch.__call__
    full = error("ResourceExhaustedError", GRAPH.format("OOM when allocating [9]"))

    def fail(*_: Any) -> Any:
        raise full

    monkeypatch.setattr(network.KerasEpoch, "__call__", fail)
    with pytest.raises(CardFullError, match=r"over 1,234 MiB of Toy 9000 \(OOM when allocating"):
        trainer.train(GENOME, find_recipe("fast"), 0)
    monkeypatch.setattr(network.KerasEpoch, "__call__", epoch)
    recipe = find_recipe("fast")
    assert trainer.train(GENOME, type(recipe)(**{**recipe.to_dict(), "epochs": 1})).evaluation.ok
    assert used == [SHARE], "once"
