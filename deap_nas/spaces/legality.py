"""Spaces without a genome: which of the rules is at fault."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from deap_nas.layers import Shape
from deap_nas.spaces.budgets import MOST, Budget
from deap_nas.spaces.drawing import draw
from deap_nas.spaces.rules import SpaceError
from deap_nas.spaces.thrift import ThriftyWalks
from deap_nas.spaces.walks import Walks

MOST_GENES = 100  # walks are recursive


def check_legal(walks: Walks, reductions: Any, input_shape: Shape) -> None:
    """Whether some genome keeps all rules but the budgets.

    Args:
        walks: without budgets.
        reductions: fewest and most, or None.
        input_shape: (height, width, channels) of an image.

    Raises:
        SpaceError: naming what contradicts what.
    """
    low, high = walks.depth
    if high > MOST_GENES:
        raise SpaceError(
            f"up to {high} genes before the head, allowed up to {MOST_GENES}; lower the depth, or "
            "the counts"
        )
    if walks.depths:
        return
    if not any(walks.arrangements(n, walks.none) for n in range(low, high + 1)):
        raise SpaceError(
            f"no genome is legal: reductions {reductions} contradict the counts of layers that "
            "make the feature map smaller; change one of them"
        )
    raise SpaceError(
        f"no genome is legal: even the smallest do not fit images of shape {input_shape}; allow "
        "smaller kernels, or fewer genes that make the feature map smaller"
    )


def check_affordable(walks: Walks, budgets: Sequence[Budget], rules: tuple[Any, ...]) -> None:
    """Whether some genome meets all budgets.

    Args:
        walks: within the budgets.
        budgets: those.
        rules: the space, as for ``Walks``.

    Raises:
        SpaceError: naming the first budget that is too small, with those before it kept, and the
            genome that costs least.
    """
    if walks.depths:
        return
    n = next(n for n in range(len(budgets)) if not ThriftyWalks(budgets[: n + 1], *rules).depths)
    budget, kept = budgets[n], budgets[:n]
    genes, least = _cheapest_genome(budget, kept, rules)
    limit, beside = budget.cost.limit, "".join(f" and {other}" for other in kept)
    raise SpaceError(
        f"no genome is legal with {limit} {budget.most}{beside}: the cheapest, "
        f"'{';'.join(map(str, genes))}', has {least:,} {budget.cost.unit}; raise {limit} to "
        f"{budget.cost.limit_for(least)}"
    )


def _cheapest_genome(
    budget: Budget, kept: Sequence[Budget], rules: tuple[Any, ...]
) -> tuple[list[Any], int]:
    """The genome within the budgets ``kept`` that costs least, and what it costs, by bisection."""
    *_, input_shape, n_classes = rules
    low, high, cheapest = budget.room + 1, MOST, list[Any]()
    while low < high or not cheapest:
        most = (low + high) // 2 if cheapest else high
        wider = Budget(budget.cost, budget.cost.limit_for(most))
        walks = ThriftyWalks((*kept, wider), *rules)
        if walks.depths:
            cheapest = draw(walks, random.Random(0))
            high = budget.cost.total(cheapest, input_shape, n_classes)
        elif not cheapest:
            raise SpaceError(f"all genomes have over {MOST} {budget.cost.unit}")
        else:
            low = most + 1
    return cheapest, high
