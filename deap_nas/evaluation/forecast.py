"""The fitness of a genome before it is trained: its size by formula, the rest as a model guesses.

``ea_preselected`` asks a toolbox for that: ``Forecast(...).register(toolbox)``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Any

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.layers.cost import arena_head, count_multiply_adds, count_params, flash, walk


@dataclass(frozen=True)
class Scale:
    """Where a model learns what training tells: more is better, and equal steps count alike.

    Args:
        to: from a value of an Evaluation.
        back: to one again.
    """

    to: Callable[[float], float]
    back: Callable[[float], float]


LEAST_ERROR = 1e-4  # of 10,000 images one; none at all has no logarithm
LOG_OF_ERROR = Scale(
    lambda accuracy: -math.log(max(LEAST_ERROR, 1 - accuracy)),
    lambda number: max(0.0, 1 - math.exp(-number)),
)
LOG_OF_SECONDS = Scale(
    lambda seconds: -math.log(max(1e-9, seconds)), lambda number: math.exp(-number)
)
PER_VALUE = 12  # of a feature map: what it takes to train, in multiply-adds (results/estimate)
SECONDS = ("train_seconds", "train_cpu_seconds")
SCALES = {"accuracy": LOG_OF_ERROR, **dict.fromkeys(SECONDS, LOG_OF_SECONDS)}
"""By the name of an Evaluation's attribute, or of one of its ``metrics``."""


def size_in(space: Any) -> Callable[[Any], tuple[int, int]] | None:
    """Counts (parameters, multiply-adds) of a genome on the images of a ``SearchSpace``; None where
    a layer has no formula: asking Keras takes long, for candidates that are never trained."""
    formulas = ("shape", "params", "multiply_adds")
    if not all(getattr(rule.layer, name) for rule in space.rules for name in formulas):
        return None
    images = (space.input_shape, space.n_classes)

    @lru_cache(maxsize=10_000)  # a candidate is asked about several times
    def size(genes: tuple[Any, ...]) -> tuple[int, int]:
        return count_params(genes, *images), count_multiply_adds(genes, *images)

    return lambda genome: size(tuple(genome))


def known_in(space: Any) -> Callable[[Any], tuple[float, ...]]:
    """Numbers that are known of a genome, for a model to learn from, on the images of a
    ``SearchSpace`` all of whose layers have formulas: logarithms of its parameters, of its
    multiply-adds, of the channels and of the places of the feature map that reaches the head, and
    the mean logarithm of all maps' sizes."""
    images = (space.input_shape, space.n_classes)

    @lru_cache(maxsize=10_000)
    def describe(genes: tuple[Any, ...]) -> tuple[float, ...]:
        maps = [tuple(space.input_shape)]
        maps += [behind for _, layer, _, behind in walk(genes, *images) if not layer.head]
        costs = count_params(genes, *images), count_multiply_adds(genes, *images)
        size = fmean(math.log(math.prod(shape)) for shape in maps)
        last = math.log(maps[-1][-1]), math.log(math.prod(maps[-1][:-1]))
        return *map(math.log1p, costs), *last, size

    return lambda genome: describe(tuple(genome))


def cost_in(space: Any) -> Callable[[Any], float]:
    """About what training a genome takes, in multiply-adds an image: those of its layers, and
    ``PER_VALUE`` for each value of its feature maps, on the images of a ``SearchSpace`` all of
    whose layers have formulas. Seconds would differ from run to run."""
    images = (space.input_shape, space.n_classes)

    @lru_cache(maxsize=10_000)
    def cost(genes: tuple[Any, ...]) -> float:
        maps = math.prod(space.input_shape)
        maps += sum(math.prod(behind) for *_, behind in walk(genes, *images))
        return float(count_multiply_adds(genes, *images) + PER_VALUE * maps)

    return lambda genome: cost(tuple(genome))


def bytes_in(space: Any) -> Callable[[Any], tuple[int, int]]:
    """Counts bytes of (RAM, flash) of a genome in int8, on the images of a ``SearchSpace`` all of
    whose layers give their operations."""
    images = (space.input_shape, space.n_classes)

    @lru_cache(maxsize=10_000)
    def count(genes: tuple[Any, ...]) -> tuple[int, int]:
        return arena_head(genes, *images), flash(genes, *images)

    return lambda genome: count(tuple(genome))


