"""Uniform crossover: aligned genes, swapped where that is legal, drawn as promised."""

import random
from collections import Counter
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, strategies as st
from plain_spaces import Anything, EvenSum
from strategies import assert_drawn_from, genomes, is_legal, seeds, spaces

from deap_nas import (
    SearchSpace,
    cx_uniform,
    cx_uniform_by_kind,
    cx_uniform_reject,
    parse_genome,
)
from deap_nas.genome import format_genes

# On 8x8 the kernels of two RC genes must fit together, so that one swap can forbid the next.
SPACE = SearchSpace((0, 3), kernels=(2, 3, 5), input_shape=(8, 8, 1))
A = parse_genome("NC 2 2 relu;RC 2 5 relu;RC 4 2 tanh;FL relu")
B = parse_genome("RC 4 3 tanh;NC 4 3 relu;NC 2 5 tanh;RC 2 3 relu;FL tanh")
EVERY = pytest.mark.parametrize("cx", [cx_uniform, cx_uniform_by_kind, cx_uniform_reject])


def texts(pair):
    return tuple(map(format_genes, pair))


def expected(parents, aligned, indpb, reject=False):
    """Probability of each outcome: every choice of swaps is followed, from left to right."""
    outcomes = Counter()
    for swaps in product((False, True), repeat=len(aligned)):
        children = [list(parent) for parent in parents]
        for swap, (i, j) in zip(swaps, aligned):
            a, b = map(list, children)
            if swap:
                a[i], b[j] = b[j], a[i]
            if reject or (is_legal(a, SPACE) and is_legal(b, SPACE)):
                children = [a, b]
        kept = (c if is_legal(c, SPACE) else list(p) for c, p in zip(children, parents))
        n = sum(swaps)
        outcomes[texts(kept)] += indpb**n * (1 - indpb) ** (len(swaps) - n)
    return outcomes


C = parse_genome("NC 4 3 relu;RC 4 3 tanh;RC 2 3 relu;FL tanh")
BY_PLACE = [(0, 0), (1, 1), (2, 2), (3, 3)]
BY_KIND = [(0, 1), (1, 0), (2, 3), (3, 4)]


@pytest.mark.parametrize("indpb", [Fraction(1, 2), Fraction(1, 5)], ids=str)
@pytest.mark.parametrize(
    ("cx", "b", "aligned"),
    [
        (cx_uniform, C, BY_PLACE),
        (cx_uniform_by_kind, B, BY_KIND),
        (cx_uniform_by_kind, C, BY_PLACE),
        (cx_uniform_reject, C, BY_PLACE),
        (cx_uniform_reject, B, [(0, 0), (1, 1), (2, 2), (3, 4)]),
    ],
)
def test_each_swap_is_drawn_and_made_if_legal(cx, b, aligned, indpb):
    outcomes = expected((A, b), aligned, indpb, reject=cx is cx_uniform_reject)
    assert len(outcomes) > 3
    rng, drawn = random.Random(1), []
    for _ in range(4000):
        children = parse_genome(str(A)), parse_genome(str(b))
        drawn.append(texts(cx(*children, space=SPACE, indpb=float(indpb), rng=rng)))
    assert_drawn_from(outcomes, drawn)


def test_half_of_the_swaps_unless_told():
    rng, swapped = random.Random(1), Counter()
    for _ in range(500):
        a, _ = cx_uniform([1] * 4, [2] * 4, space=Anything(), rng=rng)
        swapped.update(i for i in range(4) if a[i] == 2)
    assert all(abs(n - 250) < 45 for n in swapped.values())  # four standard deviations


@pytest.mark.parametrize("cx", [cx_uniform, cx_uniform_reject])
@pytest.mark.parametrize(
    ("a", "b", "swapped"),
    [
        ([1, 2, 3], [4, 5, 6], ([4, 5, 6], [1, 2, 3])),
        ([1, 2, 3], [4, 5, 6, 7, 8], ([4, 5, 8], [1, 2, 6, 7, 3])),
        ([4, 5, 6, 7, 8], [1], ([4, 5, 6, 7, 1], [8])),
        ([], [1, 2], ([], [1, 2])),
    ],
)
def test_places_are_aligned_from_the_left_and_last_with_last(cx, a, b, swapped):
    assert cx(a[:], b[:], space=Anything(), indpb=1.0) == swapped


@pytest.mark.parametrize(
    ("a", "b", "swapped"),
    [
        ([1, 2, 4, 3], [6, 5, 8], ([5, 6, 8, 3], [2, 1, 4])),
        ([2, 2], [1, 3], ([2, 2], [1, 3])),
        ([], [1], ([], [1])),
    ],
)
def test_kinds_are_aligned_in_their_order(a, b, swapped):
    # Kinds are odd and even here: the first odd with the first odd, and so on.
    assert cx_uniform_by_kind(a[:], b[:], space=Anything(), indpb=1.0) == swapped


def test_head_goes_with_head():
    a, b = parse_genome("FL relu"), parse_genome("NC 2 2 relu;FL tanh")
    cx_uniform(a, b, space=SearchSpace((0, 1), 0, kernels=(2,)), indpb=1.0)
    assert texts((a, b)) == ("FL tanh", "NC 2 2 relu;FL relu")


@EVERY
@given(data=st.data())
def test_children_are_legal_in_any_space_and_their_genes_the_parents(cx, data):
    space, rng = data.draw(spaces()), random.Random(data.draw(seeds))
    parents = data.draw(st.tuples(genomes(space), genomes(space)))
    before = [list(parent) for parent in parents]
    children = cx(*parents, space=space, rng=rng)
    assert all(is_legal(child, space) for child in children)
    assert list(map(len, children)) == list(map(len, before))
    if cx is not cx_uniform_reject:
        assert Counter(children[0] + children[1]) == Counter(before[0] + before[1])


@given(st.data())
def test_by_kind_keeps_the_order_of_kinds(data):
    space, rng = data.draw(spaces()), random.Random(data.draw(seeds))
    parents = data.draw(st.tuples(genomes(space), genomes(space)))
    kinds = [[gene.kind for gene in parent] for parent in parents]
    children = cx_uniform_by_kind(*parents, space=space, rng=rng)
    assert [[gene.kind for gene in child] for child in children] == kinds


@EVERY
def test_no_swap_and_one_individual_as_both_parents_change_nothing(cx):
    a, b = [1, 2, 3], [4, 5, 5]
    assert cx(a, b, space=EvenSum(), indpb=0.0) == ([1, 2, 3], [4, 5, 5])
    assert cx(a, a, space=EvenSum(), indpb=1.0) == ([1, 2, 3], [1, 2, 3])


@EVERY
def test_one_draw_for_each_aligned_pair_whatever_comes_of_it(cx):
    draws = []

    class Draws:
        def random(self):
            draws.append(1)
            return 0.0

    cx(parse_genome(str(A)), parse_genome(str(B)), space=SPACE, rng=Draws())
    assert len(draws) == 4


def test_by_kind_swaps_are_drawn_in_the_order_of_the_first_parent():
    draws = iter((0.9, 0.1, 0.9, 0.9))

    class Draws:
        def random(self):
            return next(draws)

    children = cx_uniform_by_kind([1, 2, 3, 4], [5, 6, 7, 8], space=Anything(), rng=Draws())
    assert children == ([1, 6, 3, 4], [5, 2, 7, 8])
