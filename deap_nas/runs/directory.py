"""The files of a run's directory, each name spelt once; and of a folder that holds several runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what only needs a file's name needs no numpy
    from deap_nas.evaluation.protocol import Budget


def is_final(budget: Budget) -> bool:
    """Whether a training is a finalist's: its budget is a text, the search's own is epochs."""
    return isinstance(budget, str)


class RunDirectory:
    """Where a run keeps what. Nothing is read or written here.

    Args:
        path: need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"  # what the run depends on, and what it was made with
        self.journal = path / "journal.jsonl"  # what happened; resuming reads it
        self.damaged = path / "journal.damaged"  # lines of the journal that could not be read
        self.layers = path / "layers.py"  # a copy of the user's file of layers
        self.fitness = path / "fitness.py"  # a copy of the user's file of a fitness
        self.images = path / "images.npz"  # of a program that gave them as arrays
        self.space = path / "space.json"  # of a program that gave it as an object
        self.split = path / "split.csv"  # which image file is for what, of a folder of images
        self.weights = path / "weights"  # of every trained network
        self.lock = path / ".lock"  # held by the search that is running
        self.log = path / "log.txt"
        # After each generation:
        self.evaluations = path / "evaluations.csv"
        # At the end:
        self.logbook = path / "logbook.csv"
        self.finalists = path / "finalists.csv"
        self.best = path / "best.keras"
        self.best_int8 = path / "best.tflite"  # the same in int8, where the search scores that
        self.test_labels = path / "test_labels.json"  # what the best calls the test images
        self.result = path / "result.json"  # written last: there is one when the run is finished
        # Of the report:
        self.page = path / "report.html"
        self.figures = path / "report"  # and tables
        self.test_scores = self.figures / "test_scores.json"  # of networks that a user chose since
        self.export = path / "export"  # networks to take home
        self.class_names = ExportDirectory(self.export).class_names

    def weights_of(self, genome: str, budget: Budget = None) -> Path:
        """The trained weights of one genome; of a finalist, of each of its trainings."""
        text = f"{genome}\n{budget}" if is_final(budget) else genome
        return self.weights / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"

    def int8_of(self, genome: str, budget: Budget = None) -> Path:
        """The same training as an int8 model."""
        return self.weights_of(genome, budget).with_suffix(".int8")

    def top(self, name: str) -> Path:
        """One of the top fives, as a table."""
        return self.path / f"{name}.csv"

    def begun(self) -> bool:
        """Whether a run is there."""
        return self.config.is_file()

    def finished(self) -> bool:
        return self.result.exists()


class RunsDirectory:
    """A folder of runs: the repeats of one search, or whatever someone put together.

    Args:
        path: need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repeats = path / "repeats.json"  # what is repeated, and how often
        self.comparison = path / "compare.html"

    def repeat(self, number: int) -> RunDirectory:
        """One of the repeats, counted from 1."""
        return RunDirectory(self.path / f"repeat-{number}")

    def runs(self) -> list[Path]:
        """The runs in it."""
        name = RunDirectory(self.path).config.name
        return sorted(config.parent for config in self.path.glob(f"*/{name}"))


class ExportDirectory:
    """A folder of networks to take home.

    Args:
        path: need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.class_names = path / "class_names.txt"  # of their outputs, in order
        self.summary = path / "export.json"  # what is known of each file
