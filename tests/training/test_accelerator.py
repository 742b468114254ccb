"""Which card is chosen, and how workers share it; TensorFlow's answers are replaced."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import drivers
import pytest

from deap_nas import Evaluator
from deap_nas.evaluation.workers import Outcome, Task, Workers
from deap_nas.layers import LAYERS, LayerFile
from deap_nas.training import accelerator, capacity, evaluator
from deap_nas.training.accelerator import Seen, check_accelerator, choose_card, engine_on, look
from deap_nas.training.capacity import ON_CARD, WorkersWarning, count_workers, default_workers
from deap_nas.training.cards import CONTEXT, LEAST, VISIBLE, Card
from deap_nas.training.engines import EngineWarning
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.recipes import find_recipe

CARD = Card("Toy 9000", 10 * LEAST)
OTHER = Card("Toy 100", LEAST)
GENOME = "CR 4 3 relu;GP"


def see(
    monkeypatch: pytest.MonkeyPatch, *cards: Card, why: str = "TensorFlow sees no card"
) -> None:
    monkeypatch.setattr(accelerator, "look", lambda: Seen(cards, why))


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "look", lambda: pytest.fail("TensorFlow was asked"))


@pytest.fixture
def own_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that only Keras can train."""
    own = replace(LAYERS["DO"], operations=None, source=LayerFile("mine.py", "x"))
    monkeypatch.setitem(LAYERS, "DO", own)


# --- which card


@pytest.mark.parametrize(
    ("engine", "name"),
    [("keras", "cpu"), ("auto", "cpu"), ("native", "gpu"), ("native", "auto"), ("auto", "auto")],
)
def test_nobody_is_asked_for_a_card_that_would_have_no_work(unasked, engine, name):
    assert choose_card(engine, name) is None


@pytest.mark.parametrize(("engine", "name"), [("keras", "gpu"), ("keras", "auto"), ("auto", "gpu")])
def test_the_first_card_trains_what_keras_does(monkeypatch, engine, name):
    see(monkeypatch, CARD, OTHER)
    assert choose_card(engine, name) == CARD


def test_auto_takes_the_card_for_layers_of_ones_own(monkeypatch, own_layer):
    see(monkeypatch, CARD)
    assert choose_card("auto", "auto") == CARD
    assert engine_on("auto", "auto") == "auto"


def test_without_a_card_auto_is_the_cpu_and_gpu_is_refused(monkeypatch):
    see(monkeypatch, why="this TensorFlow is built for the CPU alone")
    assert choose_card("keras", "auto") is None
    with pytest.raises(ValueError, match="accelerator gpu: this TensorFlow is built for the CPU"):
        choose_card("keras", "gpu")
    with pytest.raises(ValueError, match="accelerator 'tpu', allowed cpu, gpu, auto"):
        choose_card("keras", "tpu")


def test_a_card_that_is_asked_for_leaves_keras_alone_and_that_is_said():
    assert [engine_on("gpu", name) for name in ("auto", "native", "keras")] == [
        *("keras", "native", "keras")
    ]
    assert check_accelerator("gpu", "auto", CARD).endswith("all networks, on gpu Toy 9000")
    assert "changes nothing with engine native" in check_accelerator("gpu", "native", None)
    assert check_accelerator("gpu", "keras", CARD) == check_accelerator("auto", "auto", CARD) == ""


