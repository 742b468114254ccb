"""The model of what only an evaluation tells, and preselection by it."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from deap import base

from deap_nas import Genome, SearchSpace, count_params, make_toolbox, parse_genome
from deap_nas.algorithms import ea_preselected
from deap_nas.algorithms.informed import InformedProcess, _traits
from deap_nas.algorithms.surrogate import GaussianProcess

SPACE = SearchSpace(filters=(2, 4, 8), kernels=(3, 5), activations=("relu", "tanh"))


def size(genome: Any) -> tuple[float]:
    return (math.log(count_params(genome)),)


def skill(genome: Any) -> float:
    """What only an evaluation tells."""
    return math.log(count_params(genome)) + sum(gene.activation == "tanh" for gene in genome)


def measured(n: int, seed: int = 1) -> tuple[list[Any], list[tuple[float]]]:
    rng = random.Random(seed)
    genomes = [SPACE.sample(rng) for _ in range(n)]
    return genomes, [(skill(genome),) for genome in genomes]


def value(_: Any, numbers: Any) -> float:
    return float(numbers[0])


# --- the model


def test_the_choice_is_the_textbook_formula() -> None:
    genomes, values = measured(12)
    candidates = measured(30, seed=2)[0]
    model = InformedProcess(size, scale=0.7, noise=0.1, weight=0.3)
    model.learn(genomes, values)

    def numbers(attribute: int) -> list[float]:
        genes = [gene for genome in genomes for gene in genome if len(gene) > attribute]
        return [math.asinh(gene[attribute]) for gene in genes if isinstance(gene[attribute], int)]

    middle = {attribute: np.mean(numbers(attribute)) for attribute in (1, 2)}

    def features(genome: Any) -> dict[Any, float]:
        found: dict[Any, float] = {}
        for i, gene in enumerate(genome):
            for attribute, item in enumerate(gene):
                for place in (i, i - len(genome), "anywhere"):
                    named = not isinstance(item, int)
                    name = (place, attribute, item) if named else (place, attribute)
                    amount = 1.0 if named else math.asinh(item) - middle[attribute]
                    found[name] = found.get(name, 0.0) + amount
        return found

    unit = np.mean([sum(v * v for v in features(genome).values()) for genome in genomes])
    sizes = [size(genome)[0] for genome in genomes]

    def covariance(a: Any, b: Any) -> float:
        x, y = features(a), features(b)
        genes = sum((x.get(name, 0) - y.get(name, 0)) ** 2 for name in x | y) / unit
        known = ((size(a)[0] - size(b)[0]) / np.std(sizes)) ** 2
        return math.exp(-(genes + 0.3 * known) / 0.7)

    kernel = np.array([[covariance(a, b) for b in genomes] for a in genomes])
    cross = np.array([[covariance(a, b) for b in genomes] for a in candidates])
    inverse = np.linalg.inv(kernel + 0.1 * np.eye(12))
    y = np.array([number for (number,) in values])
    z = (y - y.mean()) / y.std()
    deviation = np.sqrt(1 - np.sum((cross @ inverse) * cross, axis=1))
    guesses = y.mean() + y.std() * (cross @ inverse @ z + 1.5 * deviation)
    seen: dict[int, float] = {}

    def score(candidate: Any, numbers: Any) -> float:
        seen[id(candidate)] = numbers[0]
        return float(numbers[0]) / size(candidate)[0]

    (chosen,) = model.choose(candidates, 1, score, optimism=1.5)
    assert [seen[id(each)] for each in candidates] == pytest.approx(list(guesses))
    expected = [guess / size(each)[0] for guess, each in zip(guesses, candidates)]
    assert chosen == candidates[int(np.argmax(expected))]


def test_units_of_what_is_known_do_not_matter() -> None:
    genomes, values = measured(20)
    candidates = measured(40, seed=2)[0]
    found = []
    for factor in (1, 1000):
        model = InformedProcess(lambda genome, f=factor: (f * size(genome)[0] + f,))
        model.learn(genomes, values)
        found.append(model.choose(candidates, 6, value))
    assert found[0] == found[1]


def test_a_near_number_tells_more_than_a_far_one() -> None:
    def guess(filters: int) -> float:
        model, told = InformedProcess(), []
        texts = [f"CB {n} 3 relu;GP" for n in (4, 16)]
        model.learn([parse_genome(text) for text in texts], [(0.0,), (1.0,)])
        candidate = parse_genome(f"CB {filters} 3 relu;GP")
        model.choose([candidate], 1, lambda _, numbers: told.append(numbers[0]) or 0.0, 0.0)
        return float(told[0])

    assert guess(5) < guess(7) < guess(9) < guess(14)


def test_names_and_truth_values_are_no_numbers() -> None:
    assert [value for *_, value in _traits([("a", 3, True)])][::3] == ["a", math.asinh(3), True]


def test_several_numbers_are_learned_at_once() -> None:
    genomes, values = measured(15)
    candidates = measured(20, seed=2)[0]
    alone, together = InformedProcess(size), InformedProcess(size)
    alone.learn(genomes, values)
    together.learn(genomes, [(number, -number) for (number,) in values])
    told: list[Any] = []

    def score(_: Any, numbers: Any) -> float:
        told.append(numbers)
        return float(numbers[0])

    assert alone.choose(candidates, 3, value) == together.choose(candidates, 3, score)
    assert any(-numbers[1] < numbers[0] for numbers in told)  # each is optimistic for itself


def test_what_failed_counts_as_the_worst_there_is() -> None:
    genomes, values = measured(10)
    candidates = measured(20, seed=2)[0]
    worst = min(values)
    one, other = InformedProcess(size), InformedProcess(size)
    one.learn(genomes[:1], [None])  # the first of all: nobody knows yet how bad that is
    one.learn(genomes[1:], [(math.nan,), (math.inf,), *values[3:]])
    other.learn(genomes, [min(values[3:])] * 3 + values[3:])
    assert worst <= min(values[3:])
    assert one.choose(candidates, 4, value) == other.choose(candidates, 4, value)


def test_where_all_failed_the_first_are_chosen() -> None:
    genomes, _ = measured(5)
    model = InformedProcess(size)
    assert model.choose(genomes, 2, value) == genomes[:2]
    model.learn(genomes, [None] * 5)
    assert model.choose(genomes, 2, value) == genomes[:2]


def test_each_choice_is_told_as_expected_and_none_is_made_twice() -> None:
    genomes, values = measured(10)
    candidates = measured(12, seed=2)[0]
    model, told = InformedProcess(size), []
    model.learn(genomes, values)
    chosen = model.choose(candidates, 99, value, believe=lambda *pair: told.append(pair))
    assert [id(candidate) for candidate, _ in told] == [id(each) for each in chosen]
    assert len({id(each) for each in chosen}) == len(candidates)
    assert all(min(values)[0] - 2 < numbers[0] < max(values)[0] + 2 for _, numbers in told)


def test_equal_measurements_are_no_division_by_zero() -> None:
    genomes, _ = measured(6)
    model = InformedProcess(lambda _: (3.0,))
    model.learn(genomes[:1] * 6, [(1.0,)] * 6)
    assert model.choose(genomes, 2, value)


# --- the loop


def search(
    seed: int, *, parts: bool, ngen: int = 12, cost: Any = None, **settings: Any
) -> list[Any]:
    rng, asked = random.Random(seed), []

    def evaluate(genome: Genome) -> tuple[float]:
        asked.append(list(genome))
        return (skill(genome) / size(genome)[0] ** 2,)

    operators = {"crossover": "uniform", "mutation": "mixture", "selection": "tournament"}
    random.seed(seed)
    toolbox = make_toolbox(SPACE, evaluate, **operators, rng=rng)
    if parts:
        toolbox.register("known", size)
        toolbox.register("learned", lambda genome: (skill(genome),))
        toolbox.register("combine", lambda genome, numbers: (numbers[0] / size(genome)[0] ** 2,))
    if cost:
        toolbox.register("cost", cost)
    ea_preselected(toolbox.population(n=8), toolbox, 8, 2, 0.5, 1.0, ngen, **settings, rng=rng)
    return asked


class Plain(GaussianProcess):
    """The choice by fitness, written out."""

    def _choose(self, candidates: Any, k: int, optimism: float) -> list[int]:
        features, values = self._encode(candidates), np.array(self._values)
        believed = (values - values.mean()) / (values.std() or 1.0)
        posterior, left, chosen = self._posterior(), list(range(len(candidates))), []
        known, whitening = posterior.points, posterior.whitening
        while left and len(chosen) < k:
            white = self._covariance(features[left], known) @ whitening.T
            expected = white @ (whitening @ believed)
            variance = np.maximum(0.0, 1.0 - (white**2).sum(1))
            best = int(np.argmax(expected + optimism * np.sqrt(variance)))
            chosen.append(left.pop(best))
            posterior = posterior.measured(features[chosen[-1:]])
            known, whitening = posterior.points, posterior.whitening
            believed = np.append(believed, expected[best])
        return chosen


@pytest.mark.parametrize("seed", range(3))
def test_without_the_tools_fitness_is_learned_from_genes_as_names(seed: int) -> None:
    asked = search(seed, parts=False)
    assert asked == search(seed, parts=False, model=Plain())
    assert asked != search(seed, parts=True)


def test_what_is_known_pays() -> None:
    def mean_best(parts: bool) -> float:
        found = [search(seed, parts=parts) for seed in range(12)]
        return float(np.mean([max(skill(g) / size(g)[0] ** 2 for g in asked) for asked in found]))

    assert mean_best(True) > mean_best(False)


def test_who_costs_most_is_evaluated_first() -> None:
    """So that several who evaluate end together."""
    asked = search(1, parts=True, cost=lambda genome: math.exp(*size(genome)))
    groups = [asked[:8], *(asked[i : i + 2] for i in range(8, len(asked), 2))]
    assert len(groups) == 13
    for group in groups:
        assert [size(each) for each in group] == sorted(map(size, group), reverse=True)


def test_what_is_promised_counts_by_its_cost() -> None:
    def spent(cost: Any) -> float:
        asked = (search(seed, parts=True, cost=cost) for seed in range(4))
        return sum(math.exp(*size(genome)) for genomes in asked for genome in genomes)

    assert spent(lambda genome: math.exp(*size(genome))) < spent(None)
    # Divided by the same everywhere, the best stays the best.
    assert search(3, parts=True, cost=lambda _: 7.0) == search(3, parts=True)
    assert search(3, parts=False, cost=size) == search(3, parts=False)


def test_equal_seeds_give_equal_searches() -> None:
    assert search(3, parts=True) == search(3, parts=True) != search(4, parts=True)


def test_who_failed_is_never_asked_what_was_learned() -> None:
    rng = random.Random(0)
    toolbox = make_toolbox(SPACE, lambda genome: (float(len(genome) < 5),), rng=rng)
    toolbox.register("failed", lambda genome: len(genome) > 4)
    toolbox.register("known", size)
    toolbox.register("learned", lambda genome: (1.0 / (len(genome) < 5),))  # or ZeroDivisionError
    toolbox.register("combine", lambda _, numbers: (numbers[0],))
    population, _ = ea_preselected(toolbox.population(n=6), toolbox, 6, 2, 0.5, 1.0, 15, rng=rng)
    assert all(len(genome) == 4 for genome in population)


def test_a_fitness_that_is_to_be_minimised() -> None:
    """The candidate of least worth is chosen where less is better."""

    class Least(base.Fitness):  # type: ignore[misc]
        weights = (-1.0,)

    rng, chosen = random.Random(1), []
    toolbox = make_toolbox(SPACE, lambda genome: (size(genome)[0],), rng=rng)
    toolbox.register("individual", lambda: Genome(SPACE.sample(rng), Least))
    toolbox.register("select", lambda individuals, k: [rng.choice(individuals) for _ in range(k)])
    toolbox.register("known", size)
    toolbox.register("learned", lambda genome: (0.0,))
    toolbox.register("combine", lambda genome, _: (chosen.append(genome) or size(genome)[0],))
    first = [toolbox.individual() for _ in range(6)]
    ea_preselected(first, toolbox, 6, 1, 0.5, 1.0, 1, rng=rng)
    taken = [genome for genome in chosen if genome.fitness.valid]
    assert {id(genome) for genome in taken} == {id(min(chosen, key=size))}


@pytest.mark.parametrize("missing", ["known", "learned", "combine"])
def test_a_toolbox_with_some_of_the_tools_is_refused(missing: str) -> None:
    toolbox = make_toolbox(SPACE, lambda genome: (1.0,), rng=random.Random(0))
    there = [name for name in ("known", "learned", "combine") if name != missing]
    for name in there:
        toolbox.register(name, size)
    words = f"the toolbox has {', '.join(there)} without {missing}; give it all of"
    with pytest.raises(ValueError, match=words):
        ea_preselected(toolbox.population(n=4), toolbox, 4, 1, 0.5, 1.0, 1)
