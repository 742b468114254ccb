"""Networks to take home: ``.keras`` files with weights, and ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deap_nas.files import write_whole
from deap_nas.report.chosen import choose, class_names, data_of, weights_of
from deap_nas.report.front import pareto_front
from deap_nas.report.networks import Studio, open_studio
from deap_nas.runs.record import Record, ReportError, read_run

# Of accuracy: what reads a file rounds in other places than what trained the network.
TOLERANCE = {".keras": 0.0005, ".onnx": 0.002}


def export(
    folder: Path, which: str, genome: str | None = None, formats: Sequence[str] = ("keras",)
) -> list[str]:
    """Write networks of a run to its ``export/``, with the names of the classes; a line for each
    file.

    Each is read again and scored on the images that the search scored on, where these are at hand:
    it must be as accurate as the run says, within ``TOLERANCE``.

    Args:
        folder: of the run.
        which: "best" (as ``best.*``), or "front" (each as ``N-params.*``).
        genome: the network to write instead of the best by fitness.
        formats: "keras", "onnx", or both.

    Raises:
        ReportError: if the run has no trained network, or not that genome.
        RuntimeError: if a file can't be written, or gives another accuracy.
    """
    record = read_run(folder)
    if which == "front":
        front = pareto_front(record.table)
        chosen = {f"{row.n_params}-params": str(row.genome) for row in front.itertuples()}
    else:
        found = choose(record, genome)
        chosen = {"best": found.genome} if found else {}
    if not chosen:
        raise ReportError(f"{folder}: no genome was trained with success; nothing to export")
    target = record.directory.export
    target.mkdir(exist_ok=True)
    names, _ = class_names(record)
    write_whole(record.directory.class_names, "".join(f"{name}\n" for name in names))
    lines = []
    with open_studio(record) as studio:
        for name, text in chosen.items():
            for suffix in formats:
                path = target / f"{name}.{suffix}"
                studio.write(text, weights_of(record, text), path)
                lines.append(f"{path}: {text}{_check(record, text, path, studio)}")
    return [*lines, f"{record.directory.class_names}: what their outputs stand for, in order"]


def _check(record: Record, genome: str, path: Path, studio: Studio) -> str:
    """Read a file again and compare its accuracy with the run's."""
    try:
        _, _, x, y = data_of(record).split(record.split)
    except (ValueError, OSError) as error:
        return f" (not checked: {error})"
    accuracy = float(np.mean(studio.predict_with(path, x) == y))
    evaluation, _ = record.network(genome)
    assert evaluation is not None
    if abs(accuracy - evaluation.accuracy) > TOLERANCE[path.suffix]:
        raise RuntimeError(
            f"{path}: {record.split} accuracy {accuracy} when read again, {evaluation.accuracy} in "
            "the run; was it trained with other versions?"
        )
    said = "as" if accuracy == evaluation.accuracy else f"{evaluation.accuracy:.4f}"
    return f" (read again: {record.split} accuracy {accuracy:.4f}, {said} in the run)"