class Gains:
    """What accuracy gains from an epoch to the end of training, on average, on a scale."""

    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._found = defaultdict[int, list[float]](list)

    def learn(self, evaluation: Evaluation) -> None:
        """Take in a training that was not stopped."""
        for row in evaluation.curve:
            if "val_accuracy" in row:
                gain = self._scale.to(evaluation.accuracy) - self._scale.to(row["val_accuracy"])
                self._found[int(row["epoch"])].append(gain)

    def expected(self, evaluation: Evaluation) -> float:
        """Where a training that was stopped would have come to; where it is, if nothing is known of
        others."""
        gains = self._found[evaluation.epochs]
        return self._scale.to(evaluation.accuracy) + (fmean(gains) if gains else 0.0)


class Forecast:
    """What is known of a genome, what training tells, and the fitness that both make.

    Args:
        fitness: a function of an Evaluation.
        learned: names among ``SCALES``: what the fitness looks at and only training tells; none
            where that is not known: then the fitness itself is learned.
        measure: genome -> its Evaluation; only asked for genomes that have one.
        size: genome -> (parameters, multiply-adds); ``size_in(space)`` counts them.
        int8: genome -> bytes of (RAM, flash), where the fitness looks at them; ``bytes_in(space)``.
        known: genome -> numbers for the model to learn from; ``known_in(space)`` has them. Unless
            given, the logarithms of parameters and multiply-adds.
        cost: genome -> what training it takes, by which what it promises is divided, such as
            ``cost_in(space)``; unless given that is no matter.
    """

    def __init__(
        self,
        fitness: Callable[[Evaluation], tuple[float, ...]],
        learned: Iterable[str],
        measure: Callable[[Any], Evaluation],
        size: Callable[[Any], tuple[int, int]],
        int8: Callable[[Any], tuple[int | None, int | None]] = lambda _: (None, None),
        known: Callable[[Any], Sequence[float]] | None = None,
        cost: Callable[[Any], float] | None = None,
    ) -> None:
        self._fitness, self._measure = fitness, measure
        self._size, self._int8 = size, int8
        self._known, self.cost = known, cost
        self._scales = {name: SCALES[name] for name in learned}
        self._gains = Gains(SCALES["accuracy"])

    def register(self, toolbox: Any) -> None:
        """Give a toolbox the tools that ``ea_preselected`` looks for."""
        for name in ("known", "learned", "combine", *(["cost"] if self.cost else [])):
            toolbox.register(name, getattr(self, name))

    def known(self, genome: Any) -> Sequence[float]:
        """What the model learns from besides the genes."""
        if self._known:
            return self._known(genome)
        return tuple(map(math.log1p, self._size(genome)))

    def learned(self, genome: Any) -> tuple[float, ...]:
        """What training told, each on its scale; of a training that was stopped early (``Halving``)
        the accuracy that it would have come to, had it gained as much as others did."""
        evaluation = self._measure(genome)
        if evaluation.stopped:
            return (self._gains.expected(evaluation),)
        if not self._scales:
            return self._fitness(evaluation)
        self._gains.learn(evaluation)
        told = {**evaluation.metrics, **vars(evaluation)}
        return tuple(scale.to(told[name]) for name, scale in self._scales.items())

    def combine(self, genome: Any, numbers: Iterable[float]) -> tuple[float, ...]:
        """The fitness, if training told these numbers."""
        if not self._scales:
            return tuple(numbers)
        n_params, multiply_adds = self._size(genome)
        scales = self._scales.items()
        told = {name: scale.back(number) for (name, scale), number in zip(scales, numbers)}
        ram, flash = self._int8(genome)
        known: Any = {"n_params": n_params, "multiply_adds": multiply_adds}
        known |= {"ram": ram, "flash": flash}
        known |= {name: told.pop(name) for name in SECONDS if name in told}
        return self._fitness(Evaluation(metrics=told, **known))
