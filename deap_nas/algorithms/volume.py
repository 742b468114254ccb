"""How much a front gains by one more individual."""

from __future__ import annotations

import moocore
import numpy as np

from deap_nas.algorithms.posterior import Matrix

MARGIN = 0.1  # of an objective's range: what is beyond the worst still counts a little


class Volume:
    """What the points that nothing beats cover, more being better in each; what others would add.

    Each objective is measured in units of its range among all points there are. The volume is the
    one between the front and a reference point, which is ``MARGIN`` worse than the worst of all
    points in each objective.

    Args:
        points: of everybody evaluated, shape (individuals, objectives).

    Source: hypervolume, Zitzler and Thiele 1999; the gain of an optimistic guess, and the penalty
    of a dominated one, Ponweiser, Wagner, Biermann and Vincze 2008 (SMS-EGO).
    """

    def __init__(self, points: Matrix) -> None:
        spread = points.max(0) - points.min(0)
        self._unit = np.where(spread > 0, spread, 1.0)
        self._reference = points.min(0) / self._unit - MARGIN
        self._points = self._beaten_by_none(points / self._unit)

    def add(self, point: Matrix) -> None:
        """One more point, in place."""
        self._points = self._beaten_by_none(np.vstack([self._points, point / self._unit]))

    def gain(self, point: Matrix) -> float:
        """What a point would add; below 0 where it is beaten, the less the farther it is behind."""
        if not np.isfinite(point).all():
            return -np.inf
        scaled = point / self._unit
        ahead = self._points - scaled
        beaten = ahead[(ahead >= 0).all(1)]
        if len(beaten):
            return float(1 - np.prod(1 + beaten, axis=1).max())
        return self._volume(np.vstack([self._points, scaled])) - self._volume(self._points)

    def _volume(self, points: Matrix) -> float:
        return float(moocore.hypervolume(-points, ref=-self._reference))

    @staticmethod
    def _beaten_by_none(points: Matrix) -> Matrix:
        found: Matrix = points[moocore.is_nondominated(-points)]
        return found
