"""Crossover of two lists of genes, legal by construction."""

from __future__ import annotations

import random
from typing import Any

from deap_nas.operators.protocol import Individual, Space
from deap_nas.operators.rejection import rejecting


def cx_one_point(
    ind1: Individual, ind2: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual, Individual]:
    """One-point crossover, each parent with a cut of its own, so that lengths may change. ::

        a a a a|a F      a a a a b b F
        b b|b b F    ->  b b a F

    The cut pair is drawn uniformly from those whose children are both legal and are not merely the
    parents again; with no such pair the parents come back as they are. One rng call:
    ``rng.choice``. In place, DEAP's way; one object given twice is left alone.

    Source: Holland 1975; the report, section III.4, made legal by construction.
    """
    cuts = [] if ind1 is ind2 else legal_cuts(ind1, ind2, space)
    if cuts:
        i, j = rng.choice(cuts)
        ind1[i:], ind2[j:] = ind2[j:], ind1[i:]
    return ind1, ind2


def legal_cuts(a: list[Any], b: list[Any], space: Space) -> list[tuple[int, int]]:
    """Every (i, j) whose children ``a[:i] + b[j:]`` and ``b[:j] + a[i:]`` are legal and new."""
    parents = (list(a), list(b))
    cuts = []
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            children = ([*a[:i], *b[j:]], [*b[:j], *a[i:]])
            if (
                children != parents
                and children != parents[::-1]
                and children[0] in space
                and children[1] in space
            ):
                cuts.append((i, j))
    return cuts


def _cx_shared_point(
    ind1: Individual, ind2: Individual, *, rng: random.Random | Any = random
) -> tuple[Individual, Individual]:
    """Swap the tails behind one index that both parents share, legal or not."""
    shorter = min(len(ind1), len(ind2))
    if shorter > 1:
        i = rng.randrange(1, shorter)
        ind1[i:], ind2[i:] = ind2[i:], ind1[i:]
    return ind1, ind2


def cx_one_point_reject(
    ind1: Individual, ind2: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual, Individual]:
    """The report's crossover: one index shared by both parents; a child that is illegal is rejected
    and its parent stays. ::

        a a|a a F      a a b F
        b b|b F    ->  b b a a F   (each kept only if legal)

    The index is uniform from 1 to the shorter length less 1. One rng call: ``rng.randrange``.

    Source: the report, sections III.4 and V.3.
    """
    if ind1 is ind2:
        return ind1, ind2
    return rejecting(_cx_shared_point, space)(ind1, ind2, rng=rng)
