"""Genes and what individuals share: equality that sees types, and mutable state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from deap import base


def same(a: Any, b: Any) -> bool:
    """Equal and of one type: a plain tuple is not the named tuple that it equals."""
    return type(a) is type(b) and bool(a == b)


def same_genes(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(map(same, a, b))


def among(gene: Any, genes: Sequence[Any]) -> bool:
    return any(same(gene, other) for other in genes)


def without(genes: Sequence[Any], taken: Sequence[Any]) -> list[Any]:
    """``genes`` less one for each of ``taken``; genes need not be hashable."""
    left = list(genes)
    for gene in taken:
        place = next((i for i, other in enumerate(left) if same(gene, other)), None)
        if place is not None:
            del left[place]
    return left


def mutable_parts(individual: Any) -> dict[int, Any]:
    """Every mutable object that an individual consists of, itself included, by ``id``."""
    parts: dict[int, Any] = {}

    def visit(value: Any) -> None:
        if id(value) in parts:
            return
        if _is_mutable(value):
            parts[id(value)] = value
        for inner in _inner(value):
            visit(inner)

    visit(individual)
    return parts


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    if not isinstance(value, type) and _is_mutable(value):
        yield from getattr(value, "__dict__", {}).values()


def _is_mutable(value: Any) -> bool:
    """Whether a change of it could be seen from elsewhere. A hash by value promises that there is
    none (a frozen dataclass); DEAP's fitness has one and changes all the same."""
    if isinstance(value, tuple):
        return False  # what it holds is visited
    try:
        hash(value)
    except TypeError:
        return True
    if isinstance(value, base.Fitness):
        return True
    # Enums, functions, modules, None: deepcopy returns them as they are.
    by_identity = vars(object)["__hash__"] is getattr(type(value), "__hash__", None)
    return by_identity and deepcopy(value) is not value
