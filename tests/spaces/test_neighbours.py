"""What the operators draw from."""

import random
from collections import Counter

import pytest
from hypothesis import given, strategies as st
from strategies import TIGHT_SPACE, every_gene, is_legal, seeds, spaces

from deap_nas import PAPER_SPACE, Conv, Head, SearchSpace, parse_genome


class TestNeighbours:
    """What the operators draw from, against trying every gene in every place."""

    @given(st.data())
    def test_are_all_that_there_are(self, data):
        space = data.draw(spaces(small=True))
        genes = list(space.sample(random.Random(data.draw(seeds))))
        universe, places = every_gene(space), range(len(genes))
        for i in places:
            found = space.replacements(genes, i)
            others = [g for g in universe if is_legal([*genes[:i], g, *genes[i + 1 :]], space)]
            assert _same(found, [g for g in others if g != genes[i]])
        assert _same(
            space.insertions(genes),
            [
                (i, gene)
                for i in range(len(genes) + 1)
                for gene in universe
                if is_legal([*genes[:i], gene, *genes[i:]], space)
            ],
        )
        assert _same(
            space.deletions(genes),
            [i for i in places if is_legal([*genes[:i], *genes[i + 1 :]], space)],
        )

    def test_a_replacement_leaves_later_kernels_their_map(self):
        genome = parse_genome("RC 4 2 relu;NC 4 3 relu;RC 4 3 relu;FL tanh")
        assert list(TIGHT_SPACE.replacements(genome, 0)) == [Conv("RC", 4, 3, "relu")]
        assert list(TIGHT_SPACE.replacements(genome, 2)) == [Conv("RC", 4, 2, "relu")]
        assert list(TIGHT_SPACE.replacements(genome, 3)) == [Head("gelu")]

    def test_depth_ends_insertions_and_deletions(self):
        space = SearchSpace(n_normal=2)
        genome = space.sample(random.Random(0))
        assert len(space.insertions(genome)) == len(space.deletions(genome)) == 0
        assert not space.insertions(genome)

    def test_lists_behave_as_sequences(self):
        genome = parse_genome("RC 4 2 relu;NC 4 3 relu;RC 4 3 relu;FL tanh")
        for found in (TIGHT_SPACE.replacements(genome, 1), TIGHT_SPACE.insertions(genome)):
            everything = list(found)
            assert [found[i] for i in range(-len(found), 0)] == everything
            assert found[1::2] == everything[1::2]
            for outside in (len(found), -len(found) - 1):
                with pytest.raises(IndexError):
                    found[outside]

    def test_kind(self):
        genome = parse_genome("NC 4 3 relu;RC 4 3 relu;FL tanh")
        assert [PAPER_SPACE.kind(gene) for gene in genome] == ["NC", "RC", "FL"]


def _same(found, expected):
    """Equal but for the order; nothing twice."""
    return Counter(found) == Counter(expected) and len(found) == len(expected)
