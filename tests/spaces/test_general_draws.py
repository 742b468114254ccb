"""Spaces of any layers: how genomes are drawn, and what operators draw from."""

import random
from collections import Counter

import pytest
from general_rules import chances, every_gene, every_genome, is_legal
from general_spaces import general_spaces
from hypothesis import given, strategies as st
from own_layer import own_layer, own_space
from strategies import assert_drawn_from, seeds

from deap_nas import WIDE_SPACE, Genome, SearchSpace

RELU = {"filters": (4,), "activation": "relu"}
# On 5x5 a pool of 2 leaves 2x2, of 3 leaves 1x1, where no pool fits; so MP MP is never MP 3 first,
# and two MP leave no order for a third. CB with kernel 3 fits everywhere.
SPACE = SearchSpace(
    layers={
        "CB": {"kernel": 3, **RELU},
        "RC": {"count": (0, 1), "kernel": (2, 4), **RELU},
        "MP": {"size": (2, 3)},
    },
    heads={"GP": {}, "GD": {"units": (3, 16), "activation": "relu"}},
    depth=(1, 3),
    input_shape=(5, 5, 1),
)


class Counting(random.Random):
    """Counts the calls of what a space draws with."""

    calls = 0

    def choice(self, seq):
        self.calls += 1
        return super().choice(seq)

    def choices(self, *args, **settings):
        self.calls += 1
        return super().choices(*args, **settings)


class TestSample:
    @given(general_spaces(), seeds)
    def test_legal_in_any_space_and_equal_for_equal_seeds(self, space, seed):
        genome = space.sample(random.Random(seed))
        assert type(genome) is Genome
        assert is_legal(genome, space)
        assert space.sample(random.Random(seed)) == genome

    def test_each_genome_as_likely_as_its_draws(self):
        # chances() says how the probabilities come about. An example: depth 2 is 1/3; of the nine
        # orders of kinds RC RC is too many and all others fit, so CB MP is 1/8; MP is 2 or 3, 1/2;
        # GP is one of two heads, 1/2: 1/96 in all. MP MP is 1/8 too, but there only MP 2 fits
        # first, as MP 3 leaves 1x1, and only MP 2 then.
        expected = chances(every_genome(SPACE))
        rng = random.Random(1)
        assert_drawn_from(expected, (tuple(SPACE.sample(rng)) for _ in range(20_000)))

    def test_also_where_a_layer_looks_at_channels(self):
        with own_layer():
            space = own_space(depth=(1, 2), input_shape=(4, 4, 3))
            expected = chances(every_genome(space))
            rng = random.Random(2)
            assert_drawn_from(expected, (tuple(space.sample(rng)) for _ in range(20_000)))

    @given(general_spaces(), seeds)
    def test_nothing_is_ever_thrown_away(self, space, seed):
        # One call for the depth, one for each kind, each field, and the kind of head.
        rng = Counting(seed)
        *body, head = space.sample(rng)
        n_fields = sum(len(gene.values) for gene in (*body, head))
        assert rng.calls == 1 + len(body) + n_fields + (len(space.heads) > 1)

    def test_draws_from_the_module_unless_told(self):
        random.seed(7)
        drawn = [str(WIDE_SPACE.sample()) for _ in range(5)]
        rng = random.Random(7)
        assert drawn == [str(WIDE_SPACE.sample(rng)) for _ in range(5)]


class TestNeighbours:
    """What the operators draw from, against trying every gene in every place."""

    @given(st.data())
    def test_are_all_that_there_are(self, data):
        space = data.draw(general_spaces())
        check_neighbours(space, space.sample(random.Random(data.draw(seeds))))

    @pytest.mark.parametrize("seed", range(20))
    def test_also_where_a_layer_looks_at_channels(self, seed):
        with own_layer():
            space = own_space()
            check_neighbours(space, space.sample(random.Random(seed)))

    def test_depth_ends_insertions_and_deletions(self):
        rng = random.Random(0)
        for n, which in ((8, "insertions"), (2, "deletions")):
            genome = next(g for _ in range(99) if len(g := WIDE_SPACE.sample(rng)) == n + 1)
            assert len(getattr(WIDE_SPACE, which)(genome)) == 0


def check_neighbours(space, genome, legal=is_legal):
    genes, universe, places = list(genome), every_gene(space), range(len(genome))
    for i in places:
        others = [g for g in universe if legal([*genes[:i], g, *genes[i + 1 :]], space)]
        same(space.replacements(genes, i), [g for g in others if g != genes[i]])
    pairs = ((i, gene) for i in range(len(genes) + 1) for gene in universe)
    same(
        space.insertions(genes),
        [(i, g) for i, g in pairs if legal([*genes[:i], g, *genes[i:]], space)],
    )
    same(
        space.deletions(genes),
        [i for i in places if legal([*genes[:i], *genes[i + 1 :]], space)],
    )


def same(found, expected):
    """Equal but for the order; nothing twice."""
    assert Counter(found) == Counter(expected)
    assert len(found) == len(expected)
