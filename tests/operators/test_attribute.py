"""Mutation of one attribute: the mutants that are possible, drawn as promised."""

import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st
from plain_spaces import EvenSum, Recipe
from strategies import assert_drawn_from, every_gene, genomes, is_legal, seeds, spaces

from deap_nas import FULL_SPACE, Conv, Head, SearchSpace, mut_attribute, parse_genome
from deap_nas.spaces.listing import Choices, Without

# On 8x8 with a second RC of kernel 3 the first has no other kernel than 4.
SPACE = SearchSpace(
    (0, 2), filters=(2, 4, 8, 16), kernels=(3, 4, 5), activations=("relu", "tanh"),
    input_shape=(8, 8, 1),
)  # fmt: skip
GENOME = parse_genome("NC 4 3 relu;RC 2 3 relu;RC 16 3 tanh;FL relu")


def possible(genome, space, step):
    """For each place and attribute that can change alone, the genomes; by listing every gene."""
    found: dict[int, dict[int, list]] = {}
    for i, old in enumerate(genome):
        for gene in every_gene(space):
            apart = [n for n in range(len(old)) if gene[n : n + 1] != old[n : n + 1]]
            changed = [*genome[:i], gene, *genome[i + 1 :]]
            if type(gene) is type(old) and len(apart) == 1 and is_legal(changed, space):
                found.setdefault(i, {}).setdefault(apart[0], []).append(gene)
    for i, by_attribute in found.items():
        for n, genes in by_attribute.items():
            if step and isinstance(genome[i][n], int):
                genes.sort(key=lambda gene: gene[n])
                below = [gene for gene in genes if gene[n] < genome[i][n]]
                above = [gene for gene in genes if gene[n] > genome[i][n]]
                by_attribute[n] = below[-1:] + above[:1]
    return {
        (i, n): [(*genome[:i], gene, *genome[i + 1 :]) for gene in genes]
        for i, by_attribute in found.items()
        for n, genes in by_attribute.items()
    }


@pytest.mark.parametrize("step", [False, True])
def test_place_then_attribute_then_value_are_uniform(step):
    groups = possible(GENOME, SPACE, step)
    places = Counter(i for i, _ in groups)
    assert places == {0: 3, 1: 3, 2: 2, 3: 1}  # nothing but 3 fits the second RC
    expected = {
        genes: Fraction(1, len(places) * places[i] * len(group))
        for (i, _), group in groups.items()
        for genes in group
    }
    rng = random.Random(1)
    drawn = (
        tuple(mut_attribute(list(GENOME), space=SPACE, step=step, rng=rng)[0]) for _ in range(3000)
    )
    assert_drawn_from(expected, drawn)


def test_a_step_goes_to_the_next_legal_value_on_either_side():
    steps = possible(GENOME, SPACE, step=True)
    filters = {genes[0].filters for genes in steps[0, 1]}
    assert filters == {2, 8}
    assert {genes[2].filters for genes in steps[2, 1]} == {8}  # 16 is the most
    assert {genes[0].activation for genes in steps[0, 3]} == {"tanh"}


@pytest.mark.parametrize("step", [False, True])
@given(data=st.data())
def test_in_any_space_the_mutant_is_one_of_the_possible(step, data):
    space = data.draw(spaces())
    genome = data.draw(genomes(space))
    mutants = [genes for group in possible(genome, space, step).values() for genes in group]
    rng = random.Random(data.draw(seeds))
    (mutant,) = mut_attribute(genome, space=space, step=step, rng=rng)
    assert tuple(mutant) in (mutants or [tuple(genome)])


def test_without_an_alternative_it_comes_back_as_it_is():
    space = SearchSpace(1, 1, filters=(2,), kernels=(3,), activations=("relu",))
    genome = space.sample(random.Random(1))
    before = list(genome)
    assert mut_attribute(genome, space=space)[0] is genome
    assert genome == before


