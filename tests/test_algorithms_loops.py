"""What every loop of deap_nas.algorithms keeps, on plain DEAP toolboxes and on ours."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from deap import base, creator, tools

from deap_nas import PAPER_SPACE, FitnessMax, FitnessMaxMin, Genome, count_params, make_toolbox
from deap_nas.algorithms import (
    ea_generational,
    ea_local_search,
    ea_mu_plus_lambda,
    ea_nsga2,
    ea_regularized,
    ea_steady_state,
    sel_crowded_tournament,
)

N = 20
LENGTH = 24


def generational(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return ea_generational(population, toolbox, 0.7, 0.3, ngen, elitism=1, **settings)


def mu_plus_lambda(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    n = len(population)
    return ea_mu_plus_lambda(population, toolbox, n, n, 0.7, 0.5, ngen, **settings)


def steady_state(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return ea_steady_state(population, toolbox, 0.7, 0.5, ngen, **settings)


def asynchronous(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    toolbox.register("stream", shuffled, slots=4, toolbox=toolbox)
    return steady_state(population, toolbox, ngen, **settings)


def shuffled(function: Any, individuals: Any, *, slots: int, toolbox: Any) -> Any:
    """Evaluations end in an order that is drawn."""
    order, flying = random.Random(0), []
    while True:
        while len(flying) < slots and (individual := next(individuals, None)) is not None:
            flying.append(individual)
        if not flying:
            return
        individual = flying.pop(order.randrange(len(flying)))
        yield individual, function(individual)


def nsga2(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return ea_nsga2(population, toolbox, 0.7, 0.5, ngen, **settings)


def own_rng_nsga2(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return nsga2(population, toolbox, ngen, select=toolbox.select, **settings)


LOOPS: dict[str, Callable[..., Any]] = {
    "generational": generational,
    "mu_plus_lambda": mu_plus_lambda,
    "regularized": ea_regularized,
    "regularized in batches": partial(ea_regularized, batch=3),
    "local_search": ea_local_search,
    "local_search in batches": partial(ea_local_search, batch=3, patience=12),
    "steady_state": steady_state,
    "steady_state, asynchronous": asynchronous,
    "nsga2": nsga2,
    "nsga2, parents by toolbox.select": own_rng_nsga2,
}


class Ints(list[int]):
    """An individual of anybody's."""

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.fitness = FitnessMax()


def one_max(rng: Any, make: Any = Ints, **more: Any) -> base.Toolbox:
    toolbox = base.Toolbox()
    toolbox.register("individual", lambda: make(rng.randrange(2) for _ in range(LENGTH)))
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", lambda individual: (float(sum(individual)),))
    toolbox.register("mate", tools.cxOnePoint)
    toolbox.register("mutate", tools.mutFlipBit, indpb=1.5 / LENGTH)
    toolbox.register("select", tools.selTournament, tournsize=3)
    for name, function in more.items():
        toolbox.register(name, function)
    return toolbox


def evolve(loop: Any, seed: int = 0, *, n: int = N, ngen: int = 8, **settings: Any) -> Any:
    rng = random.Random(seed)
    random.seed(seed)  # DEAP's own operators draw from the module
    toolbox = settings.pop("toolbox", None) or one_max(rng)
    return loop(toolbox.population(n=n), toolbox, ngen, rng=rng, **settings)


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


# --- each by itself


@pytest.mark.parametrize(
    ("loop", "arguments", "words"),
    [
        (ea_mu_plus_lambda, (0, 5, 0.5, 0.5, 1), "mu 0, allowed 1 or more"),
        (ea_mu_plus_lambda, (5, 0, 0.5, 0.5, 1), "lambda_ 0, allowed 1 or more"),
        (partial(ea_regularized, sample=0), (1,), "sample 0, allowed 1 or more"),
        (partial(ea_regularized, batch=0), (1,), "batch 0, allowed 1 or more"),
        (partial(ea_local_search, patience=0), (1,), "patience 0, allowed 1 or more"),
        (partial(ea_local_search, batch=-1), (1,), "batch -1, allowed 1 or more"),
    ],
)
def test_numbers_that_make_no_search(loop, arguments, words):
    toolbox = one_max(random.Random(0))
    with pytest.raises(ValueError, match=words):
        loop(toolbox.population(n=4), toolbox, *arguments)


