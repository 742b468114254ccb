"""A fitness that is not a number: DEAP's comparisons let it win, our loops do not."""

from __future__ import annotations

import math
import random
from functools import partial
from typing import Any

import pytest
from deap import tools
from loops import LOOPS, N, evolve, one_max

from deap_nas import FitnessMaxMin
from deap_nas.algorithms import ea_generational, ea_nsga2, ea_preselected
from deap_nas.algorithms.common import draw_parents, has_number, merit
from deap_nas.operators import SELECTIONS

NAN = float("nan")


def preselected(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    n = len(population)
    return ea_preselected(population, toolbox, n, n, 0.7, 0.5, ngen, candidates=2, **settings)


ALL = {**LOOPS, "preselected": preselected}
KEEP_THE_BEST = ("mu_plus_lambda", "steady_state", "nsga2", "preselected")


@pytest.fixture(autouse=True)
def module_state() -> Any:
    state = random.getstate()
    yield
    random.setstate(state)


@pytest.fixture(params=ALL)
def name(request: Any) -> Any:
    return request.param


@pytest.fixture(params=SELECTIONS)
def select(request: Any) -> Any:
    return SELECTIONS[request.param]


def some_nan(individual: Any) -> tuple[float]:
    """NaN for a third of all, the best among them."""
    ones = sum(individual)
    return (NAN if ones % 3 == 0 else float(ones),)


def statistics() -> Any:
    found = tools.Statistics(lambda individual: individual.fitness.values[0])
    for each in (max, min, sum):
        found.register(each.__name__, each)
    return found


def test_it_enters_nothing_while_others_are_numbers(name, select):
    """Nor is it selected: no parent and no elite is cloned from it."""
    cloned: list[Any] = []
    toolbox = one_max(random.Random(0), evaluate=some_nan, select=select)
    clone = toolbox.clone
    toolbox.register("clone", lambda individual: cloned.append(individual) or clone(individual))
    hall, front, seen = tools.HallOfFame(5), tools.ParetoFront(), list[Any]()
    _, logbook = evolve(
        ALL[name], toolbox=toolbox, halloffame=hall, stats=statistics(),
        observe=lambda _, members: seen.extend(members),
    )  # fmt: skip
    evolve(ALL[name], toolbox=toolbox, halloffame=front)
    assert not all(map(has_number, seen))
    assert cloned
    assert all(map(has_number, cloned))
    assert len(hall) == 5
    assert len(front) > 0
    assert all(map(has_number, [*hall, *front]))
    found = [value for column in ("max", "min", "sum") for value in logbook.select(column)]
    assert len(found) == 3 * 9
    assert not any(map(math.isnan, found))


def test_the_search_goes_on_at_its_size(name, select):
    sizes: list[int] = []
    toolbox = one_max(random.Random(0), evaluate=some_nan, select=select)
    evolve(ALL[name], toolbox=toolbox, observe=lambda _, members: sizes.append(len(members)))
    assert sizes == [N] * 9


@pytest.mark.parametrize("name", KEEP_THE_BEST)
def test_where_the_best_survive_it_is_the_first_to_leave(name):
    toolbox = one_max(random.Random(0), evaluate=some_nan)
    population, _ = evolve(ALL[name], toolbox=toolbox)
    assert all(map(has_number, population))


def test_where_all_are_the_search_goes_on_and_finds_nothing(name, select):
    hall, sizes = tools.HallOfFame(5), list[int]()
    toolbox = one_max(random.Random(0), evaluate=lambda _: (NAN,), select=select)
    _, logbook = evolve(
        ALL[name], toolbox=toolbox, halloffame=hall, stats=statistics(), verbose=True,
        observe=lambda _, members: sizes.append(len(members)),
    )  # fmt: skip
    assert len(hall) == 0
    assert sizes == [N] * 9
    assert logbook.select("max") == [None] * 9


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_smallest_populations(name, n):
    toolbox = one_max(random.Random(1), evaluate=some_nan)
    population, logbook = evolve(ALL[name], toolbox=toolbox, n=n)
    assert len(population) == n
    assert len(logbook) == 9


class Pair(list[int]):
    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.fitness = FitnessMaxMin()


def test_one_objective_that_is_not_a_number_is_enough():
    front = tools.ParetoFront()
    rng = random.Random(0)
    random.seed(0)
    toolbox = one_max(
        rng, make=Pair, evaluate=lambda i: (float(sum(i)), NAN if i[0] else float(sum(i[1:])))
    )
    population, _ = ea_nsga2(
        toolbox.population(n=N), toolbox, 0.7, 0.5, 10, halloffame=front, rng=rng
    )
    assert len(front) > 1
    assert not any(individual[0] for individual in [*front, *population])


def test_an_elite_of_more_than_are_numbers_is_those():
    toolbox = one_max(random.Random(0), evaluate=lambda i: (NAN if any(i[:3]) else float(sum(i)),))
    toolbox.register("mutate", lambda individual: (individual,))
    rng = random.Random(3)
    population = toolbox.population(n=N)
    population[4][:3] = [0, 0, 0]
    known = sum(not any(individual[:3]) for individual in population)
    assert 0 < known < 8
    after, _ = ea_generational(population, toolbox, 0.0, 0.0, 1, elitism=8, rng=rng)
    assert len(after) == N
    assert all(map(has_number, after))


def test_parents_of_a_selection_without_replacement_are_as_many_as_asked():
    toolbox = one_max(random.Random(0))
    population = toolbox.population(n=4)
    for individual, value in zip(population, (1.0, NAN, 3.0, NAN)):
        individual.fitness.values = (value,)
    best = partial(draw_parents, tools.selBest)
    chosen = best(population, 4, random)
    assert [individual.fitness.values[0] for individual in chosen] == [3.0, 1.0, 3.0, 1.0]
    assert draw_parents(lambda _individuals, _k: [], population, 4, random) == []


def test_the_order_is_sound_failed_not_a_number():
    toolbox = one_max(random.Random(0), failed=lambda individual: individual[0] == 1)
    population = toolbox.population(n=4)
    for individual, first, value in zip(population, (0, 1, 0, 1), (NAN, 9.0, 1.0, NAN)):
        individual[0] = first
        individual.fitness.values = (value,)
    ranked = sorted(range(4), key=lambda i: merit(toolbox)(population[i]), reverse=True)
    assert ranked == [2, 1, 0, 3]
