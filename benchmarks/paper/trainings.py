"""Trainings that a CSV file remembers: each is written as it ends, and never done twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.progress import Progress

from benchmarks.common import measured, provenance, write_csv, write_json
from benchmarks.tested import make_workers
from deap_nas import Evaluation, Recipe
from deap_nas.data import Dataset
from deap_nas.evaluation.workers import Task

# What a row is known by: with the data and the program it decides the training.
KEY = (
    *("genome", "optimizer", "learning_rate", "momentum", "max_epochs", "patience"),
    *("best_epoch_of", "split", "train_seed"),
)
MEASURED = (
    *("train_accuracy", "n_params", "fitness", "epochs", "best_epoch"),
    *("train_seconds", "train_cpu_seconds", "status"),
)


@dataclass(frozen=True)
class Job:
    """One training: on all images but the scored split's; see ``Dataset.split``."""

    genome: str
    recipe: Recipe
    train_seed: int
    split: str

    def key(self) -> dict[str, Any]:
        return {
            "genome": self.genome,
            "optimizer": self.recipe.optimizer,
            "learning_rate": self.recipe.learning_rate,
            "momentum": self.recipe.momentum,
            "max_epochs": self.recipe.epochs,
            "patience": self.recipe.patience,
            "best_epoch_of": self.split if self.recipe.best_epoch else "none",
            "split": self.split,
            "train_seed": self.train_seed,
        }


def train_all(jobs: Iterable[Job], path: Path, dataset: Dataset) -> pd.DataFrame:
    """Do the jobs that have no row in the CSV file yet, on all cores; return the rows of all.

    Beside ``NAME.csv``, ``NAME.json`` says what the latest trainings were made with.
    """
    jobs = list(jobs)
    rows = pd.read_csv(path, dtype={"curve": str}).to_dict("records") if path.exists() else []
    known = {_identity(row) for row in rows}
    missing = [job for job in jobs if _identity(job.key()) not in known]
    if missing:
        write_json(provenance(), path.with_suffix(".json"))
    with Progress() as progress:
        bar = progress.add_task(path.stem, total=len(missing))
        for split in dict.fromkeys(job.split for job in missing):
            tasks = [
                Task(job, "train_tested", (job.genome, job.recipe, job.train_seed))
                for job in missing
                if job.split == split
            ]
            with make_workers(dataset, split) as workers:
                for task, outcome in workers.run(tasks):
                    if outcome.status != "ok":
                        raise RuntimeError(f"{task.key.genome}: {outcome.status}, {outcome.reason}")
                    rows.append({**task.key.key(), **_measured(*outcome.value)})
                    write_csv(pd.DataFrame(rows), path)
                    progress.advance(bar)
    found = {_identity(row): row for row in rows}
    return pd.DataFrame([found[_identity(job.key())] for job in jobs])


def _measured(evaluation: Evaluation, test_accuracy: float) -> dict[str, Any]:
    return {
        "accuracy": evaluation.accuracy,
        "test_accuracy": test_accuracy,
        **measured(evaluation, *MEASURED),
        "curve": " ".join(f"{row.get('val_accuracy', 0):.4f}" for row in evaluation.curve),
    }


def _identity(row: dict[str, Any]) -> tuple[str, ...]:
    """The key as texts: a CSV file keeps no types."""
    return tuple(f"{row[k]:g}" if isinstance(row[k], int | float) else str(row[k]) for k in KEY)
