"""evaluation.evaluator: any trainer, on any backend, for whoever searches something else."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import pytest
import stubs
from backends import Here, square
from deap import algorithms, base, tools

from deap_nas import Evaluation, GeneralEvaluator, Journal, Workers
from deap_nas.evaluation.evaluator import TooManyFailures


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def make(log: Path, **settings: Any) -> GeneralEvaluator:
    trainer = stubs.Squares(str(log))
    return GeneralEvaluator(trainer, Here(trainer), **{"fitness": square, "budget": 1, **settings})


def trained(log: Path) -> Counter[str]:
    return Counter(line.rsplit(" ", 1)[0] for line in log.read_text().splitlines())


def test_whole_numbers_are_individuals_too(log):
    with make(log) as evaluator:
        assert evaluator.map(evaluator, [3, 4, 3]) == [(9,), (16,), (9,)]
        assert evaluator(4) == (16,)
        assert sorted(evaluator.stream(evaluator, [5, 4, 5])) == [
            (4, (16,)),
            (5, (25,)),
            (5, (25,)),
        ]
        assert evaluator.measure(3) == Evaluation(metrics={"square": 9})
    assert evaluator._backend.closed
    assert trained(log) == {"3 1": 1, "4 1": 1, "5 1": 1}


def test_in_supervised_workers_that_start_once(log):
    trainer = stubs.Squares(str(log))
    with GeneralEvaluator(
        trainer, Workers(trainer, count=1), fitness=square, budget=2
    ) as evaluator:
        assert evaluator.map(evaluator, [3, 4, 5]) == [(18,), (32,), (50,)]
    assert log.read_text().splitlines() == ["3 2 1", "4 2 1", "5 2 1"]


def test_a_text_of_ones_own(log):
    with make(log, text=lambda individual: str(sum(individual))) as evaluator:
        assert evaluator.map(evaluator, [[1, 2], [3], [2, 2]]) == [(9,), (9,), (16,)]
    assert trained(log) == {"3 1": 1, "4 1": 1}


def test_what_is_cached_by_key_is_not_trained_again(tmp_path, log):
    for _ in range(2):
        with make(log, cache=tmp_path / "cache") as evaluator:
            assert evaluator(3) == (9,)
            assert evaluator.key("3") == "squares of 3, 1 times"
    assert trained(log) == {"3 1": 1}
    with make(log, cache=tmp_path / "cache", budget=2) as evaluator:
        assert evaluator(3) == (18,)


def test_outcomes_are_kept_by_genome_and_budget(tmp_path, log):
    for budget in (1, 2, 1, 2):
        with Journal(tmp_path) as journal, make(log, record=journal, budget=budget) as evaluator:
            assert evaluator(3) == (9 * budget,)
            assert evaluator.budget == budget
            assert journal.outcomes(budget) == [("3", False)]
    assert trained(log) == {"3 1": 1, "3 2": 1}
    assert [line["budget"] for line in drivers.lines_of(tmp_path)] == [1, 2]


def test_each_pair_has_a_budget_of_its_own(tmp_path, log):
    pairs = [(3, 1), (3, "20"), (4, "20"), (3, "20")]
    for _ in range(2):
        with Journal(tmp_path) as journal, make(log, record=journal) as evaluator:
            found = evaluator.measure_each(pairs)
            squares = [each.metrics["square"] for each in found if each]
            assert squares == [9, 9 * 20, 16 * 20, 9 * 20]
            assert journal.outcomes(1) == [("3", False)]
            assert evaluator.spent() == ""
    assert trained(log) == {"3 1": 1, "3 20": 1, "4 20": 1}


def test_time_may_be_kept_for_something_else(log):
    with make(log, time_budget=1000.0) as evaluator:
        evaluator.reserve = lambda: 1000.0
        assert evaluator.measure_all([3]) == [None]
        assert evaluator.spent() == "time budget of 1000 s"
        evaluator.lift_limits(time=False)
        assert evaluator(3) == (9,)


def test_a_search_goes_on_from_its_journal(tmp_path, log):
    def search(n: int) -> list[Any]:
        rng = random.Random(0)
        with Journal(tmp_path) as journal, make(log, record=journal) as evaluator:
            given = rng.sample(range(100), 20)[:n]
            return [value for _, value in evaluator.stream(evaluator, given)]

    search(8)
    before = trained(log)
    numbers = random.Random(0).sample(range(100), 20)
    assert sorted(search(20)) == sorted((number**2,) for number in numbers)
    assert before == {f"{number} 1": 1 for number in numbers[:8]}
    assert trained(log) == {f"{number} 1": 1 for number in numbers}


def test_a_failure_is_its_own_and_has_no_accuracy(log):
    with make(log) as evaluator:
        assert evaluator.map(evaluator, [3, "three"]) == [(9,), (1e9,)]
        found = evaluator.measure("three")
        assert (found.status, found.train_seconds, found.metrics) == ("error", 2.0, {})
        assert "invalid literal" in found.reason
        assert evaluator.failed("three")
        assert not evaluator.failed(3)


def test_a_trainer_that_returns_something_else_is_told_so(log):
    with make(log, max_failures=1) as evaluator, pytest.raises(TooManyFailures) as caught:
        evaluator("none")
    assert "train returned NoneType None, allowed an Evaluation or a Trained" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_of_any_kind_are_kept(tmp_path, log):
    with make(log, cache=tmp_path / "cache") as evaluator:
        assert evaluator("weights") == (0,)
        np.testing.assert_array_equal(evaluator.weights("weights"), [np.ones(3)])
        assert evaluator.weights(3) is None
    with make(log, cache=tmp_path / "cache") as evaluator:
        np.testing.assert_array_equal(evaluator.weights("weights"), [np.ones(3)])
    assert trained(log)["weights 1"] == 1


def test_deaps_own_loop(log):
    random.seed(0)
    toolbox = base.Toolbox()
    least = type("Least", (base.Fitness,), {"weights": (-1.0,)})

    class Number(list[int]):
        def __init__(self, values: Any) -> None:
            super().__init__(values)
            self.fitness = least()

    toolbox.register("mate", tools.cxUniform, indpb=0.5)
    toolbox.register("mutate", tools.mutUniformInt, low=-50, up=50, indpb=0.5)
    toolbox.register("select", tools.selTournament, tournsize=3)
    with make(log, text=lambda number: str(sum(number))) as evaluator:
        toolbox.register("evaluate", evaluator)
        toolbox.register("map", evaluator.map)
        population = [Number([i, 30]) for i in range(10)]
        last, _ = algorithms.eaSimple(population, toolbox, 0.5, 0.5, 8, verbose=False)
        assert min(number.fitness.values for number in last) < (30**2,)
    assert set(trained(log).values()) == {1}


def test_nothing_above_it_is_imported():
    code = """
