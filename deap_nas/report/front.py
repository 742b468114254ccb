"""Accuracy against parameters: the Pareto front's knee, and the area that the front covers."""

from __future__ import annotations

from collections.abc import Iterable

import moocore
import numpy as np
import pandas as pd

from deap_nas.runs.tables import pareto_front as pareto_front

KNEE_RULE = (
    "the network furthest above the straight line between the front's two ends, with accuracy and "
    "the logarithm of the parameters each scaled to 0..1 along the front"
)


def knee(front: pd.DataFrame) -> int | None:
    """The label of the front's knee (``KNEE_RULE``); None where it has fewer than three networks,
    or none above the line.

    Source: Das 1999, the farthest point from the line through a front's extremes.
    """
    if len(front) < 3:
        return None
    x, y = np.log(front["n_params"].to_numpy(float)), front["accuracy"].to_numpy(float)
    height = (y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])
    return int(front.index[height.argmax()]) if height.max() > 0 else None


def hypervolume(points: Iterable[tuple[float, float]], reference_params: float) -> float:
    """Area between a front and the reference point: accuracy 0, ``reference_params`` parameters.

    Args:
        points: (accuracy in [0, 1], parameters); those beyond the reference add nothing.
        reference_params: parameters of the reference point.

    Returns:
        accuracy x decades of parameters: one network with accuracy 1 and a tenth of the reference's
        parameters has 1.0.

    Source: Zitzler and Thiele 1999; computed by moocore.
    """
    reference = np.log10(reference_params)
    inside = [(-a, np.log10(p)) for a, p in points if a > 0 and 0 < p < reference_params]
    if not inside:
        return 0.0
    return float(moocore.hypervolume(np.array(inside), ref=np.array([0.0, reference])))
