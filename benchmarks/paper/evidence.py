"""Everything that the page rests on: CSV and JSON files under results/, read and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.runs.record import Record, read_run

TESTED = ("seed-0", "seed-1")  # scored on the test set, as the report's run
CHANCE, LEARNED = 0.2, 0.5  # accuracy: below, it never learned; from here on, it learned
CHOICES = ("optimizers", "tested", "winners", "stability", "patience", "clocks")


@dataclass(frozen=True)
class Run:
    """A search: its evaluations, its journal, and what it was made with."""

    name: str
    table: pd.DataFrame
    record: Record
    made: dict[str, Any]

    @property
    def seeds(self) -> str:
        settings = self.record.settings
        return f"search seed {settings['seed']}, train seed {settings['train_seed']}"

    @cached_property
    def last_scores(self) -> dict[str, float]:
        """By genome: the scored accuracy after the last epoch, which need not be the best."""
        return {
            line["genome"]: line["evaluation"]["curve"][-1]["val_accuracy"]
            for line in self.record.evaluations
            if line["evaluation"]["status"] == "ok"
        }

    def best(self, by: str) -> pd.Series:
        return self.table.loc[self.table[by].idxmax()]

    def confusion(self, genome: str) -> np.ndarray[Any, Any]:
        """Counts on the split that the run scores on, [true class][predicted class]."""
        evaluation = self.record.evaluation(genome)
        return np.array(evaluation.confusion if evaluation else ())


@dataclass(frozen=True)
class Evidence:
    """All that was measured.

    Args:
        top, classes: the report's tables (its figures 2 to 4, and 5).
        runs: the searches, by name.
        choices: the tables of ``choices``, by name; made: what each was made with.
        scores, four: the report's four complete genomes, a row a training, a row a genome.
    """

    top: pd.DataFrame
    classes: pd.DataFrame
    runs: dict[str, Run]
    choices: dict[str, pd.DataFrame]
    made: dict[str, dict[str, Any]]
    scores: pd.DataFrame
    four: pd.DataFrame

    @property
    def tested(self) -> list[Run]:
        return [self.runs[name] for name in TESTED]

    @property
    def pooled(self) -> pd.DataFrame:
        """The genomes of the test-scored runs, each once."""
        whole = pd.concat([run.table for run in self.tested])
        return whole.drop_duplicates("genome", ignore_index=True)


def read(folder: Path) -> Evidence:
    """The evidence in results/paper, with results/published_genomes beside it."""
    choices, published = folder / "choices", folder.parent / "published_genomes"
    return Evidence(
        pd.read_csv(folder / "published" / "top.csv"),
        pd.read_csv(folder / "published" / "classes.csv"),
        {name: _run(folder / name) for name in (*TESTED, "validation")},
        {name: _trainings(choices / f"{name}.csv") for name in CHOICES},
        {
            **{name: _json(choices / f"{name}.json") for name in CHOICES},
            "published_genomes": _json(published / "run.json"),
        },
        pd.read_csv(published / "scores.csv"),
        pd.read_csv(published / "summary.csv"),
    )


def _run(folder: Path) -> Run:
    table = pd.read_csv(folder / "evaluations.csv")
    return Run(folder.name, table, read_run(folder), _json(folder / "run.json"))


def _trainings(path: Path) -> pd.DataFrame:
    """A choice's table; the curve of a training that diverged is empty.

    Raises:
        ValueError: where it mixes trainings of different lengths, which no figure may average.
    """
    table = pd.read_csv(path, dtype={"curve": str})
    epochs = sorted(set(table.get("max_epochs", [])))
    if len(epochs) > 1:
        raise ValueError(f"{path}: max_epochs {epochs}, allowed one number; keep the rows of one")
    return table.fillna({"curve": ""})


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content
