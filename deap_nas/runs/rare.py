"""Classes so rare that a search by accuracy may leave them out."""

from __future__ import annotations

import warnings

import numpy as np

from deap_nas.data import Dataset
from deap_nas.runs.checks import SettingsWarning
from deap_nas.runs.settings import Settings

TIMES = 10  # as many images of the commonest class as of the rarest
BY_ACCURACY = ("accuracy_per_log_params", "time_penalised")


def warn_of_rare(settings: Settings, dataset: Dataset) -> None:
    """Warn where the fitness is of accuracy, and a class is rare.

    Args:
        settings: of the search.
        dataset: whose training images are counted.
    """
    counts = np.bincount(dataset.y_train, minlength=dataset.n_classes)
    if settings.fitness not in BY_ACCURACY or counts.max() < TIMES * counts.min():
        return
    most, least = (
        f"{counts[i] / counts.sum():.1%} are {dataset.class_names[i]!r}"
        for i in (counts.argmax(), counts.argmin())
    )
    warnings.warn(
        f"of the training images {most}, {least}: accuracy hardly counts a class so rare; use "
        "--fitness macro_f1_per_log_params, perhaps with --class-weights balanced",
        SettingsWarning,
        stacklevel=3,
    )
