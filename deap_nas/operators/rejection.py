"""The report's way with illegal children: reject them and keep the parent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deap_nas.operators.protocol import Space


def rejecting(move: Callable[..., tuple[Any, ...]], space: Space) -> Callable[..., tuple[Any, ...]]:
    """Wrap a variation operator that may break the rules: each individual that it leaves illegal is
    put back as it was (the report, section V.3). Works for crossover and mutation alike."""

    def move_or_keep(*individuals: Any, **settings: Any) -> tuple[Any, ...]:
        before = [list(individual) for individual in individuals]
        after = move(*individuals, **settings)
        for individual, parent in zip(after, before):
            if individual not in space:
                individual[:] = parent
        return after

    return move_or_keep
