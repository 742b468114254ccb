"""deap_nas.algorithms: the generational loop, on our toolbox and on any DEAP toolbox."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import pytest
from deap import base, tools

from deap_nas import PAPER_SPACE, FitnessMax, Genome, count_params, make_toolbox
from deap_nas.algorithms import ea_generational
from deap_nas.algorithms.common import evaluate, sound, vary


class Ints(list[int]):
    """An individual of anybody's."""

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.fitness = FitnessMax()


def one_max(rng: Any, **more: Any) -> base.Toolbox:
    toolbox = base.Toolbox()
    toolbox.register("individual", lambda: Ints(rng.randrange(2) for _ in range(20)))
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", lambda individual: (float(sum(individual)),))
    toolbox.register("mate", tools.cxOnePoint)
    toolbox.register("mutate", tools.mutFlipBit, indpb=0.05)
    toolbox.register("select", tools.selTournament, tournsize=3)
    for name, function in more.items():
        toolbox.register(name, function)
    return toolbox


def evolve(seed: int = 0, **settings: Any) -> tuple[list[Any], Any]:
    rng = random.Random(seed)
    random.seed(seed)
    toolbox = settings.pop("toolbox", None) or one_max(rng)
    population = toolbox.population(n=settings.pop("n", 20))
    arguments = {"cxpb": 0.8, "mutpb": 0.3, "ngen": 8, "rng": rng, **settings}
    return ea_generational(population, toolbox, **arguments)


@pytest.fixture(autouse=True)
def module_state() -> Any:
    state = random.getstate()
    yield
    random.setstate(state)


def best(population: list[Any]) -> float:
    return max(ind.fitness.values[0] for ind in population)


def test_it_finds_something_better_on_any_toolbox():
    before, _ = evolve(ngen=0)
    after, logbook = evolve(ngen=20)
    assert best(after) > best(before)
    assert len(after) == 20
    assert logbook.select("gen") == list(range(21))


def test_equal_seeds_equal_runs():
    one, first = evolve(3)
    other, second = evolve(3)
    assert one == other
    assert first == second
    assert evolve(4)[0] != one


def test_generation_0_is_the_given_population():
    seen: list[Any] = []
    evolve(observe=lambda generation, population: seen.append((generation, list(population))))
    rng = random.Random(0)
    assert seen[0] == (0, one_max(rng).population(n=20))
    assert [generation for generation, _ in seen] == list(range(9))


def test_elites_live_on_unchanged():
    bests: list[float] = []
    evolve(elitism=2, observe=lambda _, population: bests.append(best(population)), ngen=15)
    assert bests == sorted(bests)
    assert len(evolve(elitism=2)[0]) == 20


def test_without_elitism_all_are_children():
    sizes: list[int] = []
    evolve(observe=lambda _, population: sizes.append(len({id(ind) for ind in population})))
    assert sizes == [20] * 9


def test_failed_ones_are_in_no_elite_and_no_hall_of_fame():
    """The best by fitness are those that the toolbox calls failed."""

    def failed(individual: Any) -> bool:
        return sum(individual) > 11

    rng = random.Random(0)
    hall = tools.HallOfFame(5)
    elites: list[Any] = []
    toolbox = one_max(rng, failed=failed)
    clone = toolbox.clone
    population, _ = evolve(
        toolbox=toolbox, elitism=3, halloffame=hall, mutpb=0.0, cxpb=0.0, ngen=3,
        observe=lambda _, population: elites.append(list(population[:3])),
    )  # fmt: skip
    assert clone is toolbox.clone
    assert any(failed(individual) for individual in population)
    assert len(hall) == 5
    assert not any(failed(individual) for individual in hall)
    assert not any(failed(individual) for group in elites[1:] for individual in group)


def test_when_all_failed_there_is_no_elite_and_it_goes_on():
    rng = random.Random(0)
    hall = tools.HallOfFame(5)
    population, logbook = evolve(
        toolbox=one_max(rng, failed=lambda _: True), elitism=3, halloffame=hall
    )
    assert len(population) == 20
    assert len(hall) == 0
    assert len(logbook) == 9


def test_it_stops_when_told():
    asked: list[int] = []

    def stop(population: list[Any]) -> bool:
        asked.append(len(population))
        return len(asked) == 3

    _, logbook = evolve(stop=stop)
    assert logbook.select("gen") == [0, 1, 2]
    assert asked == [20] * 3


def limited(budget: int, rng: Any) -> base.Toolbox:
    """A toolbox whose map answers None once so many are evaluated."""
    left = [budget]

    def measure(function: Any, individuals: Any) -> list[Any]:
        values = []
        for individual in individuals:
            left[0] -= 1
            values.append(function(individual) if left[0] >= 0 else None)
        return values

    return one_max(rng, map=measure)