# --- TensorFlow's answers


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What a worker answers that is asked for cards; what it was started with."""
    started: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def workers(target: str, **settings: Any) -> Iterator[Any]:
        started.append(settings)
        yield type("Asked", (), {"run": lambda self, tasks: [(tasks[0], answers[0])]})()

    answers: list[Outcome] = []

    def see_first(outcome: Outcome) -> Seen:
        answers[:] = [outcome]
        look.cache_clear()
        return look()

    monkeypatch.setattr(accelerator, "Workers", workers)
    see_first.started = started  # type: ignore[attr-defined]
    yield see_first
    look.cache_clear()


def test_cards_with_room_are_seen_in_their_order(answer):
    found = [(CARD.name, CARD.memory), ("Full", LEAST - 1), (OTHER.name, OTHER.memory)]
    assert answer(Outcome("ok", (found, ""))).cards == (CARD, OTHER)
    (settings,) = answer.started
    assert VISIBLE not in settings["environment"], "cards are hidden"
    assert VISIBLE in settings["inherit"], "the user cannot choose one"


def test_why_there_is_no_card_is_told(answer):
    assert answer(Outcome("ok", ([], "no driver"))) == Seen((), "no driver")
    full = answer(Outcome("ok", ([("Toy", 300)], "")))
    assert full == Seen((), f"Toy has 300 MiB free, and a worker needs {LEAST:,}")
    died = answer(Outcome("killed", reason="signal 11"))
    assert died == Seen((), "looking for a card ended with killed, signal 11")


# --- shares


def test_workers_share_a_card_equally():
    assert CARD.holds == 10
    assert CARD.share(4) == Card(CARD.name, CARD.memory // 4 - CONTEXT)
    assert 4 * (CARD.share(4).memory + CONTEXT) <= CARD.memory
    assert CARD.share(10**6).memory == 1
    assert CARD.share(4).kind == CARD.kind == "gpu Toy 9000"


@pytest.mark.parametrize(
    ("cores", "memory", "expected"),
    [(64, 10**6, 10), (4, 10**6, 4), (64, 140 + 3 * ON_CARD, 3), (64, 100, 1)],
)
def test_as_many_workers_as_cores_memory_and_card_hold(monkeypatch, cores, memory, expected):
    monkeypatch.setattr(capacity, "cores", lambda: cores)
    monkeypatch.setattr(capacity, "memory", lambda: memory)
    data = drivers.tiny_dataset()
    assert default_workers(data, engine="keras", card=CARD) == expected
    assert count_workers(None, data, None, "keras", CARD) == expected


def test_more_workers_than_the_card_holds_are_warned_of(monkeypatch):
    monkeypatch.setattr(capacity, "cores", lambda: 64)
    monkeypatch.setattr(capacity, "memory", lambda: 10**6)
    asked = (drivers.tiny_dataset(), None, "keras", CARD)
    with pytest.warns(WorkersWarning, match="11 workers on Toy 9000 with .* 10 have room"):
        assert count_workers(11, *asked) == 11
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert count_workers(10, *asked) == 10


# --- the evaluator and its keys


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[RecipeTrainer, dict[str, Any]]]:
    """The trainers of evaluators, and what their workers are told."""
    found: list[tuple[RecipeTrainer, dict[str, Any]]] = []

    def workers(trainer: RecipeTrainer, **settings: Any) -> Any:
        found.append((trainer, settings))
        return drivers.InlineWorkers(trainer)

    monkeypatch.setattr(evaluator, "Workers", workers)
    return found


def evaluate(**settings: Any) -> None:
    Evaluator(drivers.tiny_dataset(), workers=2, cache=None, **settings).close()


def test_an_evaluators_workers_have_their_shares_and_see_the_card(monkeypatch, made):
    see(monkeypatch, CARD)
    monkeypatch.setattr(capacity, "cores", lambda: 2)
    with pytest.warns(EngineWarning, match="the engine keras trains all networks, on gpu Toy 9000"):
        evaluate(accelerator="gpu")
    ((trainer, settings),) = made
    assert (trainer.engine, trainer.card) == ("keras", CARD.share(2))
    assert VISIBLE not in settings["environment"]
    assert VISIBLE in settings["inherit"]
    assert settings["recycle_memory"] > ON_CARD


def test_on_the_cpu_cards_stay_hidden(unasked, made):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate()
    ((trainer, settings),) = made
    assert trainer.card is None
    assert settings["environment"][VISIBLE] == ""
    assert "recycle_memory" not in settings


def test_a_cluster_trains_on_cpus():
    with pytest.raises(ValueError, match="accelerator 'gpu' with a client, allowed cpu"):
        evaluate(accelerator="gpu", client=object())


def key(engine: str, card: Card | None) -> dict[str, Any]:
    how = (drivers.tiny_dataset(), find_recipe("fast"), "validation", 0, engine)
    found: dict[str, Any] = json.loads(RecipeTrainer(*how, card=card).key(GENOME, 2))
    return found


def test_a_key_names_the_card_where_one_trains():
    plain = {
        *("genome", "recipe", "train_seed", "training_version", "engine", "data", "split"),
    }
    assert key("keras", None).keys() == key("auto", None).keys() == plain, "of before"
    on_card = key("keras", CARD)
    assert on_card.pop("accelerator") == "gpu Toy 9000"
    assert on_card == key("keras", None)
    assert key("keras", CARD) == key("keras", CARD.share(3)), "however many share it"
    assert key("keras", CARD) != key("keras", OTHER)
    assert key("auto", CARD) == key("auto", None), "the engine native has no card"


# --- what a card does to a genome


class CardError(RuntimeError):
    """As the engine's own, which needs TensorFlow; workers know it by its name."""


class Breaking:
    """Trainings on a card that breaks."""

    def train(self, genome: str) -> int:
        if genome == "full":
            raise MemoryError("over 9 MiB of Toy")
        if genome == "lost":
            raise CardError("Toy is gone: TensorFlow sees no card")
        return os.getpid()


def test_a_full_or_lost_card_costs_a_genome_a_status_and_no_other_anything():
    genomes = ("one", "full", "two", "lost", "three")
    with Workers("test_accelerator:Breaking") as workers:
        ended = {
            task.key: outcome
            for task, outcome in workers.run([Task(each, "train", (each,)) for each in genomes])
        }
    assert (ended["full"].status, ended["full"].reason) == ("oom", "MemoryError: over 9 MiB of Toy")
    assert ended["lost"].status == "killed"
    assert ended["lost"].reason == "CardError: Toy is gone: TensorFlow sees no card"
    assert ended["one"].value == ended["two"].value != ended["three"].value, "a new process"
