"""Selection of parents."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from itertools import accumulate
from typing import Any


def sel_roulette(
    individuals: list[Any], k: int, *, fit_attr: str = "fitness", rng: random.Random | Any = random
) -> list[Any]:
    """Draw ``k`` individuals, with replacement, with probability proportional to fitness.

    Only the first objective counts, and it must be maximised. Always returns ``k`` (unlike
    ``deap.tools.selRoulette``): with fitness zero throughout, every individual is equally likely.
    One rng call for each drawn: ``rng.random``.

    Raises:
        ValueError: for a fitness that is missing, negative, infinite or NaN, or minimised.

    Source: Holland 1975; the report, section III.4.
    """
    fitness = [_fitness(individual, fit_attr) for individual in individuals]
    if not fitness:
        if k:
            raise ValueError(f"cannot select {k} of 0 individuals: give at least one")
        return []
    most = max(fitness)
    widths = [value / most for value in fitness] if most else [1.0] * len(fitness)
    wheel = list(accumulate(widths))
    # bisect_right: a slot of no width is never hit; min: rounding may put the spin on the rim.
    last = max(i for i, width in enumerate(widths) if width)
    return [individuals[min(bisect_right(wheel, rng.random() * wheel[-1]), last)] for _ in range(k)]


def _fitness(individual: Any, fit_attr: str) -> float:
    fitness = getattr(individual, fit_attr)
    if not fitness.valid:
        raise ValueError(f"{individual} has no fitness: evaluate it before selecting")
    if fitness.weights[0] < 0:
        raise ValueError(
            f"roulette selection maximises, but the weight is {fitness.weights[0]}: "
            "use a tournament for a fitness to be minimised"
        )
    value = float(fitness.values[0])
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{individual} has fitness {value}, allowed finite and 0 or more")
    return value
