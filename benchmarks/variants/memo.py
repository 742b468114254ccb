"""The one way in which anybody is counted: by unique evaluations, duplicates free."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from variants.problems import Key, Problem

ASKS_PER_EVALUATION = 10


class Spent(Exception):
    """The budget of unique evaluations, or of asks, is used up."""


@dataclass
class Memo:
    """Looks genomes up, each counted once; raises Spent at the end.

    Args:
        budget: unique evaluations.
        asks: how often anybody asked, duplicates included; capped at ten times the budget.
    """

    problem: Problem
    budget: int
    asks: int = 0
    found: dict[Key, float] = field(default_factory=dict)

    def __call__(self, genes: Any) -> float:
        key = tuple(genes)
        if key not in self.found and len(self.found) == self.budget:
            raise Spent
        if self.capped:
            raise Spent
        self.asks += 1
        if key not in self.found:
            self.found[key] = self.problem.scores[key]
        return self.found[key]

    @property
    def capped(self) -> bool:
        return self.asks >= ASKS_PER_EVALUATION * self.budget

    def incumbents(self) -> list[Key]:
        """After each unique evaluation, the genome that the search takes for the best."""
        best: Key | None = None
        course = []
        for key, score in self.found.items():
            if best is None or score > self.found[best]:
                best = key
            course.append(best)
        return course


def run_seed(contestant: Any, problem: Problem, seed: int, budget: int) -> dict[str, Any]:
    """One search: asks, distinct evaluations, and each improvement as [evaluations, index]."""
    memo = Memo(problem, budget)
    contestant.search(memo, seed)
    steps: list[list[int]] = []
    before = None
    for evaluations, best in enumerate(memo.incumbents(), 1):
        if best != before:
            steps.append([evaluations, problem.index[best]])
            before = best
    return {
        "seed": seed,
        "asks": memo.asks,
        "evaluations": len(memo.found),
        "steps": steps,
    }
