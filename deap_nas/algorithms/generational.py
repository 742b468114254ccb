"""The simple genetic algorithm with generational replacement."""

from __future__ import annotations

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
    vary,
)


def ea_generational(
    population: Population,
    toolbox: Any,
    cxpb: float,
    mutpb: float,
    ngen: int,
    *,
    elitism: int = 0,
    stop: Callable[[Population], object] | None = None,
    stats: Any = None,
    halloffame: Any = None,
    observe: Observe | None = None,
    rng: random.Random | Any = random,
    verbose: bool = False,
) -> tuple[Population, Any]:
    """Evaluate, then breed ``ngen`` generations, each from the one before. ::

        a b c d  ->  parents d b d, children x y d  ->  b x y d   (elitism 1, the best is b)

    Generation 0 is the given population. In each, ``toolbox.select`` draws the parents, neighbours
    are mated with probability ``cxpb``, each child is mutated with probability ``mutpb``, and the
    children replace their parents; with ``elitism`` the best so many of the old population, failed
    ones left out, come along unchanged. One whose fitness is NaN is no elite, and a parent only
    where all are NaN.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate select mate mutate clone`` are
            used; ``failed`` too, if there.
        cxpb: the probability that two neighbours are mated.
        mutpb: the probability that a child is mutated.
        ngen: generations after the first.
        elitism: how many of the best come along unchanged.
        stop: asked after each generation; anything true ends the search.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.HallOfFame`` that is kept up to date; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: what this function itself draws from.
        verbose: whether the logbook is printed as it grows.

    Rng calls in a generation: those of ``toolbox.select``; ``rng.random`` for each pair and each
    child; those of the operators.

    Returns:
        The last population and a ``deap.tools.Logbook``. Where an evaluation is None (the
        evaluator's budget is spent) the individual drops out, and its generation is the last.

    Source: Holland 1975; the report, section III. Shape of ``deap.algorithms.eaSimple``.
    """
    book = Book(toolbox, stats, halloffame, observe, verbose)
    nevals = sum(not ind.fitness.valid for ind in population)
    asked, population = len(population), evaluate(population, toolbox)
    book.enter(0, population, nevals)
    for generation in range(1, ngen + 1):
        if not population or len(population) < asked or (stop and stop(population)):
            break
        elite = tools.selBest(sound(population, toolbox), elitism)
        parents = draw_parents(toolbox.select, population, asked - len(elite), rng)
        offspring = vary(parents, toolbox, cxpb, mutpb, rng)
        nevals = sum(not ind.fitness.valid for ind in offspring)
        bred = evaluate(offspring, toolbox)
        asked = len(offspring) + len(elite)
        population = [*map(toolbox.clone, elite), *bred]
        book.enter(generation, population, nevals)
    return population, book.logbook