def test_mu_plus_lambda_keeps_the_best_of_parents_and_children():
    seen: list[Any] = []
    evolve(mu_plus_lambda, observe=lambda _, members: seen.append(list(members)), ngen=15)
    for before, after in pairwise(seen):
        values = [[ind.fitness.values[0] for ind in members] for members in (before, after)]
        assert sorted(values[0])[-1] <= values[1][0]
        assert values[1] == sorted(values[1], reverse=True)
        assert sum(values[1]) >= sum(values[0]) - LENGTH
    assert all(len({tuple(ind) for ind in members}) == N for members in seen[1:])


def test_mu_and_lambda_need_not_be_the_populations_size():
    toolbox = one_max(random.Random(0))
    asked: list[int] = []
    toolbox.register("map", lambda f, inds: asked.append(len(inds)) or list(map(f, inds)))
    toolbox.register("mutate", lambda ind: tools.mutFlipBit(ind, indpb=1))
    population, _ = ea_mu_plus_lambda(toolbox.population(n=9), toolbox, 4, 7, 0.5, 1.0, 5)
    assert len(population) == 4
    assert asked == [9, 7, 7, 7, 7, 7]


def test_in_regularized_evolution_the_oldest_dies_however_good():
    seen: list[Any] = []
    rng = random.Random(0)
    toolbox = one_max(rng)
    population = toolbox.population(n=6)
    population[0][:] = [1] * LENGTH
    ea_regularized(
        population, toolbox, 1, observe=lambda _, members: seen.append(list(members)), rng=rng
    )
    assert [1] * LENGTH in seen[0]
    assert not {id(ind) for ind in seen[0]} & {id(ind) for ind in seen[1]}


def test_a_whole_populations_sample_mutates_the_best():
    """A sample as large as can be finds the best all but surely."""
    parents: list[Any] = []
    rng = random.Random(0)
    toolbox = one_max(rng)
    population = toolbox.population(n=5)
    population[3][:] = [1] * LENGTH
    toolbox.register("mutate", lambda ind: parents.append(list(ind)) or (ind,))
    ea_regularized(population, toolbox, 1, sample=200, rng=rng)
    assert parents == [[1] * LENGTH] * 5


def test_local_search_restarts_after_patience_in_vain():
    drawn: list[Any] = []
    rng = random.Random(0)
    toolbox = one_max(rng)
    draw = toolbox.individual
    population = toolbox.population(n=10)
    toolbox.register("individual", lambda: drawn.append(1) or draw())
    toolbox.register("mutate", lambda ind: (ind,))  # never any better
    ea_local_search(population, toolbox, 11, patience=10, rng=rng)
    assert len(drawn) == 110 // 11


def test_local_search_only_climbs():
    """Between restarts the parents of neighbours get no worse."""
    parents: list[int] = []
    rng = random.Random(0)
    random.seed(0)
    toolbox = one_max(rng)
    mutate = toolbox.mutate
    toolbox.register("mutate", lambda ind: parents.append(sum(ind)) or mutate(ind))
    ea_local_search(toolbox.population(n=10), toolbox, 20, patience=10**6, rng=rng)
    assert parents == sorted(parents)
    assert parents[-1] > parents[0]


def test_a_steady_states_worst_leaves_and_nobody_is_there_twice():
    seen: list[Any] = []
    evolve(asynchronous, observe=lambda _, members: seen.append(list(members)), ngen=15)
    worst = [min(ind.fitness.values[0] for ind in members) for members in seen]
    assert worst == sorted(worst)
    assert worst[-1] > worst[0]
    assert all(len({tuple(ind) for ind in members}) == N for members in seen)


def test_a_child_is_bred_when_one_ends_from_those_that_ended():
    """Two slots: the third child is bred after the first ended, while the second is in training."""
    bred: list[int] = []
    told: list[str] = []
    toolbox = one_max(random.Random(0))
    mutate = toolbox.mutate
    toolbox.register("mutate", lambda ind: bred.append(len(told)) or mutate(ind))

    def stream(function: Any, individuals: Any) -> Any:
        first, second = next(individuals), next(individuals)
        told.append("first")
        yield first, (10.0**6,)
        third = next(individuals)
        yield second, function(second)
        yield third, function(third)

    toolbox.register("stream", stream)
    rng = random.Random(0)
    population, _ = ea_steady_state(toolbox.population(n=4), toolbox, 0.0, 1.0, 5, rng=rng)
    assert sorted(set(bred)) == [0, 1]
    assert max(ind.fitness.values[0] for ind in population) == 10.0**6


