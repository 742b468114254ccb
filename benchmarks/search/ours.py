"""Our own search in the contest: as the command runs it, its journal read as trials."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd

from benchmarks.search.contest import COLUMNS
from benchmarks.search.engines import FitTrainer
from deap_nas import evolve
from deap_nas.runs.record import Record, read_run
from deap_nas.runs.settings import Settings
from deap_nas.training import evaluator


def search(settings: Settings, engine: str, folder: Path) -> pd.DataFrame:
    """Search anew, in a folder that is emptied; returns the trials.

    Args:
        settings: of the search.
        engine: "native", or "fit": then stock Keras trains, one network at a time on all cores.
        folder: the run's directory.
    """
    shutil.rmtree(folder, ignore_errors=True)
    changes: dict[str, Any] = {"workers": 1} if engine == "fit" else {}
    trainer = patch.object(evaluator, "RecipeTrainer", FitTrainer)
    values = {**settings.to_dict(), **changes}
    with trainer if engine == "fit" else contextlib.nullcontext():
        evolve(values.pop("dataset"), out=folder, progress=False, **values)
    return trials(read_run(folder))


def trials(record: Record) -> pd.DataFrame:
    """The trainings of a run's search, in the order of their end; finalists are left out."""
    rows = []
    for line in record.evaluations:
        if line["generation"] is not None:
            found = line["evaluation"]
            row = (line["genome"], found["n_params"], found["accuracy"], found["epochs"])
            rows.append((*row, line["elapsed"], found["status"], found["reason"]))
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("seconds", ignore_index=True)
