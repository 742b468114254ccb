"""The rules of a space as a person reads them."""

from __future__ import annotations

from deap_nas.spaces.rules import said
from deap_nas.spaces.runtime import left_out
from deap_nas.spaces.space import SearchSpace
from deap_nas.words import counted, noun


def describe(space: SearchSpace) -> list[str]:
    """The rules as lines that a person reads."""
    heads = [rule for rule in space.rules if rule.layer.head]
    low, high = space.depth_range
    classes = counted(space.n_classes, "class", "classes")
    lines = [f"images {' x '.join(map(str, space.input_shape))}, {classes}"]
    lines += [f"  {said(rule)}" for rule in space.rules if not rule.layer.head]
    lines.append(f"  in any order, {_range(low, high)} in all; each fits the map that reaches it")
    if space.reductions:
        lines.append(f"  {_range(*space.reductions)} of them make the feature map smaller")
    lines.append("  then one head: " + "; or ".join(said(rule, counted=False) for rule in heads))
    if space.budgets:
        lines.append("  in all " + ", ".join(map(str, space.budgets)))
    if lacking := left_out(space):
        lines.append(f"  {lacking}")
    return [*lines, f"{space.said_size()} legal {noun(space.size(), 'genome')}"]


def _range(low: int, high: int) -> str:
    return f"{low} to {high}" if low < high else f"exactly {low}"
