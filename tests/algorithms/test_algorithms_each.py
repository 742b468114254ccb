"""What each loop of deap_nas.algorithms does that others do not."""

from __future__ import annotations

import random
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from deap import base, tools
from loops import LENGTH, N, asynchronous, evolve, mu_plus_lambda, one_max

from deap_nas import FitnessMaxMin
from deap_nas.algorithms import (
    ea_local_search,
    ea_mu_plus_lambda,
    ea_nsga2,
    ea_regularized,
    ea_steady_state,
    sel_crowded_tournament,
)


@pytest.fixture(autouse=True)
def module_state() -> Any:
    state = random.getstate()
    yield
    random.setstate(state)


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


def test_of_twins_that_were_in_training_together_one_joins():
    """Both were bred before either ended."""
    toolbox = one_max(random.Random(0))
    best = [1] * LENGTH

    def stream(function: Any, individuals: Any) -> Any:
        twins = [next(individuals), next(individuals)]
        yield from ((twin, function(twin)) for twin in twins)

    toolbox.register("stream", stream)
    toolbox.register("mutate", lambda ind: (type(ind)(best),))
    rng = random.Random(0)
    population, logbook = ea_steady_state(toolbox.population(n=4), toolbox, 0.0, 1.0, 5, rng=rng)
    assert population.count(best) == 1
    assert logbook.select("nevals") == [4, 2]


def test_a_child_like_a_member_is_not_evaluated():
    asked: list[Any] = []
    rng = random.Random(0)
    toolbox = one_max(rng)
    toolbox.register("evaluate", lambda ind: asked.append(tuple(ind)) or (float(sum(ind)),))
    population = toolbox.population(n=6)
    _, logbook = ea_steady_state(population, toolbox, 0.0, 0.0, 5, rng=rng)
    assert len(asked) == 6
    assert logbook.select("nevals") == [6, 0, 0, 0, 0, 0]


def test_a_steady_state_asks_who_failed_once_of_each():
    """Not of all members for each child, which with thousands of workers takes seconds."""
    asked: list[int] = []
    rng = random.Random(0)
    toolbox = one_max(rng)
    toolbox.register("failed", lambda ind: asked.append(id(ind)) or False)
    kept: list[Any] = []
    toolbox.register("evaluate", lambda ind: kept.append(ind) or (float(sum(ind)),))
    ea_steady_state(toolbox.population(n=6), toolbox, 0.5, 1.0, 9, rng=rng)
    assert len(kept) > 30
    assert len(asked) == len(set(asked)) <= len(kept)


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
    # Four are fewer than the front has: the archive must have met those that are crowded out.
    ea_nsga2(toolbox.population(n=4), toolbox, 0.7, 0.5, 40, halloffame=archive, rng=rng)
    assert len(archive) > 4
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
