"""Mutation of the sequence itself: genes come, go and change places, legal by construction."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

from deap_nas.operators.protocol import Individual, Space, check_lists


def mut_insert(
    ind: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual]:
    """Insert one gene where the space allows it, so that the individual is one longer. ::

        a b c F  ->  a x b c F

    Uniform over the pairs of place and gene that ``space.insertions`` lists; with none, as at the
    greatest depth, the individual comes back as it is. One rng call: ``rng.choice``. In place.

    Source: as in neuro-evolution of layers, Real et al. 2017.
    """
    check_lists(ind)
    if insertions := space.insertions(ind):
        ind.insert(*rng.choice(insertions))
    return (ind,)


def mut_delete(
    ind: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual]:
    """Delete one gene where the space allows it, so that the individual is one shorter. ::

        a b c F  ->  a c F

    Uniform over the places that ``space.deletions`` lists; with none, as at the least depth, the
    individual comes back as it is. One rng call: ``rng.choice``. In place.

    Source: as in neuro-evolution of layers, Real et al. 2017.
    """
    check_lists(ind)
    if deletions := space.deletions(ind):
        del ind[rng.choice(deletions)]
    return (ind,)


def mut_swap(
    ind: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual]:
    """Two genes change places. ::

        a b c d F  ->  c b a d F

    Uniform over the pairs of places whose genes differ and may legally be swapped; with none the
    individual comes back as it is. One rng call: ``rng.choice``. In place.

    Source: the order-based mutation of Syswerda 1991, made legal by construction.
    """
    check_lists(ind)
    pairs = [pair for pair in combinations(range(len(ind)), 2) if _swappable(ind, *pair, space)]
    if pairs:
        i, j = rng.choice(pairs)
        ind[i], ind[j] = ind[j], ind[i]
    return (ind,)


def _swappable(ind: Individual, i: int, j: int, space: Space) -> bool:
    swapped = list(ind)
    swapped[i], swapped[j] = swapped[j], swapped[i]
    return swapped[i] != swapped[j] and swapped in space
