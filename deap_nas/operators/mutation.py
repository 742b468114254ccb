"""Mutation of a list of genes, legal by construction."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from typing import Any

from deap_nas.operators.protocol import Individual, Space, check_lists
from deap_nas.operators.rejection import rejecting


def mut_gene(
    ind: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual]:
    """Replace one gene by a different one that is legal in its place. ::

        a b c F  ->  a x c F

    The position is uniform among those with an alternative (the head included), the gene uniform
    among its alternatives; with none the individual comes back as it is. Two rng calls:
    ``rng.choice`` twice. In place.

    Source: the report, section III.5, made legal by construction.
    """
    check_lists(ind)
    alternatives = [(i, genes) for i in range(len(ind)) if (genes := space.replacements(ind, i))]
    if alternatives:
        i, genes = rng.choice(alternatives)
        ind[i] = rng.choice(genes)
    return (ind,)


def mut_pool(
    ind: Individual,
    *,
    space: Space,
    pool: Callable[[], Sequence[Any]],
    fixed: Collection[str] | None = None,
    rng: random.Random | Any = random,
) -> tuple[Individual]:
    """The report's mutation: one gene becomes a random gene of the population. ::

        a b c F  ->  a p c F   (p from the pool; kept only if legal)

    Args:
        ind: a list of genes, changed in place.
        space: the rules that it keeps.
        rng: draws; ``random.Random`` or the module.
        pool: returns the current population's genes, with multiplicity.
        fixed: kinds that are left alone; ``space.head_kinds`` unless given, where it has them.

    The position is uniform among genes whose kind is not ``fixed``, the gene uniform from the
    pool; the same gene may be drawn; an illegal outcome is rejected and the parent stays. Two rng
    calls: ``rng.choice`` twice.

    Source: the report, sections III.5 and V.3.
    """

    left_alone = getattr(space, "head_kinds", ()) if fixed is None else fixed

    def draw(individual: Individual) -> tuple[Individual]:
        places = [i for i, gene in enumerate(individual) if space.kind(gene) not in left_alone]
        genes = pool()
        if places and genes:
            individual[rng.choice(places)] = rng.choice(genes)
        return (individual,)

    (result,) = rejecting(draw, space)(ind)
    return (result,)
