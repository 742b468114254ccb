"""Mutation: a legal mutant, drawn as promised."""

import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st
from strategies import (
    assert_drawn_from,
    every_gene,
    genomes,
    is_legal,
    maybe_legal,
    seeds,
    shares,
    spaces,
)

from deap_nas import (
    FULL_SPACE,
    PAPER_SPACE,
    Conv,
    Genome,
    Head,
    SearchSpace,
    mut_gene,
    mut_pool,
    parse_genome,
)

# On 8x8 kernel 3 or 4 leaves a map 3 wide, so that the second RC has kernel 3 and no alternative.
SPACE = SearchSpace(
    (0, 2),
    filters=(2,),
    kernels=(3, 4, 5),
    activations=("relu",),
    input_shape=(8, 8, 1),
    head_activations=("relu", "tanh"),
)
TEXT = "NC 2 5 relu;RC 2 4 relu;RC 2 3 relu;FL tanh"
POOL = parse_genome("NC 2 5 relu;RC 2 3 relu;NC 2 4 relu;NC 2 4 relu;RC 2 5 relu;FL tanh")


def mutants(genome, space):
    """For each place, the genomes that are legal and differ in that place alone."""
    for i, old in enumerate(genome):
        others = [gene for gene in every_gene(space) if gene != old]
        changed = ([*genome[:i], gene, *genome[i + 1 :]] for gene in others)
        yield [genes for genes in changed if is_legal(genes, space)]


class TestGene:
    @pytest.mark.parametrize("n", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
    def test_mutants_are_legal_and_new_in_one_place(self, n):
        rng = random.Random(1)
        for _ in range(n):
            genome = FULL_SPACE.sample(rng)
            before = list(genome)
            mut_gene(genome, space=FULL_SPACE, rng=rng)
            assert is_legal(genome, FULL_SPACE)
            assert len(genome) == len(before)
            assert sum(gene != old for gene, old in zip(genome, before)) == 1

    @given(st.data())
    def test_in_any_space_the_mutant_is_one_of_the_possible(self, data):
        space = data.draw(spaces())
        genome = data.draw(genomes(space))
        possible = [genes for place in mutants(genome, space) for genes in place] or [list(genome)]
        (mutant,) = mut_gene(genome, space=space, rng=random.Random(data.draw(seeds)))
        assert mutant in possible

    def test_place_is_uniform_then_gene(self):
        # Three of the four places have alternatives: the NC two (kernel 3, 4), the first RC one
        # (kernel 3), the second RC none, FL one. So 1/6, 1/6, 1/3, 1/3.
        genome = parse_genome(TEXT)
        open_places = [place for place in mutants(genome, SPACE) if place]
        expected = {
            tuple(genes): Fraction(1, len(open_places) * len(place))
            for place in open_places
            for genes in place
        }
        assert sorted(expected.values()) == [Fraction(1, n) for n in (6, 6, 3, 3)]
        rng = random.Random(2)
        drawn = (mut_gene(parse_genome(TEXT), space=SPACE, rng=rng)[0] for _ in range(1000))
        assert_drawn_from(expected, map(tuple, drawn))

    def test_places_are_uniform_however_many_alternatives_they_have(self):
        # 119 alternatives for each conv, 4 for the head.
        rng = random.Random(3)
        genome = PAPER_SPACE.sample(rng)
        drawn = (mut_gene(Genome(genome), space=PAPER_SPACE, rng=rng)[0] for _ in range(1000))
        places = (next(i for i, g in enumerate(genome) if g != mutant[i]) for mutant in drawn)
        assert_drawn_from(shares(range(len(genome))), places)

    def test_without_an_alternative_it_comes_back_as_it_is(self):
        space = SearchSpace(1, 1, filters=(2,), kernels=(3,), activations=("relu",))
        genome = space.sample(random.Random(1))
        before = list(genome)
        assert mut_gene(genome, space=space)[0] is genome
        assert genome == before


def pooled(seed_or_rng, space=SPACE, pool=POOL, text=TEXT, **kwargs):
    rng = seed_or_rng if isinstance(seed_or_rng, random.Random) else random.Random(seed_or_rng)
    return mut_pool(parse_genome(text), space=space, pool=lambda: pool, rng=rng, **kwargs)[0]


class TestPool:
    @pytest.mark.parametrize("fixed", [("FL",), (), ("NC", "FL")])
    def test_place_and_gene_are_uniform_and_the_illegal_rejected(self, fixed):
        # Places of kinds that are not fixed times genes of the pool, with multiplicity, each as
        # likely; an illegal outcome is the parent again.
        genome = list(parse_genome(TEXT))
        outcomes = []
        for i, old in enumerate(genome):
            for gene in POOL if old.kind not in fixed else ():
                changed = [*genome[:i], gene, *genome[i + 1 :]]
                outcomes.append(tuple(changed if is_legal(changed, SPACE) else genome))
        assert len(Counter(outcomes)) > 1
        assert Counter(outcomes)[tuple(genome)] > 1
        rng = random.Random(4)
        drawn = (tuple(pooled(rng, fixed=fixed)) for _ in range(2000))
        assert_drawn_from(shares(outcomes), drawn)

    def test_head_is_left_alone_unless_told(self):
        pool = [Head("relu")]
        assert {str(pooled(seed, pool=pool)) for seed in range(50)} == {TEXT}
        changed = TEXT.replace("FL tanh", "FL relu")
        assert {str(pooled(seed, pool=pool, fixed=())) for seed in range(50)} == {TEXT, changed}

    def test_kinds_may_change_places_where_the_counts_allow(self):
        space = SearchSpace((0, 3), (1), input_shape=(8, 8, 1))
        text = "NC 2 3 relu;RC 2 3 relu;FL relu"
        drawn = {str(pooled(seed, space, [Conv("NC", 4, 3, "relu")], text)) for seed in range(50)}
        # In place of the RC it would leave none.
        assert drawn == {text, "NC 4 3 relu;RC 2 3 relu;FL relu"}

    @pytest.mark.parametrize(
        ("text", "pool"), [(TEXT, []), ("FL relu", POOL)], ids=["empty pool", "head alone"]
    )
    def test_nothing_to_draw(self, text, pool):
        space = SearchSpace((0, 2), 0) if text == "FL relu" else SPACE
        assert str(pooled(1, space, pool, text)) == text

    def test_pool_is_asked_once_each_time(self):
        pools = [[Conv("NC", 2, kernel, "relu")] for kernel in (3, 4)] * 20
        ask, rng = iter(pools).__next__, random.Random(1)
        genome, seen = parse_genome(TEXT), []
        for _ in pools:
            mut_pool(genome, space=SPACE, pool=ask, rng=rng)
            seen.append(genome[0].kernel)
        assert set(seen[::2]) == {5, 3, 4}
        assert seen[-1] in (3, 4)
        with pytest.raises(StopIteration):
            ask()

    @given(st.data())
    def test_mutants_are_legal_in_any_space_whatever_the_pool(self, data):
        space = data.draw(spaces())
        genome, pool = data.draw(genomes(space)), data.draw(maybe_legal(space))
        mutant = pooled(data.draw(seeds), space, pool, str(genome))
        assert is_legal(mutant, space)
        assert sum(a != b for a, b in zip(mutant, genome)) <= 1
