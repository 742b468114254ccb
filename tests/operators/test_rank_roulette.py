"""Roulette by rank, and DEAP's selections on our individuals."""

import random
from collections import Counter
from fractions import Fraction
from math import inf, nan

import pytest
from deap import base, tools
from strategies import assert_drawn_from, shares

from deap_nas import FitnessMax, FitnessMaxMin, Genome, Head, sel_rank_roulette
from deap_nas.operators import SELECTIONS


class FitnessMin(base.Fitness):
    weights = (-1.0,)


def population(*values, fitness_class=FitnessMax):
    genomes = [Genome([Head("relu")], fitness_class) for _ in values]
    for genome, value in zip(genomes, values):
        genome.fitness.values = value if isinstance(value, tuple) else (value,)
    return genomes


def places(individuals, drawn):
    """The place of each that was drawn: equal lists are told apart."""
    place = {id(ind): i for i, ind in enumerate(individuals)}
    return [place[id(ind)] for ind in drawn]


@pytest.mark.parametrize("pressure", [Fraction(11, 10), Fraction(3, 2), Fraction(2)], ids=str)
@pytest.mark.parametrize(
    ("values", "ranks"),
    [
        ((3, 1, 2, 4), (2, 0, 1, 3)),
        ((-5, -1e300, inf, 1e-9, -inf), (2, 1, 4, 3, 0)),
        ((7, 5, 5, 9, 5), (3, 1, 1, 4, 1)),
        ((0, 0, 0), (1, 1, 1)),
        ((8,), ()),
    ],
    ids=str,
)
def test_probability_is_linear_in_the_rank(values, ranks, pressure):
    # Baker 1985: rank r of 0 (worst) to n - 1 is drawn 2 - s + 2 (s - 1) r / (n - 1) times of n.
    n = len(values)
    times = [2 - pressure + 2 * (pressure - 1) * Fraction(r, n - 1) for r in ranks] or [1]
    expected = {i: Fraction(t) / n for i, t in enumerate(times) if t}
    individuals = population(*values)
    drawn = sel_rank_roulette(individuals, 3000, pressure=float(pressure), rng=random.Random(1))
    assert_drawn_from(expected, places(individuals, drawn))


def test_the_pressure_is_one_and_a_half_unless_told():
    individuals = population(1, 2, 3)
    for seed in range(5):
        draws = (
            sel_rank_roulette(individuals, 20, rng=random.Random(seed), **settings)
            for settings in ({}, {"pressure": 1.5})
        )
        assert len({tuple(places(individuals, drawn)) for drawn in draws}) == 1


@pytest.mark.parametrize(
    ("fitness_class", "values"),
    [
        (FitnessMin, (1, 5, 9, 7)),
        (FitnessMaxMin, ((3, 0), (2, 5), (1, 1), (2, 6))),
    ],
)
def test_any_order_that_deap_knows(fitness_class, values):
    individuals = population(*values, fitness_class=fitness_class)
    best_first = tools.selBest(individuals, 4)
    assert places(individuals, best_first) == [0, 1, 3, 2]
    drawn = sel_rank_roulette(individuals, 3000, pressure=2, rng=random.Random(2))
    expected = {0: Fraction(3, 6), 1: Fraction(2, 6), 3: Fraction(1, 6)}  # the worst never
    assert_drawn_from(expected, places(individuals, drawn))


def test_scale_and_shift_of_fitness_do_not_matter():
    values = [random.Random(3).random() for _ in range(10)]
    draws = set()
    for changed in (values, [1e-200 * v for v in values], [1e6 * v - 1e9 for v in values]):
        individuals = population(*changed)
        drawn = sel_rank_roulette(individuals, 50, rng=random.Random(4))
        draws.add(tuple(places(individuals, drawn)))
    assert len(draws) == 1


@pytest.mark.parametrize("spin", [0.0, 1 - 2**-53, 1.0])
@pytest.mark.parametrize("values", [(2, 1), (1, 2), (1, 2, 3, 1), (3, 1, 2)])
def test_the_ends_of_the_wheel_never_hit_the_worst_at_full_pressure(spin, values):
    class Spin:
        def random(self):
            return spin

    individuals = population(*values)
    (drawn,) = sel_rank_roulette(individuals, 1, pressure=2, rng=Spin())
    if values.count(1) == 1:
        assert drawn.fitness.values[0] > 1
    else:
        assert drawn in individuals


def test_empty_population():
    assert sel_rank_roulette([], 0) == []
    with pytest.raises(ValueError, match="cannot select 1 of 0 individuals: give at least one"):
        sel_rank_roulette([], 1)


@pytest.mark.parametrize("pressure", [1, 0.5, 2.01, nan])
def test_pressure_has_limits(pressure):
    with pytest.raises(ValueError, match=f"^pressure {pressure}, allowed above 1 and at most 2"):
        sel_rank_roulette(population(1, 2), 1, pressure=pressure)


def test_missing_and_nan_are_refused_and_the_attribute_can_be_named():
    unknown = Genome([Head("tanh")])
    with pytest.raises(ValueError, match="FL tanh has no fitness: evaluate it before selecting"):
        sel_rank_roulette([*population(1), unknown], 1)
    with pytest.raises(ValueError, match="FL relu has fitness nan, allowed a number"):
        sel_rank_roulette(population(1, nan), 1)
    one, other = population(1, 2)
    one.novelty, other.novelty = other.fitness, one.fitness
    drawn = sel_rank_roulette([one, other], 20, pressure=2, fit_attr="novelty")
    assert all(ind is one for ind in drawn)


class TestDeapsSelections:
    """They work unchanged, and by name."""

    def test_best(self):
        individuals = population(2, 9, 4)
        assert places(individuals, SELECTIONS["best"](individuals, 2)) == [1, 2]

    def test_tournament_of_three(self):
        # The best of three of three drawn with replacement: shares (3^3 - 2^3, 2^3 - 1, 1) of 27.
        random.seed(1)
        individuals = population(1, 3, 2)
        drawn = SELECTIONS["tournament"](individuals, 2000)
        expected = {1: Fraction(19, 27), 2: Fraction(7, 27), 0: Fraction(1, 27)}
        assert_drawn_from(expected, places(individuals, drawn))

    def test_stochastic_universal_sampling(self):
        random.seed(1)
        individuals = population(1, 3, 4)
        drawn = SELECTIONS["sus"](individuals, 16)
        assert Counter(places(individuals, drawn)) == {0: 2, 1: 6, 2: 8}

    def test_random(self):
        random.seed(1)
        individuals = population(0, 3, 4)
        drawn = SELECTIONS["random"](individuals, 900)
        assert_drawn_from(shares(range(3)), places(individuals, drawn))

    def test_lexicase_of_one_case_draws_among_the_best(self):
        random.seed(1)
        individuals = population(1, 5, 5)
        drawn = SELECTIONS["lexicase"](individuals, 200)
        assert_drawn_from(shares((1, 2)), places(individuals, drawn))

    def test_nsga2_takes_the_first_front_first(self):
        values = ((3, 3), (1, 1), (2, 9), (2, 2), (1, 5))
        individuals = population(*values, fitness_class=FitnessMaxMin)
        assert set(places(individuals, tools.selNSGA2(individuals, 3))) == {0, 1, 3}
