"""The operators on a space of any layers: what is possible, drawn as promised."""

import random
from collections import Counter
from fractions import Fraction
from itertools import product

import pytest
from general_spaces import general_spaces
from hypothesis import given, strategies as st
from strategies import assert_drawn_from, every_crossover, genomes, is_legal, seeds, shares
from test_attribute import possible
from test_mutation import mutants
from test_structure import deleted, inserted, swapped
from test_two_point import every_two_point

from deap_nas import SearchSpace, mut_pool, parse_genome
from deap_nas.operators import CROSSOVERS, MUTATIONS

# On 6x6 only one pool of 3 fits (it leaves 2x2), two of 2 do (3x3, 1x1), and 2 behind 3 does.
SPACE = SearchSpace(
    layers={
        "CB": {"count": (0, 2), "filters": (4, 8), "kernel": (3, 5), "activation": "relu"},
        "CR": {"count": (0, 1), "filters": 4, "kernel": 3, "activation": ("relu", "relu6")},
        "MP": {"size": (2, 3)},
    },
    heads={"GP": {}, "GD": {"units": (3, 16), "activation": "relu"}},
    depth=(2, 4),
    reductions=(1, 2),
    input_shape=(6, 6, 1),
)
A = parse_genome("CB 4 3 relu;MP 3;MP 2;GP")
B = parse_genome("CB 8 5 relu;CR 4 3 relu;CB 4 3 relu;GD 16 relu")
MUTANT = parse_genome("CB 4 3 relu;MP 2;CB 8 3 relu;GD 3 relu")  # one more gene fits, or one less


def legal(genes):
    return is_legal(genes, SPACE)


def drawn(operator, parents, n=3000, **settings):
    """The outcomes of many calls, with one rng."""
    rng = random.Random(1)
    for _ in range(n):
        copies = [list(parent) for parent in parents]
        yield tuple(map(tuple, operator(*copies, space=SPACE, rng=rng, **settings)))


def test_the_parents_are_legal():
    assert all(map(legal, (A, B, MUTANT)))


def test_one_point():
    pairs = every_crossover(A, B, SPACE)
    expected = shares(tuple(map(tuple, pair)) for pair in pairs)
    assert len(expected) > 5
    assert_drawn_from(expected, drawn(CROSSOVERS["one_point"], (A, B)))


def test_two_point():
    expected = shares(every_two_point(A, B, legal))
    assert len(expected) > 20
    assert_drawn_from(expected, drawn(CROSSOVERS["two_point"], (A, B)))


def kept(children):
    """The children as rejection leaves them."""
    return tuple(tuple(c if legal(c) else p) for c, p in zip(children, (A, B)))


def test_one_point_reject():
    cuts = range(1, min(map(len, (A, B))))
    expected = shares(kept((A[:i] + B[i:], B[:i] + A[i:])) for i in cuts)
    assert_drawn_from(expected, drawn(CROSSOVERS["one_point_reject"], (A, B)))


def test_two_point_reject():
    points = [(i, j) for j in range(5) for i in range(j)]
    expected = shares(kept((A[:i] + B[i:j] + A[j:], B[:i] + A[i:j] + B[j:])) for i, j in points)
    assert_drawn_from(expected, drawn(CROSSOVERS["two_point_reject"], (A, B)))


