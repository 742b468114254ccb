"""What the tests of the core share: hypothesis strategies, brute force, a chi-square check.

The brute force states the rules anew, naively, and asks nothing of the code under test.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import general_rules
from general_rules import map_behind
from hypothesis import assume, settings, strategies as st
from scipy.stats import chisquare

from deap_nas import ACTIVATIONS, Conv, Gene, Genome, Head, SearchSpace

# A slow machine is no bug, and every run tries the same examples.
settings.register_profile("deap_nas", deadline=None, derandomize=True)
settings.load_profile("deap_nas")


# On 8x8 the first RC leaves a map 4, 3 or 2 wide behind kernel 2, 3 or 5: all bind the second.
TIGHT_SPACE = SearchSpace(
    n_normal=(0, 2),
    filters=(4,),
    kernels=(2, 3, 5),
    activations=("relu",),
    input_shape=(8, 8, 1),
    head_activations=("tanh", "gelu"),
)


# Brute force


def is_legal(genes: Sequence[Any], space: SearchSpace) -> bool:
    """The rules of a genome, one after the other."""
    if space.layers is not None:
        return general_rules.is_legal(genes, space)
    if not genes or not all(type(gene) in (Conv, Head) for gene in genes):
        return False
    *convs, head = genes
    if not all(type(gene) is Conv for gene in convs) or type(head) is not Head:
        return False
    width = min(space.input_shape[:2])
    for gene in convs:
        if gene.kind == "RC":
            width = map_behind(width, gene.kernel)
            if width == 0:
                return False
    kinds = [gene.kind for gene in convs]
    return (
        head.activation in (space.head_activations or space.activations)
        and set(kinds) <= {"NC", "RC"}
        and kinds.count("RC") == space.n_reduction
        and space.n_normal[0] <= kinds.count("NC") <= space.n_normal[1]
        and all(gene.filters in space.filters for gene in convs)
        and all(gene.kernel in space.kernels for gene in convs)
        and all(gene.activation in space.activations for gene in convs)
    )


def every_gene(space: SearchSpace) -> list[Gene]:
    """All genes that a space's attributes can make."""
    if space.layers is not None:
        return general_rules.every_gene(space)
    convs = product(("NC", "RC"), space.filters, space.kernels, space.activations)
    return [
        *(Conv(*conv) for conv in convs),
        *map(Head, (space.head_activations or space.activations)),
    ]


def every_genome(space: SearchSpace) -> Iterator[tuple[Gene, ...]]:
    """All legal genomes of a small space, by listing every combination of genes."""
    genes = every_gene(space)
    for n_normal in range(space.n_normal[0], space.n_normal[1] + 1):
        for kinds in set(permutations(["NC"] * n_normal + ["RC"] * space.n_reduction)):
            places = [[gene for gene in genes if gene.kind == kind] for kind in (*kinds, "FL")]
            yield from (genome for genome in product(*places) if is_legal(genome, space))


def every_crossover(
    a: Sequence[Gene], b: Sequence[Gene], space: SearchSpace
) -> list[tuple[list[Gene], list[Gene]]]:
    """The children of every cut pair, if both are legal and they are not just the parents."""
    a, b = list(a), list(b)
    pairs = [(a[:i] + b[j:], b[:j] + a[i:]) for i in range(len(a) + 1) for j in range(len(b) + 1)]
    return [
        (c, d)
        for c, d in pairs
        if is_legal(c, space) and is_legal(d, space) and (c, d) not in ((a, b), (b, a))
    ]


# Strategies

activations = st.lists(st.sampled_from(ACTIVATIONS), min_size=1, unique=True)
seeds = st.integers(0, 2**32)


