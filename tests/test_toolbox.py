"""deap_nas.toolbox: the composition root."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from dataclasses import fields
from typing import Any

import drivers
import pytest
from deap import algorithms

from deap_nas import PAPER_SPACE, Evaluator, Genome, count_params, make_toolbox
from deap_nas.genome import FITNESS_CLASSES
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.runs.settings import Settings
from deap_nas.toolbox import GenePool


def measure(genome: Genome) -> tuple[float]:
    return (1 / count_params(genome),)


def test_it_has_what_deaps_loops_need():
    toolbox = make_toolbox(PAPER_SPACE, measure)
    for name in (
        "individual",
        "population",
        "evaluate",
        "mate",
        "mutate",
        "select",
        "map",
        "clone",
    ):
        assert callable(getattr(toolbox, name))
    population = toolbox.population(n=5)
    assert all(type(genome) is Genome and genome in PAPER_SPACE for genome in population)
    assert toolbox.evaluate(population[0]) == measure(population[0])


def test_draws_are_those_of_its_rng_alone():
    def run(seed: int) -> list[str]:
        toolbox = make_toolbox(PAPER_SPACE, measure, rng=random.Random(seed))
        population = toolbox.population(n=6)
        for genome in population:
            genome.fitness.values = measure(genome)
        chosen = [toolbox.clone(genome) for genome in toolbox.select(population, 6)]
        toolbox.mate(chosen[0], chosen[1])
        toolbox.mutate(chosen[2])
        return [str(genome) for genome in chosen]

    state = random.getstate()
    assert run(1) == run(1) != run(2)
    assert random.getstate() == state


@pytest.mark.parametrize("weights", FITNESS_CLASSES)
def test_individuals_have_the_fitness_asked_for_and_pickle(weights):
    genome = make_toolbox(PAPER_SPACE, measure, weights=weights).individual()
    assert genome.fitness.weights == weights
    copy = pickle.loads(pickle.dumps(genome))
    assert copy == genome
    assert type(copy.fitness) is type(genome.fitness)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"crossover": "two"}, "crossover 'two', allowed one_point"),
        ({"mutation": "x"}, "mutation 'x', allowed gene"),
        ({"selection": "worst"}, "selection 'worst', allowed roulette, rank_roulette, tournament"),
        ({"weights": (2.0,)}, r"weights \(2.0,\), allowed \(1.0,\)"),
    ],
)
def test_unknown_names(settings, words):
    with pytest.raises(ValueError, match=words):
        make_toolbox(PAPER_SPACE, measure, **settings)


def test_a_space_that_cannot_draw_is_said_at_once():
    class Rules:
        kind = replacements = insertions = deletions = __contains__ = PAPER_SPACE.__contains__

    with pytest.raises(ValueError, match=r"has no sample\(rng\)"):
        make_toolbox(Rules(), measure)


def test_weights_may_be_a_list():
    assert make_toolbox(PAPER_SPACE, measure, weights=[1.0]).individual().fitness.weights == (1.0,)


def test_an_evaluators_map_and_failed_are_registered(stub):
    with Evaluator(drivers.tiny_dataset(), cache=None, workers=1) as evaluator:
        toolbox = make_toolbox(PAPER_SPACE, evaluator)
        population = toolbox.population(n=3)
        stub.set_fault(str(population[1]), "raise")
        values = toolbox.map(toolbox.evaluate, population)
        assert [toolbox.failed(genome) for genome in population] == [False, True, False]
        assert values == [evaluator(genome) for genome in population]
    assert stub.counts() == Counter(map(str, population))


def test_a_function_alone_has_no_failed():
    assert not hasattr(make_toolbox(PAPER_SPACE, measure), "failed")


def test_the_pool_is_the_population_last_selected_from():
    toolbox = make_toolbox(PAPER_SPACE, measure, mutation="pool", rng=random.Random(0))
    pool = toolbox.mutate.keywords["pool"]
    assert pool() == []
    population = toolbox.population(n=4)
    for genome in population:
        genome.fitness.values = measure(genome)
    toolbox.select(population, 2)
    assert Counter(pool()) == Counter(gene for genome in population for gene in genome[:-1])


def test_an_operator_of_ones_own_is_taken_as_it_is():
    calls: list[Any] = []

    def mate(a: Any, b: Any) -> Any:
        calls.append((a, b))
        return a, b

    toolbox = make_toolbox(PAPER_SPACE, measure, crossover=mate, selection=lambda inds, k: inds[:k])
    assert toolbox.mate(1, 2) == (1, 2)
    assert calls == [(1, 2)]
    population = toolbox.population(n=3)
    assert toolbox.select(population, 2) == population[:2]


def test_a_pool_watches_without_changing_the_selection():
    pool = GenePool()
    select = pool.watching(lambda individuals, k, flag: (k, flag, len(individuals)))
    assert select([PAPER_SPACE.sample(random.Random(0))], 3, flag="x") == (3, "x", 1)


@pytest.mark.parametrize(
    "names",
    [
        *({"crossover": name} for name in CROSSOVERS),
        *({"mutation": name} for name in MUTATIONS),
        *({"selection": name} for name in SELECTIONS),
    ],
    ids=lambda names: " ".join(*names.items()),
)
def test_deaps_loop_runs_with_every_name(names):
    def run() -> list[str]:
        random.seed(1)
        toolbox = make_toolbox(PAPER_SPACE, measure, rng=random.Random(2), **names)
        population = toolbox.population(n=12)
        begun = Counter(map(str, population))
        population, _ = algorithms.eaSimple(population, toolbox, 0.9, 0.5, ngen=4, verbose=False)
        assert all(genome in PAPER_SPACE for genome in population)
        assert Counter(map(str, population)) != begun
        return [str(genome) for genome in population]

    assert run() == run()


@pytest.mark.parametrize("selection", SELECTIONS)
def test_ours_draw_from_the_rng_and_deaps_from_the_module(selection):
    rng = random.Random(0)
    toolbox = make_toolbox(PAPER_SPACE, measure, selection=selection, rng=rng)
    population = toolbox.population(n=4)
    for genome in population:
        genome.fitness.values = measure(genome)
    private, module = rng.getstate(), random.getstate()
    assert len(toolbox.select(population, 3)) == 3
    if selection in ("roulette", "rank_roulette"):
        assert rng.getstate() != private
        assert random.getstate() == module
    else:
        assert rng.getstate() == private


def test_settings_offer_every_name():
    allowed = {each.name: each.metadata["allowed"] for each in fields(Settings)}
    assert allowed["crossover"] == tuple(CROSSOVERS)
    assert allowed["mutation"] == tuple(MUTATIONS)
    assert allowed["selection"] == tuple(SELECTIONS)
