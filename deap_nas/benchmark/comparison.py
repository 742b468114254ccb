"""Somebody's operators and loops beside ours: who searches, how they fared, what may be said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.algorithms import ALGORITHMS
from deap_nas.benchmark.courses import Courses, anytime, compared, run, summary, wins
from deap_nas.benchmark.own import BenchmarkError, as_operators, check, kind_of
from deap_nas.benchmark.problem import Problem, table_problem
from deap_nas.benchmark.variant import Own, Variant
from deap_nas.evaluation.fitness import FITNESSES, LEARNED
from deap_nas.evaluation.workers import cores
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.runs.settings import Settings
from deap_nas.tabular import TABLE_SPACE, load_table
from deap_nas.words import counted

OURS, RANDOM = "deap_nas", Variant("random", "random")
ALPHA = 0.05
NAMES: dict[str, Collection[str]] = {
    "crossover": CROSSOVERS,
    "mutation": MUTATIONS,
    "selection": SELECTIONS,
    "loop": {name: each for name, each in ALGORITHMS.items() if each.one_objective},
}


@dataclass(frozen=True)
class Comparison:
    """What a benchmark found.

    Args:
        problem: what was searched.
        evaluations: distinct ones that each search had.
        courses: every search.
        table: a row a contestant, the least mean regret first: ``contestant mean_regret low high
            mean_place median_rank a12 p_holm cap_hits``; ``a12`` is the chance that a search of it
            ends better than one of ours, ``p_holm`` how surprising such a difference were if there
            were none.
        anytime: mean regret and quartiles after each number of evaluations.
        wins: A12 of each (row) over each (column).
    """

    problem: Problem
    evaluations: int
    courses: Courses
    table: pd.DataFrame
    anytime: pd.DataFrame
    wins: pd.DataFrame

    def verdicts(self) -> list[str]:
        """A sentence for each contestant but ours, in plain words."""
        rows = self.table.set_index("contestant")
        ours: Any = rows.loc[OURS, "mean_regret"]
        return [
            f"{name}: mean regret {row['mean_regret']:.4f}, ours {ours:.4f}; {_verdict(row)} "
            f"(A12 {row['a12']:.2f}, p {row['p_holm']:.2g})"
            for name, row in zip(map(str, rows.index), rows.to_dict("records"))
            if name != OURS
        ]


def _verdict(row: Any) -> str:
    if row["p_holm"] >= ALPHA:
        return "no difference is shown"
    return "better" if row["a12"] > 0.5 else "worse"


def default_problem(
    table: str | Path | None = None, space: Any = TABLE_SPACE, fitness: str = Settings.fitness
) -> Problem:
    """A table of trained networks as a problem.

    Args:
        table: a file as ``deap_nas.tabular.load_table`` takes it; the package's own unless given.
        space: whose genomes it holds, all of them.
        fitness: the name of one that is a single number.

    Raises:
        TableError: for a table that cannot be read.
        BenchmarkError: for one that lacks genomes of its space.
    """
    found = load_table(table, space)
    if len(found) != space.size():
        raise BenchmarkError(
            f"table {table} holds {counted(len(found), 'genome', form=',')} of "
            f"{space.said_size()} of its space: give a table and a space of the same genomes"
        )
    name = Path(table).name.partition(".")[0] if table else "table"
    learned = LEARNED.get(fitness, ())
    return table_problem(found, name, f"{name}, {fitness}", FITNESSES[fitness], learned)


def contestants(
    operators: Mapping[str, Own], algorithm: str = "preselected", others: bool = False
) -> list[Variant]:
    """Who is compared: our default search, random search, and for each operator the default search
    with it in place of its like.

    Args:
        operators: by name, which tells what each is.
        algorithm: the loop in which operators are tried.
        others: also the default search with each of our own operators, or loops, of these kinds.
    """
    base = replace(of_settings(OURS, Settings()), loop=algorithm)
    found = [base, RANDOM]
    found += [_changed(base, name, kind_of(name), own) for name, own in operators.items()]
    for kind in dict.fromkeys(map(kind_of, operators)) if others else ():
        found += [
            _changed(base, f"{kind} {name}", kind, name)
            for name in NAMES[kind]
            if name != getattr(base, kind)
        ]
    return found


def _changed(base: Variant, name: str, kind: str, operator: str | Own) -> Variant:
    change: dict[str, Any] = {kind: operator}
    return replace(base, name=name, **change)


def of_settings(name: str, settings: Settings) -> Variant:
    """The variant that a search of this package with such settings is."""
    values = settings.to_dict()
    told = {each: values[each] for each in Variant.__dataclass_fields__ if each in values}
    return Variant(name, settings.algorithm, **told)


def compare(
    operators: str | Path | Mapping[str, Callable[..., Any]],
    problem: Problem | None = None,
    *,
    seeds: int = 50,
    evaluations: int = 100,
    algorithm: str = "preselected",
    others: bool = False,
    folder: str | Path = Path("results", "benchmark"),
    workers: int | None = None,
    console: Any = None,
) -> Comparison:
    """Compare operators and loops of yours with ours, on a problem of which much is known.

    Each is checked first. Then each searches with the same seeds and the same number of distinct
    evaluations; an operator in our default search, in place of ours. What is done is kept in
    ``folder``, so that calling this again goes on where it was stopped.

    Args:
        operators: a Python file, or functions by name; names begin with ``cx_`` (crossovers),
            ``mut_`` (mutations), ``sel_`` (selections) or ``ea_`` (loops), as ours do.
        problem: ``default_problem(...)`` unless given, or a ``FunctionProblem``.
        seeds: searches of each contestant, with seeds from 0.
        evaluations: distinct ones that each search has.
        algorithm: the loop in which operators are tried.
        others: compare with each of our own operators, or loops, of these kinds, too.
        folder: where each search is kept, a file each.
        workers: processes; as many as there are cores unless given.
        console: a ``rich`` console for the progress bar.

    Raises:
        BenchmarkError: for an operator that breaks its contract, or bad numbers.

    Source: Arcuri and Briand 2011, *A Practical Guide for Using Statistical Tests to Assess
    Randomized Algorithms in Software Engineering*.
    """
    for name, value, least in (("seeds", seeds, 2), ("evaluations", evaluations, 1)):
        if value < least:
            raise BenchmarkError(f"{name} {value}, allowed {least} or more")
    if algorithm not in NAMES["loop"]:
        raise BenchmarkError(f"algorithm {algorithm!r}, allowed {', '.join(NAMES['loop'])}")
    found = as_operators(operators)
    problem = problem or default_problem()
    for own in found.values():
        check(own, problem)
    courses = run(
        contestants(found, algorithm, others),
        [problem],
        range(seeds),
        evaluations,
        folder=Path(folder) / "searches",
        workers=workers or cores(),
        console=console,
    )
    return _told(courses, evaluations)


def _told(courses: Courses, evaluations: int) -> Comparison:
    names = [name for _, name in courses]
    problem = next(iter(courses.values()))[0].problem
    if np.isnan(problem.optimum.held_out):
        raise BenchmarkError(f"the function {problem.name} gave no number in any search")
    against = compared(courses, OURS, evaluations).set_index("contestant")
    table = summary(courses, [evaluations]).set_index("contestant")
    table["mean_place"] = mean_places(courses, evaluations)
    table["a12"] = 1 - against["a12"]
    table["p_holm"] = against["p_different_holm"]
    columns = ["mean_regret", "low", "high", "mean_place", "median_rank", "a12", "p_holm"]
    table = table[[*columns, "cap_hits"]].dropna(axis="columns", how="all")
    return Comparison(
        problem,
        evaluations,
        courses,
        table.sort_values("mean_regret", kind="stable").reset_index(),
        anytime(courses, names, evaluations),
        wins(courses, problem.name, names, evaluations),
    )


def mean_places(courses: Courses, at: int) -> pd.Series[float]:
    """Each contestant's place among all, 1 the best, equals sharing; the mean over the seeds."""
    regrets: dict[str, Sequence[float]] = {
        name: [course.regret(at) for course in found] for (_, name), found in courses.items()
    }
    places: pd.Series[float] = pd.DataFrame(regrets, dtype=np.float64).rank(axis=1).mean()
    return places
