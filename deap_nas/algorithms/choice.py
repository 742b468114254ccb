"""Which of many children are worth an evaluation, learned from the evaluations so far."""

from __future__ import annotations

import math
from typing import Any, Protocol

from deap_nas.algorithms.common import Population, merit
from deap_nas.algorithms.informed import InformedProcess, Numbers
from deap_nas.algorithms.surrogate import GaussianProcess

PARTS = ("known", "learned", "combine")


class Choice(Protocol):
    """What learns from evaluated individuals, and chooses among others."""

    def learn(self, individuals: Population) -> None:
        """Take in what was evaluated, failed ones too."""

    def choose(self, candidates: Population, k: int) -> Population:
        """The ``k`` most promising; all, where they are fewer."""


def make_choice(toolbox: Any, model: Any, optimism: float) -> Choice:
    """The choice by parts of the fitness where the toolbox has them, else by the fitness itself.

    Raises:
        ValueError: for a toolbox that has some of the parts.
    """
    there = [name for name in PARTS if hasattr(toolbox, name)]
    if not there:
        return ByFitness(toolbox, model or GaussianProcess(), optimism)
    if len(there) < len(PARTS):
        missing = ", ".join(name for name in PARTS if name not in there)
        raise ValueError(
            f"the toolbox has {', '.join(there)} without {missing}; register all of "
            f"{', '.join(PARTS)}, or none"
        )
    return ByParts(toolbox, model or InformedProcess(toolbox.known), optimism)


class NoChoice:
    """The first ones."""

    def learn(self, individuals: Population) -> None:
        """Does nothing."""

    def choose(self, candidates: Population, k: int) -> Population:
        return candidates[:k]


class ByFitness:
    """A model of the fitness; an individual that failed, or whose fitness is not finite, has the
    worst there was by then."""

    def __init__(self, toolbox: Any, model: GaussianProcess, optimism: float) -> None:
        self._sound, self._model, self._optimism = merit(toolbox), model, optimism
        self._worst = math.inf

    def learn(self, individuals: Population) -> None:
        found = {id(ind): ind.fitness.wvalues[0] for ind in individuals if self._sound(ind)[0]}
        values = {name: value for name, value in found.items() if math.isfinite(value)}
        self._worst = min([self._worst, *values.values()])
        worst = self._worst if math.isfinite(self._worst) else 0.0
        self._model.learn(individuals, [values.get(id(ind), worst) for ind in individuals])

    def choose(self, candidates: Population, k: int) -> Population:
        return self._model.choose(candidates, k, self._optimism)


class ByParts:
    """A model of ``toolbox.learned``, of which ``toolbox.combine`` makes the fitness."""

    def __init__(self, toolbox: Any, model: InformedProcess, optimism: float) -> None:
        self._toolbox, self._model, self._optimism = toolbox, model, optimism
        self._sound = merit(toolbox)

    def learn(self, individuals: Population) -> None:
        learned = self._toolbox.learned
        numbers = [learned(ind) if self._sound(ind)[0] else None for ind in individuals]
        self._model.learn(individuals, numbers)

    def choose(self, candidates: Population, k: int) -> Population:
        return self._model.choose(candidates, k, self._worth, self._optimism)

    def _worth(self, candidate: Any, numbers: Numbers) -> float:
        value = self._toolbox.combine(candidate, numbers)[0] * candidate.fitness.weights[0]
        return -math.inf if math.isnan(value) else float(value)
