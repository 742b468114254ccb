"""What a search came to, as numbers: from its trainings alone.

A training counts from the second it ended in, with the accuracy that it was scored with, whether
all epochs of the recipe were trained ("ok") or fewer ("stopped").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.search.plan import REFERENCE, REPORT, SMALL_ENOUGH, Network
from deap_nas.benchmark.statistics import a12, holm, p_better
from deap_nas.report.front import hypervolume

SCORED = ("ok", "stopped")
MEASURES = ("hypervolume", "best_fitness")  # more is better
STEPS = 60  # of a course
COMPARED = ["group", "measure", "name", "seeds", "ours", "theirs", "won", "a12", "p", "p_holm"]


def scored(trials: pd.DataFrame, seconds: float = math.inf) -> pd.DataFrame:
    """The trainings with a score that had ended by then."""
    good = trials["status"].isin(SCORED) & (trials["seconds"] <= seconds)
    return trials[good].sort_values("seconds", kind="stable")


def volume(points: pd.DataFrame) -> float:
    """Hypervolume of (accuracy, log10 of parameters) beyond ``plan.REFERENCE``."""
    worst, largest = REFERENCE
    return hypervolume(zip(points["accuracy"] - worst, counted(points)), largest)


def fitness(points: pd.DataFrame) -> pd.Series[float]:
    """100 * accuracy / ln(parameters) of each (the report, section III.3)."""
    return 100 * points["accuracy"] / np.log(counted(points))


def counted(points: pd.DataFrame) -> pd.Series[int]:
    """Parameters, as many as they count."""
    return points["n_params"].clip(lower=SMALL_ENOUGH)


def at(trials: pd.DataFrame, seconds: float) -> dict[str, float]:
    """Both measures by then."""
    there = scored(trials, seconds)
    best = fitness(there).max() if len(there) else 0.0
    return {"hypervolume": volume(there), "best_fitness": float(best)}


def course(trials: pd.DataFrame, seconds: float) -> pd.DataFrame:
    """Both measures over time."""
    times = np.linspace(0, seconds, STEPS + 1)[1:]
    return pd.DataFrame([{"seconds": float(t), **at(trials, float(t))} for t in times])


def seconds_to_dominate(trials: pd.DataFrame, networks: Sequence[Network] = REPORT) -> float:
    """Seconds until each of them is dominated by some network; infinite if that is never."""
    there = scored(trials)
    return max(_seconds_to(there, each) for each in networks)


def _seconds_to(there: pd.DataFrame, network: Network) -> float:
    small, good = there["n_params"] <= network.n_params, there["accuracy"] >= network.accuracy
    differ = (there["n_params"] < network.n_params) | (there["accuracy"] > network.accuracy)
    return min(there.loc[small & good & differ, "seconds"], default=math.inf)


def summary(trials: pd.DataFrame, seconds: float) -> dict[str, Any]:
    """A search in one row."""
    by_then = trials[trials["seconds"] <= seconds]
    to = {f"seconds_to_{each.n_params}": seconds_to_dominate(by_then, [each]) for each in REPORT}
    counts = by_then["status"].value_counts()
    return {
        "trainings": len(by_then) - int(counts.get("illegal", 0)),
        **{name: int(counts.get(name, 0)) for name in ("stopped", "illegal")},
        "failed": int(sum(n for name, n in counts.items() if name not in (*SCORED, "illegal"))),
        **at(trials, seconds),
        "seconds_to_all": seconds_to_dominate(by_then),
        **to,
    }


def compared(rows: pd.DataFrame, ours: str) -> pd.DataFrame:
    """Is ``ours`` better than each other one of its group (``p``, one-sided Mann-Whitney; Holm over
    a measure's)? ``won``: seeds in which it ends ahead.

    Args:
        rows: of ``summary``, with ``group name seed``.
        ours: the name of one.
    """
    tables = []
    for group, there in rows.groupby("group", sort=False):
        for measure in MEASURES:
            by_seed = there.pivot_table(values=measure, index="seed", columns="name", sort=False)
            if ours in by_seed:
                tables.append(_compared(by_seed, ours).assign(group=group, measure=measure))
    tables = [table for table in tables if len(table)]
    return pd.concat(tables)[COMPARED] if tables else pd.DataFrame(columns=COMPARED)


def _compared(by_seed: pd.DataFrame, ours: str) -> pd.DataFrame:
    rows = []
    for name in (each for each in by_seed.columns if each != ours):
        both = by_seed[[ours, name]].dropna()
        if both.empty:
            continue
        mine, theirs = (list(-both[each]) for each in (ours, name))  # to these, less is better
        rows.append(
            {
                "name": name,
                "seeds": len(both),
                "ours": both[ours].mean(),
                "theirs": both[name].mean(),
                "won": int((both[ours] > both[name]).sum()),
                "a12": a12(mine, theirs),
                "p": p_better(mine, theirs),
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(list(table["p"]))) if rows else table
