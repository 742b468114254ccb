"""Networks to take home: ``.keras`` files with weights, and ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deap_nas.report.chosen import choose, data_of, weights_of
from deap_nas.report.front import pareto_front
from deap_nas.report.networks import Studio, studio
from deap_nas.report.record import Record, ReportError, read_run


def export(
    folder: Path, which: str, genome: str | None = None, formats: Sequence[str] = ("keras",)
) -> list[str]:
    """Write networks of a run to its ``export/``; a line for each file.

    Each ``.keras`` is read again and scored on the images that the search scored on, where these
    are at hand: it must be as accurate as the run says.

    Args:
        which: "best" (``best.*``; ``genome`` instead, if given), or "front" (``N-params.*`` each).

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
    target = folder / "export"
    target.mkdir(exist_ok=True)
    lines = []
    with studio(record) as helper:
        for name, text in chosen.items():
            for kind in formats:
                path = target / f"{name}.{kind}"
                helper.write(text, weights_of(record, text), path)
                checked = _check(record, text, path, helper) if kind == "keras" else ""
                lines.append(f"{path}: {text}{checked}")
    return lines


def _check(record: Record, genome: str, path: Path, helper: Studio) -> str:
    """Read a file again and compare its accuracy with the run's."""
    try:
        _, _, x, y = data_of(record).split(record.split)
    except (ValueError, OSError) as error:
        return f" (not checked: {error})"
    accuracy = float(np.mean(helper.predict_with(path, x) == y))
    evaluation = record.evaluation(genome)
    assert evaluation is not None
    if accuracy != evaluation.accuracy:
        raise RuntimeError(
            f"{path}: {record.split} accuracy {accuracy} when read again, {evaluation.accuracy} in "
            "the run; was it trained on another machine, or with other versions?"
        )
    return f" (read again: {record.split} accuracy {accuracy:.4f}, as in the run)"
