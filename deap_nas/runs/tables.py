"""A run's tables: one row per genome, and the report's three top-fives (figures 2 to 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from deap_nas.evaluation.fitness import Evaluation, accuracy_per_log_params, time_penalised
from deap_nas.files import write_whole
from deap_nas.runs.directory import RunDirectory

COLUMNS = (
    "genome",
    "accuracy",
    "train_accuracy",
    "n_params",
    "train_seconds",
    "fitness",
    "fitness_time",
    "generation",
    "status",
    "train_cpu_seconds",
    "multiply_adds",
    "epochs",
    "best_epoch",
    "reason",
    "measured_on",
)
TIMED_ACCURACY = 0.75  # the report's figure 4 is of models above it
TOPS = {
    "top_fitness": ("fitness", "Top five by fitness (100 * accuracy / ln parameters)"),
    "top_accuracy": ("accuracy", "Top five by accuracy"),
    "top_fitness_time": (
        "fitness_time",
        "Top five by fitness with time (fitness / training seconds), above 75 % accuracy",
    ),
}


def evaluations_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per genome from a journal's rows, by the generation it first appeared in.

    Within a generation they are in the order of their texts, whatever order they were trained in.
    """
    records = []
    for row in rows:
        if row["generation"] is None:  # a baseline that the search did not find
            continue
        evaluation = Evaluation.from_dict(row["evaluation"])
        values = {
            "genome": row["genome"],
            "generation": row["generation"],
            "fitness": accuracy_per_log_params(evaluation)[0],
            "fitness_time": time_penalised(evaluation)[0] if evaluation.train_seconds else 0.0,
        }
        measured = vars(evaluation)
        records.append([{**measured, **values}[name] for name in COLUMNS])
    table = pd.DataFrame(records, columns=list(COLUMNS))
    return table.sort_values(["generation", "genome"], ignore_index=True)


def top(table: pd.DataFrame, name: str, n: int = 5) -> tuple[pd.DataFrame, str]:
    """One of ``TOPS`` and, where it is empty, the reason."""
    by, _ = TOPS[name]
    good = table[table["status"] == "ok"]
    why = "no genome was trained with success" if good.empty else ""
    if name == "top_fitness_time":
        timed = good[good["accuracy"] > TIMED_ACCURACY]
        if timed.empty and not why:
            why = (
                f"none of {len(good)} models is above {TIMED_ACCURACY:.0%} accuracy; "
                f"the best has {good['accuracy'].max():.2%}"
            )
        good = timed
    return good.sort_values(by, ascending=False, kind="stable").head(n), why


def pareto_front(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that no other row beats: more accuracy, or as much with fewer parameters.

    From few parameters to many; of equals the first in the table. Failed genomes are left out.
    """
    good = table[table["status"] == "ok"]
    rows = good.sort_values(["n_params", "accuracy"], ascending=[True, False], kind="stable")
    before = rows["accuracy"].cummax().shift(fill_value=-1.0)
    return rows[rows["accuracy"] > before]


def write_tables(table: pd.DataFrame, folder: Path) -> None:
    """The table itself and a CSV for each top five, into a run's directory."""
    directory = RunDirectory(folder)
    write_whole(directory.evaluations, table.to_csv(index=False))
    for name in TOPS:
        write_whole(directory.top(name), top(table, name)[0].to_csv(index=False))
