"""What the loops share: evaluation, variation, ranking, bookkeeping."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from deap import tools

Population = list[Any]
Observe = Callable[[int, Population], None]
Selection = Callable[[Population, int], Population]


def evaluate(individuals: Population, toolbox: Any) -> Population:
    """Give a fitness to each individual without one; return those that have one in the end.

    A fitness of None means that the evaluator's budget did not reach the individual: it drops out.
    """
    unknown = [ind for ind in individuals if not ind.fitness.valid]
    for ind, values in zip(unknown, toolbox.map(toolbox.evaluate, unknown)):
        if values is not None:
            ind.fitness.values = values
    return [ind for ind in individuals if ind.fitness.valid]


def stream(individuals: Iterator[Any], toolbox: Any) -> Iterator[tuple[Any, Any]]:
    """(individual, fitness values) as evaluations end; individuals are taken as they can begin.

    ``toolbox.stream`` does it where there is one, in any order; else one after the other.
    """
    if hasattr(toolbox, "stream"):
        yield from toolbox.stream(toolbox.evaluate, individuals)
        return
    for individual in individuals:
        (values,) = toolbox.map(toolbox.evaluate, [individual])
        yield individual, values


def vary(parents: Population, toolbox: Any, cxpb: float, mutpb: float, rng: Any) -> Population:
    """Clones of the parents, neighbours mated with probability ``cxpb``, each mutated with
    ``mutpb``: ``deap.algorithms.varAnd`` with an rng of its own."""
    offspring = [toolbox.clone(ind) for ind in parents]
    for i in range(1, len(offspring), 2):
        if rng.random() < cxpb:
            offspring[i - 1], offspring[i] = toolbox.mate(offspring[i - 1], offspring[i])
            del offspring[i - 1].fitness.values, offspring[i].fitness.values
    for i in range(len(offspring)):
        if rng.random() < mutpb:
            (offspring[i],) = toolbox.mutate(offspring[i])
            del offspring[i].fitness.values
    return offspring


def breed(
    population: Population, n: int, toolbox: Any, cxpb: float, mutpb: float, rng: Any
) -> Population:
    """``n`` children of selected parents; of an odd number, the last pair's second is let go."""
    parents = draw_parents(toolbox.select, population, n + n % 2, rng)
    return vary(parents, toolbox, cxpb, mutpb, rng)[:n]


def draw_parents(choose: Selection, population: Population, k: int, rng: Any) -> Population:
    """``k`` parents of those whose fitness is a number, by ``choose``; where it is nobody's, of
    all, with replacement: then nothing tells them apart."""
    known = with_number(population)
    if len(known) == len(population):
        return choose(population, k)
    if not known:
        return list(rng.choices(population, k=k))
    chosen = list(choose(known, k))
    while 0 < len(chosen) < k:  # a selection may draw each of them once at most
        chosen += choose(known, k - len(chosen))
    return chosen


def mutant(parent: Any, toolbox: Any) -> Any:
    """A mutated clone, without a fitness."""
    (child,) = toolbox.mutate(toolbox.clone(parent))
    del child.fitness.values
    return child


def has_number(individual: Any) -> bool:
    """Whether no value of its fitness is NaN, which wins every comparison of DEAP's."""
    return not any(map(math.isnan, individual.fitness.wvalues))


def with_number(individuals: Population) -> Population:
    """Those whose fitness is a number."""
    return list(filter(has_number, individuals))


def sound(individuals: Population, toolbox: Any) -> Population:
    """Those whose fitness is a number, and that did not fail where the toolbox can tell
    (``toolbox.failed``)."""
    known = with_number(individuals)
    failed = getattr(toolbox, "failed", None)
    return [ind for ind in known if not failed(ind)] if failed else known


def merit(toolbox: Any) -> Callable[[Any], Any]:
    """A key to rank by: anybody sound before anybody failed, then by fitness; last, and equals,
    are those whose fitness is not a number."""
    failed = getattr(toolbox, "failed", lambda _: False)

    def key(individual: Any) -> tuple[bool, bool, Any]:
        known = has_number(individual)
        return known and not failed(individual), known, individual.fitness if known else None

    return key


def was_stopped(toolbox: Any) -> Callable[[Any], bool]:
    """Whether an individual's evaluation was stopped early, where the toolbox can tell
    (``toolbox.stopped``): it counts as failed, but says more than a failure does."""
    return getattr(toolbox, "stopped", lambda _: False)


def split_copies(
    individuals: Population, similar: Callable[[Any, Any], bool]
) -> tuple[Population, Population]:
    """The first of each kind, and the copies of them, both in order."""
    firsts: Population = []
    copies: Population = []
    for individual in individuals:
        known = any(similar(individual, other) for other in firsts)
        (copies if known else firsts).append(individual)
    return firsts, copies


class Book:
    """Keeps a loop's records: statistics, hall of fame, and who else wants to know.

    Neither sees an individual whose fitness is not a number; a generation in which nobody's is has
    no statistics.

    Args:
        toolbox: tells who failed, where it can (``toolbox.failed``).
        stats, halloffame: as in ``deap.algorithms``; failed individuals never enter the latter.
        observe: called with (generation, population) after each generation.
        verbose: whether the logbook is printed as it grows.
    """

    def __init__(
        self, toolbox: Any, stats: Any, halloffame: Any, observe: Observe | None, verbose: bool
    ) -> None:
        self._toolbox, self._stats, self._halloffame = toolbox, stats, halloffame
        self._observe, self._verbose = observe, verbose
        self.logbook = tools.Logbook()
        self.logbook.header = ["gen", "nevals", *(stats.fields if stats else [])]

    def enter(
        self, generation: int, population: Population, nevals: int, met: Population | None = None
    ) -> None:
        """Record a generation; ``met`` are the candidates for the hall of fame, where they are
        more than the population."""
        if self._halloffame is not None:
            met = population if met is None else met
            self._halloffame.update(sound(met, self._toolbox))
        known = with_number(population)
        record = self._stats.compile(known) if self._stats and known else {}
        self.logbook.record(gen=generation, nevals=nevals, **record)
        if self._verbose:
            print(self.logbook.stream)
        if self._observe:
            self._observe(generation, population)
