"""evaluation.asking: only what the toolbox's evaluate asks for is measured."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
import stubs
from backends import Crowd, Here, make, square
from deap import base, tools

from deap_nas import GeneralEvaluator, Journal, SearchSpace, ea_generational, make_toolbox
from deap_nas.tabular import TabularEvaluator, load_table

LIMIT = 5


class Number(int):
    """An individual."""

    fitness = type("Least", (base.Fitness,), {"weights": (-1.0,)})()


def feasible(number: int) -> bool:
    return number < LIMIT


def numbers(*values: int) -> list[Number]:
    return [Number(value) for value in values]


def penalised(evaluator: Any) -> Any:
    """DEAP's own way: a decorator of the toolbox's evaluate."""
    toolbox = base.Toolbox()
    toolbox.register("evaluate", evaluator)
    toolbox.register("map", evaluator.map)
    toolbox.register("stream", evaluator.stream)
    toolbox.decorate("evaluate", tools.DeltaPenalty(feasible, 1000.0))
    return toolbox


def test_what_a_penalty_decides_is_not_trained():
    with make(Crowd()) as evaluator:
        toolbox = penalised(evaluator)
        found = toolbox.map(toolbox.evaluate, numbers(3, 9, 4, 7, 3))
        assert found == [(9,), (1000.0,), (16,), (1000.0,), (9,)]
        assert evaluator._backend.trained == {"3": 1, "4": 1}


def test_nor_in_a_stream():
    with make(Crowd()) as evaluator:
        toolbox = penalised(evaluator)
        found = sorted(toolbox.stream(toolbox.evaluate, numbers(3, 9, 4, 7, 3)))
        assert found == [(3, (9,)), (3, (9,)), (4, (16,)), (7, (1000.0,)), (9, (1000.0,))]
        assert evaluator._backend.trained == {"3": 1, "4": 1}


def test_what_it_asks_for_instead_is_trained():
    """``tools.ClosestValidPenalty`` measures the nearest individual that is feasible."""

    def nearest(number: int) -> Number:
        return Number(LIMIT - 1)

    for way in ("map", "stream"):
        with make(Crowd()) as evaluator:
            toolbox = base.Toolbox()
            toolbox.register("evaluate", evaluator)
            penalty = tools.ClosestValidPenalty(feasible, nearest, 1.0, lambda a, b: abs(a - b))
            toolbox.decorate("evaluate", penalty)
            mapped = getattr(evaluator, way)(toolbox.evaluate, numbers(9, 2))
            values = mapped if way == "map" else [value for _, value in sorted(mapped)[::-1]]
            assert values == [(16 + 5.0,), (4,)]
            assert evaluator._backend.trained == {"4": 1, "2": 1}


def test_one_question_may_follow_another():
    def chain(number: int) -> float:
        value = number
        while value < 300:
            (value,) = evaluator(int(value))
        return value

    with make(Crowd()) as evaluator:
        assert evaluator.map(chain, [2, 3, 500]) == [65536, 6561, 500]
        trained = evaluator._backend.trained
    with make(Crowd()) as evaluator:
        found = [value for _, value in sorted(evaluator.stream(chain, [2, 3, 500]))]
        assert found == [65536, 6561, 500]
        assert (
            evaluator._backend.trained
            == trained
            == Counter(["2", "4", "16", "256", "3", "9", "81"])
        )


def test_all_that_is_asked_for_is_trained_at_once():
    backend = Crowd(room=3, pause=0.05)
    with make(backend) as evaluator:
        evaluator.map(penalised(evaluator).evaluate, numbers(*range(LIMIT)))
    assert backend.most == 3


def test_a_function_that_handles_errors_still_asks():
    def forgiving(number: int) -> Any:
        try:
            return evaluator(number)
        except Exception:
            return (-1.0,)

    with make(Crowd()) as evaluator:
        assert evaluator.map(forgiving, [3, 4]) == [(9,), (16,)]


def test_a_function_is_begun_again_only_for_what_it_asked():
    calls: Counter[int] = Counter()

    def counted(number: int) -> Any:
        calls[number] += 1
        return evaluator(number) if feasible(number) else (0.0,)

    with make(Crowd()) as evaluator:
        for way in (evaluator.map, evaluator.stream):
            calls.clear()
            list(way(counted, [1, 9] if way == evaluator.map else [2, 8]))
            assert sorted(calls.values()) == [1, 2]


def test_the_budget_is_of_what_is_asked_for():
    with make(Crowd(), max_evaluations=2) as evaluator:
        toolbox = penalised(evaluator)
        found = toolbox.map(toolbox.evaluate, numbers(9, 1, 8, 2, 3))
        assert found == [(1000.0,), (1,), (1000.0,), (4,), None]


def test_neither_are_infeasible_genomes_in_the_journal(tmp_path):
    for _ in range(2):  # the second is a resumption
        with Journal(tmp_path) as journal, make(Crowd(), record=journal) as evaluator:
            toolbox = penalised(evaluator)
            values = [v for _, v in sorted(toolbox.stream(toolbox.evaluate, numbers(3, 9, 4)))]
            assert values == [(9,), (16,), (1000.0,)]
            assert sorted(text for text, _ in journal.outcomes(1)) == ["3", "4"]


@pytest.mark.parametrize("way", ["map", "stream"])
def test_the_table_is_asked_alike(way):
    table = load_table()
    some = random.Random(1).sample(list(table), 6)
    with TabularEvaluator(table, max_evaluations=2) as evaluator:
        evaluate = tools.DeltaPenalty(lambda genome: genome in some[:3], 0.0)(evaluator)
        individuals = [type("Individual", (list,), {"fitness": _most()})(g) for g in some]
        found = getattr(evaluator, way)(evaluate, individuals)
        values = found if way == "map" else [value for _, value in found]
        assert [value is None for value in values] == [False, False, True, False, False, False]
        assert values[3:] == [(0.0,)] * 3
        assert len(evaluator.measured) == 2


def _most() -> Any:
    return type("Most", (base.Fitness,), {"weights": (1.0,)})()


def test_in_a_search_with_deaps_penalty():
    trained: list[str] = []

    class Lengths(stubs.Squares):
        def train(self, genome: str, budget: int) -> Any:
            trained.append(genome)
            return super().train(str(len(genome)), budget)

    trainer, rng = Lengths(), random.Random(2)
    with GeneralEvaluator(trainer, Here(trainer), fitness=square, budget=1) as evaluator:
        toolbox = make_toolbox(SearchSpace(), evaluator, rng=rng)
        toolbox.decorate("evaluate", tools.DeltaPenalty(lambda genome: len(genome) <= 4, 0.5))
        population = toolbox.population(n=12)
        assert any(len(genome) > 4 for genome in population)
        ea_generational(population, toolbox, cxpb=0.5, mutpb=0.5, ngen=3, rng=rng)
    assert trained
    assert all(text.count(";") <= 3 for text in trained)
