"""What the genomes of a space may cost at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deap_nas.layers.cost import count_multiply_adds, count_params, flash_at_most, peak_ram
from deap_nas.layers.tflite import FILE
from deap_nas.spaces.rules import Rule, SpaceError

MOST = 10**18
SPARE, LEAST_SPARE = 50, 100  # an estimate's 50th part, or so many bytes


@dataclass(frozen=True)
class Cost:
    """A sort of cost: the sum of what the genes cost, or the most that one of them does."""

    name: str
    unit: str
    total: Callable[..., int]  # of (genome, input_shape, n_classes)
    adds: bool = True
    int8: bool = False  # known where a layer's operations are
    base: int = 0  # of a genome, whatever its genes
    estimated: bool = False  # what it comes to may be a little more

    @property
    def limit(self) -> str:
        """The setting that says how much there may be."""
        return f"max_{self.name}"

    def limit_for(self, total: int) -> int:
        """The least limit that a genome of this cost is within."""
        return total + max(-(-total // SPARE), LEAST_SPARE) if self.estimated else total

    def room(self, limit: int) -> int:
        """What genomes may come to at most where they are limited to so much."""
        if not self.estimated:
            return limit
        return max(0, min(limit * SPARE // (SPARE + 1), limit - LEAST_SPARE))


COSTS = {
    cost.limit: cost
    for cost in (
        Cost("params", "parameters", count_params),
        Cost("multiply_adds", "multiply-adds an image", count_multiply_adds),
        Cost("ram", "bytes of RAM", peak_ram, adds=False, int8=True),
        Cost("flash", "bytes of flash", flash_at_most, int8=True, base=FILE, estimated=True),
    )
}
"""By the setting that limits each: ``max_params``, ``max_multiply_adds``, ``max_ram``, ..."""


@dataclass(frozen=True)
class Budget:
    """A cost, and the most there may be of it."""

    cost: Cost
    most: int

    @cached_property
    def room(self) -> int:
        """What genomes may come to: less, where what they come to is an estimate."""
        return self.cost.room(self.most)

    def __str__(self) -> str:
        return f"at most {self.most:,} {self.cost.unit}"


def read_budgets(space: Any) -> tuple[Budget, ...]:
    """The budgets of a space, those that are given.

    Raises:
        SpaceError: naming the setting, the value and what is allowed.
    """
    given = [(cost, getattr(space, name)) for name, cost in COSTS.items()]
    for cost, most in given:
        if most is not None and not (type(most) is int and 1 <= most <= MOST):
            raise SpaceError(f"{cost.limit} {most!r}, allowed a whole number from 1 to {MOST}")
    return tuple(Budget(cost, most) for cost, most in given if most is not None)


def check_known(budgets: Iterable[Budget], rules: Sequence[Rule]) -> None:
    """Whether every layer says what these budgets ask for.

    Raises:
        SpaceError: naming the budget and the layer.
    """
    for budget in budgets:
        for rule in rules:
            if budget.cost.int8 and rule.layer.operations is None:
                raise SpaceError(
                    f"{budget.cost.limit} {budget.most} with layer {rule.name}: its "
                    f"{budget.cost.unit} are unknown without operations; give the layer "
                    f"operations, or leave out {budget.cost.limit}"
                )