@st.composite
def spaces(draw: st.DrawFn, small: bool = False) -> SearchSpace:
    """Random spaces, many with images so small that the feature maps bind.

    With ``small``, few enough genomes to list them all.
    """

    def attributes(highest: int, most: int) -> tuple[int, ...]:
        values = st.integers(1, highest)
        return tuple(draw(st.lists(values, min_size=1, max_size=most, unique=True)))

    fewest = draw(st.integers(0, 1 if small else 3))
    most = draw(st.integers(fewest, 2 if small else 5))
    n_reduction = draw(st.integers(0, 2 if small else 4))
    kernels = attributes(*(4, 3) if small else (9, 5))
    sides = st.integers(1, 9) if small else st.integers(1, 12) | st.integers(1, 40)
    shape = (draw(sides), draw(sides), draw(st.integers(1, 4)))
    width = min(shape[:2])
    for _ in range(n_reduction):
        width = map_behind(width, min(kernels))
    assume(width > 0)
    return SearchSpace(
        n_normal=(fewest, most),
        n_reduction=n_reduction,
        filters=attributes(70, 2 if small else 6),
        kernels=kernels,
        activations=("relu",) if small else tuple(draw(activations)),
        input_shape=shape,
        n_classes=draw(st.integers(2, 20)),
        head_activations=("tanh", "relu") if small else tuple(draw(activations)),
    )


def genomes(space: SearchSpace) -> st.SearchStrategy[Genome]:
    """Legal genomes of a space."""
    return seeds.map(lambda seed: space.sample(random.Random(seed)))


def gene_lists() -> st.SearchStrategy[list[Gene]]:
    """Gene lists that have a text; legal hardly ever."""
    names = st.sampled_from(ACTIVATIONS)
    numbers = st.integers(1, 999_999_999)
    convs = st.builds(Conv, st.sampled_from(("NC", "RC")), numbers, numbers, names)
    return st.builds(lambda body, head: [*body, head], st.lists(convs), st.builds(Head, names))


def odd_genes() -> st.SearchStrategy[Any]:
    """Genes of all sorts, well-formed or not, and things that are none."""
    names = st.sampled_from((*ACTIVATIONS, "elu", ""))
    numbers = st.integers(-1, 12)
    things = (None, 3, "NC 4 3 relu", ("NC", 4, 3, "relu"), float("nan"), ["FL"], object())
    return st.one_of(
        st.builds(Conv, st.sampled_from(("NC", "RC", "FL", "XX")), numbers, numbers, names),
        st.builds(Head, names),
        st.sampled_from(things),
    )


@st.composite
def maybe_legal(draw: st.DrawFn, space: SearchSpace) -> list[Any]:
    """Lists of genes that are legal or nearly: kernels may not fit, and a few edits may follow."""
    of_space = st.sampled_from(every_gene(space))
    genes: list[Any] = list(draw(genomes(space)))
    for i, gene in enumerate(genes):
        if isinstance(gene, Conv):
            genes[i] = gene._replace(kernel=draw(st.sampled_from(space.kernels)))
    for _ in range(draw(st.sampled_from((0, 0, 1, 3)))):
        start = draw(st.integers(0, len(genes)))
        stop = draw(st.integers(start, min(start + 2, len(genes))))
        genes[start:stop] = draw(st.lists(of_space | odd_genes(), max_size=2))
    return genes


# Chi-square


def assert_drawn_from(expected: Mapping[Hashable, Fraction], draws: Iterable[Hashable]) -> None:
    """Nothing else is drawn, and the counts fit these probabilities; a fixed seed is assumed."""
    counts = Counter(draws)
    assert sum(expected.values()) == 1
    assert counts.keys() <= expected.keys()
    total = counts.total()
    assert total * min(expected.values()) >= 5, "too few draws for a chi-square test"
    observed = [counts[outcome] for outcome in expected]
    if len(expected) > 1:
        assert chisquare(observed, [float(total * p) for p in expected.values()]).pvalue > 0.001


def shares(outcomes: Iterable[Hashable]) -> dict[Hashable, Fraction]:
    """Probabilities when every one of the outcomes, with multiplicity, is equally likely."""
    counts = Counter(outcomes)
    return {outcome: Fraction(count, counts.total()) for outcome, count in counts.items()}
