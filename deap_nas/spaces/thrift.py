"""Walks that stay within budgets: what is left is known of each, and what an end costs at least.

A cost that is a sum is carried along; one that is a maximum, as RAM is, only rules genes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import add, sub
from typing import Any

from deap_nas.layers import Gene, Shape
from deap_nas.spaces.budgets import Budget
from deap_nas.spaces.listing import Some
from deap_nas.spaces.rules import Rule
from deap_nas.spaces.steps import Alike, Costs, Step, Steps
from deap_nas.spaces.walks import Counts, Walks


class ThriftyWalks(Walks):
    """The genomes of a space that stay within budgets, as walks.

    A place is a feature map and what is left of the budgets. Which walks can be completed is told
    by the least costs of an end (Bellman 1957): of several sums at once, by all the costs of which
    none is less in every budget.

    Args:
        budgets: the most there may be of each cost.
        layers, heads, depth, reductions, input_shape, n_classes: as for ``Walks``.
    """

    def __init__(
        self,
        budgets: Sequence[Budget],
        layers: Sequence[Rule],
        heads: Sequence[Rule],
        depth: tuple[int, int],
        reductions: tuple[int, int] | None,
        input_shape: Shape,
        n_classes: int,
    ) -> None:
        super().__init__(layers, heads, depth, reductions, input_shape, n_classes)
        self._plain = Walks(layers, heads, depth, reductions, input_shape, n_classes)
        self.sums = [budget for budget in budgets if budget.cost.adds]
        self._peaks = [budget for budget in budgets if not budget.cost.adds]
        self._operators = any(budget.cost.int8 for budget in budgets)
        self.start: Any = (
            input_shape,
            tuple(budget.room - budget.cost.base for budget in self.sums),
        )
        every = (*self.layers.values(), *self.heads.values())
        monotone = all(rule.layer.monotone is not None for rule in every)
        self._cheap = {rule.name: rule.smallest if monotone else rule.genes for rule in every}
        self._taken: dict[Any, Step | None] = {}

    # Where a walk stands

    def behind(self, gene: Gene, place: Any) -> Any:
        shape, left = place
        key = (gene, shape)
        if key not in self._taken:
            rule = self.layers.get(gene.kind) or self.heads[gene.kind]
            self._taken[key] = self._step(rule, gene, shape)
        step = self._taken[key]
        if step is None:
            return None
        left = tuple(map(sub, left, step[1]))
        return (step[0], left) if not left or min(left) >= 0 else None

    def _step(self, rule: Rule, gene: Any, shape: Shape) -> Step | None:
        """Where a gene leads and what it costs; None where it exceeds a budget, or does not fit."""
        layer, about = rule.layer, (shape, self.n_classes) if rule.layer.head else (shape,)
        ahead = layer.ask("shape", gene, *about)
        if ahead is None or min(ahead) < 1:
            return None
        if any(layer.ask(each.cost.name, gene, *about) > each.room for each in self._peaks):
            return None
        costs = tuple(layer.ask(each.cost.name, gene, *about) for each in self.sums)
        return None if any(c > each.room for c, each in zip(costs, self.sums)) else (ahead, costs)

    def steps(self, rule: Rule, shape: Shape) -> Steps:
        """Those of all the genes of a rule."""

        def find() -> Steps:
            alike = self._keep(("alike", rule.name), lambda: Alike(rule, operators=self._operators))
            return Steps(alike, lambda gene: self._step(rule, gene, shape), len(self.sums))

        return self._keep(("steps", rule.name, shape), find)

    def _cheapest(self, rule: Rule, shape: Shape) -> list[Step]:
        """Those of its genes that cost least: the others lead nowhere for less."""

        def find() -> list[Step]:
            found = (self._step(rule, gene, shape) for gene in self._cheap[rule.name])
            return _least(step for step in found if step)

        return self._keep(("cheapest", rule.name, shape), find)

    # What can be completed

    def least(self, n: int, counts: Counts, shape: Shape) -> list[Costs]:
        """What ``n`` genes and a head cost at least."""
        if n == 0:
            return self._least_ends(shape) if self.enough(counts) else []
        if not self._plain.arrangements(n, counts):
            return []

        def find() -> list[Costs]:
            options = ((rule, self.counted((rule.name,), counts)) for rule in self.layers.values())
            return self._through(
                ((rule, after) for rule, after in options if after is not None),
                shape,
                lambda after, ahead: self.least(n - 1, after, ahead),
            )

        return self._keep(("least", n, counts, shape), find)

    def _least_of(self, kinds: tuple[str, ...], shape: Shape) -> list[Costs]:
        """What genes of these kinds, in this order, and a head cost at least."""
        if not kinds:
            return self._least_ends(shape)
        return self._keep(
            ("least", kinds, shape),
            lambda: self._through(
                [(self.layers[kinds[0]], kinds[1:])], shape, lambda rest, p: self._least_of(rest, p)
            ),
        )

    def _least_ends(self, shape: Shape) -> list[Costs]:
        heads = [(head, None) for head in self.heads.values()]
        nothing = (0,) * len(self.sums)
        return self._keep(
            ("least", shape), lambda: self._through(heads, shape, lambda *_: [nothing])
        )

    def _through(
        self, options: Iterable[tuple[Rule, Any]], shape: Shape, rest: Callable[..., list[Costs]]
    ) -> list[Costs]:
        """The least costs of a gene of one of the rules and the rest behind it."""
        found = (
            (None, tuple(map(add, costs, more)))
            for rule, after in options
            for ahead, costs in self._cheapest(rule, shape)
            for more in rest(after, ahead)
        )
        affordable = (each for each in found if all(map(_at_most, each[1], self.start[1])))
        return [costs for _, costs in _least(affordable)]

    def completes(self, n: int, counts: Counts, place: Any) -> bool:
        shape, left = place
        return any(all(map(_at_most, costs, left)) for costs in self.least(n, counts, shape))

    # What is drawn from

    @property
    def first(self) -> Any:
        """The places of walks without budgets, and the feature maps with what is left at best."""
        return self._plain.first, [self.start]

    def ahead(self, rule: Rule, places: Any) -> Any:
        plain, thrifty = places
        found = (
            (ahead, tuple(map(sub, costs, left)))  # what is left, negative, so that less is better
            for shape, left in thrifty
            for ahead, costs in self._cheapest(rule, shape)
        )
        best = _least(each for each in found if max(each[1], default=0) <= 0)
        return self._plain.ahead(rule, plain), [
            (shape, tuple(-each for each in spent)) for shape, spent in best
        ]

    def orders(self, n: int, counts: Counts, places: Any) -> int:
        """How many there are without budgets; 0 where none is within them."""
        plain, thrifty = places
        if not any(self.completes(n, counts, place) for place in thrifty):
            return 0
        return self._plain.orders(n, counts, plain)

    def opening(self, rule: Rule, place: Any, kinds: tuple[str, ...] | None) -> Any:
        nothing = [(0,) * len(self.sums)]
        return self.followed(
            rule, place, lambda p: nothing if kinds is None else self._least_of(kinds, p)
        )

    def choices(self, rule: Rule, place: Any, rest: Sequence[Gene]) -> Any:
        return self.followed(rule, place, self._tail(rest))

    def followed(self, rule: Rule, place: Any, ends: Callable[[Shape], Iterable[Costs]]) -> Any:
        """The genes of a rule that leave enough for one of the ``ends`` of where they lead."""
        shape, left = place
        found = self.steps(rule, shape).within(
            lambda ahead: [tuple(map(sub, left, costs)) for costs in ends(ahead)]
        )
        return Some(rule.genes, found)

    def ways(self, rule: Rule, place: Any) -> dict[Any, int]:
        """Where the genes of a rule lead within the budgets, and how many of them to each."""
        shape, left = place
        found: dict[Any, int] = {}
        for (ahead, costs), many in self.steps(rule, shape).ways.items():
            after = tuple(map(sub, left, costs))
            if not after or min(after) >= 0:
                found[ahead, after] = found.get((ahead, after), 0) + many
        return found

    def _tail(self, rest: Sequence[Gene]) -> Callable[[Shape], Iterable[Costs]]:
        """What these genes cost from a feature map on; nothing where they do not fit."""
        known: dict[Shape, list[Costs]] = {}
        budget = self.start[1]

        def second(place: Any) -> list[Costs]:
            """The rest depends on few feature maps, however many reach its first gene."""
            shape, left = place
            if shape not in known:
                end = self.end_of(rest[1:], (shape, budget))
                known[shape] = [] if end is None else [tuple(map(sub, budget, end[1]))]
            spent = tuple(map(sub, budget, left))
            return [tuple(map(add, spent, costs)) for costs in known[shape]]

        def whole(shape: Shape) -> list[Costs]:
            if not rest:
                return [(0,) * len(budget)]
            place = self.behind(rest[0], (shape, budget))
            return [] if place is None else second(place)

        return whole


def _at_most(cost: int, left: int) -> bool:
    return cost <= left


def _least(steps: Iterable[tuple[Any, Costs]]) -> list[tuple[Any, Costs]]:
    """Of those that lead to one place, the ones than which no other is less in every cost."""
    found: dict[Any, list[Costs]] = {}
    for ahead, costs in sorted(set(steps), key=lambda step: step[1]):
        others = found.setdefault(ahead, [])
        if not any(all(map(_at_most, other, costs)) for other in others):
            others.append(costs)
    return [(ahead, costs) for ahead, several in found.items() for costs in several]
