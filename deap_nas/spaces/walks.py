"""Walks through a space, gene by gene: which can be completed, and how many there are.

A walk stands at a feature map, with some genes to go and some counts used up. Every answer is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from operator import ge
from typing import Any, TypeVar

from deap_nas.layers import Gene, Shape
from deap_nas.spaces.listing import Choices
from deap_nas.spaces.rules import Rule

Counts = tuple[int, ...]
Place = Any  # a feature map; with budgets, also what was spent on the way to it
T = TypeVar("T")


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
        self.depth, self.n_classes = depth, n_classes
        self.by_channels = not all(rule.layer.channel_free for rule in (*layers, *heads))
        self.start: Place = self._place(input_shape)
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
        self._lows = [low for _, low, _ in self._limits]
        self._counts_of: dict[str, list[tuple[int, int]]] = {
            rule.name: [
                (i, most) for i, (of, _, most) in enumerate(self._limits) if rule.name in of
            ]
            for rule in layers
        }
        self._kept: dict[Any, Any] = {}

    def _keep(self, key: Any, find: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = find()
        found: T = self._kept[key]
        return found

    # Where a walk stands

    def _place(self, shape: Shape) -> Shape:
        """A feature map as far as it matters: without channels where no layer looks at them."""
        return shape if self.by_channels else (*shape[:2], 1)

    def behind(self, gene: Gene, place: Place) -> Place | None:
        """Where a gene leads; None where it does not fit."""
        key = (gene, place)
        try:
            found: Place | None = self._kept[key]
            return found
        except KeyError:
            pass
        rule = self.layers.get(gene.kind) or self.heads[gene.kind]
        about = (place, self.n_classes) if rule.layer.head else (place,)
        shape = rule.layer.shape_behind(gene, *about)
        if shape is not None and not rule.layer.head:
            shape = self._place(shape)
        self._kept[key] = shape
        return shape

    def end_of(self, genes: Iterable[Gene], place: Place | None) -> Place | None:
        """Where several genes lead; None where one does not fit."""
        for gene in genes:
            if place is None:
                return None
            place = self.behind(gene, place)
        return place

    def branches(self, rule: Rule, place: Place) -> dict[Place, int]:
        """Where the genes of a rule lead, and how many of them to each."""
        key = ("branches", rule.name, place)
        if key not in self._kept:
            ahead = (self.behind(gene, place) for gene in rule.genes)
            self._kept[key] = dict(Counter(p for p in ahead if p is not None))
        found: dict[Place, int] = self._kept[key]
        return found

    def opening(self, rule: Rule, place: Place, kinds: tuple[str, ...] | None) -> Choices[Any]:
        """The genes of a rule that genes of these kinds and a head can follow; a head is followed
        by None."""
        ahead = self.branches(rule, place)
        to = ahead if kinds is None else (p for p in ahead if self.fits(kinds, p))
        return self._leading(rule, place, frozenset(to))

    def choices(self, rule: Rule, place: Place, rest: Sequence[Gene]) -> Choices[Any]:
        """The genes of a rule that these genes can follow."""
        ahead = self.branches(rule, place)
        to = (p for p in ahead if not rest or self.end_of(rest, p) is not None)
        return self._leading(rule, place, frozenset(to))

    def _leading(self, rule: Rule, place: Place, to: frozenset[Place]) -> Choices[Any]:
        """The genes of a rule that lead to one of those places, in the rule's order."""
        if len(to) == len(self.branches(rule, place)) and self._all_fit(rule, place):
            return rule.genes
        return self._keep(
            ("leading", rule.name, place, to),
            lambda: Choices(gene for gene in rule.genes if self.behind(gene, place) in to),
        )

    def _all_fit(self, rule: Rule, place: Place) -> bool:
        return sum(self.branches(rule, place).values()) == rule.n_genes

    # Counts

    def counted(self, kinds: Iterable[str], counts: Counts | None = None) -> Counts | None:
        """Counts with these kinds added; None beyond what is allowed."""
        found = list(self.none if counts is None else counts)
        for kind in kinds:
            for i, high in self._counts_of[kind]:
                found[i] += 1
                if found[i] > high:
                    return None
        return tuple(found)

    def enough(self, counts: Counts) -> bool:
        return all(map(ge, counts, self._lows))

    def allow(self, kinds: Iterable[str], counts: Counts | None = None) -> bool:
        """Whether these kinds, with those counted, are as many as a genome must have."""
        found = self.counted(kinds, counts)
        return found is not None and self.enough(found)

    # What can be completed

    @property
    def first(self) -> Any:
        """The places of walks that have no gene yet; see ``orders``."""
        return frozenset({self.start})

    def completes(self, n: int, counts: Counts, place: Place) -> bool:
        """Whether some ``n`` genes and a head make a legal end."""
        if n == 0:
            return self.enough(counts) and self.ends(place)
        if any(low - c > n for c, low in zip(counts, self._lows)):
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

    @cached_property
    def depths(self) -> list[int]:
        """How many genes before the head some genomes have."""
        low, high = self.depth
        return [n for n in range(low, high + 1) if self.completes(n, self.none, self.start)]

    def ends(self, place: Place) -> bool:
        return any(self.branches(head, place) for head in self.heads.values())

    def fits(self, kinds: tuple[str, ...], place: Place) -> bool:
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

    def orders(self, n: int, counts: Counts, places: frozenset[Place]) -> int:
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

    def ahead(self, rule: Rule, places: frozenset[Place]) -> frozenset[Place]:
        """Where the genes of a rule lead from several places."""
        return self._keep(
            ("ahead", rule.name, places),
            lambda: frozenset(p for place in places for p in self.branches(rule, place)),
        )
