"""How a search went: generation by generation, outcome by outcome, and where its time went."""

from __future__ import annotations

import pandas as pd

from deap_nas.algorithms import ALGORITHMS
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.report.front import hypervolume
from deap_nas.runs.record import Record


def generations_table(record: Record) -> pd.DataFrame:
    """One row a generation: ``generation evaluated stopped failed worst q1 median q3 best
    best_so_far hypervolume hours``.

    Fitness (the one that the run maximises) is of the population; ``evaluated`` counts the genomes
    that appeared first in it; the hypervolume is of all genomes up to it.
    """
    scores = {
        line["genome"]: Evaluation.from_dict(line["evaluation"]) for line in record.evaluations
    }
    table, reference = record.table, record.reference_params()
    rows, best = [], 0.0
    for line in record.generations:
        values = pd.Series(
            [record.fitness(scores[text]) for text in line["population"] if text in scores],
            dtype=float,
        )
        best = max([best, *values])
        new = table[table["generation"] == line["number"]]
        so_far = table[(table["generation"] <= line["number"]) & (table["status"] == "ok")]
        quantiles = values.quantile([0, 0.25, 0.5, 0.75, 1]).tolist()
        rows.append(
            {
                "generation": line["number"],
                "evaluated": len(new),
                "stopped": int((new["status"] == "stopped").sum()),
                "failed": len(failed_in(new)),
                **dict(zip(("worst", "q1", "median", "q3", "best"), quantiles)),
                "best_so_far": best,
                "hypervolume": hypervolume(zip(so_far["accuracy"], so_far["n_params"]), reference),
                "hours": line["elapsed"] / 3600,
            }
        )
    columns = "generation evaluated stopped failed worst q1 median q3 best best_so_far hypervolume"
    return pd.DataFrame(rows, columns=[*columns.split(), "hours"])


def failed_in(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of genomes that failed; one that was stopped early did not."""
    return table[~table["status"].isin(["ok", "stopped"])]


def outcomes_table(record: Record) -> pd.DataFrame:
    """One row an outcome of the search, in the order they came: ``evaluations hours fitness
    best_so_far``."""
    rows, best = [], 0.0
    searched = [line for line in record.evaluations if line["generation"] is not None]
    for number, line in enumerate(searched, 1):
        value = record.fitness(Evaluation.from_dict(line["evaluation"]))
        best = max(best, value)
        rows.append((number, line["elapsed"] / 3600, value, best))
    return pd.DataFrame(rows, columns=["evaluations", "hours", "fitness", "best_so_far"])


def last_improvement(progress: pd.DataFrame, column: str) -> int | None:
    """The generation in which a column last grew; None where it never did after the first."""
    grown = progress[progress[column].diff() > 0]
    return int(grown["generation"].iloc[-1]) if len(grown) else None


def time_table(record: Record) -> pd.DataFrame:
    """Where the time went: ``what seconds``, all workers added up.

    Training, and what the workers did besides (starting, building graphs, scoring, waiting for the
    slowest of a generation), add up to the search's time x workers. Saved: trainings that were
    taken from the cache, and genomes that came up again. Finalists have a row of their own.
    """
    lines = record.evaluations
    seconds = {line["genome"]: float(line["evaluation"]["train_seconds"]) for line in lines}
    training = sum(seconds[line["genome"]] for line in lines if not line["cached"])
    cached = sum(seconds[line["genome"]] for line in lines if line["cached"])
    born = [birth[2] for line in record.generations for birth in line.get("births", [])]
    members = {text for line in record.generations for text in line["population"]}
    again = sum(seconds.get(text, 0.0) for text in born if text in members)
    again -= sum(seconds.get(text, 0.0) for text in set(born) & members)
    finals, spared = (
        sum(line["evaluation"]["train_seconds"] for line in record.finals if line["cached"] is kept)
        for kept in (False, True)
    )
    cached += spared
    rest = max(0.0, record.elapsed * record.workers - training - finals)
    if ALGORITHMS[record.algorithm].preselects:  # who was born was mostly never meant to train
        again = 0.0
    rows = [
        ("training", training),
        *([("training, finalists", finals)] if record.finals else []),
        ("starting, building, scoring, waiting", rest),
        ("saved by the cache", cached),
        ("saved by not training a genome twice", again),
    ]
    return pd.DataFrame(rows, columns=["what", "seconds"])


def failures_table(record: Record) -> pd.DataFrame:
    """Why genomes have no score: ``status reason genomes example``, the most frequent first."""
    failed = failed_in(record.table)
    if failed.empty:
        return pd.DataFrame(columns=["status", "reason", "genomes", "example"])
    groups = failed.groupby(["status", "reason"], sort=False)["genome"]
    found = groups.agg(genomes="size", example="first").reset_index()
    return found.sort_values("genomes", ascending=False, ignore_index=True, kind="stable")
