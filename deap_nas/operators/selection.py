"""Selection of parents."""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import Any


def sel_roulette(
    individuals: list[Any], k: int, *, fit_attr: str = "fitness", rng: random.Random | Any = random
) -> list[Any]:
    """Draw ``k`` individuals, with replacement, with probability proportional to fitness. ::

        fitness a 4, b 2, c 0, d 2  ->  wheel a a a a b b d d  ->  k = 3: a d a

    Only the first objective counts, and it must be maximised. Always returns ``k`` (unlike
    ``deap.tools.selRoulette``): with fitness zero throughout, every individual is equally likely.
    One rng call for each drawn: ``rng.random``.

    Raises:
        ValueError: for a fitness that is missing, negative, infinite or NaN, or minimised.

    Source: Holland 1975; the report, section III.4.
    """
    fitness = [_fitness(individual, fit_attr) for individual in individuals]
    most = max(fitness, default=0.0)
    widths = [value / most for value in fitness] if most else [1.0] * len(fitness)
    return _spin(individuals, widths, k, rng)


def sel_rank_roulette(
    individuals: list[Any],
    k: int,
    *,
    pressure: float = 1.5,
    fit_attr: str = "fitness",
    rng: random.Random | Any = random,
) -> list[Any]:
    """Draw ``k`` individuals, with replacement, with probability linear in their rank. ::

        fitness a 900, b 7, c -1  ->  wheel a a a b b c  ->  k = 3: a b a   (pressure 1.5)

    Of n individuals the best is drawn ``pressure / n`` of the time, the worst
    ``(2 - pressure) / n``, and the ranks between lie on a line; equals share the mean of their
    ranks. Only the order counts, DEAP's order of fitness: any weights, several objectives
    (compared one after the other), negative and infinite values, and no scaling. One rng call for
    each drawn: ``rng.random``.

    Args:
        individuals: each with a fitness.
        k: how many are drawn.
        rng: draws; ``random.Random`` or the module.
        fit_attr: the attribute that holds the fitness.
        pressure: how often the best is drawn for once that the mean is: above 1, at most 2.

    Raises:
        ValueError: for such a ``pressure``, or a fitness that is missing or NaN.

    Source: Baker 1985.
    """
    if not 1 < pressure <= 2:
        raise ValueError(f"pressure {pressure}, allowed above 1 and at most 2")
    fitness = [_comparable(individual, fit_attr) for individual in individuals]
    ordered = sorted(fitness)
    top = max(len(ordered) - 1, 1)
    widths = []
    for each in fitness:
        rank = (bisect_left(ordered, each) + bisect_right(ordered, each) - 1) / 2
        widths.append(2 - pressure + 2 * (pressure - 1) * rank / top)
    if len(fitness) == 1:
        widths = [1.0]
    return _spin(individuals, widths, k, rng)


def _spin(
    individuals: list[Any], widths: list[float], k: int, rng: random.Random | Any
) -> list[Any]:
    """Draw ``k`` from a wheel on which each individual has a slot of its width."""
    if not individuals:
        if k:
            raise ValueError(f"cannot select {k} of 0 individuals: give at least one")
        return []
    wheel = list(accumulate(widths))
    # bisect_right: a slot of no width is never hit; min: rounding may put the spin on the rim.
    last = max(i for i, width in enumerate(widths) if width)
    return [individuals[min(bisect_right(wheel, rng.random() * wheel[-1]), last)] for _ in range(k)]


def _comparable(individual: Any, fit_attr: str) -> tuple[float, ...]:
    """Weighted values, by which DEAP compares fitness."""
    values = _valid(individual, fit_attr).wvalues
    if any(math.isnan(value) for value in values):
        raise ValueError(f"{individual} has fitness nan, allowed a number")
    return tuple(values)


def _valid(individual: Any, fit_attr: str) -> Any:
    fitness = getattr(individual, fit_attr)
    if not fitness.valid:
        raise ValueError(f"{individual} has no fitness: evaluate it before selecting")
    return fitness


def _fitness(individual: Any, fit_attr: str) -> float:
    fitness = _valid(individual, fit_attr)
    if fitness.weights[0] < 0:
        raise ValueError(
            f"roulette selection maximises, but the weight is {fitness.weights[0]}: "
            "use a tournament for a fitness to be minimised"
        )
    value = float(fitness.values[0])
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{individual} has fitness {value}, allowed finite and 0 or more")
    return value


def _of_deap(name: str, **settings: Any) -> Callable[..., list[Any]]:
    """A selection of ``deap.tools``, which loads when it is first used: it brings numpy along."""
    return partial(_select, name, **settings)


def _select(name: str, individuals: list[Any], k: int, **settings: Any) -> list[Any]:
    from deap import tools

    selected: list[Any] = getattr(tools, name)(individuals, k, **settings)
    return selected


OWN_SELECTIONS = {"roulette": sel_roulette, "rank_roulette": sel_rank_roulette}
"""Those that take an ``rng``; DEAP's own draw from the random module."""

SELECTIONS: dict[str, Callable[..., list[Any]]] = {
    **OWN_SELECTIONS,
    "tournament": _of_deap("selTournament", tournsize=3),
    "sus": _of_deap("selStochasticUniversalSampling"),
    "best": _of_deap("selBest"),
    "random": _of_deap("selRandom"),
    "lexicase": _of_deap("selLexicase"),
}
