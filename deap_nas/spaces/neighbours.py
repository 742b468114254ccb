"""What operators draw from: the genes that may come, go or change places in a legal genome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from deap_nas.spaces.listing import Joined, Pairs, Without
from deap_nas.spaces.walks import Place, Walks


def replacements(walks: Walks, genes: Sequence[Any], i: int) -> Sequence[Any]:
    """Every other gene that is legal in place ``i`` of a legal genome, of any kind."""
    place = _place_of(walks, genes, i)
    others = walks.counted(gene.kind for j, gene in enumerate(genes[:-1]) if j != i)
    rules = walks.heads if i == len(genes) - 1 else walks.layers
    return _one(
        Without(choices, genes[i]) if rule.name == genes[i].kind else choices
        for rule in rules.values()
        if rule.layer.head or walks.allow((rule.name,), others)
        for choices in (walks.choices(rule, place, genes[i + 1 :]),)
    )


def insertions(walks: Walks, genes: Sequence[Any]) -> Sequence[tuple[int, Any]]:
    """Every (place, gene) a legal genome can take before its head, while depth allows it."""
    kinds = [gene.kind for gene in genes[:-1]]
    if len(kinds) >= walks.depth[1]:
        return []
    rules = [r for r in walks.layers.values() if walks.allow([*kinds, r.name])]
    return Joined(
        Pairs([i], walks.choices(rule, _place_of(walks, genes, i), genes[i:]))
        for i in range(len(genes))
        for rule in rules
    )


def deletions(walks: Walks, genes: Sequence[Any]) -> Sequence[int]:
    """The places of genes that a legal genome can do without, while depth allows one less."""
    kinds = [gene.kind for gene in genes[:-1]]
    if len(kinds) <= walks.depth[0]:
        return []
    return [
        i
        for i in range(len(kinds))
        if walks.allow(kinds[:i] + kinds[i + 1 :])
        and walks.end_of(genes[i + 1 :], _place_of(walks, genes, i)) is not None
    ]


def _place_of(walks: Walks, genes: Sequence[Any], i: int) -> Place:
    return walks.end_of(genes[:i], walks.start)


def _one(parts: Iterator[Any]) -> Sequence[Any]:
    listings = list(parts)
    return listings[0] if len(listings) == 1 else Joined(listings)
