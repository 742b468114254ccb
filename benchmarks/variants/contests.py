"""Who is compared with whom, and what came of it: tables from the rows of ``parts``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, median_high
from typing import Any

import numpy as np
import pandas as pd
from variants.parts import plan, run_all
from variants.problems import SHALLOW, TABLE, Problem, find_problem
from variants.rivals import rivals
from variants.statistics import a12, holm, mean_interval, p_better, p_different
from variants.variants import AGING, BEST, LOCAL, RANDOM, REPORT, variants

BUDGETS = (25, 50, 100, 200, 400)
AT = 100  # evaluations at which verdicts are given
FIRST_REPORTED = 100  # seeds below choose, seeds from here on report
CHOOSING_SEEDS = 10  # of each configuration of a contestant in the contest with rivals
CONTEST_SEEDS = 50
SPLITS = (5, 8, 10, 15, 20, 25, 33, 50)


@dataclass(frozen=True)
class Course:
    """How one contestant fared on one problem with one seed."""

    contestant: str
    problem: str
    seed: int
    asks: int
    evaluations: int  # distinct ones; fewer than the budget where asks ran out
    steps: tuple[tuple[int, int], ...]  # (evaluations, index of the best genome so far)

    def index(self, evaluations: int) -> int:
        return [best for when, best in self.steps if when <= evaluations][-1]

    def regret(self, evaluations: int, held_out: bool = True) -> float:
        """How far the genome in hand is from the best there is."""
        problem = find_problem(self.problem)
        return problem.regrets[held_out][problem.keys[self.index(evaluations)]]

    def rank(self, evaluations: int) -> int:
        problem = find_problem(self.problem)
        return problem.ranks[problem.keys[self.index(evaluations)]]

    def needed(self, regret: float, most: int) -> float:
        """Evaluations until the regret is as small; infinite if it never is."""
        problem = find_problem(self.problem)
        for when, best in self.steps:
            if when <= most and problem.regrets[True][problem.keys[best]] <= regret:
                return float(when)
        return float("inf")


Courses = dict[tuple[str, str], list[Course]]  # by problem and contestant


@dataclass(frozen=True)
class Setting:
    """Where parts are kept, on how many processes, which problems, how many seeds in all."""

    cache: Path
    jobs: int
    problems: tuple[str, ...]
    seeds: int

    @property
    def choosing(self) -> list[int]:
        return list(range(self.seeds // 2))

    @property
    def reporting(self) -> list[int]:
        return list(range(FIRST_REPORTED, FIRST_REPORTED + self.seeds // 2))


def run(
    setting: Setting,
    contestants: Iterable[Any],
    problems: Sequence[str],
    seeds: Sequence[int],
    budget: int,
    title: str,
) -> Courses:
    """Every contestant on every problem with every seed."""
    parts = plan(contestants, problems, seeds, budget)
    found: Courses = {}
    for part, rows in run_all(parts, setting.cache, setting.jobs, title).items():
        found.setdefault((part.problem, part.contestant.name), []).extend(
            Course(
                part.contestant.name,
                part.problem,
                row["seed"],
                row["asks"],
                row["evaluations"],
                tuple(map(tuple, row["steps"])),
            )
            for row in rows
        )
    return {key: sorted(courses, key=lambda c: c.seed) for key, courses in found.items()}


def only(courses: Courses, seeds: Sequence[int]) -> Courses:
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


def compared(courses: Courses, ours: str, at: int = AT) -> pd.DataFrame:
    """Is ``ours`` better than each other one (``p``, one-sided), or different (``p_different``)?
    Holm over all of a problem."""
    tables = []
    for problem in dict.fromkeys(problem for problem, _ in courses):
        mine = [c.regret(at) for c in courses[problem, ours]]
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
            for theirs in [[c.regret(at) for c in found]]
        ]
        table = pd.DataFrame(rows)
        for column in ("p", "p_different"):
            table[f"{column}_holm"] = holm(list(table[column]))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def wins(courses: Courses, problem: str, names: Sequence[str], at: int = AT) -> pd.DataFrame:
    """A12 of each (row) over each (column): the chance that the row's regret is the smaller."""
    found = {name: [c.regret(at) for c in courses[problem, name]] for name in names}
    return pd.DataFrame([[a12(found[a], found[b]) for b in names] for a in names], names, names)


