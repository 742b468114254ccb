"""Trainings that a CSV file remembers: each is written as it ends, and never done twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.progress import Progress

from benchmarks.common import provenance, write_csv
from deap_nas import Evaluation, Recipe, accuracy_per_log_params
from deap_nas.data import Dataset
from deap_nas.evaluation.fitness import accuracy_of
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.files import write_whole
from deap_nas.training.trainer import ENVIRONMENT, Trainer

# What a row is known by: with the data and the program it decides the training.
KEY = (
    *(
        "genome",
        "optimizer",
        "learning_rate",
        "momentum",
        "max_epochs",
        "patience",
        "best_epoch_of",
    ),
    *("split", "train_seed"),
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


class TestedTrainer(Trainer):
    """A ``Trainer`` that scores what it trained on the test set as well."""

    __test__ = False

    def __init__(self, *args: Any, test: tuple[Any, Any]) -> None:
        super().__init__(*args)
        self._test = test

    def train_tested(
        self, genome: str, recipe: Recipe, train_seed: int
    ) -> tuple[Evaluation, float]:
        """The Evaluation, and the test accuracy of the weights that it is of."""
        trained = self.train(genome, recipe, train_seed)
        if not trained.weights:
            return trained.evaluation, 0.0
        return trained.evaluation, accuracy_of(self.score(genome, trained.weights, *self._test))


def make_trainer(*args: Any) -> TestedTrainer:
    """What a worker is made of; the last two arguments are the test images and their labels."""
    return TestedTrainer(*args[:-2], test=args[-2:])


def train_all(jobs: Iterable[Job], path: Path, dataset: Dataset) -> pd.DataFrame:
    """Do the jobs that have no row in the CSV file yet, on all cores; return the rows of all.

    Beside ``NAME.csv``, ``NAME.json`` says what the latest trainings were made with.
    """
    jobs = list(jobs)
    rows = pd.read_csv(path, dtype={"curve": str}).to_dict("records") if path.exists() else []
    known = {_identity(row) for row in rows}
    missing = [job for job in jobs if _identity(job.key()) not in known]
    if missing:
        write_provenance(path)
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


def make_workers(dataset: Dataset, split: str, count: int | None = None) -> Workers:
    """Processes that hold a split of the data, and the test set."""
    from deap_nas.evaluation.workers import cores

    data = (*dataset.split(split), dataset.n_classes, dataset.x_test, dataset.y_test)
    target = "benchmarks.paper.trainings:make_trainer"
    return Workers(target, data, count=count or cores(), environment=ENVIRONMENT)


def write_provenance(path: Path) -> None:
    """``NAME.json`` beside ``NAME.csv``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path.with_suffix(".json"), json.dumps(provenance(), indent=2) + "\n")


def _measured(evaluation: Evaluation, test_accuracy: float) -> dict[str, Any]:
    return {
        "accuracy": evaluation.accuracy,
        "test_accuracy": test_accuracy,
        "train_accuracy": evaluation.train_accuracy,
        "n_params": evaluation.n_params,
        "fitness": accuracy_per_log_params(evaluation)[0],
        "epochs": evaluation.epochs,
        "best_epoch": evaluation.best_epoch,
        "train_seconds": evaluation.train_seconds,
        "train_cpu_seconds": evaluation.train_cpu_seconds,
        "status": evaluation.status,
        "curve": " ".join(f"{row.get('val_accuracy', 0):.4f}" for row in evaluation.curve),
    }


def _identity(row: dict[str, Any]) -> tuple[str, ...]:
    """The key as texts: a CSV file keeps no types."""
    return tuple(f"{row[k]:g}" if isinstance(row[k], int | float) else str(row[k]) for k in KEY)
