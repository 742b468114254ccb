"""Mutation of one attribute of one gene, legal by construction."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from numbers import Real
from typing import Any

from deap_nas.operators.protocol import Individual, Space, check_lists


def mut_attribute(
    ind: Individual, *, space: Space, step: bool = False, rng: random.Random | Any = random
) -> tuple[Individual]:
    """Change one attribute of one gene, to a value that is legal there. ::

        NC 4 3 relu;...  ->  NC 12 3 relu;...
        NC 4 3 relu;...  ->  NC  6 3 relu;...   (step)

    A gene that is a tuple has its items as attributes; any other gene is one attribute. The place
    is uniform among those where one attribute can change alone, the attribute uniform among those
    of the gene that can, the value uniform among the legal others; with ``step``, and numbers for
    values, only the next smaller and the next larger legal one. With nothing to change the
    individual comes back as it is. Three rng calls: ``rng.choice`` thrice. In place.

    Source: the creep mutation of Davis 1989 (``step``) and its uniform counterpart.
    """
    check_lists(ind)
    places = [i for i in range(len(ind)) if any(True for _ in _variants(ind, i, space))]
    if places:
        i = rng.choice(places)
        by_attribute = defaultdict(list)
        for attribute, gene in _variants(ind, i, space):
            by_attribute[attribute].append(gene)
        attribute = rng.choice(sorted(by_attribute))
        genes = by_attribute[attribute]
        ind[i] = rng.choice(_next(genes, ind[i], attribute) if step else genes)
    return (ind,)


def _variants(ind: Individual, i: int, space: Space) -> Iterator[tuple[int, Any]]:
    """The replacements of a gene in which one attribute differs, and which one it is."""
    listing = space.replacements(ind, i)
    for gene in listing.near() if hasattr(listing, "near") else listing:
        differing = _differing(ind[i], gene)
        if len(differing) == 1:
            yield differing[0], gene


def _differing(old: Any, new: Any) -> list[int]:
    if not isinstance(old, tuple):
        return [] if isinstance(new, tuple) else [0]
    if type(old) is not type(new) or len(old) != len(new):
        return []
    return [place for place, (a, b) in enumerate(zip(old, new)) if a != b]


def _next(genes: list[Any], old: Any, attribute: int) -> list[Any]:
    """Those with the next smaller and the next larger value, if the values are numbers."""

    def value(gene: Any) -> Any:
        return gene[attribute] if isinstance(gene, tuple) else gene

    values = [value(gene) for gene in (old, *genes)]
    if not all(isinstance(each, Real) and not isinstance(each, bool) for each in values):
        return genes
    smaller = [gene for gene in genes if value(gene) < value(old)]
    larger = [gene for gene in genes if value(gene) > value(old)]
    return [
        *([max(smaller, key=value)] if smaller else []),
        *([min(larger, key=value)] if larger else []),
    ]
