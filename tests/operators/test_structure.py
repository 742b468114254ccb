"""Insertion, deletion and swap of genes: within the rules, drawn as promised."""

import random
from itertools import combinations

import pytest
from hypothesis import given, strategies as st
from plain_spaces import EvenSum
from strategies import (
    assert_drawn_from,
    every_gene,
    genomes,
    is_legal,
    seeds,
    shares,
    spaces,
)

from deap_nas import (
    PAPER_SPACE,
    SearchSpace,
    mut_delete,
    mut_insert,
    mut_swap,
    parse_genome,
)

SPACE = SearchSpace(
    (0, 3), filters=(2,), kernels=(2, 3, 5), activations=("relu",), input_shape=(8, 8, 1)
)
TEXT = "NC 2 2 relu;NC 2 3 relu;RC 2 5 relu;RC 2 2 relu;FL relu"


def inserted(genome, space):
    genes = every_gene(space)
    longer = ([*genome[:i], x, *genome[i:]] for i in range(len(genome) + 1) for x in genes)
    return [tuple(genes) for genes in longer if is_legal(genes, space)]


def deleted(genome, space):
    shorter = ([*genome[:i], *genome[i + 1 :]] for i in range(len(genome)))
    return [tuple(genes) for genes in shorter if is_legal(genes, space)]


def swapped(genome, space):
    found = []
    for i, j in combinations(range(len(genome)), 2):
        genes = list(genome)
        genes[i], genes[j] = genes[j], genes[i]
        if genes != list(genome) and is_legal(genes, space):
            found.append(tuple(genes))
    return found


EVERY = pytest.mark.parametrize(
    ("mutate", "outcomes"),
    [(mut_insert, inserted), (mut_delete, deleted), (mut_swap, swapped)],
)


@EVERY
def test_what_is_legal_is_equally_likely(mutate, outcomes):
    # Outcomes that several places give have as many shares: a 2 2 relu beside its like, two.
    expected = shares(outcomes(parse_genome(TEXT), SPACE))
    assert len(expected) > 1
    rng = random.Random(1)
    drawn = (tuple(mutate(parse_genome(TEXT), space=SPACE, rng=rng)[0]) for _ in range(1500))
    assert_drawn_from(expected, drawn)


@EVERY
@given(data=st.data())
def test_in_any_space_the_mutant_is_one_of_the_possible(mutate, outcomes, data):
    space = data.draw(spaces(small=True))
    genome = data.draw(genomes(space))
    possible = outcomes(genome, space) or [tuple(genome)]
    (mutant,) = mutate(genome, space=space, rng=random.Random(data.draw(seeds)))
    assert mutant is genome
    assert tuple(mutant) in possible


def test_depth_is_kept_to_its_limits():
    rng = random.Random(2)
    for mutate, n_convs in ((mut_insert, 5), (mut_delete, 3)):
        genome = PAPER_SPACE.sample(rng)
        for _ in range(10):
            mutate(genome, space=PAPER_SPACE, rng=rng)
            assert is_legal(genome, PAPER_SPACE)
        assert len(genome) == n_convs + 1


@pytest.mark.parametrize(
    "text", [TEXT.replace("NC 2 2 relu;NC 2 3 relu;", ""), "RC 2 2 relu;RC 2 2 relu"]
)
def test_a_swap_with_nothing_to_swap(text):
    # Behind kernel 5 only 2 fits; equal genes are no change.
    genome = parse_genome(f"{text.removesuffix(';FL relu')};FL relu")
    before = list(genome)
    for seed in range(10):
        assert mut_swap(genome, space=SPACE, rng=random.Random(seed)) == (before,)


@pytest.mark.parametrize("mutate", [mut_insert, mut_delete, mut_swap])
def test_digits(mutate):
    rng, seen = random.Random(3), set()
    for _ in range(200):
        (ind,) = mutate([1, 4, 3], space=EvenSum(), rng=rng)
        assert ind in EvenSum()
        seen.add(tuple(ind))
    if mutate is mut_delete:
        assert seen == {(1, 3)}
    elif mutate is mut_swap:
        assert seen == {(4, 1, 3), (3, 4, 1), (1, 3, 4)}
    else:
        assert {len(ind) for ind in seen} == {4}
        assert len(seen) == 4 * 5 - 1  # a 4 on either side of the 4 is one outcome