@pytest.mark.parametrize(
    ("name", "aligned"),
    [
        ("uniform", [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ("uniform_by_kind", [(0, 0)]),  # the one kind that both have
        ("uniform_reject", [(0, 0), (1, 1), (2, 2), (3, 3)]),
    ],
)
def test_uniform(name, aligned):
    # Each of the aligned pairs is swapped or not, each half of the time.
    expected = Counter()
    for swaps in product((False, True), repeat=len(aligned)):
        children = [list(A), list(B)]
        for i, j in (pair for pair, swap in zip(aligned, swaps) if swap):
            a, b = map(list, children)
            a[i], b[j] = b[j], a[i]
            if name == "uniform_reject" or (legal(a) and legal(b)):
                children = [a, b]
        expected[kept(children)] += Fraction(1, 2 ** len(aligned))
    assert len(expected) > 1
    assert_drawn_from(expected, drawn(CROSSOVERS[name], (A, B)))


def test_gene():
    # A place that has alternatives, then one of them.
    places = [place for place in mutants(MUTANT, SPACE) if place]
    expected = {
        (tuple(genes),): Fraction(1, len(places) * len(place))
        for place in places
        for genes in place
    }
    assert len(expected) > 10
    assert_drawn_from(expected, drawn(MUTATIONS["gene"], [MUTANT]))


@pytest.mark.parametrize(("name", "step"), [("attribute", False), ("attribute_step", True)])
def test_attribute(name, step):
    # A place, then a field of its gene that can change alone, then its value.
    groups = possible(MUTANT, SPACE, step)
    places = Counter(i for i, _ in groups)
    assert places == {0: 2, 1: 1, 2: 2, 3: 1}
    expected = {
        (genes,): Fraction(1, len(places) * places[i] * len(group))
        for (i, _), group in groups.items()
        for genes in group
    }
    assert_drawn_from(expected, drawn(MUTATIONS[name], [MUTANT]))


STRUCTURE = [("insert", inserted), ("delete", deleted), ("swap", swapped)]


@pytest.mark.parametrize(("name", "outcomes"), STRUCTURE)
def test_structure(name, outcomes):
    expected = shares((genes,) for genes in outcomes(MUTANT, SPACE))
    assert len(expected) > 1
    assert_drawn_from(expected, drawn(MUTATIONS[name], [MUTANT]))


def test_mixture():
    # Each of its five parts can change MUTANT, so each has a fifth.
    def part(genes):
        apart = [(a, b) for a, b in zip(genes, MUTANT) if a != b]
        if len(genes) != len(MUTANT):
            return len(genes) - len(MUTANT)
        return "swapped" if len(apart) == 2 else "changed"

    expected = {1: Fraction(1, 5), -1: Fraction(1, 5), "swapped": Fraction(1, 5)}
    expected["changed"] = Fraction(2, 5)
    outcomes = (part(genes) for (genes,) in drawn(MUTATIONS["mixture"], [MUTANT]))
    assert_drawn_from(expected, outcomes)


def test_pool():
    # A place before the head, then a gene of the pool; an illegal outcome is MUTANT again.
    pool = [*A, *B]
    outcomes = []
    for i in range(len(MUTANT) - 1):
        changed = ([*MUTANT[:i], gene, *MUTANT[i + 1 :]] for gene in pool)
        outcomes += [(tuple(c if legal(c) else MUTANT),) for c in changed]
    assert_drawn_from(shares(outcomes), drawn(mut_pool, [MUTANT], pool=lambda: pool))


@given(st.data())
def test_in_any_space_the_children_are_among_the_possible(data):
    space = data.draw(general_spaces())
    a, b = data.draw(st.tuples(genomes(space), genomes(space)))
    rng = random.Random(data.draw(seeds))
    pairs = [*map(list, every_crossover(a, b, space))] or [[a, b]]
    assert list(CROSSOVERS["one_point"](list(a), list(b), space=space, rng=rng)) in pairs
    pairs = every_two_point(a, b, lambda genes: is_legal(genes, space)) or {(tuple(a), tuple(b))}
    children = CROSSOVERS["two_point"](list(a), list(b), space=space, rng=rng)
    assert tuple(map(tuple, children)) in pairs
    every = {
        "gene": [tuple(genes) for place in mutants(a, space) for genes in place],
        "attribute": [genes for group in possible(a, space, False).values() for genes in group],
        "attribute_step": [genes for group in possible(a, space, True).values() for genes in group],
        **{name: outcomes(a, space) for name, outcomes in STRUCTURE},
    }
    for name, outcomes in every.items():
        (mutant,) = MUTATIONS[name](list(a), space=space, rng=rng)
        assert tuple(mutant) in (outcomes or [tuple(a)]), name
