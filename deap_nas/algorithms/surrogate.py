"""A model of fitness, learned from what a search has measured: cheap guesses with error bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from deap_nas.algorithms.posterior import Matrix, Posterior, one_by_one, one_thread


class GaussianProcess:
    """Gaussian process regression over lists of genes, of any kinds and lengths.

    Two individuals are the closer, the more of these they share: an attribute's value at a place
    counted from the left, the same counted from the right, the same anywhere. (A gene that is a
    tuple or a list has its items as attributes; any other gene is one.) The covariance is
    ``exp(-squared distance / scale)``, in units of an individual's own squared length; fitness is
    standardised. Learning one more of n costs n² operations.

    Args:
        scale: how far a measurement speaks for others.
        noise: variance of a measurement, as a share of the variance between individuals.

    Source: Rasmussen and Williams 2006, *Gaussian Processes for Machine Learning*, chapter 2.
    """

    def __init__(self, scale: float = 1.0, noise: float = 0.01) -> None:
        self._scale, self._noise = scale, noise
        self._columns: dict[tuple[Any, ...], int] = {}
        self._features: Matrix = np.zeros((0, 64))
        self._whitening: Matrix = np.zeros((0, 0))
        self._values: list[float] = []
        self._unit = 0.0

    def learn(self, individuals: Sequence[Any], values: Sequence[float]) -> None:
        """Add measurements."""
        if not individuals:
            return
        with one_thread().limit(limits=1):
            self._learn(individuals, values)

    def _learn(self, individuals: Sequence[Any], values: Sequence[float]) -> None:
        new = self._encode(individuals)
        self._unit = self._unit or float((new**2).sum(1).mean())
        posterior = self._posterior().measured(new)
        self._features, self._whitening = posterior.points, posterior.whitening
        self._values += values

    def choose(self, candidates: Sequence[Any], k: int, optimism: float = 2.0) -> list[Any]:
        """The ``k`` most promising: by expected fitness plus ``optimism`` standard deviations.

        They are chosen one by one, each as if the fitness of those before had come out as
        expected (the kriging believer), so that they are not all alike.
        """
        with one_thread().limit(limits=1):
            return [candidates[i] for i in self._choose(candidates, k, optimism)]

    def _choose(self, candidates: Sequence[Any], k: int, optimism: float) -> list[int]:
        features = self._encode(candidates)
        values = np.array(self._values)
        spread = values.std() or 1.0
        believed = (values - values.mean()) / spread
        return one_by_one(
            self._posterior(),
            believed,
            features,
            k,
            lambda _, expected, deviation: expected + optimism * deviation,
        )

    def _posterior(self) -> Posterior:
        return Posterior(self._features, self._whitening, self._covariance, self._noise)

    def _covariance(self, a: Matrix, b: Matrix) -> Matrix:
        squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
        covariance: Matrix = np.exp(-squared / (self._scale * self._unit))
        return covariance

    def _encode(self, individuals: Sequence[Any]) -> Matrix:
        rows = [
            [self._columns.setdefault(name, len(self._columns)) for name in _names(individual)]
            for individual in individuals
        ]
        if (missing := len(self._columns) - self._features.shape[1]) > 0:
            self._features = np.pad(self._features, ((0, 0), (0, max(missing, 64))))
        features = np.zeros((len(rows), self._features.shape[1]))
        for i, columns in enumerate(rows):
            for column in columns:
                features[i, column] += 1
        return features


def frozen(genes: Sequence[Any]) -> tuple[Any, ...]:
    """Genes as one value that sets and dictionaries take: genes that are lists become tuples."""
    return tuple(frozen(gene) if isinstance(gene, list) else gene for gene in genes)


def _names(individual: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    n = len(individual)
    for i, gene in enumerate(frozen(individual)):
        for attribute, value in enumerate(gene if isinstance(gene, tuple) else (gene,)):
            yield i, attribute, value
            yield i - n, attribute, value
            yield "anywhere", attribute, value
