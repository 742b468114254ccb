"""Walks through a space, gene by gene: which can be completed, and how many there are.

A walk stands at a feature map, with some genes to go and some counts used up. Every answer is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from math import comb
from typing import Any, TypeVar

from deap_nas.layers import Gene, Shape
from deap_nas.spaces.listing import Choices
from deap_nas.spaces.rules import Rule

Counts = tuple[int, ...]
T = TypeVar("T")
MOST_STATES = 200_000  # counting exactly would take minutes beyond


class TooMany(Exception):
    """More states than can be counted in a moment."""


class Walks:
    """The genomes of a space as walks.

    Args:
        layers, heads: the rules.
        depth: fewest and most genes before the head.
        reductions: fewest and most of them that make the feature map smaller, or None.
    """

    def __init__(
        self,
        layers: Sequence[Rule],
        heads: Sequence[Rule],
        depth: tuple[int, int],
        reductions: tuple[int, int] | None,
        input_shape: Shape,
        n_classes: int,
    ) -> None:
        self.layers = {rule.name: rule for rule in layers}
        self.heads = {rule.name: rule for rule in heads}
        self.depth, self._n_classes = depth, n_classes
        self._by_channels = not all(rule.layer.channel_free for rule in (*layers, *heads))
        self.start = self._place(input_shape)
        self._limits = [
            (frozenset({rule.name}), rule.low, rule.high)
            for rule in layers
            if rule.low > 0 or rule.high < depth[1]
        ]
        self.reducing = (frozenset[str](), 0, depth[1])
        if reductions:
            reducing = frozenset(rule.name for rule in layers if rule.layer.reduces)
            self.reducing = (reducing, *reductions)
            self._limits.append(self.reducing)
        self.none: Counts = (0,) * len(self._limits)
        self._kept: dict[Any, Any] = {}
        self._counted: dict[Any, int] = {}  # apart, so that no drawing comes near MOST_STATES

    @property
    def exact(self) -> bool:
        """Whether ``size`` counts what fits, not only what the counts allow."""
        return self._size[1]

    def _keep(self, key: Any, find: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = find()
        found: T = self._kept[key]
        return found

    # Where a walk stands

    def _place(self, shape: Shape) -> Shape:
        """A feature map as far as it matters: without channels where no layer looks at them."""
        return shape if self._by_channels else (*shape[:2], 1)

    def behind(self, gene: Gene, place: Shape) -> Shape | None:
        """Where a gene leads; None where it does not fit."""
        key = (gene, place)
        try:
            found: Shape | None = self._kept[key]
            return found
        except KeyError:
            pass
        rule = self.layers.get(gene.kind) or self.heads[gene.kind]
        about = (place, self._n_classes) if rule.layer.head else (place,)
        shape = rule.layer.shape_behind(gene, *about)
        if shape is not None and not rule.layer.head:
            shape = self._place(shape)
        self._kept[key] = shape
        return shape

    def end_of(self, genes: Iterable[Gene], place: Shape | None) -> Shape | None:
        """Where several genes lead; None where one does not fit."""
        for gene in genes:
            if place is None:
                return None
            place = self.behind(gene, place)
        return place

    def branches(self, rule: Rule, place: Shape) -> dict[Shape, int]:
        """Where the genes of a rule lead, and how many of them to each."""

        def find() -> dict[Shape, int]:
            found: dict[Shape, int] = {}
            for gene in rule.genes:
                if (place_behind := self.behind(gene, place)) is not None:
                    found[place_behind] = found.get(place_behind, 0) + 1
            return found

        return self._keep(("branches", rule.name, place), find)

    def leading(self, rule: Rule, place: Shape, to: frozenset[Shape]) -> Choices[Any]:
        """The genes of a rule that lead to one of those places, in the rule's order."""
        if len(to) == len(self.branches(rule, place)) and self._all_fit(rule, place):
            return rule.genes
        return self._keep(
            ("leading", rule.name, place, to),
            lambda: Choices(gene for gene in rule.genes if self.behind(gene, place) in to),
        )

    def _all_fit(self, rule: Rule, place: Shape) -> bool:
        return sum(self.branches(rule, place).values()) == rule.n_genes

    # Counts

    def counted(self, kinds: Iterable[str], counts: Counts | None = None) -> Counts | None:
        """Counts with these kinds added; None beyond what is allowed."""
        found = list(self.none if counts is None else counts)
        for kind in kinds:
            for i, (group, _, high) in enumerate(self._limits):
                if kind in group:
                    found[i] += 1
                    if found[i] > high:
                        return None
        return tuple(found)

    def enough(self, counts: Counts) -> bool:
        return all(n >= low for n, (_, low, _) in zip(counts, self._limits))

    # What can be completed

    def completes(self, n: int, counts: Counts, place: Shape) -> bool:
        """Whether some ``n`` genes and a head make a legal end."""
        if n == 0:
            return self.enough(counts) and self.ends(place)
        if any(low - c > n for c, (_, low, _) in zip(counts, self._limits)):
            return False
        return self._keep(
            ("completes", n, counts, place),
            lambda: any(
                self.completes(n - 1, after, ahead)
                for kind, rule in self.layers.items()
                if (after := self.counted((kind,), counts)) is not None
                for ahead in self.branches(rule, place)
            ),
        )

    def ends(self, place: Shape) -> bool:
        return any(self.branches(head, place) for head in self.heads.values())

    def fits(self, kinds: tuple[str, ...], place: Shape) -> bool:
        """Whether genes of these kinds, in this order, and a head can follow."""
        if not kinds:
            return self.ends(place)
        return self._keep(
            ("fits", kinds, place),
            lambda: any(
                self.fits(kinds[1:], ahead) for ahead in self.branches(self.layers[kinds[0]], place)
            ),
        )

    def arrangements(self, n: int, counts: Counts) -> bool:
        """Whether some ``n`` kinds complete the counts, whatever fits."""
        if n == 0:
            return self.enough(counts)
        return self._keep(
            ("arrangements", n, counts),
            lambda: any(
                self.arrangements(n - 1, after)
                for kind in self.layers
                if (after := self.counted((kind,), counts)) is not None
            ),
        )

    def orders(self, n: int, counts: Counts, places: frozenset[Shape]) -> int:
        """How many orders of ``n`` kinds some genes and a head complete, from one of the places."""
        if n == 0 or not places:
            return int(self.enough(counts) and any(map(self.ends, places)))
        return self._keep(
            ("orders", n, counts, places),
            lambda: sum(
                self.orders(n - 1, after, self.ahead(rule, places))
                for kind, rule in self.layers.items()
                if (after := self.counted((kind,), counts)) is not None
            ),
        )

    def ahead(self, rule: Rule, places: frozenset[Shape]) -> frozenset[Shape]:
        """Where the genes of a rule lead from several places."""
        return self._keep(
            ("ahead", rule.name, places),
            lambda: frozenset(p for place in places for p in self.branches(rule, place)),
        )

    # How many there are

    @property
    def size(self) -> int:
        return self._size[0]

    @cached_property
    def _size(self) -> tuple[int, bool]:
        depths = range(self.depth[0], self.depth[1] + 1)
        if not self._by_channels:
            try:
                return sum(self._count(n, self.none, self.start) for n in depths), True
            except TooMany:
                pass
        heads = sum(head.n_genes for head in self.heads.values())
        return heads * sum(self._unfitted(n) for n in depths), False

    def _count(self, n: int, counts: Counts, place: Shape) -> int:
        """Legal ends of ``n`` genes and a head."""
        if n == 0:
            heads = (sum(self.branches(head, place).values()) for head in self.heads.values())
            return sum(heads) if self.enough(counts) else 0
        key = (n, counts, place)
        if key not in self._counted:
            if len(self._counted) >= MOST_STATES:
                raise TooMany
            self._counted[key] = sum(
                many * self._count(n - 1, after, ahead)
                for kind, rule in self.layers.items()
                if (after := self.counted((kind,), counts)) is not None
                for ahead, many in self.branches(rule, place).items()
            )
        return self._counted[key]

    def _unfitted(self, n: int) -> int:
        """Sequences of ``n`` genes, whether they fit or not: a bound, layer by layer."""
        reducing, low, high = self.reducing
        ways = {(0, 0): 1}  # (genes, reductions) -> sequences
        for kind, rule in self.layers.items():
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

    def most_params(self, input_shape: Shape) -> int:
        """The most parameters that the counts allow, were every gene as large as can be; whether
        they fit or not."""

        def most(n: int, counts: Counts, channels: int) -> int:
            shape = (*input_shape[:2], channels)
            if n == 0:
                heads = [
                    h.layer.count_params(h.largest, shape, self._n_classes)
                    for h in self.heads.values()
                ]
                return max(heads) if self.enough(counts) else -1
            found = [-1]
            for rule in self.layers.values():
                after = self.counted((rule.name,), counts)
                behind = rule.layer.map_behind(rule.largest, shape)
                if after is not None and behind is not None:
                    rest = keep(n - 1, after, behind[2])
                    if rest >= 0:
                        found.append(rest + rule.layer.count_params(rule.largest, shape))
            return max(found)

        keep = cache(most)
        return max(
            keep(n, self.none, input_shape[2]) for n in range(self.depth[0], self.depth[1] + 1)
        )
