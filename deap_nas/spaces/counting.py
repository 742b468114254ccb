"""How many genomes a space has, and what they cost at most."""

from __future__ import annotations

from functools import cache
from math import comb
from typing import Any

from deap_nas.layers import Shape
from deap_nas.spaces.walks import Counts, Walks

MOST_STATES = 200_000  # counting exactly would take minutes beyond


class TooMany(Exception):
    """More states than can be counted in a moment."""


class Counting:
    """The genomes of a space without budgets, counted.

    Args:
        walks: the space.
    """

    def __init__(self, walks: Walks) -> None:
        self._walks = walks
        self._counted: dict[Any, int] = {}  # apart, so that no drawing comes near MOST_STATES

    def size(self) -> tuple[int, bool]:
        """How many there are, and whether that is exact; if not, a bound of what fits or not."""
        walks = self._walks
        depths = range(walks.depth[0], walks.depth[1] + 1)
        if not walks.by_channels:
            try:
                return sum(self.ends(n, walks.none, walks.start) for n in depths), True
            except TooMany:
                pass
        heads = sum(head.n_genes for head in walks.heads.values())
        return heads * sum(_unfitted(walks, n) for n in depths), False

    def ends(self, n: int, counts: Counts, place: Shape) -> int:
        """Legal ends of ``n`` genes and a head.

        Raises:
            TooMany: beyond ``MOST_STATES``.
        """
        walks = self._walks
        if n == 0:
            heads = (sum(walks.branches(head, place).values()) for head in walks.heads.values())
            return sum(heads) if walks.enough(counts) else 0
        key = (n, counts, place)
        if key not in self._counted:
            if len(self._counted) >= MOST_STATES:
                raise TooMany
            self._counted[key] = sum(
                many * self.ends(n - 1, after, ahead)
                for kind, rule in walks.layers.items()
                if (after := walks.counted((kind,), counts)) is not None
                for ahead, many in walks.branches(rule, place).items()
            )
        return self._counted[key]


def _unfitted(walks: Walks, n: int) -> int:
    """Sequences of ``n`` genes, whether they fit or not: a bound, layer by layer."""
    reducing, low, high = walks.reducing
    ways = {(0, 0): 1}  # (genes, reductions) -> sequences
    for kind, rule in walks.layers.items():
        step: dict[tuple[int, int], int] = {}
        for (length, reductions), many in ways.items():
            for c in range(rule.low, min(rule.high, n - length) + 1):
                key = (length + c, reductions + c * (kind in reducing))
                more = many * comb(length + c, c) * rule.n_genes**c
                step[key] = step.get(key, 0) + more
        ways = step
    return sum(
        many
        for (length, reductions), many in ways.items()
        if length == n and low <= reductions <= high
    )


def most_params(walks: Walks, input_shape: Shape, n_classes: int) -> int:
    """The most parameters that the counts allow, were every gene as large as can be; whether they
    fit or not."""

    def most(n: int, counts: Counts, channels: int) -> int:
        shape = (*input_shape[:2], channels)
        if n == 0:
            heads = [
                h.layer.count_params(h.largest, shape, n_classes) for h in walks.heads.values()
            ]
            return max(heads) if walks.enough(counts) else -1
        found = [-1]
        for rule in walks.layers.values():
            after = walks.counted((rule.name,), counts)
            behind = rule.layer.map_behind(rule.largest, shape)
            if after is not None and behind is not None:
                rest = keep(n - 1, after, behind[2])
                if rest >= 0:
                    found.append(rest + rule.layer.count_params(rule.largest, shape))
        return max(found)

    keep = cache(most)
    return max(
        keep(n, walks.none, input_shape[2]) for n in range(walks.depth[0], walks.depth[1] + 1)
    )