import sys
from deap_nas import GeneralEvaluator, Workers
above = "training data runs layers spaces genome".split()
ours = [name.split(".") for name in sys.modules if name.startswith("deap_nas.")]
print([name for name in ours if name[1] in above])
"""
    assert drivers.python(code).stdout == "[]\n"


# --- trainers that a script defines

SCRIPT = """
import sys
from deap_nas import Evaluation, GeneralEvaluator, Workers

class Doubles:
    def key(self, genome, budget):
        return genome
    def train(self, genome, budget):
        return Evaluation(metrics={"double": 2 * int(genome)})

def main():
    trainer = Doubles()
    fitness = lambda evaluation: (evaluation.metrics["double"],)
    with GeneralEvaluator(trainer, Workers(trainer), fitness=fitness) as evaluator:
        print(evaluator(21))

"""
GUARDED = SCRIPT + "if __name__ == '__main__':\n    main()\n"


def test_a_script_defines_its_trainer(tmp_path):
    (tmp_path / "script.py").write_text(GUARDED)
    for command in ([str(tmp_path / "script.py")], ["-m", "script"]):
        result = drivers._run(command, {"PYTHONPATH": f"{drivers.ROOT}:{tmp_path}"})
        assert result.stdout == "(42.0,)\n", result.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["script.py"], "begin it under if __name__ == '__main__':"),
        (["-c", GUARDED], "a Doubles is defined in no file: put it into a script or module"),
    ],
)
def test_a_script_that_cannot_is_told_so(tmp_path, monkeypatch, command, words):
    monkeypatch.chdir(tmp_path)
    Path("script.py").write_text(SCRIPT + "main()\n")
    result = drivers._run(command, {})
    assert result.returncode == 1
    assert words in result.stderr.splitlines()[-1]


def test_a_trainer_that_does_not_travel_is_told_so():
    trainer = stubs.Squares()
    trainer.key = lambda *_: ""  # type: ignore[method-assign]
    with (
        GeneralEvaluator(trainer, Workers(trainer), fitness=square, budget=1) as evaluator,
        pytest.raises(
            RuntimeError, match=r"a Squares cannot be sent to a worker .*at the top of a"
        ),
    ):
        evaluator(3)
