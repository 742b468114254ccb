"""The (mu + lambda) evolution strategy's replacement: parents and children compete."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

from deap_nas.algorithms.common import (
    Book,
    Observe,
    Population,
    breed,
    evaluate,
    has_number,
    merit,
    split_copies,
)


def ea_mu_plus_lambda(
    population: Population,
    toolbox: Any,
    mu: int,
    lambda_: int,
    cxpb: float,
    mutpb: float,
    ngen: int,
    *,
    similar: Callable[[Any, Any], bool] = operator.eq,
    stop: Callable[[Population], object] | None = None,
    stats: Any = None,
    halloffame: Any = None,
    observe: Observe | None = None,
    rng: random.Random | Any = random,
    verbose: bool = False,
) -> tuple[Population, Any]:
    """In each of ``ngen`` generations ``lambda_`` children are bred; the best ``mu`` live on. ::

        a b c d  ->  children e f g h  ->  the best four of all eight, copies last: a e b g

    ``toolbox.select`` draws the parents; neighbours are mated with probability ``cxpb`` *and* each
    child is mutated with probability ``mutpb`` (``varAnd``, unlike ``deap.algorithms``'s
    ``eaMuPlusLambda``, so that the two need not add up to 1). Survival is by rank: failed ones
    come last, and a copy of a survivor lives on only where there are not ``mu`` different ones.
    Behind all is one whose fitness is NaN; it is a parent only where all are NaN. Of equals the
    younger is kept.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate select mate mutate clone`` are
            used; ``failed`` too, if there.
        mu: how many live on.
        lambda_: how many children are bred.
        cxpb: the probability that two neighbours are mated.
        mutpb: the probability that a child is mutated.
        ngen: generations after the first.
        similar: whether two individuals are copies (``numpy.array_equal`` for arrays).
        stop: asked after each generation; anything true ends the search.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.HallOfFame`` that is kept up to date; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: what this function itself draws from.
        verbose: whether the logbook is printed as it grows.

    Rng calls in a generation: those of ``toolbox.select``; ``rng.random`` for each pair and each
    child, and an odd ``lambda_`` breeds one child that is let go; those of the operators.

    Returns:
        The last population, the best first, and a ``deap.tools.Logbook``. Where an evaluation is
        None (the evaluator's budget is spent) the individual drops out, and its generation is the
        last.

    Raises:
        ValueError: for ``mu`` or ``lambda_`` below 1.

    Source: Schwefel 1981, *Numerical Optimization of Computer Models*.
    """
    for name, value in (("mu", mu), ("lambda_", lambda_)):
        if value < 1:
            raise ValueError(f"{name} {value}, allowed 1 or more")
    book, key = Book(toolbox, stats, halloffame, observe, verbose), merit(toolbox)
    nevals = sum(not ind.fitness.valid for ind in population)
    asked, bred = len(population), evaluate(population, toolbox)
    population = bred
    book.enter(0, population, nevals)
    for generation in range(1, ngen + 1):
        if not population or len(bred) < asked or (stop and stop(population)):
            break
        offspring = breed(population, lambda_, toolbox, cxpb, mutpb, rng)
        nevals = sum(not ind.fitness.valid for ind in offspring)
        asked, bred = lambda_, evaluate(offspring, toolbox)
        ranked = sorted([*bred, *population], key=key, reverse=True)
        firsts, copies = split_copies(ranked, similar)
        population = sorted([*firsts, *copies], key=has_number, reverse=True)[:mu]
        book.enter(generation, population, nevals, met=bred)
    return population, book.logbook
