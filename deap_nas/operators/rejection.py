"""The report's way with illegal children: reject them and keep the parent."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any

from deap_nas.operators.protocol import Space, check_lists

_ATOMS = (str, int, float, bool, type(None))


def rejecting(move: Callable[..., tuple[Any, ...]], space: Space) -> Callable[..., tuple[Any, ...]]:
    """Wrap a variation operator that may break the rules: each individual that it leaves illegal
    gets its genes back, the other keeps its new ones. ::

        a a|a a F      a a b F        a a b F
        b b|b F    ->  b b a a F  ->  b b b F   (the second was illegal, the first not)

    Works for crossover and mutation alike, and for genes that the move changes in place. What it
    returns has the name and the signature of ``move``. Rng calls: those of ``move``, no others.

    Source: the report, section V.3.
    """

    @wraps(move)
    def move_or_keep(*individuals: Any, **settings: Any) -> tuple[Any, ...]:
        check_lists(*individuals)
        before = [[_kept(gene) for gene in individual] for individual in individuals]
        after = move(*individuals, **settings)
        for individual, parent in zip(after, before):
            if individual not in space:
                individual[:] = parent
        return after

    return move_or_keep


def _kept(gene: Any) -> Any:
    """The gene as it is now, whatever happens to it; only what cannot change needs no copy."""
    return gene if _is_constant(gene) else deepcopy(gene)


def _is_constant(gene: Any) -> bool:
    if isinstance(gene, tuple) and not hasattr(gene, "__dict__"):
        return all(map(_is_constant, gene))
    return type(gene) in _ATOMS
