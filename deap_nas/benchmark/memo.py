"""The one way in which anybody is counted: by unique evaluations, duplicates free."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from deap_nas.benchmark.problem import Key, Problem, Score

ASKS_PER_EVALUATION = 10


class Spent(Exception):
    """The budget of unique evaluations, or of asks, is used up."""


@dataclass
class Memo:
    """Scores individuals, each counted once; raises Spent at the end.

    Args:
        problem: what is searched.
        budget: unique evaluations.
        asks: how often anybody asked, duplicates included; capped at ten times the budget.
        found: the scores so far, in the order of first asking.
    """

    problem: Problem
    budget: int
    asks: int = 0
    found: dict[Key, Score] = field(default_factory=dict)

    def __call__(self, genes: Any) -> float:
        key = tuple(genes)
        if key not in self.found and len(self.found) == self.budget:
            raise Spent
        if self.capped:
            raise Spent
        self.asks += 1
        if key not in self.found:
            self.found[key] = self.problem.score(key)
        return self.found[key].seen

    @property
    def capped(self) -> bool:
        return self.asks >= ASKS_PER_EVALUATION * self.budget

    def steps(self) -> list[tuple[int, float, float]]:
        """Each improvement of what the search takes for the best: (evaluations, seen, held out)."""
        steps: list[tuple[int, float, float]] = []
        for evaluations, (seen, held_out) in enumerate(self.found.values(), 1):
            if not math.isnan(seen) and (not steps or seen > steps[-1][1]):
                steps.append((evaluations, seen, held_out))
        return steps


def run_seed(contestant: Any, problem: Problem, seed: int, budget: int) -> dict[str, Any]:
    """One search: asks, distinct evaluations, and each improvement.

    Raises:
        RuntimeError: for whatever the search raised, with whose it was.
    """
    memo = Memo(problem, budget)
    try:
        contestant.search(memo, seed)
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise RuntimeError(f"{contestant.name}, seed {seed}: {text}") from error
    return {
        "seed": seed,
        "asks": memo.asks,
        "evaluations": len(memo.found),
        "steps": memo.steps(),
    }
