"""Spaces of any layers: how many genomes there are, and what they cost at most."""

import dataclasses
import random

import pytest
from general_rules import every_genome
from general_spaces import TIGHT, general_spaces
from hypothesis import given
from own_layer import own_layer, own_space

from deap_nas import WIDE_SPACE, count_params
from deap_nas.spaces import counting


class TestSize:
    @given(general_spaces())
    def test_is_the_length_of_the_list_of_all(self, space):
        genomes = every_genome(space)
        assert len(set(genomes)) == len(genomes)
        assert space.size() == len(genomes)
        assert not space.size_is_bound

    def test_where_the_maps_bind(self):
        # Each kind has two genes. Two reductions: MP 2 twice, each MP before CR (2 + 2), and CR
        # before MP 2 (2), are 7. Depth 1: 4. Depth 2: 2 orders of CB and a reduction, and those 7.
        # Depth 3: a reduction among two CB, or a CB among two reductions.
        pairs = 7
        by_hand = 4 + (2 * 2 * 4 + pairs) + (3 * 2 * 2 * 4 + 3 * 2 * pairs)
        assert TIGHT.size() == len(every_genome(TIGHT)) == by_hand

    def test_of_wide_space(self):
        # Nothing binds on 28x28: words of at most three reductions, each kind with its genes.
        conv, skip, drop, pool = 16 * 2 * 7, 2 * 7, 3, 2
        plain, reducing = 2 * conv + skip + drop, 2 * conv + 2 * pool
        ways = {0: 1}
        total = 0
        for n in range(1, 9):
            grown = {}
            for reductions, many in ways.items():
                grown[reductions] = grown.get(reductions, 0) + many * plain
                grown[reductions + 1] = grown.get(reductions + 1, 0) + many * reducing
            ways = {reductions: many for reductions, many in grown.items() if reductions <= 3}
            total += sum(ways.values()) if n >= 2 else 0
        assert WIDE_SPACE.size() == total * (1 + 3 * 7)
        assert not WIDE_SPACE.size_is_bound
        assert WIDE_SPACE.said_size() == f"{WIDE_SPACE.size():.3g}"

    @given(general_spaces())
    def test_a_bound_says_so_and_is_not_below_the_truth(self, space):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counting, "MOST_STATES", 0)
            bound = dataclasses.replace(space)
            if bound.size_is_bound:  # depth 0 alone is counted in no time
                assert bound.said_size().startswith("at most ")
            assert bound.size() >= len(every_genome(space))

    def test_is_a_bound_where_a_layer_looks_at_channels(self):
        with own_layer():
            space = own_space(depth=(1, 3))
            assert space.size_is_bound
            assert space.size() > len(every_genome(space)) > 0

    def test_is_the_same_whatever_was_drawn_before(self, monkeypatch):
        monkeypatch.setattr(counting, "MOST_STATES", 100)
        rng, used, unused = random.Random(1), dataclasses.replace(TIGHT), dataclasses.replace(TIGHT)
        for _ in range(300):
            used.sample(rng)
        assert (used.size(), used.size_is_bound) == (unused.size(), unused.size_is_bound)
        assert not unused.size_is_bound

    @given(general_spaces())
    def test_no_genome_has_more_than_most_params(self, space):
        about = (space.input_shape, space.n_classes)
        counts = [count_params(genome, *about) for genome in every_genome(space)]
        assert max(counts) <= space.most_params()
