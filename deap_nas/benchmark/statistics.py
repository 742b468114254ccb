"""What may be said of samples of regret: less is better. Tests by scipy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats


def a12(a: Sequence[float], b: Sequence[float]) -> float:
    """The probability that a draw of ``a`` is smaller (better) than one of ``b``, ties by half.

    Source: Vargha and Delaney 2000; from Mann-Whitney's U.
    """
    u = stats.mannwhitneyu(b, a, alternative="two-sided").statistic
    return float(u) / (len(a) * len(b))


def p_better(a: Sequence[float], b: Sequence[float]) -> float:
    """One-sided Mann-Whitney: how surprising this were, if ``a`` were not smaller than ``b``."""
    if len({*a, *b}) == 1:
        return 1.0
    return float(stats.mannwhitneyu(a, b, alternative="less").pvalue)


def p_different(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided Mann-Whitney."""
    if len({*a, *b}) == 1:
        return 1.0
    return float(stats.mannwhitneyu(a, b, alternative="two-sided").pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for how many they are (Holm 1979), in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected, least = [0.0] * len(p_values), 0.0
    for place, i in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - place) * p_values[i]))
        corrected[i] = least
    return corrected


def mean_interval(sample: Sequence[float]) -> tuple[float, float, float]:
    """The mean and its 95 % bootstrap interval (percentile, 2,000 resamples)."""
    values: Any = np.asarray(sample, dtype=float)
    mean = float(values.mean())
    if len(values) < 2 or values.min() == values.max():
        return mean, mean, mean
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return mean, float(found.low), float(found.high)
