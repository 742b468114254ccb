"""Who is compared with whom, and what came of it: tables from their courses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median_high
from typing import Any

import numpy as np
import pandas as pd
from variants.problems import SHALLOW, TABLE, find_problem
from variants.rivals import rivals
from variants.variants import AGING, BEST, LOCAL, RANDOM, REPORT, variants

from deap_nas.benchmark.courses import Courses, run as run_courses, summary

BUDGETS = (25, 50, 100)
AT = 100  # evaluations at which verdicts are given
FIRST_REPORTED = 100  # seeds below choose, seeds from here on report
CHOOSING_SEEDS = 10  # of each configuration of a contestant in the contest with rivals
CONTEST_SEEDS = 50
BLOCK = 10  # searches that are kept in one file
SPLITS = (5, 8, 10, 15, 20, 25, 33, 50)


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
    found = [find_problem(name) for name in problems]
    kept = {"folder": setting.cache, "workers": setting.jobs, "title": title, "block": BLOCK}
    return run_courses(contestants, found, seeds, budget, **kept)


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
        replace(LOCAL, name=f"{LOCAL.name}, {m}, patience {n}", mutation=m, restart_after=n)
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