def anytime(courses: Courses, names: Sequence[str], most: int) -> pd.DataFrame:
    """Mean regret and its quartiles after each of many numbers of evaluations."""
    grid = sorted({*range(1, min(most, 101)), *range(100, most + 1, 10)})
    rows = []
    for (problem, name), found in courses.items():
        if name in names:
            for evaluations in grid:
                regrets = [c.regret(evaluations) for c in found]
                low, middle, high = np.quantile(regrets, (0.25, 0.5, 0.75))
                rows.append((problem, name, evaluations, np.mean(regrets), low, middle, high))
    columns = [
        "problem",
        "contestant",
        "evaluations",
        "mean",
        "quarter",
        "median",
        "three_quarters",
    ]
    return pd.DataFrame(rows, columns=columns)


def needed(courses: Courses, most: int, at: int = AT) -> pd.DataFrame:
    """Median evaluations until a regret as small as the report's GA's median after ``at``.

    Both are the higher median of an even number: a level and a count that were really there.
    """
    rows = []
    for (problem, name), found in courses.items():
        level = median_high(c.regret(at) for c in courses[problem, REPORT.name])
        rows.append(
            {
                "problem": problem,
                "contestant": name,
                "regret": level,
                "median_evaluations": median_high(c.needed(level, most) for c in found),
            }
        )
    return pd.DataFrame(rows)


# --- the four questions


def all_variants(setting: Setting) -> Courses:
    """Every variant on every problem, up to the largest budget."""
    seeds = [*setting.choosing, *setting.reporting]
    return run(setting, variants(), setting.problems, seeds, BUDGETS[-1], "variants")


def configurations() -> dict[str, list[Any]]:
    """Who is in the contest, each with as many tried configurations where it has any."""
    mutations = ("attribute_mixture", "mixture", "gene", "attribute")
    local = [
        replace(LOCAL, name=f"{LOCAL.name}, {m}, patience {n}", mutation=m, patience=n)
        for m in mutations
        for n in (15, 30, 60)
    ]
    aging = [
        replace(AGING, name=f"{AGING.name}, {m}, {k} of {n}", mutation=m, population=n, sample=k)
        for m in mutations
        for n, k in ((10, 3), (20, 5), (10, 5))
    ]
    found = {each.name: [each] for each in (BEST, RANDOM, REPORT)}
    return {**found, LOCAL.name: local, AGING.name: aging, **rivals()}


def contest(setting: Setting) -> tuple[Courses, pd.DataFrame]:
    """Each contestant's best configuration on seeds not used to choose it, and the choices.

    Rivals take the configuration that does best on the problem at hand; ours is the default, one
    for all problems.
    """
    tried = configurations()
    flat = [each for several in tried.values() if len(several) > 1 for each in several]
    choosing = range(CHOOSING_SEEDS)
    trials = run(setting, flat, setting.problems, choosing, AT, "choosing configurations")
    choices, found = [], Courses()
    seeds = range(FIRST_REPORTED, FIRST_REPORTED + CONTEST_SEEDS)
    for problem in setting.problems:
        for name, several in tried.items():
            chosen = several[0]
            if len(several) > 1:
                means = [
                    float(np.mean([c.regret(AT) for c in trials[problem, each.name]]))
                    for each in several
                ]
                chosen = several[int(np.argmin(means))]
            choices.append(
                {
                    "problem": problem,
                    "contestant": name,
                    "tried": len(several),
                    "chosen": chosen.name,
                    **chosen.definition(),
                }
            )
            title = f"{name} on {problem}"
            courses = run(setting, [chosen], [problem], seeds, AT, title)
            found[problem, name] = courses[problem, chosen.name]
    return found, pd.DataFrame(choices)[["problem", "contestant", "tried", "chosen"]]


def split(setting: Setting) -> pd.DataFrame:
    """How to split 100 evaluations between population and generations (the report, section IV)."""
    contestants = [
        replace(base, name=f"{base.name}|{size}", population=size)
        for base in (REPORT, BEST)
        for size in SPLITS
    ]
    courses = run(setting, contestants, setting.problems, setting.reporting, AT, "split")
    table = summary(courses, [AT])
    table[["contestant", "population"]] = table["contestant"].str.split("|", expand=True)
    return table


def restriction(setting: Setting) -> pd.DataFrame:
    """What it costs or gains to allow one NC only, judged by the best of the whole table."""
    problems: list[str] = [TABLE, SHALLOW]
    courses = run(setting, [RANDOM, REPORT, BEST], problems, setting.reporting, AT, "depth")
    return summary(courses, [25, 50, 100])


def title_of(problem: str) -> str:
    found: Problem = find_problem(problem)
    return found.title
