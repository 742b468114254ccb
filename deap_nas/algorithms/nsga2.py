"""NSGA-II: several objectives at once, and an archive of what nothing beats."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

from deap import tools

from deap_nas.algorithms.common import (
    Book,
    Observe,
    Population,
    draw_parents,
    evaluate,
    sound,
    split_copies,
    vary,
    with_number,
)


def sel_crowded_tournament(individuals: Population, k: int) -> Population:
    """``deap.tools.selTournamentDCD`` for any ``k`` and any number of individuals. ::

        pairs a b | c d  ->  a, which dominates b | d, in the front of c but less crowded

    In a pair the one that dominates wins, else the less crowded, else chance. DEAP's own takes
    individuals in fours, each at most twice; so many rounds of it as it takes. Needs
    ``fitness.crowding_dist``, which ``deap.tools.selNSGA2`` sets. Draws from the random module, as
    DEAP's does: in each round ``random.sample`` twice, and ``random.random`` for a draw.

    Source: Deb et al. 2002, section III.B.
    """
    if not individuals:
        if k:
            raise ValueError(f"cannot select {k} of 0 individuals: give at least one")
        return []
    pool = list(individuals)
    while len(pool) < 4:
        pool += individuals
    chosen: Population = []
    while len(chosen) < k:
        chosen += tools.selTournamentDCD(pool, len(pool) - len(pool) % 4)
    return chosen[:k]


def ea_nsga2(
    population: Population,
    toolbox: Any,
    cxpb: float,
    mutpb: float,
    ngen: int,
    *,
    select: Callable[[Population, int], Population] = sel_crowded_tournament,
    similar: Callable[[Any, Any], bool] = operator.eq,
    stop: Callable[[Population], object] | None = None,
    stats: Any = None,
    halloffame: Any = None,
    observe: Observe | None = None,
    rng: random.Random | Any = random,
    verbose: bool = False,
) -> tuple[Population, Any]:
    """Parents and children compete by front, and within a front by how alone they are. ::

        population + children  ->  front 1 | front 2 | front 3 cut where it is crowded | ...

    In each generation as many children are bred as the population had members: parents by
    ``select``, neighbours mated with probability ``cxpb``, each child mutated with ``mutpb``. The
    next population is ``deap.tools.selNSGA2`` of all; copies, behind them failed ones, and behind
    these any with a NaN in its fitness come in only where there are not enough others. NaN is a
    parent only where all are. ``toolbox.select`` is not used.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate mate mutate clone`` are used;
            ``failed`` too, if there.
        cxpb: the probability that two neighbours are mated.
        mutpb: the probability that a child is mutated.
        ngen: generations after the first.
        select: draws the parents from the sound ones of a population; they have a
            ``fitness.crowding_dist``.
        similar: whether two individuals are copies (``numpy.array_equal`` for arrays).
        stop: asked after each generation; anything true ends the search.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.ParetoFront`` becomes the archive: all that nothing beats of
            everything evaluated; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: what this function itself draws from.
        verbose: whether the logbook is printed as it grows.

    Rng calls in a generation: those of ``select``, which by default draws from the random module;
    ``rng.random`` for each pair and each child; those of the operators.

    Returns:
        The last population and a ``deap.tools.Logbook``. Where an evaluation is None (the
        evaluator's budget is spent) the individual drops out, and its generation is the last.

    Source: Deb et al. 2002, *A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II*.
    """
    book, n = Book(toolbox, stats, halloffame, observe, verbose), len(population)
    nevals = sum(not ind.fitness.valid for ind in population)
    bred = evaluate(population, toolbox)
    population = survivors(bred, n, toolbox, similar)
    book.enter(0, bred, nevals)

    def choose(individuals: Population, k: int) -> Population:
        return select(sound(individuals, toolbox) or individuals, k)

    for generation in range(1, ngen + 1):
        if not population or len(bred) < n or (stop and stop(population)):
            break
        parents = draw_parents(choose, population, n + n % 2, rng)
        offspring = vary(parents, toolbox, cxpb, mutpb, rng)[:n]
        nevals = sum(not ind.fitness.valid for ind in offspring)
        bred = evaluate(offspring, toolbox)
        population = survivors([*population, *bred], n, toolbox, similar)
        book.enter(generation, population, nevals, met=bred)
    return population, book.logbook


def survivors(candidates: Population, n: int, toolbox: Any, similar: Any) -> Population:
    """The next population, each with its crowding distance."""
    good = sound(candidates, toolbox)
    known = with_number(candidates)
    failed, unknown = _without(known, good), _without(candidates, known)
    chosen: Population = []
    for group in (*split_copies(good, similar), failed, unknown):
        chosen += tools.selNSGA2(group, min(len(group), n - len(chosen)))
    return chosen


def _without(individuals: Population, others: Population) -> Population:
    return [ind for ind in individuals if not any(ind is other for other in others)]
