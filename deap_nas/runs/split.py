"""Which image file is for what, of a folder of images: written down beside the run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from deap_nas.data import Dataset
from deap_nas.files import write_whole
from deap_nas.runs.directory import RunDirectory


def write_split(dataset: Dataset, folder: Path) -> None:
    """Write ``part class file`` of each image, as CSV, where images are files.

    Args:
        dataset: of the run.
        folder: of the run.
    """
    if not dataset.files:
        return
    labels = {"train": dataset.y_train, "val": dataset.y_val, "test": dataset.y_test}
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["part", "class", "file"])
    for part, files in dataset.files.items():
        names = (dataset.class_names[label] for label in labels[part])
        writer.writerows((part, name, file) for name, file in zip(names, files))
    write_whole(RunDirectory(folder).split, lines.getvalue().encode(errors="surrogateescape"))
