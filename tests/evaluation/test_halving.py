"""Which trainings are stopped early, and what is made of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.evaluation.evaluator import GeneralEvaluator
from deap_nas.evaluation.failures import Failures
from deap_nas.evaluation.fitness import Evaluation, accuracy_and_params, accuracy_per_log_params
from deap_nas.evaluation.forecast import LOG_OF_ERROR, Forecast
from deap_nas.evaluation.halving import Halving, cut, stop
from deap_nas.evaluation.trained import Trained

SIZE = 1000


def trained(*accuracies: float, n_params: int = SIZE) -> Evaluation:
    """A training, by its accuracy after each epoch."""
    curve = tuple(
        {"epoch": i, "accuracy": each, "val_accuracy": each} for i, each in enumerate(accuracies, 1)
    )
    n = len(accuracies)
    seconds = {"train_seconds": float(n), "train_cpu_seconds": float(n)}
    about = {"n_params": n_params, "epochs": n, "best_epoch": n, "curve": curve, **seconds}
    return Evaluation(accuracies[-1], accuracies[-1], confusion=((1, 0), (0, 1)), **about)  # type: ignore[arg-type]


def halving(
    eta: int = 2,
    rungs: tuple[int, ...] = (1,),
    place: Callable[[Evaluation], Any] = accuracy_per_log_params,
    sizes: dict[str, int] | None = None,
    **more: Any,
) -> Halving:
    return Halving(eta, rungs, place, lambda text: ((sizes or {}).get(text, SIZE), 0), **more)


def front(evaluation: Evaluation) -> tuple[float, float]:
    accuracy, n_params = accuracy_and_params(evaluation)
    return accuracy, -n_params


def test_while_nobody_was_seen_all_go_on() -> None:
    assert halving().floors(["a"], []) == {"a": {1: 0.0}}


@pytest.mark.parametrize("eta", [2, 3, 4])
@pytest.mark.parametrize("n", range(1, 8))
def test_the_best_of_so_many_go_on(eta: int, n: int) -> None:
    """With one size alone accuracies decide: the rank among those seen, itself counted."""
    accuracies = [0.1 + 0.1 * i for i in range(n)]
    seen = [trained(each, 0.99) for each in accuracies]
    (floors,) = halving(eta).floors(["a"], seen).values()
    for mine in [0.05 + 0.1 * i for i in range(n + 1)]:
        rank = 1 + sum(each > mine for each in accuracies)
        assert (mine >= floors[1]) == (rank <= math.ceil((n + 1) / eta)), (mine, rank)


def test_an_equal_is_not_beaten() -> None:
    (floors,) = halving(4).floors(["a"], [trained(0.7, 0.9)] * 8).values()
    assert 0.7 - 1e-6 < floors[1] <= 0.7


def test_who_is_larger_needs_more_accuracy_by_the_fitness() -> None:
    seen = [trained(0.5, 0.9, n_params=100)] * 8
    floors = halving(sizes={"small": 50, "large": 10_000}).floors(["small", "large"], seen)
    for text, size in (("small", 50), ("large", 10_000)):
        expected = 0.5 * math.log(size) / math.log(100)
        assert floors[text][1] == pytest.approx(expected, abs=1e-5)


def test_on_a_front_only_those_as_small_count() -> None:
    """What is smaller than all others is beaten by none; what is larger by all that are better."""
    seen = [trained(0.5, 0.9, n_params=100), trained(0.6, 0.9, n_params=200)] * 4
    rule = halving(2, place=front, sizes={"tiny": 50, "middle": 150, "large": 300})
    floors = rule.floors(["tiny", "middle", "large"], seen)
    assert floors["tiny"] == {1: 0.0}
    assert floors["middle"][1] == 0.0  # half are smaller, and fewer than half of all beat it
    assert floors["large"][1] == pytest.approx(0.5, abs=1e-5)


def test_no_accuracy_is_enough_where_half_are_better_than_all_of_it() -> None:
    seen = [trained(0.9, 0.9, n_params=10)] * 8
    (floors,) = halving(sizes={"a": 10**9}).floors(["a"], seen).values()
    assert floors[1] > 1


def test_only_who_came_to_a_rung_counts_there() -> None:
    ended = stop(trained(0.2), 0.3)
    seen = [ended, ended, trained(0.5, 0.6, 0.7, 0.8)]
    (floors,) = halving(2, (1, 2)).floors(["a"], seen).values()
    assert floors[1] == pytest.approx(0.2, abs=1e-5)
    assert floors[2] == pytest.approx(0.6, abs=1e-5)  # one of two goes on


def test_who_failed_was_not_seen() -> None:
    assert halving().floors(["a"], [Evaluation(0.0, status="oom")] * 9) == {"a": {1: 0.0}}


def test_who_is_spared_has_no_floors() -> None:
    rule = halving(spared=frozenset({"mine"}))
    assert rule.floors(["mine", "a"], [trained(0.5, 0.9)] * 9).keys() == {"a"}


# --- what is made of them


def test_a_cut_is_what_training_would_have_given() -> None:
    whole = Trained(trained(0.3, 0.5, 0.7, 0.8), ["weights"])  # type: ignore[list-item]
    assert cut(whole, {1: 0.3, 2: 0.5}) == whole
    found = cut(whole, {1: 0.3, 2: 0.6})
    assert found is not None
    assert found.weights == []
    assert found.evaluation == stop(trained(0.3, 0.5), 0.6)
    assert found.evaluation.reason == "accuracy 0.5000 after epoch 2, below 0.6000"


def test_what_diverged_later_says_nothing_of_an_earlier_rung() -> None:
    failed = Trained(Evaluation(0.0, status="diverged", epochs=3))
    assert cut(failed, {1: 0.3}) is None
    assert cut(failed, {}) == failed


def test_a_stopped_training_has_no_fitness_and_is_no_failure() -> None:
    ended = stop(trained(0.6), 0.7)
    assert not ended.ok
    assert accuracy_per_log_params(ended) == (0.0,)
    assert Evaluation.from_dict(ended.to_dict()) == ended
    failures = Failures(2)
    for _ in range(9):
        failures.count(ended)


def test_a_model_learns_of_it_what_it_would_have_come_to() -> None:
    told = {"a": trained(0.5, 0.8), "b": trained(0.4, 0.7), "c": stop(trained(0.3), 0.4)}
    forecast = Forecast(accuracy_per_log_params, ("accuracy",), told.__getitem__, lambda _: (9, 9))
    assert forecast.learned("c") == (LOG_OF_ERROR.to(0.3),)
    assert [forecast.learned(name) for name in "ab"] == [(LOG_OF_ERROR.to(a),) for a in (0.8, 0.7)]
    gain = math.log(0.5 / 0.2) / 2 + math.log(0.6 / 0.3) / 2
    assert forecast.learned("c")[0] == pytest.approx(LOG_OF_ERROR.to(0.3) + gain)


# --- in an evaluator


class Ladder:
    """A trainer: a genome is its accuracies after each epoch, as text."""

    def key(self, genome: str, budget: Any) -> str:
        return genome

    def train(self, genome: str, budget: Any, floors: Any = None) -> Trained:
        whole = Trained(trained(*map(float, genome.split())))
        found = cut(whole, floors or {})
        assert found is not None
        return found


class Backwards:
    """A backend that ends tasks in any order."""

    def __init__(self, trainer: Any, rng: random.Random, room: int) -> None:
        self._trainer, self._rng, self._room = trainer, rng, room
        self._begun: list[Task] = []
        self.trained: list[Any] = []

    def has_room(self) -> bool:
        return len(self._begun) < self._room

    def submit(self, task: Task) -> None:
        self._begun.append(task)

    def wait(self) -> list[tuple[Task, Outcome]]:
        if not self._begun:
            return []
        task = self._begun.pop(self._rng.randrange(len(self._begun)))
        self.trained.append(task.args[0])
        return [(task, Outcome("ok", self._trainer.train(*task.args)))]

    def cancel(self) -> None:
        self._begun.clear()

    def close(self) -> None:
        pass


def ladders(n: int) -> list[str]:
    rng = random.Random(5)
    starts = [rng.uniform(0.1, 0.8) for _ in range(n)]
    return [f"{start:.3f} {start + 0.1:.3f} {start + 0.15:.3f}" for start in starts]


def outcomes(order: int, room: int, cache: Path | None = None) -> tuple[dict[str, Any], list[Any]]:
    backend = Backwards(Ladder(), random.Random(order), room)
    rule = halving(2, (1, 2))
    with GeneralEvaluator(
        Ladder(), backend, fitness=accuracy_per_log_params, cache=cache, halving=rule
    ) as evaluator:
        for i in range(0, 40, 8):
            evaluator.map(evaluator, ladders(40)[i : i + 8])
        found = {text: evaluator.measure(text) for text in ladders(40)}
        for text, evaluation in found.items():
            assert evaluator.stopped(text) == evaluation.stopped
            assert evaluator.failed(text) == (not evaluation.ok)
        return found, backend.trained


def test_who_is_stopped_does_not_depend_on_who_ends_first(tmp_path: Path) -> None:
    expected, _ = outcomes(0, 1)
    stopped = [each for each in expected.values() if each.stopped]
    assert 8 <= len(stopped) <= 32
    assert {each.epochs for each in stopped} == {1, 2}
    for order in range(1, 4):
        assert outcomes(order, 4)[0] == expected


def test_nor_on_what_the_cache_knows(tmp_path: Path) -> None:
    expected, _ = outcomes(0, 1)
    evaluator = GeneralEvaluator(
        Ladder(), Backwards(Ladder(), random.Random(0), 1), fitness="accuracy_per_log_params",
        cache=tmp_path,
    )  # fmt: skip
    with evaluator:
        evaluator.measure_all(ladders(40)[::3])  # to the end
    found, again = outcomes(2, 4, tmp_path)
    assert found == expected
    assert not {*again} & {*ladders(40)[::3]}


def test_when_the_limits_are_lifted_all_are_trained_to_the_end() -> None:
    evaluator = GeneralEvaluator(
        Ladder(), Backwards(Ladder(), random.Random(0), 1), fitness="accuracy_per_log_params",
        halving=halving(),
    )  # fmt: skip
    with evaluator:
        evaluator.measure_all(["0.8 0.9 0.9", "0.7 0.9 0.9"])
        assert evaluator.measure("0.2 0.3 0.4").stopped
        evaluator.lift_limits()
        assert evaluator.measure("0.1 0.3 0.4").ok


def test_seconds_are_those_of_the_epochs() -> None:
    whole = replace(trained(0.1, 0.2, 0.3, 0.4), train_seconds=8.0)
    found = cut(Trained(whole), {1: 0.5})
    assert found is not None
    assert found.evaluation.train_seconds == 2.0