def test_a_plain_gene_is_one_attribute():
    rng = random.Random(2)
    drawn = [mut_attribute([1, 5, 4], space=EvenSum(), rng=rng)[0] for _ in range(500)]
    assert {len(set(enumerate(ind)) - {(0, 1), (1, 5), (2, 4)}) for ind in drawn} == {1}
    assert {ind[1] for ind in drawn} == {1, 3, 5, 7, 9}
    steps = [mut_attribute([1, 5, 4], space=EvenSum(), step=True, rng=rng)[0] for _ in range(500)]
    assert {tuple(ind) for ind in steps} == {
        (3, 5, 4), (1, 3, 4), (1, 7, 4), (1, 5, 2), (1, 5, 6)
    }  # fmt: skip


def test_plain_tuples_have_attributes_too():
    rng = random.Random(3)
    before = [("chop", 2), ("stir", 5)]
    drawn = {tuple(mut_attribute(before[:], space=Recipe(), rng=rng)[0]) for _ in range(500)}
    steps = {
        tuple(mut_attribute(before[:], space=Recipe(), step=True, rng=rng)[0]) for _ in range(500)
    }
    chop = {(("chop", minutes), ("stir", 5)) for minutes in (1, 5, 10)}
    stir = {(("chop", 2), ("stir", minutes)) for minutes in (1, 2, 10)}
    verbs = {(("wait", 2), ("stir", 5)), (("chop", 2), ("wait", 5))}  # no verb follows itself
    assert drawn == chop | stir | verbs
    assert steps == drawn - {(("chop", 10), ("stir", 5)), (("chop", 2), ("stir", 1))}


class Listed(EvenSum):
    """A space whose replacements are these."""

    def __init__(self, *genes):
        self._genes = genes

    def replacements(self, genes, i):
        return self._genes


@pytest.mark.parametrize(
    ("old", "others"),
    [(3, (1, 2, 7.5, "x")), (3, (True, 7, 9)), ("b", ("a", "c", "d")), (True, (False, 5, 6))],
    ids=str,
)
def test_values_without_an_order_are_redrawn(old, others):
    rng, space = random.Random(4), Listed(*others)
    drawn = {mut_attribute([old], space=space, step=True, rng=rng)[0][0] for _ in range(100)}
    assert drawn == set(others)


@pytest.mark.parametrize(
    ("old", "others", "reached"),
    [
        (("a", "c"), (7, "x", ("a", "b"), ("a", "c", "d"), ("b", "d")), {("a", "b")}),
        (3, (7, ("a", "b")), {7}),
        (Head("tanh"), (("relu",), Head("relu")), {Head("relu")}),
    ],
    ids=str,
)
def test_a_gene_of_another_shape_is_more_than_one_attribute_away(old, others, reached):
    rng, space = random.Random(5), Listed(*others)
    drawn = [mut_attribute([old], space=space, rng=rng)[0][0] for _ in range(30)]
    assert set(drawn) == reached
    assert {type(gene) for gene in drawn} == {type(old)}


@given(st.data())
def test_near_lists_what_a_search_of_the_listing_finds(data):
    space = data.draw(spaces())
    genome = data.draw(genomes(space))
    for i, old in enumerate(genome):
        listing = space.replacements(genome, i)
        apart = [gene for gene in listing if sum(a != b for a, b in zip(gene, old)) == 1]
        assert sorted(listing.near()) == sorted(apart)


def test_near_of_a_value_that_is_not_among_the_choices_and_of_plain_values():
    choices = Choices([Conv("NC", 2, 3, "relu"), Conv("NC", 4, 3, "relu"), Head("relu")])
    assert Without(choices, Conv("NC", 8, 3, "relu")).near() == list(choices[:2])
    assert Without(choices, Head("tanh")).near() == [Head("relu")]
    assert Without(Choices("abc"), "b").near() == ["a", "c"]


def test_the_listing_of_a_large_space_is_not_searched(monkeypatch):
    monkeypatch.setattr(Without, "__getitem__", None)
    rng = random.Random(5)
    for _ in range(200):
        genome = FULL_SPACE.sample(rng)
        before = list(genome)
        mut_attribute(genome, space=FULL_SPACE, rng=rng)
        assert is_legal(genome, FULL_SPACE)
        assert sum(a != b for x, y in zip(genome, before) for a, b in zip(x, y)) == 1
