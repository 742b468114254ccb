"""A mixture of mutations: each by its weight, among those that can change the individual."""

import random
from fractions import Fraction
from functools import partial
from math import inf, nan

import pytest
from hypothesis import given, strategies as st
from plain_spaces import EvenSum
from strategies import assert_drawn_from, genomes, is_legal, seeds, spaces

from deap_nas import (
    PAPER_SPACE,
    mut_attribute,
    mut_delete,
    mut_insert,
    mut_mixture,
    mut_pool,
    parse_genome,
)

TEXT = "NC 4 3 relu;RC 2 3 relu;RC 8 3 relu;FL relu"


def setting(value):
    """A mutation that makes the first gene a value; no change if it was that."""

    def mutate(ind, *, space, rng):
        ind[0] = value
        return (ind,)

    return mutate


def drawn(n, first=0, **settings):
    rng = random.Random(1)
    return [mut_mixture([first], space=EvenSum(), rng=rng, **settings)[0][0] for _ in range(n)]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (None, {1: Fraction(1, 3), 2: Fraction(1, 3), 3: Fraction(1, 3)}),
        ((1, 2, 5), {1: Fraction(1, 8), 2: Fraction(2, 8), 3: Fraction(5, 8)}),
        ((0, 0.5, 1.5), {2: Fraction(1, 4), 3: Fraction(3, 4)}),
    ],
)
def test_each_is_drawn_by_its_weight(weights, expected):
    mutations = [setting(1), setting(2), setting(3)]
    assert_drawn_from(expected, drawn(1000, mutations=mutations, weights=weights))


def test_among_those_that_can_change_it_each_has_its_weight():
    mutations = [setting(0), setting(1), setting(0), setting(2)]
    expected = {1: Fraction(1, 4), 2: Fraction(3, 4)}
    assert_drawn_from(expected, drawn(1000, mutations=mutations, weights=(9, 1, 5, 3)))


def test_one_that_changed_it_is_the_last():
    ind = [0, 0]

    def count(ind, *, space, rng):
        ind[1] += 1
        return (ind,)

    for n in range(1, 20):
        assert mut_mixture(ind, space=EvenSum(), mutations=[count, count, setting(0)]) == ([0, n],)


def test_when_none_can_it_comes_back_as_it_is_after_each_was_asked_once():
    asked = []

    def refuse(name, ind, *, space, rng):
        asked.append(name)
        return (ind,)

    ind = [4]
    mutations = [partial(refuse, name) for name in "abc"]
    assert mut_mixture(ind, space=EvenSum(), mutations=mutations)[0] is ind
    assert sorted(asked) == ["a", "b", "c"]


def test_depth_limits_leave_the_others():
    rng = random.Random(2)
    for _ in range(50):  # one NC: the least
        genome = parse_genome(TEXT)
        mut_mixture(genome, space=PAPER_SPACE, mutations=[mut_delete, mut_insert], rng=rng)
        assert len(genome) == 5


@given(st.data())
def test_mutants_are_legal_in_any_space(data):
    space = data.draw(spaces())
    genome = data.draw(genomes(space))
    (mutant,) = mut_mixture(genome, space=space, rng=random.Random(data.draw(seeds)))
    assert mutant is genome
    assert is_legal(mutant, space)


def test_unless_told_genes_change_come_go_and_move():
    before = parse_genome("NC 4 3 relu;RC 2 3 relu;NC 6 3 relu;RC 8 3 relu;FL relu")
    rng, seen = random.Random(3), set()
    for _ in range(300):
        (mutant,) = mut_mixture(list(before), space=PAPER_SPACE, rng=rng)
        if len(mutant) == len(before):
            seen.add("moved" if sorted(map(str, mutant)) == sorted(map(str, before)) else "changed")
            apart = sum(a != b for x, y in zip(mutant, before) for a, b in zip(x, y))
            seen.add("in one attribute" if apart == 1 else "in more")
        else:
            seen.add(len(mutant) - len(before))
    assert seen == {"moved", "changed", "in one attribute", "in more", 1, -1}


def test_partials_bring_their_settings():
    pool = parse_genome(TEXT)
    mutations = [partial(mut_pool, pool=lambda: pool), partial(mut_attribute, step=True)]
    rng = random.Random(4)
    for _ in range(50):
        genome = parse_genome("NC 4 4 tanh;RC 2 3 relu;RC 8 3 relu;FL tanh")
        mut_mixture(genome, space=PAPER_SPACE, mutations=mutations, weights=[1, 1], rng=rng)
        assert is_legal(genome, PAPER_SPACE)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": (1, 2)}, "2 weights, allowed 5: one for each mutation"),
        ({"mutations": [setting(1)], "weights": (-1,)}, "weight -1, allowed finite and 0 or more"),
        ({"mutations": [setting(1)], "weights": (nan,)}, "weight nan, allowed finite"),
        ({"mutations": [setting(1)], "weights": (inf,)}, "weight inf, allowed finite"),
        (
            {"mutations": [setting(1)], "weights": (0,)},
            r"weights \[0\], allowed at least one above",
        ),
        ({"mutations": []}, r"weights \[\], allowed at least one above 0"),
    ],
)
def test_refused(settings, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        mut_mixture([4, 4], space=EvenSum(), **settings)