def test_a_child_like_a_member_is_not_evaluated():
    asked: list[Any] = []
    rng = random.Random(0)
    toolbox = one_max(rng)
    toolbox.register("evaluate", lambda ind: asked.append(tuple(ind)) or (float(sum(ind)),))
    population = toolbox.population(n=6)
    _, logbook = ea_steady_state(population, toolbox, 0.0, 0.0, 5, rng=rng)
    assert len(asked) == 6
    assert logbook.select("nevals") == [6, 0, 0, 0, 0, 0]


# --- two objectives: as many ones in the first half as can be, as few in the whole


class Pair(list[int]):
    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.fitness = FitnessMaxMin()


def two_goals(seed: int, **more: Any) -> base.Toolbox:
    rng = random.Random(seed)
    random.seed(seed)
    half = LENGTH // 2
    goals = {"evaluate": lambda ind: (float(sum(ind[:half])), float(sum(ind)))}
    return one_max(rng, make=Pair, **{**goals, **more})


def test_nsga2_finds_more_of_the_front_than_random_search():
    found, drawn = 0, 0
    for seed in range(5):
        archive = tools.ParetoFront()
        toolbox = two_goals(seed)
        rng = random.Random(seed)
        ea_nsga2(toolbox.population(n=N), toolbox, 0.7, 0.5, 19, halloffame=archive, rng=rng)
        found += len({ind.fitness.values for ind in archive if is_best(ind)})
        other = tools.ParetoFront()
        individuals = toolbox.population(n=20 * N)
        for individual in individuals:
            individual.fitness.values = toolbox.evaluate(individual)
        other.update(individuals)
        drawn += len({ind.fitness.values for ind in other if is_best(ind)})
    assert found > drawn + 10


def is_best(individual: Any) -> bool:
    first, total = individual.fitness.values
    return bool(first == total)


def test_the_archive_is_what_nothing_beats_of_all_and_never_a_failed_one():
    evaluated: list[Any] = []
    archive = tools.ParetoFront()
    toolbox = two_goals(3, failed=lambda ind: ind[0] == 1)
    evaluate = toolbox.evaluate

    def noted(individual: Any) -> Any:
        evaluated.append((evaluate(individual), list(individual)))
        return evaluated[-1][0]

    toolbox.register("evaluate", noted)
    rng = random.Random(3)
    ea_nsga2(toolbox.population(n=N), toolbox, 0.7, 0.5, 9, halloffame=archive, rng=rng)
    good = {values for values, individual in evaluated if individual[0] == 0}
    beaten = {b for a in good for b in good if a[0] >= b[0] and a[1] <= b[1] and a != b}
    assert {ind.fitness.values for ind in archive} == good - beaten
    assert not any(ind[0] == 1 for ind in archive)
    assert any(individual[0] == 1 for _, individual in evaluated)


def test_nsga2_keeps_the_first_front_and_no_copies():
    seen: list[Any] = []
    toolbox = two_goals(1)
    rng = random.Random(1)
    ea_nsga2(
        toolbox.population(n=N), toolbox, 0.7, 0.5, 9, rng=rng,
        observe=lambda _, members: seen.append(list(members)),
    )  # fmt: skip
    for members in seen[1:]:
        assert len({tuple(ind) for ind in members}) == len(members) == N
        (first, *_) = tools.sortNondominated(members, N)
        assert {id(ind) for ind in members[: len(first)]} == {id(ind) for ind in first}
    assert len(seen) == 10


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 11])
@pytest.mark.parametrize("k", [0, 1, 3, 4, 9, 30])
def test_a_crowded_tournament_of_any_size(n, k):
    toolbox = two_goals(0)
    individuals = toolbox.population(n=n)
    for individual in individuals:
        individual.fitness.values = toolbox.evaluate(individual)
    individuals = tools.selNSGA2(individuals, n)
    chosen = sel_crowded_tournament(individuals, k)
    assert len(chosen) == k
    assert all(any(ind is other for other in individuals) for ind in chosen)


def test_a_crowded_tournament_of_nobody():
    assert sel_crowded_tournament([], 0) == []
    with pytest.raises(ValueError, match="cannot select 2 of 0"):
        sel_crowded_tournament([], 2)


def test_in_a_crowded_tournament_who_dominates_is_drawn_more_often():
    toolbox = two_goals(0)
    good, bad = toolbox.individual(), toolbox.individual()
    good.fitness.values, bad.fitness.values = (5.0, 1.0), (1.0, 5.0)
    tools.selNSGA2([good, bad], 2)
    drawn = sel_crowded_tournament([good, bad], 400)
    assert sum(ind is good for ind in drawn) > 250
