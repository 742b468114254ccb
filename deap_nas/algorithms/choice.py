"""Which of many children are worth an evaluation, learned from the evaluations so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from deap_nas.algorithms.common import Population, merit, was_stopped
from deap_nas.algorithms.informed import InformedProcess, Numbers
from deap_nas.algorithms.posterior import Matrix
from deap_nas.algorithms.surrogate import GaussianProcess
from deap_nas.algorithms.volume import Volume

PARTS = ("known", "learned", "combine")


class Choice(Protocol):
    """What learns from evaluated individuals, and chooses among others."""

    def learn(self, individuals: Population) -> None:
        """Take in what was evaluated, failed ones too."""

    def choose(self, candidates: Population, k: int) -> Population:
        """The ``k`` most promising; all, where they are fewer."""


def make_choice(toolbox: Any, model: Any, optimism: float, weights: Sequence[float]) -> Choice:
    """The choice by parts of the fitness where the toolbox has them, else by the fitness itself.

    Args:
        toolbox: has all of ``PARTS``, or none.
        model: what learns; None for the usual one.
        optimism: standard deviations added to what is expected.
        weights: of the fitness.

    Raises:
        ValueError: for a toolbox that has some of the parts.
    """
    there = [name for name in PARTS if hasattr(toolbox, name)]
    if not there and len(weights) == 1:
        return ByFitness(toolbox, model or GaussianProcess(), optimism)
    if 0 < len(there) < len(PARTS):
        missing = ", ".join(name for name in PARTS if name not in there)
        raise ValueError(
            f"the toolbox has {', '.join(there)} without {missing}; give it all of "
            f"{', '.join(PARTS)}, or none"
        )
    parts = toolbox if there else _Objectives(weights)
    model = model or InformedProcess(parts.known)
    kind = ByParts if len(weights) == 1 else ByVolume
    return kind(toolbox, parts, model, optimism)


class NoChoice:
    """The first ones."""

    def learn(self, individuals: Population) -> None:
        """Does nothing."""

    def choose(self, candidates: Population, k: int) -> Population:
        return candidates[:k]


class ByFitness:
    """A model of the fitness; an individual that failed, or whose fitness is not finite, has the
    worst there was by then. Nothing is learned of one that was stopped early."""

    def __init__(self, toolbox: Any, model: GaussianProcess, optimism: float) -> None:
        self._sound, self._model, self._optimism = merit(toolbox), model, optimism
        self._stopped, self._worst = was_stopped(toolbox), math.inf

    def learn(self, individuals: Population) -> None:
        individuals = [ind for ind in individuals if not self._stopped(ind)]
        found = {id(ind): ind.fitness.wvalues[0] for ind in individuals if self._sound(ind)[0]}
        values = {name: value for name, value in found.items() if math.isfinite(value)}
        self._worst = min([self._worst, *values.values()])
        worst = self._worst if math.isfinite(self._worst) else 0.0
        self._model.learn(individuals, [values.get(id(ind), worst) for ind in individuals])

    def choose(self, candidates: Population, k: int) -> Population:
        return self._model.choose(candidates, k, self._optimism)


class ByParts:
    """A model of what ``learned`` tells, of which ``combine`` makes the fitness."""

    def __init__(self, toolbox: Any, parts: Any, model: InformedProcess, optimism: float) -> None:
        self._sound, self._stopped, self._parts = merit(toolbox), was_stopped(toolbox), parts
        self._model, self._optimism = model, optimism
        self._cost = getattr(toolbox, "cost", None)
        self._best = -math.inf

    def learn(self, individuals: Population) -> None:
        values = (self._value(ind.fitness.wvalues[0]) for ind in individuals if self._sound(ind)[0])
        self._best = max([self._best, *values])
        told = [self._sound(ind)[0] or self._stopped(ind) for ind in individuals]
        numbers = [self._parts.learned(i) if known else None for i, known in zip(individuals, told)]
        self._model.learn(individuals, numbers)

    def choose(self, candidates: Population, k: int) -> Population:
        return self._model.choose(candidates, k, self._worth, self._optimism)

    def _worth(self, candidate: Any, numbers: Numbers) -> float:
        value = self._value(self._point(candidate, numbers)[0])
        if self._cost is None or not math.isfinite(self._best):
            return value
        return self._per_cost(candidate, value - self._best)

    @staticmethod
    def _value(number: Any) -> float:
        return -math.inf if math.isnan(number) else float(number)

    def _per_cost(self, candidate: Any, gain: float) -> float:
        """A gain by what it costs; what is no gain is not made up for by being cheap."""
        return gain / self._cost(candidate) if self._cost and gain > 0 else gain

    def _point(self, individual: Any, numbers: Numbers) -> Matrix:
        """The fitness, more being better."""
        combined = np.array(self._parts.combine(individual, numbers), dtype=float)
        point: Matrix = combined * individual.fitness.weights
        return point


class ByVolume(ByParts):
    """The same with several objectives: what counts is how much a candidate, guessed with optimism,
    would add to the volume that the front covers."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._points: list[Matrix] = []

    def learn(self, individuals: Population) -> None:
        super().learn(individuals)
        sound = [ind for ind in individuals if self._sound(ind)[0]]
        points = [self._point(ind, self._parts.learned(ind)) for ind in sound]
        self._points += [point for point in points if np.isfinite(point).all()]

    def choose(self, candidates: Population, k: int) -> Population:
        if not self._points:
            return candidates[:k]
        volume = Volume(np.array(self._points))
        return self._model.choose(
            candidates,
            k,
            lambda candidate, numbers: self._per_cost(
                candidate, volume.gain(self._point(candidate, numbers))
            ),
            self._optimism,
            lambda candidate, numbers: volume.add(self._point(candidate, numbers)),
        )


class _Objectives:
    """The parts of a fitness of which nothing is known: each objective is learned."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = np.array(weights)

    def known(self, individual: Any) -> Numbers:
        return ()

    def learned(self, individual: Any) -> Numbers:
        return individual.fitness.wvalues  # type: ignore[no-any-return]

    def combine(self, individual: Any, numbers: Numbers) -> Any:
        return np.array(numbers) / self._weights
