"""What a search found, read from its directory: tables, networks, the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from deap_nas.genome import parse_genome
from deap_nas.report.brief import brief
from deap_nas.report.chosen import test_accuracy, weights_of
from deap_nas.report.front import knee, pareto_front
from deap_nas.report.page import make_report
from deap_nas.runs.record import Record, ReportError, canonical, read_run
from deap_nas.words import counted

WHICH = ("best", "knee")


@dataclass(frozen=True)
class Network:
    """A trained network of a run.

    Args:
        genome: its text.
        accuracy: on the search's split, in [0, 1]; of a finalist, that of its best final training,
            whose weights ``Result.model`` has.
        n_params: trainable parameters.
        test_accuracy: of the same training on the test set, where it was scored there.
    """

    genome: str
    accuracy: float
    n_params: int
    test_accuracy: float | None


class Result:
    """A run, whatever its state; a notebook shows it as a table and a figure.

    Args:
        folder: of the run.

    Raises:
        ReportError: if no run is there.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.record: Record = read_run(self.folder)

    @property
    def finished(self) -> bool:
        """Whether the search came to its end."""
        return self.record.state == "finished"

    @property
    def best(self) -> Network | None:
        """The network that the search chose, or would choose by now; None where all failed."""
        genome = self.record.best()
        return self._network(genome) if genome else None

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """A row for each genome, as ``evaluations.csv``."""
        return self.record.table

    @cached_property
    def front(self) -> pd.DataFrame:
        """The rows of networks that no other beats in both accuracy and parameters."""
        return pareto_front(self.evaluations)

    def model(self, which: str = "best") -> Any:
        """A trained network as a ``keras.Model``, in this process.

        Args:
            which: "best", "knee" (of the front), or a genome of the run.

        Raises:
            ReportError: where the run has no such network, or not its weights.
            ImportError: without TensorFlow.
        """
        from deap_nas.layers.from_keras import import_keras

        genome = self._genome(which)
        weights = weights_of(self.record, genome)
        import_keras()
        from deap_nas.training.keras_engine.inference import trained_model

        size = (self.record.input_shape, self.record.n_classes)
        return trained_model(parse_genome(genome), weights, *size)

    def report(self) -> Path:
        """Make the run's page anew; its path."""
        return make_report(self.folder, tensorflow=False)

    def _genome(self, which: str) -> str:
        if which == "knee":
            place = knee(self.front)
            if place is None:
                raise ReportError("the front has no knee: take 'best', or a genome of the front")
            return str(self.front.loc[place, "genome"])
        if which != "best":
            return canonical(which)
        if self.best is None:
            raise ReportError(f"{self.folder}: no genome was trained with success; see evaluations")
        return self.best.genome

    def _network(self, genome: str) -> Network:
        evaluation, _ = self.record.network(genome)
        assert evaluation is not None
        tested = test_accuracy(self.record, genome)
        return Network(genome, evaluation.accuracy, evaluation.n_params, tested)

    def __repr__(self) -> str:
        found = f"best {self.best.genome}" if self.best else "no network"
        return f"<Result {self.folder}: {counted(len(self.evaluations), 'genome')}, {found}>"

    def _repr_html_(self) -> str:
        return brief(self.record)
