"""(mu + lambda) with preselection: of many children only the most promising are evaluated."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from deap_nas.algorithms.common import Book, Observe, Population, breed, evaluate, merit
from deap_nas.algorithms.surrogate import GaussianProcess, frozen

TRIES = 20


def ea_preselected(
    population: Population,
    toolbox: Any,
    mu: int,
    lambda_: int,
    cxpb: float,
    mutpb: float,
    ngen: int,
    *,
    candidates: int = 10,
    optimism: float = 2.0,
    model: GaussianProcess | None = None,
    stop: Callable[[Population], object] | None = None,
    stats: Any = None,
    halloffame: Any = None,
    observe: Observe | None = None,
    rng: random.Random | Any = random,
    verbose: bool = False,
) -> tuple[Population, Any]:
    """In each of ``ngen`` generations of many children the ``lambda_`` most promising are
    evaluated; the best ``mu`` of all live on. ::

        a b c d  ->  children e f g h i j k l, none known  ->  a model chooses g j  ->  a g b j

    Children are bred as in ``ea_mu_plus_lambda``, ``candidates`` for each to be evaluated. One that
    was evaluated before, or is there already, is mutated again until it is new (at most 20 times,
    then it is let go): no evaluation is spent twice. A Gaussian process that has learned every
    evaluation so far chooses among them; it takes an individual that failed, or whose fitness is
    not finite, for the worst there was. One whose fitness is NaN ranks last, and is a parent only
    where all are NaN. Only the first objective counts for the choice.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate select mate mutate clone`` are
            used; ``failed`` too, if there.
        mu: how many live on.
        lambda_: how many children are evaluated.
        cxpb: the probability that two neighbours are mated.
        mutpb: the probability that a child is mutated.
        ngen: generations after the first.
        candidates: children bred for each that is evaluated; 1 leaves no choice, and is
            (mu + lambda) without duplicates.
        optimism: standard deviations added to the expected fitness: 0 trusts the model, more
            explores.
        model: what chooses; a new ``GaussianProcess()`` unless given.
        stop: asked after each generation; anything true ends the search.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.HallOfFame`` that is kept up to date; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: what this function itself draws from.
        verbose: whether the logbook is printed as it grows.

    Rng calls in a generation: those of ``toolbox.select``; ``rng.random`` for each pair and each
    child; those of the operators.

    Returns:
        The last population, the best first, and a ``deap.tools.Logbook``. Where an evaluation is
        None (the evaluator's budget is spent) the individual drops out, and its generation is the
        last; so is one that finds no new child.

    Raises:
        ValueError: for ``mu``, ``lambda_`` or ``candidates`` below 1.

    Source: Ulmer, Streichert and Zell 2003, *Evolution Strategies Assisted by Gaussian Processes
    with Improved Pre-Selection Criterion*; the believer, Ginsbourger et al. 2010.
    """
    for name, value in (("mu", mu), ("lambda_", lambda_), ("candidates", candidates)):
        if value < 1:
            raise ValueError(f"{name} {value}, allowed 1 or more")
    book, key = Book(toolbox, stats, halloffame, observe, verbose), merit(toolbox)
    memory = _Memory(toolbox, model or GaussianProcess() if candidates > 1 else None)
    nevals = sum(not ind.fitness.valid for ind in population)
    asked, bred = len(population), evaluate(population, toolbox)
    memory.learn(bred)
    population = bred
    book.enter(0, population, nevals)
    for generation in range(1, ngen + 1):
        if not population or len(bred) < asked or (stop and stop(population)):
            break
        children = breed(population, candidates * lambda_, toolbox, cxpb, mutpb, rng)
        new = memory.unknown(children)
        if not new:
            break
        offspring = memory.choose(new, lambda_, optimism)
        asked, bred = len(offspring), evaluate(offspring, toolbox)
        memory.learn(bred)
        ranked = sorted([*bred, *population], key=key, reverse=True)
        population = ranked[:mu]
        book.enter(generation, population, asked, met=bred)
    return population, book.logbook


class _Memory:
    """Who was evaluated, and what can be learned from it."""

    def __init__(self, toolbox: Any, model: GaussianProcess | None) -> None:
        self._toolbox, self._model = toolbox, model
        self._sound = merit(toolbox)
        self._known: set[tuple[Any, ...]] = set()
        self._worst = math.inf

    def learn(self, individuals: Population) -> None:
        new = [ind for ind in individuals if frozen(ind) not in self._known]
        self._known.update(map(frozen, new))
        if self._model is None:
            return
        found = {id(ind): ind.fitness.wvalues[0] for ind in new if self._sound(ind)[0]}
        values = {name: value for name, value in found.items() if math.isfinite(value)}
        self._worst = min([self._worst, *values.values()])
        worst = self._worst if math.isfinite(self._worst) else 0.0
        self._model.learn(new, [values.get(id(ind), worst) for ind in new])

    def unknown(self, children: Population) -> Population:
        """Those that were never evaluated, mutated until they are so, each once."""
        met, new = set(self._known), []
        for child in children:
            for _ in range(TRIES):
                if frozen(child) not in met:
                    break
                (child,) = self._toolbox.mutate(child)
                del child.fitness.values
            if frozen(child) not in met:
                met.add(frozen(child))
                new.append(child)
        return new

    def choose(self, candidates: Population, k: int, optimism: float) -> Population:
        if self._model is None:
            return candidates[:k]
        return self._model.choose(candidates, k, optimism)
