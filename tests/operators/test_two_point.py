"""Two-point crossover: legal children, drawn as promised, and soon found."""

import random
from collections import Counter
from itertools import combinations, combinations_with_replacement, permutations

import pytest
from hypothesis import given, strategies as st
from plain_spaces import EvenSum
from strategies import assert_drawn_from, genomes, is_legal, seeds, shares, spaces
from test_crossover import LONG, SHORT, SPACE, TIGHT, crossed, texts

from deap_nas import FULL_SPACE, SearchSpace, cx_two_point, cx_two_point_reject, parse_genome
from deap_nas.operators.crossover import _shuffled


def every_two_point(a, b, legal):
    """The distinct children of every pair of segments that are legal and not just the parents."""
    a, b = list(a), list(b)
    children = (
        (a[:i] + b[p:q] + a[j:], b[:p] + a[i:j] + b[q:])
        for i, j in combinations_with_replacement(range(len(a) + 1), 2)
        for p, q in combinations_with_replacement(range(len(b) + 1), 2)
    )
    return {
        (tuple(c), tuple(d))
        for c, d in children
        if legal(c) and legal(d) and (c, d) not in ((a, b), (b, a))
    }


class TestTwoPoint:
    @pytest.mark.parametrize("n", [1000, pytest.param(100_000, marks=pytest.mark.slow)])
    def test_children_are_legal_new_and_made_of_the_parents_genes(self, n):
        rng = random.Random(n)
        for _ in range(n):
            parents = FULL_SPACE.sample(rng), FULL_SPACE.sample(rng)
            genes, before = Counter(parents[0] + parents[1]), texts(parents)
            children = cx_two_point(*parents, space=FULL_SPACE, rng=rng)
            assert all(is_legal(child, FULL_SPACE) for child in children)
            assert Counter(children[0] + children[1]) == genes
            assert texts(children) not in (before, before[::-1])

    @given(st.data())
    def test_in_any_space_the_children_are_those_of_two_segments(self, data):
        space = data.draw(spaces())
        a, b = data.draw(st.tuples(genomes(space), genomes(space)))
        possible = every_two_point(a, b, lambda genes: is_legal(genes, space))
        children = crossed((a, b), data.draw(seeds), cx_two_point, space)
        assert tuple(map(tuple, children)) in (possible or {(tuple(a), tuple(b))})

    @pytest.mark.parametrize("a", [TIGHT, SHORT], ids=["tight", "short"])
    def test_pairs_of_children_are_equally_likely(self, a):
        possible = every_two_point(a, LONG, lambda genes: is_legal(genes, SPACE))
        rng = random.Random(1)
        drawn = (tuple(map(tuple, crossed((a, LONG), rng, cx_two_point))) for _ in range(2000))
        assert_drawn_from(shares(possible), drawn)

    def test_however_many_segments_give_them(self):
        # Swapping any 2 of the one for nothing of the other gives the same children.
        a, b = [2, 2, 4, 4], [2, 2]
        possible = every_two_point(a, b, EvenSum().__contains__)
        assert len(possible) == 17
        rng = random.Random(2)
        drawn = (cx_two_point(a[:], b[:], space=EvenSum(), rng=rng) for _ in range(1000))
        assert_drawn_from(shares(possible), (tuple(map(tuple, pair)) for pair in drawn))

    def test_lengths_may_change(self):
        lengths = {
            tuple(map(len, crossed((SHORT, LONG), seed, cx_two_point))) for seed in range(30)
        }
        assert len(lengths) > 2

    @pytest.mark.parametrize(("a", "b"), [([0, 0], [0, 0]), ([1, 1], [1, 1]), ([], [])])
    def test_without_a_legal_change_the_parents_come_back(self, a, b):
        for seed in range(20):
            children = cx_two_point(a[:], b[:], space=EvenSum(), rng=random.Random(seed))
            assert children == (a, b)

    def test_equal_parents_can_have_new_children(self):
        a, b = cx_two_point([2, 4], [2, 4], space=EvenSum(), rng=random.Random(1))
        assert a != [2, 4] != b
        assert sorted(a + b) == [2, 2, 4, 4]

    def test_one_individual_as_both_parents_is_left_alone(self):
        ind = parse_genome(str(LONG))
        assert cx_two_point(ind, ind, space=SPACE, rng=random.Random(1)) == (LONG, LONG)

    def test_few_of_the_segments_are_looked_at(self):
        asked = 0

        class Counting(SearchSpace):
            def __contains__(self, genes):
                nonlocal asked
                asked += 1
                return super().__contains__(genes)

        space, rng = Counting((6, 7)), random.Random(3)
        for _ in range(100):  # 9 or 10 genes: 55 * 55 pairs of segments at least, for each pair
            cx_two_point(space.sample(rng), space.sample(rng), space=space, rng=rng)
        assert asked / 100 < 100


def test_shuffled_is_each_order_as_likely():
    rng = random.Random(4)
    orders = [tuple(_shuffled(4, rng)) for _ in range(2000)]
    assert_drawn_from(shares(permutations(range(4))), orders)


class TestTwoPointReject:
    def test_shared_points_are_uniform_and_each_illegal_child_rejected(self):
        a, b = list(SHORT), list(LONG)
        outcomes = []
        for i, j in combinations(range(len(a) + 1), 2):
            children = a[:i] + b[i:j] + a[j:], b[:i] + a[i:j] + b[j:]
            kept = (c if is_legal(c, SPACE) else p for c, p in zip(children, (a, b)))
            outcomes.append(texts(kept))
        assert len(set(outcomes)) > 4
        rng = random.Random(2)
        drawn = (texts(crossed((a, b), rng, cx_two_point_reject)) for _ in range(1000))
        assert_drawn_from(shares(outcomes), drawn)

    def test_nothing_to_cut(self):
        assert cx_two_point_reject([], [2, 2], space=EvenSum()) == ([], [2, 2])
        ind = parse_genome(str(LONG))
        assert cx_two_point_reject(ind, ind, space=SPACE) == (LONG, LONG)

    @given(st.data())
    def test_children_are_legal_in_any_space(self, data):
        space = data.draw(spaces())
        parents = data.draw(st.tuples(genomes(space), genomes(space)))
        children = crossed(parents, data.draw(seeds), cx_two_point_reject, space)
        assert all(is_legal(child, space) for child in children)
