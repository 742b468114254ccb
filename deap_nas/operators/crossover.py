"""Crossover that cuts two lists of genes, legal by construction."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement, islice
from typing import Any

from deap_nas.operators.protocol import Individual, Space, check_lists
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
    check_lists(ind1, ind2)
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


def cx_two_point(
    ind1: Individual, ind2: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual, Individual]:
    """Two-point crossover, each parent with a segment of its own, so that lengths may change. ::

        a a|a|a F        a a b b a F
        b|b b|b b F  ->  b a b b F

    Either segment may be empty, and may reach either end. Each pair of children that is legal and
    is not merely the parents again is equally likely, however many segments give it; with no such
    pair the parents come back as they are. Pairs of segments are drawn without replacement until
    one serves, so that hardly ever all are looked at: ``rng.randrange`` once for each drawn. In
    place; one object given twice is left alone.

    Source: De Jong 1975, made legal by construction; segments of unequal length as in the cut and
    splice of Goldberg, Korb and Deb 1989.
    """
    check_lists(ind1, ind2)
    if ind1 is ind2:
        return ind1, ind2
    a, b = list(ind1), list(ind2)
    segments = [
        (i, j, p, q)
        for i, j in combinations_with_replacement(range(len(a) + 1), 2)
        for p, q in combinations_with_replacement(range(len(b) + 1), 2)
    ]
    for number in _shuffled(len(segments), rng):
        i, j, p, q = segments[number]
        first = [*a[:i], *b[p:q], *a[j:]]
        if first not in space:
            continue
        second = [*b[:p], *a[i:j], *b[q:]]
        if (
            second in space
            and (first, second) not in ((a, b), (b, a))
            and not _given_by(islice(segments, number), a, b, first, second)
        ):
            ind1[:], ind2[:] = first, second
            break
    return ind1, ind2


def _shuffled(n: int, rng: random.Random | Any) -> Iterator[int]:
    """The numbers below ``n`` in random order, each drawn when it is asked for."""
    moved: dict[int, int] = {}  # Fisher-Yates on a list that is written only where it changes
    for last in reversed(range(n)):
        i = rng.randrange(last + 1)
        yield moved.get(i, i)
        moved[i] = moved.get(last, last)


def _given_by(
    segments: Iterable[tuple[int, int, int, int]],
    a: list[Any],
    b: list[Any],
    first: list[Any],
    second: list[Any],
) -> bool:
    """Whether one of these pairs of segments gives these children too."""
    growth = len(first) - len(a)
    return any(
        q - p - (j - i) == growth
        and [*a[:i], *b[p:q], *a[j:]] == first
        and [*b[:p], *a[i:j], *b[q:]] == second
        for i, j, p, q in segments
    )


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


def _cx_shared_points(
    ind1: Individual, ind2: Individual, *, rng: random.Random | Any = random
) -> tuple[Individual, Individual]:
    """Swap the segments between two points that both parents share, legal or not."""
    shorter = min(len(ind1), len(ind2))
    i, j = sorted(rng.sample(range(shorter + 1), 2)) if shorter else (0, 0)
    ind1[i:j], ind2[i:j] = ind2[i:j], ind1[i:j]
    return ind1, ind2


def cx_two_point_reject(
    ind1: Individual, ind2: Individual, *, space: Space, rng: random.Random | Any = random
) -> tuple[Individual, Individual]:
    """Two-point crossover the report's way: points shared by both parents; a child that is illegal
    is rejected and its parent stays. ::

        a|a a|a F        a b b a F
        b|b b|b b F  ->  b a a b b F   (each kept only if legal)

    The two points are drawn uniformly from 0 to the shorter length. One rng call: ``rng.sample``.

    Source: De Jong 1975; rejection as in the report, section V.3.
    """
    if ind1 is ind2:
        return ind1, ind2
    return rejecting(_cx_shared_points, space)(ind1, ind2, rng=rng)
