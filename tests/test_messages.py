"""All messages that name a remedy, and each remedy applied: here, or in the test that is named."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drivers
import pytest
from messages import Message, messages
from remedies import HERE, Refused, Try

from deap_nas.extras import REMEDY
from deap_nas.layers import LAYERS
from deap_nas.layers.gene import MAKERS
from deap_nas.training import evaluator

TESTS = Path(__file__).parent
# Where the remedies of the others are applied: module, how the message begins.
ELSEWHERE: dict[str, list[tuple[str, str]]] = {
    "data/test_bad_npz.py::test_bad_npz": [
        ("data/images", ""),
        ("data/labels", ""),
        ("data/npz", "{} has no array {}"),
    ],
    "data/test_folder.py::test_bad_folder": [
        ("data/folder", "class {} has {} image"),
        ("data/layout", "{} has {} folders in it"),
        ("data/layout", "{} has no image"),
        ("data/layout", "{} is beside {}"),
        ("data/decode", "{} has {} pixels"),
        ("data/decode", "{} cannot be read"),
    ],
    "data/test_folder.py::test_a_class_that_is_not_trained_on": [
        ("data/layout", "{} has the class {}"),
    ],
    "data/test_folder.py::test_a_folder_that_may_not_be_read": [
        ("data/folder", "{} cannot be read"),
    ],
    "data/test_folder.py::test_more_images_than_the_memory_holds": [
        ("data/decode", "{} images of {} pixels"),
    ],
    "data/test_folder.py::test_only_images_of_a_folder_are_brought_to_a_size_or_to_grey": [
        ("data/load", "{} with dataset {}"),
    ],
    "data/test_npz_values.py::test_bad_values": [("data/images", "{}: the images ({})")],
    "data/test_fashion.py::test_damaged_files": [
        ("data/fashion", "{} is damaged"),
        ("data/fashion", "{} cannot be read"),
    ],
    "data/test_fashion.py::test_named_directory_without_the_files_is_an_error": [
        ("data/fashion", "{} {} lacks {}"),
    ],
    "commands/test_run_stopped.py::test_a_directory_in_use_is_refused": [
        ("commands/session", "{} is in use by a running search"),
        ("runs/extend", "{} is in use by a running search"),
    ],
    "commands/test_run.py::test_too_many_failures_end_in_one_line_and_can_be_resumed_when_mended": [
        ("evaluation/failures", "the last {} failed"),
    ],
    "commands/test_output.py::test_json_that_does_not_get_through_is_an_error": [
        ("commands/train", "standard output takes no JSON"),
    ],
    "training/test_capacity.py::test_what_is_asked_for_is_done_with_a_warning": [
        ("training/capacity", "{} workers in {} MiB of memory"),
    ],
    "training/test_accelerator.py::test_more_workers_than_the_card_holds_are_warned_of": [
        ("training/capacity", "{} workers on {} with {} MiB"),
    ],
    "training/test_engines.py::test_auto_is_native_unless_a_layer_has_no_operations": [
        ("training/engines", "engine native has no kernels"),
    ],
    "training/test_engines.py::"
    "test_operations_without_a_kernel_are_refused_and_left_out_keras_trains": [
        ("training/native/plan", "engine native has no kernel for"),
    ],
    "commands/test_run_longer.py::test_time_that_is_spent_is_not_given_again": [
        ("runs/extend", "time_budget {}, allowed more"),
    ],
    "programs/test_classifier.py::test_what_is_refused_is_taken_when_it_is_mended": [
        ("programs/classifier", "y has one class"),
        ("programs/classifier", "X has {} features"),
    ],
    "programs/test_evolve.py::test_a_run_that_is_searched_is_waited_for": [
        ("programs/evolve", "{} is in use by a running search"),
    ],
    "report/test_export.py::test_an_earlier_export_gives_way_only_when_told": [
        ("report/export_folder", "{} is there; name a new folder"),
    ],
    "report/test_export.py::test_a_folder_of_something_else_is_left_alone": [
        ("report/export_folder", "{} is there, and is no earlier export"),
    ],
    "report/test_export.py::test_a_folder_that_cannot_be_written": [
        ("report/export_folder", "{} cannot be written"),
    ],
    "report/test_export.py::test_a_format_whose_package_is_missing": [
        ("report/export", "format {} needs the package {}"),
    ],
    "evaluation/test_general.py::test_a_script_defines_its_trainer": [("evaluation/process", "")],
    "commands/test_run_dask.py::test_a_scheduler_that_is_not_there_is_refused": [
        ("runs/cluster", "scheduler {} is neither"),
        ("runs/cluster", "scheduler {}: no Dask scheduler answers"),
    ],
    "commands/test_run_dask.py::test_an_encrypted_cluster": [
        ("runs/cluster", "scheduler {}: Dask has no certificate"),
    ],
    "evaluation/test_dask.py::test_an_asynchronous_client_is_refused": [
        ("evaluation/dask_cluster", "{} is asynchronous"),
    ],
    "evaluation/test_dask.py::test_a_scheduler_that_is_lost_is_said_in_one_line": [
        ("evaluation/dask", "the Dask client is {}; make a new one"),
    ],
    "training/test_model.py::test_without_tensorflow_one_line_says_what_to_install": [
        ("layers/from_keras", ""),
    ],
}

NAMED = [message for message in messages() if message.names_a_remedy]


def applied_here(message: Message) -> bool:
    return any((message.module, message.text) == (module, text) for module, text, *_ in HERE)


def applied_elsewhere(message: Message) -> bool:
    return any(
        message.module == module and message.text.startswith(start)
        for found in ELSEWHERE.values()
        for module, start in found
    )


def test_the_list_is_whole() -> None:
    """A message that names a remedy comes with a test of the remedy."""
    assert len(NAMED) > 80
    missing = [m for m in NAMED if not applied_here(m) and not applied_elsewhere(m)]
    assert missing == []


def test_the_list_has_nothing_that_is_gone() -> None:
    found = {(message.module, message.text) for message in messages()}
    assert [(module, text) for module, text, *_ in HERE if (module, text) not in found] == []


@pytest.mark.parametrize("test", ELSEWHERE)
def test_the_tests_named_are_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name}(" in (TESTS / path).read_text()


@pytest.fixture
def place(home: Any, stub: Any, no_page: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a tiny data set, no layers of one's own, and trainings that take no time."""
    drivers.save_npz(Path("tiny.npz"), drivers.tiny_dataset())
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    tables = [(table, dict(table)) for table in (LAYERS, MAKERS)]
    yield
    for table, before in tables:
        table.clear()
        table.update(before)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "text", "wrong", "right"), HERE, ids=[f"{m}: {t[:50]}" for m, t, *_ in HERE]
)
def test_the_remedy_is_right(place: None, module: str, text: str, wrong: Try, right: Try) -> None:
    with pytest.raises((Refused, ValueError, TypeError, RuntimeError)) as caught:
        wrong()
    message = str(caught.value)
    assert message.strip().count("\n") == 0
    assert Message(module, text).pattern.search(message), message
    right()


def test_what_is_to_be_installed_can_be() -> None:
    """The package is in no registry: its extras are had from a clone, as the README does it."""
    config = configparser.ConfigParser()
    config.read(TESTS.parent / "setup.cfg")
    extras = set(config["options.extras_require"])
    assert {"cpu", "onnx"} <= extras
    assert "pip install -e '.[cpu]'" in REMEDY
    assert "pip install -q -e '.[cpu]'" in (TESTS.parent / "README.md").read_text()
    for path in (TESTS.parent / "deap_nas").rglob("*.py"):
        assert not re.search(r"pip install '?deap-nas", path.read_text()), path
