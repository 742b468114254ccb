"""A model of what only an evaluation tells, from genes and from what is known without one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np

from deap_nas.algorithms.posterior import Matrix, Posterior, one_by_one, one_thread
from deap_nas.algorithms.surrogate import frozen

Numbers = Sequence[float]
Score = Callable[[Any, Numbers], float]
_Trait = tuple[Any, int, Any]  # place, attribute of the gene, value: a number is a float
_Described = tuple[Matrix, tuple[float, ...]]  # cells, and the numbers that are known
_Columns = dict[tuple[Any, ...], int]
_NAME = -1  # in place of the attribute of a cell whose value is no number


class InformedProcess:
    """Gaussian process regression of one number or several, from genes of any kinds and from
    numbers that are known of an individual.

    As in ``GaussianProcess`` two individuals are the closer the more values they share at a place
    counted from the left, from the right, and anywhere. But where a value is a number (of filters,
    say), near ones are close: what counts is its ``asinh``, almost the logarithm, and defined for 0
    and less. The numbers that are known are standardised, and each counts ``weight`` times as much
    as all genes together::

        covariance = exp(-(genes' squared distance / their mean square + weight * known's) / scale)

    All of that is worked out anew for each choice, from everything measured so far, which costs n³
    operations.

    Args:
        known: individual -> the numbers that are known; none unless given.
        scale: how far a measurement speaks for others.
        noise: variance of a measurement, as a share of the variance between individuals.
        weight: of the numbers that are known.

    Source: Rasmussen and Williams 2006, *Gaussian Processes for Machine Learning*, chapter 2.
    """

    def __init__(
        self,
        known: Callable[[Any], Numbers] = lambda _: (),
        scale: float = 2.0,
        noise: float = 0.01,
        weight: float = 0.1,
    ) -> None:
        self._known = known
        self._scale, self._noise, self._weight = scale, noise, weight
        self._columns: _Columns = {}
        self._described: list[_Described] = []
        self._values: list[Numbers | None] = []

    def learn(self, individuals: Sequence[Any], values: Sequence[Numbers | None]) -> None:
        """Add measurements.

        Args:
            individuals: what was measured.
            values: of each, as many numbers; None where it failed. That, and a number that is not
                finite, counts as the worst, which is the least, there is.
        """
        self._described += [self._describe(each, self._columns) for each in individuals]
        self._values += values

    def choose(
        self,
        candidates: Sequence[Any],
        k: int,
        score: Score,
        optimism: float = 2.0,
        believe: Callable[[Any, Numbers], object] = lambda *_: None,
    ) -> list[Any]:
        """The ``k`` most promising, one by one (``one_by_one``); the first ones where nothing was
        learned yet.

        Args:
            candidates: whom to choose from.
            k: how many.
            score: called with a candidate and an optimistic guess of its numbers: each is as
                expected and ``optimism`` standard deviations more.
            optimism: 0 trusts the model, more explores.
            believe: told of each choice: the candidate, and its numbers as expected.
        """
        if all(each is None for each in self._values):
            return list(candidates[:k])
        with one_thread().limit(limits=1):
            return [candidates[i] for i in self._choose(candidates, k, score, optimism, believe)]

    def _choose(
        self, candidates: Sequence[Any], k: int, score: Score, optimism: float, believe: Any
    ) -> list[int]:
        n, values = len(self._described), _complete(self._values)
        columns = dict(self._columns)
        others = [self._describe(each, columns) for each in candidates]
        inputs = self._inputs([*self._described, *others], n, len(columns))
        middle, spread = _standard(values)

        def scores(left: list[int], expected: Matrix, deviation: Matrix) -> Matrix:
            guesses = middle + spread * (expected + optimism * deviation[:, None])
            return np.array([score(candidates[i], guess) for i, guess in zip(left, guesses)])

        none = Posterior(inputs[:0], np.zeros((0, 0)), self._covariance, self._noise)
        return one_by_one(
            none.measured(inputs[:n]),
            (values - middle) / spread,
            inputs[n:],
            k,
            scores,
            lambda i, expected: believe(candidates[i], middle + spread * expected),
        )

    def _covariance(self, a: Matrix, b: Matrix) -> Matrix:
        squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
        covariance: Matrix = np.exp(-np.maximum(0.0, squared) / self._scale)
        return covariance

    def _describe(self, individual: Any, columns: _Columns) -> _Described:
        return _cells(individual, columns), tuple(self._known(individual))

    def _inputs(self, described: Sequence[_Described], n: int, width: int) -> Matrix:
        """Features of individuals, of which the first ``n`` set the standard."""
        genes = _gene_features([cells for cells, _ in described], n, width)
        unit = float((genes[:n] ** 2).sum(1).mean()) or 1.0
        known = np.array([known for _, known in described], dtype=float)
        middle, spread = _standard(known[:n])
        return np.hstack(
            [genes / math.sqrt(unit), (known - middle) / spread * math.sqrt(self._weight)]
        )


def _traits(individual: Sequence[Any]) -> Iterator[_Trait]:
    n = len(individual)
    for i, gene in enumerate(frozen(individual)):
        for attribute, value in enumerate(gene if isinstance(gene, tuple) else (gene,)):
            if isinstance(value, Real) and not isinstance(value, bool):
                value = math.asinh(value)
            for place in (i, i - n, "anywhere"):
                yield place, attribute, value


def _cells(individual: Sequence[Any], columns: _Columns) -> Matrix:
    """A row for each trait: its column, its attribute if it is a number, its amount. A column is
    of an attribute's number, or of a name, at a place; new ones are added."""
    cells = []
    for place, attribute, value in _traits(individual):
        is_number = isinstance(value, float)
        name = (place, attribute) if is_number else (place, attribute, value)
        column = columns.setdefault(name, len(columns))
        cells.append((column, *((attribute, value) if is_number else (_NAME, 1.0))))
    return np.array(cells, dtype=float).reshape(-1, 3)


def _gene_features(individuals: Sequence[Matrix], n: int, width: int) -> Matrix:
    """Shape (individuals, width). A number is measured from its attribute's mean among the first
    ``n`` individuals: a place without one is there."""
    rows = np.repeat(np.arange(len(individuals)), [len(cells) for cells in individuals])
    columns, attributes, amounts = np.concatenate(individuals).T.copy()
    for attribute in set(attributes) - {_NAME}:
        here = attributes == attribute
        if (standard := here & (rows < n)).any():
            amounts[here] -= amounts[standard].mean()
    places = rows * width + columns.astype(int)
    features = np.bincount(places, amounts, len(individuals) * width).astype(float, copy=False)
    return features.reshape(len(individuals), width)


def _complete(values: Sequence[Numbers | None]) -> Matrix:
    """All numbers, shape (measured, numbers); the least of its kind where one is missing."""
    n = next(len(each) for each in values if each is not None)
    found = np.array([[math.nan] * n if each is None else each for each in values], dtype=float)
    good = np.isfinite(found)
    least = np.where(good, found, np.inf).min(0)
    return np.where(good, found, np.where(np.isfinite(least), least, 0.0))


def _standard(numbers: Matrix) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of each column; 1 where there is none."""
    spread = numbers.std(0)
    return numbers.mean(0), np.where(spread > 0, spread, 1.0)
