"""Crossover that swaps single genes, legal by construction."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from deap_nas.operators.protocol import Individual, Space, check_lists
from deap_nas.operators.rejection import rejecting


def cx_uniform(
    ind1: Individual,
    ind2: Individual,
    *,
    space: Space,
    indpb: float = 0.5,
    rng: random.Random | Any = random,
) -> tuple[Individual, Individual]:
    """Uniform crossover: genes at the same place are swapped or not, so that lengths stay. ::

        a a a a F        a b a a G
        b b b b b G  ->  b a b b b F

    Places are aligned from the left, but the last gene with the last (head with head); the longer
    parent keeps what has no partner. From left to right each swap is drawn with probability
    ``indpb`` and made if both individuals stay legal with the swaps made so far. One rng call for
    each aligned pair: ``rng.random``. In place; one object given twice is left alone.

    Source: Syswerda 1989, made legal by construction.
    """
    check_lists(ind1, ind2)
    return _swap_if_legal(ind1, ind2, _by_place(ind1, ind2), space, indpb, rng)


def cx_uniform_by_kind(
    ind1: Individual,
    ind2: Individual,
    *,
    space: Space,
    indpb: float = 0.5,
    rng: random.Random | Any = random,
) -> tuple[Individual, Individual]:
    """Uniform crossover of genes of one kind, so that each keeps its order of kinds. ::

        N1 R1 N2 R2 F      N4 R1 N2 R4 F
        R3 R4 N4 G     ->  R3 R2 N1 G

    The i-th gene of a kind (``space.kind``) is aligned with the other's i-th of that kind, which
    may be at another place; what has no partner stays. Swaps are drawn and made as in
    ``cx_uniform``, in the order of ``ind1``. One rng call for each aligned pair: ``rng.random``.

    Source: Syswerda 1989, made legal by construction.
    """
    check_lists(ind1, ind2)
    return _swap_if_legal(ind1, ind2, _by_kind(ind1, ind2, space), space, indpb, rng)


def cx_uniform_reject(
    ind1: Individual,
    ind2: Individual,
    *,
    space: Space,
    indpb: float = 0.5,
    rng: random.Random | Any = random,
) -> tuple[Individual, Individual]:
    """Uniform crossover the report's way: all the swaps of ``cx_uniform`` that are drawn are made;
    a child that is illegal then is rejected and its parent stays. ::

        a a a a F        a b b a G
        b b b b b G  ->  b a a b b F   (each kept only if legal)

    One rng call for each aligned pair: ``rng.random``.

    Source: Syswerda 1989; rejection as in the report, section V.3.
    """
    if ind1 is ind2:
        return ind1, ind2
    return rejecting(_swap, space)(ind1, ind2, indpb=indpb, rng=rng)


def _swap(
    ind1: Individual, ind2: Individual, *, indpb: float, rng: random.Random | Any
) -> tuple[Individual, Individual]:
    for i, j in _by_place(ind1, ind2):
        if rng.random() < indpb:
            ind1[i], ind2[j] = ind2[j], ind1[i]
    return ind1, ind2


def _swap_if_legal(
    ind1: Individual,
    ind2: Individual,
    aligned: Sequence[tuple[int, int]],
    space: Space,
    indpb: float,
    rng: random.Random | Any,
) -> tuple[Individual, Individual]:
    for i, j in aligned if ind1 is not ind2 else ():
        if rng.random() < indpb:
            ind1[i], ind2[j] = ind2[j], ind1[i]
            if ind1 not in space or ind2 not in space:
                ind1[i], ind2[j] = ind2[j], ind1[i]
    return ind1, ind2


def _by_place(a: Sequence[Any], b: Sequence[Any]) -> list[tuple[int, int]]:
    shorter = min(len(a), len(b))
    return [*((i, i) for i in range(shorter - 1)), *([(len(a) - 1, len(b) - 1)] if shorter else [])]


def _by_kind(a: Sequence[Any], b: Sequence[Any], space: Space) -> list[tuple[int, int]]:
    places: tuple[dict[str, list[int]], ...] = (defaultdict(list), defaultdict(list))
    for individual, of_kind in zip((a, b), places):
        for i, gene in enumerate(individual):
            of_kind[space.kind(gene)].append(i)
    return sorted(pair for kind in places[0] for pair in zip(places[0][kind], places[1][kind]))
