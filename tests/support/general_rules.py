"""The rules of spaces of any layers once more, naively: nothing is asked of the code under test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby, product
from typing import Any

from deap_nas import LAYERS, Gene, SearchSpace

HALVING = ("CR", "SR")
POOLING = ("MP", "AP")
REDUCING = {"RC", *HALVING, *POOLING}
FIELDS = {
    **dict.fromkeys(("NC", "RC", "CB", "CR", "SB", "SR"), ("filters", "kernel", "activation")),
    "SK": ("kernel", "activation"),
    "MP": ("size",),
    "AP": ("size",),
    "DO": ("percent",),
    "GC": ("groups",),
}
HEADS = {"FL": ("activation",), "GP": (), "GD": ("units", "activation")}


def map_behind(width: int, kernel: int) -> int:
    """How many places a window has on a row: stride 2, padding valid."""
    return sum(start + kernel <= width for start in range(0, width, 2))


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
        if not is_allowed(gene, space.layers):
            return False
        shape = shape and shape_behind(gene, shape)
    kinds = [gene.kind for gene in body]
    low, high = space.reductions or (0, len(body))
    return (
        shape is not None
        and is_allowed(head, space.heads)
        and all(
            rule["count"][0] <= kinds.count(kind) <= rule["count"][1]
            for kind, rule in space.layers.items()
        )
        and space.depth[0] <= len(body) <= space.depth[1]
        and low <= sum(kind in REDUCING for kind in kinds) <= high
    )


def is_allowed(gene: Gene, rules: Mapping[str, Any]) -> bool:
    """Whether its kind is there, with its values."""
    fields = {**FIELDS, **HEADS}.get(gene.kind, ())
    return (
        gene.kind in rules
        and len(gene.values) == len(fields)
        and all(value in rules[gene.kind][name] for name, value in zip(fields, gene.values))
    )


def genes_of(rules: Mapping[str, Any], kind: str) -> list[Gene]:
    """Every gene of a kind."""
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
