"""(mu + lambda) with preselection: of many children only the most promising are evaluated."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

from deap_nas.algorithms.choice import Choice, NoChoice, make_choice
from deap_nas.algorithms.common import (
    Book,
    Observe,
    Population,
    breed,
    evaluate,
    merit,
    sound,
)
from deap_nas.algorithms.nsga2 import survivors
from deap_nas.algorithms.surrogate import frozen

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
    model: Any = None,
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
    where all are NaN.

    Often a fitness is partly known without an evaluation: what a network scores must be learned,
    its size can be computed. A toolbox that has these three tools says so, and then the process
    (``InformedProcess``) learns what must be learned, and the fitness is computed:

    - ``known(individual)``: numbers that are known of it, evaluated or not; the model's inputs.
    - ``learned(individual)``: numbers that its evaluation told, each the better the greater.
    - ``combine(individual, numbers)``: its fitness, if the evaluation told these numbers.

    A toolbox with these three may also say what an evaluation takes, ``cost(individual)``, a number
    above 0: then what a candidate promises beyond the best so far is divided by that, so that a
    search that is short of time spends it where it brings most; and who costs most is evaluated
    first, so that several who evaluate end together.

    With several objectives a candidate is worth what it would add to the volume that the front
    covers (``Volume``), on the scales on which ``combine`` gives the objectives; who lives on, and
    ``fitness.crowding_dist``, is as in ``ea_nsga2``. Let ``toolbox.select`` be
    ``sel_crowded_tournament``.

    Args:
        population: the first individuals; those without a fitness are evaluated.
        toolbox: a ``deap.base.Toolbox``, of which ``map evaluate select mate mutate clone`` are
            used; ``failed``, and ``known learned combine cost``, too, if there.
        mu: how many live on.
        lambda_: how many children are evaluated.
        cxpb: the probability that two neighbours are mated.
        mutpb: the probability that a child is mutated.
        ngen: generations after the first.
        candidates: children bred for each that is evaluated; 1 leaves no choice, and is
            (mu + lambda) without duplicates.
        optimism: standard deviations added to what is expected: 0 trusts the model, more explores.
        model: what learns; unless given a new ``GaussianProcess()`` or, where the toolbox has the
            three tools, ``InformedProcess(toolbox.known)``.
        stop: asked after each generation; anything true ends the search.
        stats: a ``deap.tools.Statistics``, for the logbook.
        halloffame: a ``deap.tools.HallOfFame`` that is kept up to date; failed ones never enter it.
        observe: called with (generation, population) after each generation.
        rng: what this function itself draws from.
        verbose: whether the logbook is printed as it grows.

    Rng calls in a generation: those of ``toolbox.select``; ``rng.random`` for each pair and each
    child; those of the operators.

    Returns:
        The last population, the best first (with several objectives: front by front), and a
        ``deap.tools.Logbook``. Where an evaluation is None (the evaluator's budget is spent) the
        individual drops out, and its generation is the last; so is one that finds no new child.

    Raises:
        ValueError: for ``mu``, ``lambda_`` or ``candidates`` below 1, or a toolbox with some of the
            three tools.

    Source: Ulmer, Streichert and Zell 2003, *Evolution Strategies Assisted by Gaussian Processes
    with Improved Pre-Selection Criterion*; the believer, Ginsbourger et al. 2010; improvement by
    cost, Snoek, Larochelle and Adams 2012, *Practical Bayesian Optimization of Machine Learning
    Algorithms*, section 3.2.
    """
    for name, value in (("mu", mu), ("lambda_", lambda_), ("candidates", candidates)):
        if value < 1:
            raise ValueError(f"{name} {value}, allowed 1 or more")
    book = Book(toolbox, stats, halloffame, observe, verbose)
    weights = population[0].fitness.weights if population else (1.0,)
    choice = make_choice(toolbox, model, optimism, weights) if candidates > 1 else NoChoice()
    memory, several = _Memory(toolbox, choice), len(weights) > 1
    nevals = sum(not ind.fitness.valid for ind in population)
    asked, bred = len(population), evaluate(_dearest_first(population, toolbox), toolbox)
    memory.learn(bred)
    population = _best(bred, len(bred), toolbox, several) if several else bred
    book.enter(0, population, nevals)
    for generation in range(1, ngen + 1):
        if not population or len(bred) < asked or (stop and stop(population)):
            break
        parents = (sound(population, toolbox) or population) if several else population
        children = breed(parents, candidates * lambda_, toolbox, cxpb, mutpb, rng)
        new = memory.unknown(children)
        if not new:
            break
        offspring = _dearest_first(choice.choose(new, lambda_), toolbox)
        asked, bred = len(offspring), evaluate(offspring, toolbox)
        memory.learn(bred)
        population = _best([*bred, *population], mu, toolbox, several)
        book.enter(generation, population, asked, met=bred)
    return population, book.logbook


def _dearest_first(individuals: Population, toolbox: Any) -> Population:
    """Where costs are known: then few of those who evaluate wait for the last one.

    Source: Graham 1969, *Bounds on Multiprocessing Timing Anomalies*, section 3.
    """
    cost = getattr(toolbox, "cost", None) if hasattr(toolbox, "known") else None
    return sorted(individuals, key=cost, reverse=True) if cost else individuals


def _best(individuals: Population, mu: int, toolbox: Any, several: bool) -> Population:
    if several:
        return survivors(individuals, mu, toolbox, operator.eq)
    return sorted(individuals, key=merit(toolbox), reverse=True)[:mu]


class _Memory:
    """Who was evaluated."""

    def __init__(self, toolbox: Any, choice: Choice) -> None:
        self._toolbox, self._choice = toolbox, choice
        self._known: set[tuple[Any, ...]] = set()

    def learn(self, individuals: Population) -> None:
        new = [ind for ind in individuals if frozen(ind) not in self._known]
        self._known.update(map(frozen, new))
        self._choice.learn(new)

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
