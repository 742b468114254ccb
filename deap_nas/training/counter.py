"""Random numbers that are a function of a seed and a count: the same everywhere, in any order."""

from __future__ import annotations

from typing import Any

import numpy as np

GOLDEN = 0x9E3779B97F4A7C15


def counted(seed: int, stream: int, n: int) -> Any:
    """The first ``n`` numbers of 64 bits of a stream, uint64, shape (n,).

    Source: Steele, Lea and Flood 2014, figure 2 (SplitMix64).

    Args:
        seed: a whole number from 0; another gives other numbers.
        stream: so does another stream, a whole number from 0.
        n: how many.
    """
    with np.errstate(over="ignore"):
        start = _mixed(np.uint64(seed) * np.uint64(GOLDEN) + np.uint64(stream + 1))
        return _mixed(start + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(GOLDEN))


def _mixed(z: Any) -> Any:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
