"""Small spaces of any layers, and their rules once more, naively.

The brute force asks nothing of the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby, product
from typing import Any

from hypothesis import assume, strategies as st
from strategies import map_behind, odd_genes

from deap_nas import LAYERS, Gene, SearchSpace, SpaceError

HALVING = ("CR", "SR")
POOLING = ("MP", "AP")
REDUCING = {"RC", *HALVING, *POOLING}
VALUES = {  # of each field, few enough to list every genome
    "filters": (1, 4, 6),
    "kernel": (1, 2, 3, 5),
    "activation": ("relu", "hard_swish"),
    "size": (1, 2, 3, 4),
    "percent": (10, 50),
    "units": (3, 16),
    "groups": (1, 2, 3),
}
FIELDS = {
    **dict.fromkeys(("NC", "RC", "CB", "CR", "SB", "SR"), ("filters", "kernel", "activation")),
    "SK": ("kernel", "activation"),
    "MP": ("size",),
    "AP": ("size",),
    "DO": ("percent",),
    "GC": ("groups",),
}
HEADS = {"FL": ("activation",), "GP": (), "GD": ("units", "activation")}


_CONV = {"filters": (4, 8), "kernel": 3, "activation": "relu"}
# On 6x6 a pool of 4 leaves 1x1, where no other fits; of 2 leaves 3x3, where 2 does and 4 does not.
TIGHT = SearchSpace(
    layers={
        "CB": {"count": (0, 2), **_CONV},
        "MP": {"size": (2, 4)},
        "CR": {"count": (0, 1), **_CONV},
    },
    heads=("GP",),
    depth=(1, 3),
    reductions=(1, 2),
    input_shape=(6, 6, 1),
)


# Brute force


def shape_behind(gene: Any, shape: tuple[int, int, int]) -> tuple[int, int, int] | None:
    """The feature map behind a gene; None where it does not fit."""
    kind, sides, channels = gene.kind, shape[:2], shape[2]
    if kind == "RC":
        sides = tuple(map_behind(side, gene.kernel) for side in sides)
    elif kind in HALVING:
        sides = tuple(len(range(0, side, 2)) for side in sides)
    elif kind in POOLING:
        sides = tuple(len(range(gene.size, side + 1, gene.size)) for side in sides)
    elif kind == "GC":
        return None if channels % gene.groups else (*sides, gene.groups)
    return (*sides, getattr(gene, "filters", channels)) if min(sides) else None


def is_legal(genes: Any, space: SearchSpace) -> bool:
    """The rules of a genome, one after the other."""
    if not genes or not all(isinstance(gene, Gene) for gene in genes):
        return False
    *body, head = genes
    shape: Any = space.input_shape
    for gene in body:
        if gene not in genes_of(space.layers, gene.kind):
            return False
        shape = shape and shape_behind(gene, shape)
    kinds = [gene.kind for gene in body]
    low, high = space.reductions or (0, len(body))
    return (
        shape is not None
        and head in genes_of(space.heads, head.kind)
        and all(
            rule["count"][0] <= kinds.count(kind) <= rule["count"][1]
            for kind, rule in space.layers.items()
        )
        and space.depth[0] <= len(body) <= space.depth[1]
        and low <= sum(kind in REDUCING for kind in kinds) <= high
    )


def genes_of(rules: Mapping[str, Any], kind: str) -> list[Gene]:
    """Every gene of a kind."""
    if kind not in rules:
        return []
    fields = (rules[kind][name] for name in {**FIELDS, **HEADS}[kind])
    return [LAYERS[kind](*values) for values in product(*fields)]


def every_gene(space: SearchSpace) -> list[Gene]:
    tables = (space.layers, space.heads)
    return [gene for rules in tables for kind in rules for gene in genes_of(rules, kind)]


def every_genome(space: SearchSpace) -> list[tuple[Gene, ...]]:
    """All legal genomes of a small space, by listing every combination of genes."""
    body = [gene for kind in space.layers for gene in genes_of(space.layers, kind)]
    heads = [gene for kind in space.heads for gene in genes_of(space.heads, kind)]
    found = []
    for n in range(space.depth[0], space.depth[1] + 1):
        for genes in product(body, repeat=n):
            if is_legal((*genes, heads[0]), space):  # every head fits every map
                found += [(*genes, head) for head in heads]
    return found


def chances(genomes: Iterable[tuple[Gene, ...]]) -> dict[tuple[Gene, ...], Fraction]:
    """How likely ``SearchSpace.sample`` is to draw each of all the genomes of a space.

    Its draws are: depth, order of kinds, each field from left to right, then the kind of head and
    its fields. Each is uniform over what some genome goes on from, so a genome's chance is the
    product, over its draws, of 1 / (different values that genomes with the same draws before have).
    """

    def share(
        several: list[tuple[list[Any], tuple[Gene, ...]]], i: int, chance: Fraction
    ) -> Iterator[tuple[tuple[Gene, ...], Fraction]]:
        if i == len(several[0][0]):
            yield several[0][1], chance
            return
        several = sorted(several, key=lambda each: str(each[0][i]))
        parts = [list(part) for _, part in groupby(several, key=lambda each: each[0][i])]
        for part in parts:
            yield from share(part, i + 1, chance / len(parts))

    return dict(share([(_draws(genome), genome) for genome in genomes], 0, Fraction(1)))


def _draws(genome: Sequence[Gene]) -> list[Any]:
    *body, head = genome
    fields = [value for gene in body for value in gene.values]
    return [len(body), [gene.kind for gene in body], *fields, head.kind, *head.values]


# Strategies


@st.composite
def general_spaces(draw: st.DrawFn) -> SearchSpace:
    """Small spaces of any built-in layers, many with images so small that the maps bind."""

    def rule(fields: Sequence[str], most: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in fields:
            values = st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=most, unique=True)
            found[name] = draw(values)
            most = max(1, most + 1 - len(found[name]))  # at most three genes of a kind
        return found

    def pair(most: int) -> tuple[int, int]:
        low = draw(st.integers(0, most))
        return low, draw(st.integers(low, most))

    kinds = draw(st.lists(st.sampled_from(sorted({*FIELDS} - {"GC"})), min_size=1, max_size=3))
    heads = draw(st.lists(st.sampled_from(sorted(HEADS)), min_size=1, max_size=2, unique=True))
    depth = pair(3)
    layers = {kind: rule(FIELDS[kind], 3) for kind in kinds}
    for content in layers.values():
        if draw(st.booleans()):
            content["count"] = pair(2)
    try:
        return SearchSpace(
            layers=layers,
            heads={kind: rule(HEADS[kind], 2) for kind in heads},
            depth=depth,
            reductions=pair(2) if draw(st.booleans()) else None,
            input_shape=(
                draw(st.integers(1, 9)),
                draw(st.integers(1, 12)),
                draw(st.integers(1, 3)),
            ),
            n_classes=draw(st.integers(2, 20)),
        )
    except SpaceError:  # counts and depth that contradict, or nothing fits
        assume(False)
        raise


@st.composite
def nearly_legal(draw: st.DrawFn, space: SearchSpace) -> list[Any]:
    """Lists of genes that are legal or nearly: a few genes are other ones, come or go."""
    genes: list[Any] = list(space.sample(random.Random(draw(st.integers(0, 2**32)))))
    of_space = st.sampled_from(every_gene(space))
    of_others = st.sampled_from([LAYERS["CB"](99, 3, "relu"), LAYERS["MP"](99), LAYERS["GP"]()])
    for _ in range(draw(st.sampled_from((0, 1, 1, 3)))):
        start = draw(st.integers(0, len(genes)))
        stop = draw(st.integers(start, min(start + 2, len(genes))))
        genes[start:stop] = draw(
            st.lists(of_space | of_space | of_others | odd_genes(), max_size=2)
        )
    return genes
