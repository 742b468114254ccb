"""Regularized evolution: the oldest dies, whatever its fitness."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from deap_nas.algorithms.common import (
    Book,
    Observe,
    Population,
    evaluate,
    merit,
    mutant,
    with_number,
)


def ea_regularized(
    population: Population,
    toolbox: Any,
    ngen: int,
    *,
    sample: int | None = None,
    batch: int = 1,
    stop: Callable[[Population], object] | None = None,
    stats: Any = None,
    halloffame: Any = None,
    observe: Observe | None = None,
    rng: random.Random | Any = random,
    verbose: bool = False,
) -> tuple[Population, Any]:
    """Aging evolution: mutate the best of a sample; the child joins, the oldest leaves. ::

        oldest [a b c d e] youngest  ->  sample b d d, best d, mutant x  ->  [b c d e x]

    A sample is ``sample`` draws, uniform and with replacement. There is no crossover, and
    ``toolbox.select`` is not used. A generation is as many children as the population has members,
    so that all of a generation are younger than all of the one before. In a sample a failed one is
    the parent only where all failed; one whose fitness is NaN is in a sample only where all of the
    population are NaN.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate mutate clone`` are used;
            ``failed`` too, if there.
        ngen: generations after the first.
        sample: how many a parent is the best of; a quarter of the population unless given (the
            paper's 25 of 100), 2 at least.
        batch: children bred from one population and evaluated together; the paper's is 1, more keep
            several workers busy.
        stop: asked after each generation; anything true ends the search.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.HallOfFame`` that is kept up to date; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: what this function itself draws from.
        verbose: whether the logbook is printed as it grows.

    Rng calls for each child: one ``rng.choices``; those of ``toolbox.mutate``.

    Returns:
        The last population, the oldest first, and a ``deap.tools.Logbook``. Where an evaluation is
        None (the evaluator's budget is spent) no more are bred.

    Raises:
        ValueError: for ``sample`` or ``batch`` below 1.

    Source: Real et al. 2019, *Regularized Evolution for Image Classifier Architecture Search*,
    algorithm 1.
    """
    n = len(population)
    sample = max(2, n // 4) if sample is None else sample
    for name, value in (("sample", sample), ("batch", batch)):
        if value < 1:
            raise ValueError(f"{name} {value}, allowed 1 or more")
    book, key = Book(toolbox, stats, halloffame, observe, verbose), merit(toolbox)
    nevals = sum(not ind.fitness.valid for ind in population)
    population = evaluate(population, toolbox)
    book.enter(0, population, nevals)
    short = len(population) < n
    for generation in range(1, ngen + 1):
        if short or not population or (stop and stop(population)):
            break
        born = asked = 0
        while born < n and not short:
            size = min(batch, n - born)
            known = with_number(population) or population
            parents = [max(rng.choices(known, k=sample), key=key) for _ in range(size)]
            children = evaluate([mutant(parent, toolbox) for parent in parents], toolbox)
            population = [*population, *children][len(children) :]
            asked, born, short = asked + size, born + len(children), len(children) < size
        if born:
            book.enter(generation, population, asked)
    return population, book.logbook
