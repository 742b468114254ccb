"""Hill climbing with restarts: the simplest thing that a search must beat."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from deap_nas.algorithms.common import (
    Book,
    Observe,
    Population,
    evaluate,
    has_number,
    merit,
    mutant,
)


def ea_local_search(
    population: Population,
    toolbox: Any,
    ngen: int,
    *,
    patience: int = 30,
    batch: int = 1,
    stop: Callable[[Population], object] | None = None,
    stats: Any = None,
    halloffame: Any = None,
    observe: Observe | None = None,
    rng: random.Random | Any = random,
    verbose: bool = False,
) -> tuple[Population, Any]:
    """Climb from the best of the population by mutants; start anew where it goes no higher. ::

        a -> mutant b, better: b -> mutant c, worse: b -> ... `patience` in vain: a new individual

    Neighbours are what ``toolbox.mutate`` makes of a clone. One that is better becomes the present
    individual; so does one that is as good, a step along a plateau and no improvement. After
    ``patience`` neighbours in a row without an improvement the climb starts anew from
    ``toolbox.individual()``; neighbours that come up again count too, so that an exhausted
    neighbourhood ends a climb. Any number is better than a fitness of NaN, and no climb starts anew
    from one that is NaN. ``toolbox.mate`` and ``toolbox.select`` are not used.

    A generation is as many individuals as the given population has, in the order in which they were
    tried: so ``observe`` and the statistics see each once. Give a ``halloffame`` to keep the best.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate mutate clone individual`` are
            used; ``failed`` too, if there.
        ngen: generations after the first.
        patience: neighbours without improvement before a restart.
        batch: neighbours (or new individuals) evaluated together, of which the best is looked at;
            more than 1 keep several workers busy.
        stop: asked after each generation; anything true ends the search.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.HallOfFame`` that is kept up to date; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: not drawn from; here so that all loops are called alike.
        verbose: whether the logbook is printed as it grows.

    Rng calls for each neighbour: those of ``toolbox.mutate``; at a restart those of
    ``toolbox.individual``.

    Returns:
        The individuals tried last and a ``deap.tools.Logbook``. Where an evaluation is None (the
        evaluator's budget is spent) no more are tried.

    Raises:
        ValueError: for ``patience`` or ``batch`` below 1.

    Source: Forrest and Mitchell 1993, random-mutation hill climbing; White et al. 2021, *Exploring
    the Loss Landscape in Neural Architecture Search*, for its strength in this field.
    """
    for name, value in (("patience", patience), ("batch", batch)):
        if value < 1:
            raise ValueError(f"{name} {value}, allowed 1 or more")
    book, key = Book(toolbox, stats, halloffame, observe, verbose), merit(toolbox)
    n = len(population)
    nevals = sum(not ind.fitness.valid for ind in population)
    population = evaluate(population, toolbox)
    book.enter(0, population, nevals)
    short, vain = len(population) < n, 0
    here = max(population, key=key, default=None)
    for generation in range(1, ngen + 1):
        if short or not population or (stop and stop(population)):
            break
        tried: Population = []
        asked = 0
        while len(tried) < n and not short:
            size, anew = min(batch, n - len(tried)), vain >= patience
            new = [toolbox.individual() if anew else mutant(here, toolbox) for _ in range(size)]
            known = evaluate(new, toolbox)
            asked, short = asked + size, len(known) < size
            tried += known
            best = max(known, key=key, default=here)
            restarted = anew and has_number(best)
            vain = 0 if restarted or key(best) > key(here) else vain + len(known)
            here = best if restarted or key(best) >= key(here) else here
        if tried:
            population = tried
            book.enter(generation, population, asked)
    return population, book.logbook
