"""Crossover: legal children, drawn as promised."""

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from strategies import (
    assert_drawn_from,
    every_crossover,
    genomes,
    is_legal,
    seeds,
    shares,
    spaces,
)

from deap_nas import (
    FULL_SPACE,
    PAPER_SPACE,
    SearchSpace,
    cx_one_point,
    cx_one_point_reject,
    cx_two_point,
    parse_genome,
)
from deap_nas.genome import format_genes

# On 8x8 a first RC of kernel 5 must be followed by kernel 2: TIGHT and LONG cannot be cut between
# their RC genes. SHORT and LONG can, and share a gene, so that two cut pairs give equal children.
SPACE = SearchSpace((0, 4), kernels=(2, 3, 5), input_shape=(8, 8, 1))
TIGHT = parse_genome("NC 2 2 relu;RC 2 5 relu;RC 4 2 tanh;FL relu")
SHORT = parse_genome("NC 4 3 tanh;RC 2 2 relu;NC 4 3 relu;RC 4 3 tanh;FL relu")
LONG = parse_genome("NC 2 2 relu;RC 4 3 tanh;NC 4 3 relu;RC 2 3 relu;NC 2 5 tanh;FL tanh")


def texts(pair):
    return tuple(map(format_genes, pair))


def crossed(parents, seed_or_rng, cx=cx_one_point, space=SPACE):
    rng = seed_or_rng if isinstance(seed_or_rng, random.Random) else random.Random(seed_or_rng)
    return cx(*map(parse_genome, texts(parents)), space=space, rng=rng)


class TestOnePoint:
    @pytest.mark.parametrize("n", [5000, pytest.param(100_000, marks=pytest.mark.slow)])
    def test_children_are_legal_and_new(self, n):
        rng = random.Random(n)
        for _ in range(n):
            parents = FULL_SPACE.sample(rng), FULL_SPACE.sample(rng)
            before = texts(parents)
            children = cx_one_point(*parents, space=FULL_SPACE, rng=rng)
            assert all(is_legal(child, FULL_SPACE) for child in children)
            if sorted(texts(children)) == sorted(before):  # then nothing else was possible
                assert not every_crossover(*map(parse_genome, before), FULL_SPACE)

    @given(st.data())
    def test_in_any_space_the_children_are_those_of_a_legal_cut(self, data):
        space = data.draw(spaces())
        parents = data.draw(st.tuples(genomes(space), genomes(space)))
        possible = {texts(pair) for pair in every_crossover(*parents, space)} or {texts(parents)}
        assert texts(crossed(parents, data.draw(seeds), space=space)) in possible

    @pytest.mark.parametrize("shorter", [TIGHT, SHORT], ids=["tight", "short"])
    def test_cut_pairs_are_equally_likely(self, shorter):
        # Each cut pair has one share; those that give equal children add up.
        expected = shares(texts(pair) for pair in every_crossover(shorter, LONG, SPACE))
        assert len(set(expected.values())) == (1 if shorter is TIGHT else 2)
        rng = random.Random(1)
        drawn = (texts(crossed((shorter, LONG), rng)) for _ in range(2000))
        assert_drawn_from(expected, drawn)

    def test_genes_are_those_of_the_parents(self):
        for seed in range(300):
            rng = random.Random(seed)
            a, b = PAPER_SPACE.sample(rng), PAPER_SPACE.sample(rng)
            c, d = crossed((a, b), rng, space=PAPER_SPACE)
            assert Counter(c) + Counter(d) == Counter(a) + Counter(b)
            assert any(
                c == a[:i] + b[j:] and d == b[:j] + a[i:]
                for i in range(len(a) + 1)
                for j in range(len(b) + 1)
            )

    def test_lengths_may_change(self):
        lengths = {tuple(map(len, crossed((SHORT, LONG), seed))) for seed in range(200)}
        assert lengths == {(5, 6), (6, 5), (7, 4)}

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            ("RC 2 3 relu;RC 2 3 relu;FL relu", "RC 2 3 relu;RC 2 3 relu;FL relu"),
            ("RC 2 5 relu;RC 2 2 relu;FL relu", "RC 2 5 relu;RC 2 2 relu;FL tanh"),
        ],
        ids=["equal", "heads differ: children are the parents again"],
    )
    def test_without_a_legal_change_the_parents_come_back(self, a, b):
        for seed in range(50):
            assert texts(crossed(map(parse_genome, (a, b)), seed)) == (a, b)

    def test_one_individual_as_both_parents_stays_legal(self):
        for seed in range(50):
            ind = parse_genome(str(LONG))
            cx_one_point(ind, ind, space=SPACE, rng=random.Random(seed))
            assert is_legal(ind, SPACE)


class TestOnePointReject:
    def test_shared_index_is_uniform_and_each_illegal_child_rejected(self):
        # The index is 1, 2 or 3, each 1/3; a child that breaks the rules becomes its parent again.
        a, b = list(TIGHT), list(LONG)
        outcomes = []
        for i in range(1, len(a)):
            children = a[:i] + b[i:], b[:i] + a[i:]
            kept = (c if is_legal(c, SPACE) else p for c, p in zip(children, (a, b)))
            outcomes.append(texts(kept))
        rng = random.Random(2)
        drawn = (texts(crossed((a, b), rng, cx_one_point_reject)) for _ in range(1000))
        assert_drawn_from(shares(outcomes), drawn)

    def test_one_child_may_be_kept_and_the_other_rejected(self):
        a = parse_genome("RC 2 2 relu;RC 2 3 relu;FL relu")
        b = parse_genome("RC 2 5 relu;RC 2 2 relu;FL tanh")
        # Behind 5 only 2 fits: the second child of index 1 is illegal, none of index 2 is.
        assert {texts(crossed((a, b), seed, cx_one_point_reject)) for seed in range(30)} == {
            ("RC 2 2 relu;RC 2 2 relu;FL tanh", "RC 2 5 relu;RC 2 2 relu;FL tanh"),
            ("RC 2 2 relu;RC 2 3 relu;FL tanh", "RC 2 5 relu;RC 2 2 relu;FL relu"),
        }

    def test_head_alone_has_no_index(self):
        space = SearchSpace((0, 1), n_reduction=0)
        a, b = parse_genome("FL relu"), parse_genome("NC 4 3 relu;FL tanh")
        assert texts(crossed((a, b), 1, cx_one_point_reject, space)) == texts((a, b))

    @given(st.data())
    def test_children_are_legal_in_any_space(self, data):
        space = data.draw(spaces())
        parents = data.draw(st.tuples(genomes(space), genomes(space)))
        children = crossed(parents, data.draw(seeds), cx_one_point_reject, space)
        assert all(is_legal(child, space) for child in children)


@pytest.mark.parametrize("cx", [cx_one_point, cx_two_point])
def test_lineage_of_many_crossovers_stays_legal(cx):
    rng = random.Random(5)
    population = [SPACE.sample(rng) for _ in range(20)]
    for _ in range(30):
        rng.shuffle(population)
        for a, b in pairwise(population):
            cx(a, b, space=SPACE, rng=rng)
        assert all(is_legal(genome, SPACE) for genome in population)
