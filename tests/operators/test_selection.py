"""Roulette selection."""

import random
from fractions import Fraction
from math import inf, nan

import pytest
from deap import base
from strategies import assert_drawn_from, shares

from deap_nas import FitnessMax, FitnessMaxMin, FitnessMaxMinMin, Genome, Head, sel_roulette


class FitnessMin(base.Fitness):
    weights = (-1.0,)


def individual(*values, fitness_class=FitnessMax):
    genome = Genome([Head("relu")], fitness_class)
    if values:
        genome.fitness.values = values
    return genome


class Spin:
    """An rng that always says the same."""

    def __init__(self, value):
        self.random = lambda: value


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "fitness",
    [
        (1, 2, 3, 4),
        (0, 1, 0, 0, 3, 0),
        (0.25, 8, 0.25),
        (1.5e308, 1e308, 1e308),
        (5e-324, 1e-323),
        (5,),
    ],
    ids=str,
)
def test_probability_is_the_share_of_fitness_and_zero_is_never_drawn(fitness, seed):
    individuals = [individual(value) for value in fitness]
    total = sum(map(Fraction, fitness))
    expected = {i: Fraction(value) / total for i, value in enumerate(fitness) if value}
    places = {id(ind): i for i, ind in enumerate(individuals)}
    drawn = sel_roulette(individuals, 3000, rng=random.Random(seed))
    assert_drawn_from(expected, (places[id(ind)] for ind in drawn))


def test_zero_throughout_is_uniform():
    individuals = [individual(value) for value in (0.0, -0.0, 0, 0.0)]
    places = {id(ind): i for i, ind in enumerate(individuals)}
    drawn = sel_roulette(individuals, 2000, rng=random.Random(1))
    assert_drawn_from(shares(range(4)), (places[id(ind)] for ind in drawn))


@pytest.mark.parametrize("fitness", [(0, 1, 0), (0, 0.1, 0.2, 0.3, 0, 0), (1e-300, 1e300, 0)])
def test_the_ends_of_the_wheel_hit_no_zero(fitness):
    individuals = [individual(value) for value in fitness]
    for spin in (0.0, 1 - 2**-53, 1.0):  # 1.0: what rounding may make of it
        (drawn,) = sel_roulette(individuals, 1, rng=Spin(spin))
        assert drawn.fitness.values[0] > 0


@pytest.mark.parametrize("k", [0, 1, 3, 50])
def test_returns_k_of_the_individuals_themselves(k):
    individuals = [individual(value) for value in (1, 0, 2)]
    drawn = sel_roulette(individuals, k, rng=random.Random(1))
    assert len(drawn) == k
    assert {id(ind) for ind in drawn} <= {id(ind) for ind in individuals}
    assert [ind.fitness.values for ind in individuals] == [(1,), (0,), (2,)]


def test_empty_population():
    assert sel_roulette([], 0) == []
    with pytest.raises(ValueError, match="cannot select 2 of 0 individuals: give at least one"):
        sel_roulette([], 2)


def test_only_the_first_objective_counts():
    first = individual(1.0, 5.0, 9.0, fitness_class=FitnessMaxMinMin)
    second = individual(0.0, 1.0, 1.0, fitness_class=FitnessMaxMinMin)
    drawn = sel_roulette([first, second], 50, rng=random.Random(1))
    assert all(ind is first for ind in drawn)


def test_the_attribute_can_be_named():
    one, other = individual(0.0), individual(1.0)
    one.novelty, other.novelty = other.fitness, one.fitness
    drawn = sel_roulette([one, other], 50, fit_attr="novelty", rng=random.Random(1))
    assert all(ind is one for ind in drawn)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (individual(-0.5), r"FL relu has fitness -0\.5, allowed finite and 0 or more"),
        (individual(nan), "FL relu has fitness nan, allowed finite and 0 or more"),
        (individual(inf), "FL relu has fitness inf, allowed finite and 0 or more"),
        (individual(-inf), "FL relu has fitness -inf, allowed finite and 0 or more"),
        (individual(), "FL relu has no fitness: evaluate it before selecting"),
        (
            individual(1.0, fitness_class=FitnessMin),
            r"roulette selection maximises, but the weight is -1\.0: use a tournament",
        ),
    ],
    ids=["negative", "NaN", "inf", "-inf", "missing", "minimised"],
)
def test_refused_wherever_it_stands(bad, message):
    good = [individual(1.0), individual(2.0)]
    for i in range(3):
        with pytest.raises(ValueError, match=f"^{message}"):
            sel_roulette([*good[:i], bad, *good[i:]], 1)


def test_a_second_objective_may_be_minimised_and_negative():
    population = [individual(1.0, -3.0, fitness_class=FitnessMaxMin)]
    assert sel_roulette(population, 2) == population * 2
