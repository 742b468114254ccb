"""How searches fared, seed by seed, and the tables of it. Regret is how far the genome in hand is
from the best there is: less is better."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.benchmark.parts import plan, run_all
from deap_nas.benchmark.problem import FunctionProblem, Problem
from deap_nas.benchmark.statistics import a12, holm, mean_interval, p_better, p_different

ANYTIME = ("problem", "contestant", "evaluations", "mean", "quarter", "median", "three_quarters")


@dataclass(frozen=True)
class Course:
    """How one contestant fared on one problem with one seed.

    Args:
        contestant: its name.
        problem: what was searched.
        seed: of the search.
        asks: evaluations asked for, duplicates included.
        evaluations: distinct ones; fewer than the budget where asks ran out.
        steps: each improvement: (evaluations, score as seen, score held out).
    """

    contestant: str
    problem: Problem = field(repr=False)
    seed: int
    asks: int
    evaluations: int
    steps: tuple[tuple[int, float, float], ...]

    def _score(self, evaluations: int, which: int) -> float:
        """Of the genome in hand; minus infinity before the first that has a score."""
        found = [step[which] for step in self.steps if step[0] <= evaluations]
        return found[-1] if found else -np.inf

    def regret(self, evaluations: int, held_out: bool = True) -> float:
        """How far the genome in hand is from the best there is."""
        best = self.problem.optimum[held_out]
        return best - self._score(evaluations, 2 if held_out else 1)

    def rank(self, evaluations: int) -> float:
        """Of the genome in hand among all; NaN where nobody knows."""
        return self.problem.rank(self._score(evaluations, 2))

    def needed(self, regret: float, most: int) -> float:
        """Evaluations until the regret is as small; infinite if it never is."""
        for when, _, held_out in self.steps:
            if when <= most and self.problem.optimum.held_out - held_out <= regret:
                return float(when)
        return float("inf")


Courses = dict[tuple[str, str], list[Course]]  # by problem and contestant


def run(
    contestants: Iterable[Any],
    problems: Sequence[Problem],
    seeds: Sequence[int],
    budget: int,
    *,
    folder: Path,
    workers: int,
    title: str = "searches",
    block: int = 1,
    console: Any = None,
) -> Courses:
    """Every contestant on every problem with every seed.

    Args:
        contestants: as ``Part`` takes them.
        problems: what is searched.
        seeds: one for each search.
        budget: unique evaluations of a search.
        folder: where each part's outcome is kept; what is there is not done again.
        workers: processes.
        title: of the progress bar.
        block: searches in a part.
        console: where the progress is shown.
    """
    parts = plan(contestants, problems, seeds, budget, block)
    outcomes = run_all(parts, folder, workers, title, console)
    known = {problem.name: _judged(problem, parts, outcomes) for problem in problems}
    found: Courses = {}
    for part, rows in zip(parts, outcomes):
        name, problem = part.contestant.name, known[part.problem.name]
        found.setdefault((problem.name, name), []).extend(
            Course(name, problem, r["seed"], r["asks"], r["evaluations"], _steps(r)) for r in rows
        )
    return {key: sorted(courses, key=lambda c: c.seed) for key, courses in found.items()}


def _steps(row: dict[str, Any]) -> tuple[tuple[int, float, float], ...]:
    return tuple((when, seen, held_out) for when, seen, held_out in row["steps"])


def _judged(problem: Problem, parts: Sequence[Any], outcomes: Sequence[Any]) -> Problem:
    """A function is judged by the best that anybody found."""
    if not isinstance(problem, FunctionProblem):
        return problem
    rows = [row for part, rows in zip(parts, outcomes) if part.problem is problem for row in rows]
    return problem.judged_by(max((r["steps"][-1][2] for r in rows if r["steps"]), default=np.nan))


def only(courses: Courses, seeds: Sequence[int]) -> Courses:
    """Those of some seeds."""
    chosen = set(seeds)
    return {key: [c for c in found if c.seed in chosen] for key, found in courses.items()}


def summary(courses: Courses, budgets: Sequence[int]) -> pd.DataFrame:
    """A row for each problem, contestant and number of evaluations.

    ``cap_hits``: searches that had asked as often as allowed before so many evaluations.
    """
    rows = []
    for (problem, name), found in courses.items():
        for budget in budgets:
            mean, low, high = mean_interval([c.regret(budget) for c in found])
            rows.append(
                {
                    "problem": problem,
                    "contestant": name,
                    "evaluations": budget,
                    "seeds": len(found),
                    "mean_regret": mean,
                    "low": low,
                    "high": high,
                    "mean_seen_regret": float(np.mean([c.regret(budget, False) for c in found])),
                    "median_rank": median(c.rank(budget) for c in found),
                    "cap_hits": sum(c.evaluations < budget for c in found),
                }
            )
    return pd.DataFrame(rows)


def compared(courses: Courses, ours: str, at: int, held_out: bool = True) -> pd.DataFrame:
    """Is ``ours`` better than each other one (``p``, one-sided), or different (``p_different``)?
    Holm over all of a problem.

    Args:
        courses: of all contestants.
        ours: the name of one.
        at: evaluations after which they are compared.
        held_out: by the held-out score, not by the one that was searched.
    """
    tables = []
    for problem in dict.fromkeys(problem for problem, _ in courses):
        mine = [c.regret(at, held_out) for c in courses[problem, ours]]
        rows = [
            {
                "problem": problem,
                "contestant": name,
                "a12": a12(mine, theirs),
                "p": p_better(mine, theirs),
                "p_different": p_different(mine, theirs),
            }
            for (where, name), found in courses.items()
            if where == problem and name != ours
            for theirs in [[c.regret(at, held_out) for c in found]]
        ]
        table = pd.DataFrame(rows)
        for column in ("p", "p_different"):
            table[f"{column}_holm"] = holm(list(table[column]))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def wins(courses: Courses, problem: str, names: Sequence[str], at: int) -> pd.DataFrame:
    """A12 of each (row) over each (column): the chance that the row's regret is the smaller."""
    found = {name: [c.regret(at) for c in courses[problem, name]] for name in names}
    shares = [[a12(found[a], found[b]) for b in names] for a in names]
    return pd.DataFrame(shares, index=list(names), columns=list(names))


def anytime(courses: Courses, names: Sequence[str], most: int) -> pd.DataFrame:
    """Mean regret and its quartiles after each of many numbers of evaluations."""
    grid = sorted({*range(1, min(most, 100) + 1), *range(100, most + 1, 10), most})
    rows = []
    for (problem, name), found in courses.items():
        for evaluations in grid if name in names else ():
            regrets = [c.regret(evaluations) for c in found]
            low, middle, high = np.quantile(regrets, (0.25, 0.5, 0.75))
            rows.append((problem, name, evaluations, np.mean(regrets), low, middle, high))
    return pd.DataFrame(rows, columns=list(ANYTIME))