@pytest.mark.parametrize("budget", [0, 1, 13, 20, 25, 40])
def test_a_spent_budget_ends_with_a_smaller_generation(budget):
    hall = tools.HallOfFame(1)
    population, logbook = evolve(
        toolbox=limited(budget, random.Random(0)), halloffame=hall, ngen=50, elitism=1
    )
    assert all(individual.fitness.valid for individual in population)
    assert len(population) <= 20
    assert sum(logbook.select("nevals")) >= budget
    assert len(hall) == (budget > 0)


def test_statistics_are_those_of_each_generation():
    statistics = tools.Statistics(lambda individual: individual.fitness.values[0])
    statistics.register("max", max)
    highs: list[float] = []
    _, logbook = evolve(
        stats=statistics, observe=lambda _, population: highs.append(best(population))
    )
    assert logbook.select("max") == highs
    assert logbook.header == ["gen", "nevals", "max"]


def test_verbose_prints_the_logbook(capsys):
    evolve(verbose=True, ngen=2)
    assert capsys.readouterr().out.count("\n") >= 3


def test_nevals_counts_who_had_no_fitness():
    _, logbook = evolve(cxpb=0.0, mutpb=0.0)
    assert logbook.select("nevals") == [20] + [0] * 8
    _, logbook = evolve(cxpb=1.0, mutpb=1.0, elitism=1)
    assert logbook.select("nevals") == [20] + [19] * 8


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_smallest_populations(n):
    assert len(evolve(n=n, ngen=3)[0]) == n


# --- the parts


def test_vary_leaves_the_parents_alone():
    rng = random.Random(0)
    toolbox = one_max(rng)
    parents = evaluate(toolbox.population(n=10), toolbox)
    before = [(list(parent), parent.fitness.values) for parent in parents]
    children = vary(parents, toolbox, 1.0, 1.0, rng)
    assert [(list(parent), parent.fitness.values) for parent in parents] == before
    assert not any(child.fitness.valid for child in children)
    assert len(children) == 10


def test_vary_with_probability_0_clones():
    rng = random.Random(0)
    toolbox = one_max(rng)
    parents = evaluate(toolbox.population(n=5), toolbox)
    children = vary(parents, toolbox, 0.0, 0.0, rng)
    assert children == parents
    assert all(child.fitness.valid and child is not p for child, p in zip(children, parents))


def test_vary_draws_as_deaps_own_does():
    """Equal random states give what ``varAnd`` gives, where the operators draw nothing."""
    from deap.algorithms import varAnd

    toolbox = base.Toolbox()
    toolbox.register("mate", lambda a, b: (Ints([*a, 1]), Ints([*b, 2])))
    toolbox.register("mutate", lambda a: (Ints([*a, 3]),))
    parents = [Ints([i]) for i in range(31)]
    random.seed(5)
    assert vary(parents, toolbox, 0.5, 0.5, random.Random(5)) == varAnd(parents, toolbox, 0.5, 0.5)


def test_sound_is_everybody_where_nobody_can_tell():
    both = [Ints([1]), Ints([2])]
    assert sound(both, base.Toolbox()) == both


def test_evaluate_asks_only_for_those_without_fitness():
    asked: list[Any] = []
    toolbox = base.Toolbox()
    toolbox.register("evaluate", lambda ind: asked.append(ind) or (1.0,))
    known, new = Ints([1]), Ints([2])
    known.fitness.values = (9.0,)
    assert evaluate([known, new], toolbox) == [known, new]
    assert asked == [new]


# --- with genomes


def smallest(genome: Genome) -> tuple[float]:
    return (-float(count_params(genome)) + 10**6,)


@pytest.mark.parametrize("selection", ["roulette", "tournament"])
@pytest.mark.parametrize(
    ("crossover", "mutation"), [("one_point", "gene"), ("one_point_reject", "pool")]
)
def test_genomes_stay_legal(selection, crossover, mutation):
    rng = random.Random(1)
    toolbox = make_toolbox(
        PAPER_SPACE, smallest, crossover=crossover, mutation=mutation, selection=selection, rng=rng
    )
    seen: list[Genome] = []
    evolve(
        toolbox=toolbox, rng=rng, elitism=1, observe=lambda _, population: seen.extend(population)
    )
    assert len(seen) == 9 * 20
    assert all(genome in PAPER_SPACE for genome in seen)


def test_deaps_own_loop_runs_on_our_toolbox_unchanged():
    from deap.algorithms import eaSimple

    random.seed(2)
    toolbox = make_toolbox(PAPER_SPACE, smallest, selection="tournament")
    population = toolbox.population(n=16)
    first = min(map(count_params, population))
    population, logbook = eaSimple(population, toolbox, 0.7, 0.3, 10, verbose=False)
    assert min(map(count_params, population)) < first
    assert len(logbook) == 11
    assert all(genome in PAPER_SPACE for genome in population)


def test_a_partial_that_is_already_complete_may_be_the_operator():
    from deap_nas import mut_gene

    rng = random.Random(0)
    toolbox = make_toolbox(PAPER_SPACE, smallest, mutation=partial(mut_gene, space=PAPER_SPACE))
    assert len(evolve(toolbox=toolbox, rng=rng)[0]) == 20
