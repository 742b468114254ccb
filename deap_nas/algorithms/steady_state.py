"""The asynchronous steady-state algorithm: no worker waits for a generation's slowest."""

from __future__ import annotations

import heapq
import itertools
import operator
import random
from collections.abc import Callable, Iterator
from typing import Any

from deap_nas.algorithms.common import (
    Book,
    Observe,
    Population,
    breed,
    evaluate,
    merit,
    stream,
)


def ea_steady_state(
    population: Population,
    toolbox: Any,
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
    """A child is bred whenever a worker is free; it joins when it ends, and the worst leaves. ::

        a b c d  ->  child e, in training  |  a b c d  ->  child f, in training
        f ends: the worst of a b c d f leaves  |  child g of those that stay, in training | ...

    Evaluation goes through ``toolbox.stream(toolbox.evaluate, children)``, which takes children
    from an iterator as it can begin them and yields (child, fitness values) as they end, in any
    order, as ``Evaluator.stream`` does; without it, one after the other through ``toolbox.map``.
    The given population is evaluated through ``toolbox.map``, all at once.

    Two parents of ``toolbox.select`` are mated with probability ``cxpb``, of which the first child
    is kept, and mutated with probability ``mutpb``. A child that is a copy of a member does not
    join (nor is it evaluated, if it is one when it is bred). The worst is one whose fitness is NaN,
    then a failed one; of equals the oldest. One that is NaN is a parent only where all are NaN.
    A generation is as many births as the given population has members.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate select mate mutate clone`` are
            used; ``stream`` and ``failed`` too, if there.
        cxpb: the probability that two neighbours are mated.
        mutpb: the probability that a child is mutated.
        ngen: generations after the first.
        similar: whether two individuals are copies (``numpy.array_equal`` for arrays).
        stop: asked after each generation; anything true ends the breeding. Who is in training by
            then ends it, and is the last generation.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.HallOfFame`` that is kept up to date; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: what this function itself draws from.
        verbose: whether the logbook is printed as it grows.

    Rng calls for each child: those of ``toolbox.select``; ``rng.random`` three times; those of the
    operators. Equal seeds give equal searches where the order in which children end is equal.

    Returns:
        The last population and a ``deap.tools.Logbook``. Where an evaluation is None (the
        evaluator's budget is spent) no more are bred.

    Source: Davis 1991, *Handbook of Genetic Algorithms*, steady state without duplicates; replacing
    the worst, Whitley 1989.
    """
    book = Book(toolbox, stats, halloffame, observe, verbose)
    n, nevals = len(population), sum(not ind.fitness.valid for ind in population)
    members = evaluate(population, toolbox)
    book.enter(0, members, nevals)
    if len(members) < n or not members or (stop and stop(members)):
        return members, book.logbook
    course = _Course(members, toolbox, similar, stop, book)

    def children() -> Iterator[Any]:
        for _ in range(n * ngen):
            if course.over:
                return
            (child,) = breed(course.members, 1, toolbox, cxpb, mutpb, rng)
            if course.has(child):
                course.count()
            else:
                yield child

    for child, values in stream(children(), toolbox):
        course.join(child, values)
    course.end()
    return course.members, book.logbook


class _Course:
    """The members, who arrived in the present generation, and whether breeding is over."""

    def __init__(
        self, members: Population, toolbox: Any, similar: Any, stop: Any, book: Book
    ) -> None:
        self.members, self.over = members, False
        self._n, self._merit, self._similar = len(members), merit(toolbox), similar
        self._stop, self._book = stop, book
        self._ages = itertools.count()
        self._ranking = [self._place(member) for member in members]  # a heap: the worst on top
        heapq.heapify(self._ranking)
        self._births = 0
        self._arrived: Population = []

    def has(self, child: Any) -> bool:
        return any(map(self._similar, itertools.repeat(child), self.members))

    def join(self, child: Any, values: Any) -> None:
        """Take in a child that was evaluated; None: the budget did not reach it."""
        if values is None:
            self.over = True
            return
        child.fitness.values = values
        self._arrived.append(child)
        if not self.has(child):
            *_, worst = heapq.heappushpop(self._ranking, self._place(child))
            self.members = [each for each in [*self.members, child] if each is not worst]
        self.count()

    def _place(self, individual: Any) -> tuple[Any, int, Any]:
        """By merit, of equals the oldest first."""
        return self._merit(individual), next(self._ages), individual

    def count(self) -> None:
        """A birth more; the last of a generation ends it."""
        self._births += 1
        if self._births % self._n == 0:
            self._enter(self._births // self._n)
            self.over = bool(self.over or (self._stop and self._stop(self.members)))

    def end(self) -> None:
        """What is left over is a generation, too."""
        if self._births % self._n:
            self._enter(self._births // self._n + 1)

    def _enter(self, generation: int) -> None:
        self._book.enter(generation, list(self.members), len(self._arrived), met=self._arrived)
        self._arrived = []
