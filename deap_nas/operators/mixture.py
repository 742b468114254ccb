"""A mutation that is one of several."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from deap_nas.operators.attribute import mut_attribute
from deap_nas.operators.mutation import mut_gene
from deap_nas.operators.protocol import Individual, Space, check_lists
from deap_nas.operators.structure import mut_delete, mut_insert, mut_swap

Mutation = Callable[..., tuple[Any]]


def mut_mixture(
    ind: Individual,
    *,
    space: Space,
    mutations: Sequence[Mutation] = (mut_gene, mut_attribute, mut_insert, mut_delete, mut_swap),
    weights: Sequence[float] | None = None,
    rng: random.Random | Any = random,
) -> tuple[Individual]:
    """One of several mutations, drawn by weight. ::

        a b c F  ->  a x c F  or  a b x c F  or  a c F  or  b a c F

    A mutation that leaves the individual as it was (deletion at the least depth) is set aside and
    another drawn from the rest, until one changes it or none is left; so each has its weight among
    those that can change this individual. In place; ``rng.choices`` for each mutation drawn, then
    that mutation's own calls.

    Args:
        ind: a list of genes, changed in place.
        space: the rules that it keeps.
        rng: draws; ``random.Random`` or the module.
        mutations: each called as ``mutation(ind, space=space, rng=rng)``; for further settings
            give a ``functools.partial``.
        weights: of each mutation, 0 or more; equal unless given.

    Raises:
        ValueError: for weights that are not one for each mutation, negative, not finite, or all 0.

    Source: operators by fixed shares, Davis 1989.
    """
    check_lists(ind)
    left = _weighted(mutations, weights)
    before = list(ind)
    while left:
        (drawn,) = rng.choices(range(len(left)), [weight for _, weight in left])
        mutation, _ = left.pop(drawn)
        (ind,) = mutation(ind, space=space, rng=rng)
        if ind != before:
            break
    return (ind,)


def _weighted(
    mutations: Sequence[Mutation], weights: Sequence[float] | None
) -> list[tuple[Mutation, float]]:
    """Mutations that have a chance, each with its weight."""
    weights = [1.0] * len(mutations) if weights is None else weights
    if len(weights) != len(mutations):
        raise ValueError(f"{len(weights)} weights, allowed {len(mutations)}: one for each mutation")
    for weight in weights:
        if not (isfinite(weight) and weight >= 0):
            raise ValueError(f"weight {weight}, allowed finite and 0 or more")
    left = [(mutation, weight) for mutation, weight in zip(mutations, weights) if weight]
    if not left:
        raise ValueError(f"weights {list(weights)}, allowed at least one above 0")
    return left
