"""What a Gaussian process says of some points after it has seen others; a choice by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

Matrix = NDArray[np.float64]


@cache
def one_thread() -> ThreadpoolController:
    """Matrices this small gain nothing from more, and threads that wait for busy cores cost much;
    one thread also adds up in one order everywhere."""
    return ThreadpoolController()


@dataclass(frozen=True)
class Posterior:
    """A Gaussian process with variance 1 and mean 0, after some measurements.

    Args:
        points: where it was measured, shape (measured, features).
        whitening: the inverse of the Cholesky factor of their covariance with noise.
        covariance: of the rows of two matrices; 1 for equal rows.
        noise: variance of a measurement.

    Source: Rasmussen and Williams 2006, *Gaussian Processes for Machine Learning*, chapter 2.
    """

    points: Matrix
    whitening: Matrix
    covariance: Callable[[Matrix, Matrix], Matrix]
    noise: float

    def measured(self, points: Matrix) -> Posterior:
        """The same after measurements at more points; one more of n costs n² operations."""
        cross = self.covariance(self.points, points)
        own = self.covariance(points, points) + self.noise * np.eye(len(points))
        whitening = _grown(self.whitening, cross, own)
        known = np.vstack([self.points, points])
        return Posterior(known, whitening, self.covariance, self.noise)

    def __call__(self, points: Matrix, values: Matrix) -> tuple[Matrix, Matrix]:
        """Expected values at points, and their standard deviations.

        Args:
            points: shape (points, features).
            values: what was measured, standardised; shape (measured,) or (measured, numbers).
        """
        white = self.covariance(points, self.points) @ self.whitening.T
        expected: Matrix = white @ (self.whitening @ values)
        deviation: Matrix = np.sqrt(np.maximum(0.0, 1.0 - (white**2).sum(1)))
        return expected, deviation


def one_by_one(
    posterior: Posterior,
    values: Matrix,
    candidates: Matrix,
    k: int,
    score: Callable[[list[int], Matrix, Matrix], Matrix],
    believe: Callable[[int, Matrix], object] = lambda *_: None,
) -> list[int]:
    """The places of ``k`` candidates, the highest score first. Each is chosen as if the values of
    those before had come out as expected (the kriging believer), so that they are not all alike.

    Args:
        posterior: what is known of all points.
        values: what was measured, standardised; shape (measured,) or (measured, numbers).
        candidates: shape (candidates, features).
        k: how many are chosen.
        score: called with the places that are left, their expected values, their deviations.
        believe: told of each choice: its place and its expected values.

    Source: Ginsbourger, Le Riche and Carraro 2010, *Kriging is well-suited to parallelize
    optimization*.
    """
    left, chosen = list(range(len(candidates))), list[int]()
    while left and len(chosen) < k:
        expected, deviation = posterior(candidates[left], values)
        best = int(np.argmax(score(left, expected, deviation)))
        chosen.append(left.pop(best))
        believe(chosen[-1], expected[best])
        if len(chosen) < k:
            posterior = posterior.measured(candidates[chosen[-1:]])
            values = np.concatenate([values, expected[best : best + 1]])
    return chosen


def _grown(whitening: Matrix, cross: Matrix, own: Matrix) -> Matrix:
    """The inverse of the Cholesky factor of a matrix with rows added, from the one without them.

    The inverse of the matrix itself grows alike, but its rounding errors double with every step.
    """
    n, m = cross.shape
    below = cross.T @ whitening.T
    corner = np.linalg.inv(np.linalg.cholesky(own - below @ below.T))
    grown = np.zeros((n + m, n + m))
    grown[:n, :n] = whitening
    grown[n:, :n] = -corner @ below @ whitening
    grown[n:, n:] = corner
    return grown
