"""What every loop of deap_nas.algorithms keeps, on plain DEAP toolboxes and on ours."""

from __future__ import annotations

import random
from typing import Any

import pytest
from deap import base, creator, tools
from loops import LENGTH, LOOPS, Ints, N, asynchronous, evolve, generational, nsga2, one_max

from deap_nas import PAPER_SPACE, Genome, count_params, make_toolbox


@pytest.fixture(autouse=True)
def module_state() -> Any:
    state = random.getstate()
    yield
    random.setstate(state)


@pytest.fixture(params=LOOPS.values(), ids=LOOPS)
def loop(request: Any) -> Any:
    return request.param


def best_found(loop: Any, seed: int, evaluations: int) -> float:
    hall = tools.HallOfFame(1)
    evolve(loop, seed, ngen=evaluations // N - 1, halloffame=hall)
    return float(hall[0].fitness.values[0])


def test_it_beats_random_search_at_as_many_evaluations(loop):
    """Twelve seeds of 200 evaluations of 24 bits: by a bit and more on average."""
    found = sum(best_found(loop, seed, 200) for seed in range(12)) / 12
    drawn = 0.0
    for seed in range(12):
        rng = random.Random(seed)
        drawn += max(sum(one_max(rng).individual()) for _ in range(200)) / 12
    assert found > drawn + 1


def test_equal_seeds_equal_runs(loop):
    one, first = evolve(loop, 3)
    other, second = evolve(loop, 3)
    assert (one, first) == (other, second)
    assert evolve(loop, 4)[0] != one


def test_no_more_is_drawn_from_the_module_than_by_the_operators(loop):
    """With operators that draw from ``rng``, the random module is left alone; only the tournament
    of NSGA-II is DEAP's own, and draws from it."""
    rng = random.Random(1)
    toolbox = make_toolbox(PAPER_SPACE, smallest, rng=rng)
    before = random.getstate()
    loop(toolbox.population(n=8), toolbox, 5, rng=rng)
    assert (random.getstate() == before) is (loop is not nsga2)


def test_generation_0_is_the_given_population_and_sizes_stay(loop):
    seen: list[Any] = []
    population, logbook = evolve(loop, observe=lambda g, members: seen.append((g, list(members))))
    assert seen[0] == (0, one_max(random.Random(0)).population(n=N))
    assert [generation for generation, _ in seen] == list(range(9))
    assert [len(members) for _, members in seen] == [N] * 9
    assert seen[-1][1] == population
    assert logbook.select("gen") == list(range(9))


def test_a_generation_is_as_many_births_as_the_population_is_large(loop):
    asked: list[int] = []
    toolbox = one_max(random.Random(0))
    counted = toolbox.evaluate
    toolbox.register("evaluate", lambda individual: asked.append(1) or counted(individual))
    _, logbook = evolve(loop, toolbox=toolbox)
    assert sum(logbook.select("nevals")) == len(asked)
    assert all(nevals <= N for nevals in logbook.select("nevals"))


def test_the_hall_of_fame_has_the_best_of_all_that_were_evaluated(loop):
    values: list[float] = []

    def evaluate(individual: Any) -> tuple[float]:
        values.append(float(sum(i * bit for i, bit in enumerate(individual))))
        return (values[-1],)

    hall = tools.HallOfFame(3)
    evolve(loop, toolbox=one_max(random.Random(0), evaluate=evaluate), halloffame=hall)
    wanted = sorted(set(values), reverse=True)[:3]
    assert hall[0].fitness.values[0] == wanted[0]
    assert {ind.fitness.values[0] for ind in hall} <= set(values)
    assert hall[2].fitness.values[0] >= wanted[2]


def test_failed_ones_reach_no_hall_of_fame_and_do_not_spread(loop):
    """The best by fitness are those that the toolbox calls failed."""

    def failed(individual: Any) -> bool:
        return sum(individual) > LENGTH // 2 + 3

    hall = tools.HallOfFame(5)
    seen: list[Any] = []
    evolve(
        loop, toolbox=one_max(random.Random(0), failed=failed), halloffame=hall, ngen=15,
        observe=lambda _, members: seen.extend(members),
    )  # fmt: skip
    assert len(hall) == 5
    assert not any(map(failed, hall))
    if loop is not generational:  # its selection is the toolbox's own affair
        assert sum(map(failed, seen)) < len(seen) / 2


def test_when_all_failed_it_goes_on_to_its_end(loop):
    hall = tools.HallOfFame(5)
    toolbox = one_max(random.Random(0), failed=lambda _: True, evaluate=lambda _: (0.0,))
    _, logbook = evolve(loop, toolbox=toolbox, halloffame=hall)
    assert len(hall) == 0
    assert len(logbook) == 9


def test_it_stops_when_told(loop):
    asked: list[int] = []

    def stop(population: list[Any]) -> bool:
        asked.append(len(population))
        return len(asked) == 3

    _, logbook = evolve(loop, stop=stop)
    assert asked == [N] * 3
    if loop is asynchronous:  # three of four were in training still
        assert logbook.select("nevals")[3:] == [3]
    else:
        assert logbook.select("gen") == [0, 1, 2]


def limited(budget: int) -> tuple[base.Toolbox, set[tuple[int, ...]]]:
    """A toolbox that measures so many distinct individuals and answers None to others."""
    known: set[tuple[int, ...]] = set()

    def evaluate(individual: Any) -> tuple[float] | None:
        if len(known) >= budget and tuple(individual) not in known:
            return None
        known.add(tuple(individual))
        return (float(sum(individual)),)

    return one_max(random.Random(0), evaluate=evaluate), known


@pytest.mark.parametrize("budget", [0, 1, 13, 20, 25, 40, 77])
def test_a_spent_budget_ends_it_after_exactly_so_many(loop, budget):
    toolbox, known = limited(budget)
    hall = tools.HallOfFame(1)
    seen: list[Any] = []
    population, logbook = evolve(
        loop, toolbox=toolbox, ngen=200, halloffame=hall,
        observe=lambda _, members: seen.append(len(members)),
    )  # fmt: skip
    assert len(known) == budget
    assert len(logbook) == len(seen) < 200
    assert all(individual.fitness.valid for individual in population)
    assert max(seen) <= N
    assert len(hall) == (budget > 0)


def test_a_space_smaller_than_the_budget_does_not_hang_it(loop):
    """Four individuals exist: the generations end it, the budget never does."""
    known: set[tuple[int, ...]] = set()
    rng = random.Random(0)
    toolbox = one_max(rng)
    toolbox.register("individual", lambda: Ints([rng.randrange(2), rng.randrange(2)]))
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", lambda ind: known.add(tuple(ind)) or (float(sum(ind)),))
    _, logbook = evolve(loop, toolbox=toolbox, stop=lambda _: len(known) >= 100)
    assert len(known) <= 4
    assert len(logbook) == 9


def test_statistics_are_those_of_each_generation(loop):
    statistics = tools.Statistics(lambda individual: individual.fitness.values[0])
    statistics.register("max", max)
    highs: list[float] = []
    _, logbook = evolve(
        loop, stats=statistics,
        observe=lambda _, members: highs.append(max(m.fitness.values[0] for m in members)),
    )  # fmt: skip
    assert logbook.select("max") == highs
    assert logbook.header == ["gen", "nevals", "max"]


def test_verbose_prints_the_logbook(loop, capsys):
    evolve(loop, verbose=True, ngen=2)
    assert capsys.readouterr().out.count("\n") >= 3


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_the_smallest_populations(loop, n):
    population, logbook = evolve(loop, n=n, ngen=6)
    assert len(population) == n
    assert len(logbook) == 7


def test_no_generations_is_an_evaluation(loop):
    population, logbook = evolve(loop, ngen=0)
    assert all(individual.fitness.valid for individual in population)
    assert len(logbook) == 1


def test_who_has_a_fitness_is_not_evaluated_again(loop):
    asked: list[Any] = []
    toolbox = one_max(random.Random(0))
    population = toolbox.population(n=N)
    for individual in population:
        individual.fitness.values = (1.0,)
    toolbox.register("evaluate", lambda ind: asked.append(ind) or (2.0,))
    loop(population, toolbox, 0)
    assert asked == []


def test_individuals_of_deaps_creator(loop):
    creator.create("LoopMin", base.Fitness, weights=(-1.0,))
    creator.create("LoopList", list, fitness=creator.LoopMin)
    try:
        toolbox = one_max(random.Random(0), make=creator.LoopList)
        hall = tools.HallOfFame(1)
        evolve(loop, toolbox=toolbox, ngen=15, halloffame=hall)
        drawn = [sum(ind) for ind in toolbox.population(n=N)]
        assert sum(hall[0]) < min(drawn)
    finally:
        del creator.LoopMin, creator.LoopList


def smallest(genome: Genome) -> tuple[float]:
    return (-float(count_params(genome)) + 10**6,)


@pytest.mark.parametrize("selection", ["roulette", "tournament"])
def test_genomes_stay_legal(loop, selection):
    rng = random.Random(1)
    toolbox = make_toolbox(PAPER_SPACE, smallest, selection=selection, rng=rng)
    seen: list[Genome] = []
    evolve(loop, toolbox=toolbox, observe=lambda _, members: seen.extend(members))
    assert len(seen) == 9 * N
    assert all(genome in PAPER_SPACE for genome in seen)
