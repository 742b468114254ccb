"""A run's tables: one row per genome, and the report's three top-fives (figures 2 to 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from deap_nas.evaluation.fitness import Evaluation, accuracy_per_log_params, time_penalised
from deap_nas.evaluation.own_fitness import OWN, Fitness, find_fitness
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
    "ram",
    "flash",
)
INT8 = ("ram", "flash")  # left out where nobody knows them, as in runs of before
TIMED_ACCURACY = 0.75  # the report's figure 4 is of models above it
BUILT_IN = {"accuracy_per_log_params": "fitness", "time_penalised": "fitness_time"}
LAST = COLUMNS.index("fitness_time") + 1
TOPS = {
    "top_own_fitness": (OWN, "Top five by the fitness of this run"),
    "top_fitness": ("fitness", "Top five by fitness (100 * accuracy / ln parameters)"),
    "top_accuracy": ("accuracy", "Top five by accuracy"),
    "top_fitness_time": (
        "fitness_time",
        "Top five by fitness with time (fitness / training seconds), above 75 % accuracy",
    ),
}


def evaluations_table(
    rows: Iterable[Mapping[str, Any]],
    fitness: str = "accuracy_per_log_params",
    function: Fitness | None = None,
) -> pd.DataFrame:
    """One row per genome from a journal's rows, by the generation it first appeared in.

    Within a generation they are in the order of their texts, whatever order they were trained in.

    Args:
        rows: of the journal.
        fitness: that the run maximises; where it is none of the report's two, it is a column, too.
        function: what the name stands for, where it is not found by it.
    """
    column = column_of(fitness)
    function = function or find_fitness(fitness)
    columns = [*COLUMNS[:LAST], *([OWN] if column == OWN else []), *COLUMNS[LAST:]]
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
        if column != "fitness_time" or evaluation.train_seconds:
            values[column] = function(evaluation)[0]
        measured = vars(evaluation)
        records.append([{**measured, **values}[name] for name in columns])
    table = pd.DataFrame(records, columns=columns)
    unknown = [name for name in INT8 if table[name].isna().all()]
    known = {name: "Int64" for name in INT8 if name not in unknown}
    table = table.drop(columns=unknown).astype(known)
    return table.sort_values(["generation", "genome"], ignore_index=True)


def column_of(fitness: str) -> str:
    """The column of a table that has a run's fitness."""
    return BUILT_IN.get(fitness, OWN)


def tops_of(table: pd.DataFrame) -> dict[str, str]:
    """The titles of those of ``TOPS`` that the table has."""
    return {name: title for name, (by, title) in TOPS.items() if by in table}


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


def pareto_front(table: pd.DataFrame, by: str = "n_params") -> pd.DataFrame:
    """Rows that no other row beats: more accuracy, or as much with fewer parameters.

    From few parameters to many; of equals the first in the table. Failed genomes are left out.

    Args:
        table: of ``evaluations_table``.
        by: another column to count in place of parameters; rows without a value are left out.
    """
    good = table[(table["status"] == "ok") & table[by].notna()]
    rows = good.sort_values([by, "accuracy"], ascending=[True, False], kind="stable")
    before = rows["accuracy"].cummax().shift(fill_value=-1.0)
    return rows[rows["accuracy"] > before]


def write_tables(table: pd.DataFrame, folder: Path) -> None:
    """The table itself and a CSV for each top five, into a run's directory."""
    directory = RunDirectory(folder)
    write_whole(directory.evaluations, table.to_csv(index=False))
    for name in tops_of(table):
        write_whole(directory.top(name), top(table, name)[0].to_csv(index=False))
