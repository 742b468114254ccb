"""Where the genes of a rule lead from a feature map, and what they cost there, all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from deap_nas.layers import ACTIVATIONS, Shape
from deap_nas.layers.tflite import APART
from deap_nas.spaces.rules import Rule

Costs = tuple[int, ...]  # one for each budget of a sum
Step = tuple[Shape, Costs]


class Alike:
    """The genes of a rule in groups that lead to the same place and cost the same, wherever.

    ``first`` has a gene of each group, ``smaller`` the groups next below in a field in which the
    layer is monotone, ``group`` the number of each gene's group.

    Args:
        rule: the genes.
        operators: whether it costs something that an activation takes operators of its own.
    """

    def __init__(self, rule: Rule, *, operators: bool) -> None:
        import numpy as np

        monotone = rule.layer.monotone
        numbers: dict[Any, int] = {}
        self.first, self.smaller, group = list[Any](), list[list[int]](), list[int]()
        for gene in rule.genes:
            price = gene.values
            if monotone is not None:
                taken = APART if operators else {}
                price = tuple(taken.get(v, ()) if v in ACTIVATIONS else v for v in price)
            if price not in numbers:
                numbers[price] = len(numbers)
                self.first.append(gene)
                self.smaller.append([numbers[each] for each in _below(rule, price)])
            group.append(numbers[price])
        self.group = np.array(group)


def _below(rule: Rule, price: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    """The same with the next smaller value of a field in which the layer is monotone."""
    for i, (name, allowed) in enumerate(rule.values.items()):
        if name in (rule.layer.monotone or ()) and price[i] > allowed[0]:
            yield *price[:i], allowed[allowed.index(price[i]) - 1], *price[i + 1 :]


class Steps:
    """The steps of all genes of a rule from one feature map.

    Args:
        alike: the genes.
        step: where a gene leads and what it costs; None for one that is ruled out, as is then all
            that is larger.
        n_costs: how many costs each has.
    """

    def __init__(self, alike: Alike, step: Callable[[Any], Step | None], n_costs: int) -> None:
        import numpy as np

        steps = list[Step | None]()
        for gene, smaller in zip(alike.first, alike.smaller):
            steps.append(step(gene) if all(steps[i] for i in smaller) else None)
        self._steps = steps
        self._ahead = list(dict.fromkeys(each[0] for each in steps if each))
        numbers = {shape: i for i, shape in enumerate(self._ahead)}
        self._group, self._none = alike.group, (0,) * n_costs
        self._to = np.array([numbers[each[0]] if each else len(numbers) for each in steps])
        costs = [each[1] if each else self._none for each in steps]
        self._costs = np.array(costs, np.int64).reshape(len(steps), n_costs)

    @cached_property
    def ways(self) -> dict[Step, int]:
        """Each step, and how many genes take it."""
        return Counter(step for i in self._group.tolist() if (step := self._steps[i]))

    def within(self, left: Callable[[Shape], Iterable[Costs]]) -> list[int]:
        """The numbers of the genes that cost no more than what is left where they lead.

        Args:
            left: feature map behind a gene -> what it may cost at most; several are alternatives.
        """
        import numpy as np

        several = [list(left(shape)) for shape in self._ahead]
        found = np.zeros(len(self._to), bool)
        for i in range(max(map(len, several), default=0)):
            there = np.array([*(len(each) > i for each in several), False])
            most = [each[i] if len(each) > i else self._none for each in several]
            enough = self._costs <= np.array([*most, self._none], np.int64)[self._to]
            found |= there[self._to] & enough.all(axis=1)
        numbers: list[int] = np.flatnonzero(found[self._group]).tolist()
        return numbers
