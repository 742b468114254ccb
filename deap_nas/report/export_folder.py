"""A folder of networks to take home, written whole, with what is known of them."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deap_nas.devices.quantise import SAMPLE_SEED
from deap_nas.files import whole_folder, write_whole
from deap_nas.layers.from_keras import check_installed
from deap_nas.report.chosen import class_names
from deap_nas.report.export import check, pick, write_class_names
from deap_nas.report.exporter import Exported, Exporter, sample_of
from deap_nas.report.formats import INT8
from deap_nas.report.networks import open_studio
from deap_nas.runs.directory import ExportDirectory
from deap_nas.runs.provenance import versions
from deap_nas.runs.record import Record, ReportError, read_run


def export_folder(
    folder: Path, what: str, formats: Sequence[str], to: Path, *, overwrite: bool = False
) -> list[Exported]:
    """Write networks of a run to a folder of their own, whole or not at all.

    Args:
        folder: of the run.
        what: "best" (as ``best.*``), "front" or a genome (each as ``N-params.*``).
        formats: of ``report.formats.FORMATS``.
        to: the new folder.
        overwrite: whether it may take the place of an earlier export.

    Returns:
        What was written, each file read back and scored.

    Raises:
        ReportError: if the run has no such network, or it can't be written so, or not there.
        ImportError: without TensorFlow.
        RuntimeError: if a file gives another accuracy than the run says.
    """
    record = read_run(folder)
    networks = pick(record, what)
    check_installed()
    check(record, networks, formats)
    _check_folder(to, overwrite)
    with contextlib.ExitStack() as stack:
        part = _open_folder(stack, to)
        exporter = Exporter(record, stack.enter_context(open_studio(record)), part)
        found = [
            exporter.write(name, genome, form)
            for name, genome in networks.items()
            for form in dict.fromkeys(formats)
        ]
        directory = ExportDirectory(part)
        write_class_names(record, directory.class_names)
        write_whole(directory.summary, json.dumps(_describe(record, found), indent=2))
    return found


def _check_folder(to: Path, overwrite: bool) -> None:
    if to.exists() and not ExportDirectory(to).summary.is_file():
        raise ReportError(f"{to} is there, and is no earlier export; name a new folder")
    if to.exists() and not overwrite:
        raise ReportError(f"{to} is there; name a new folder, or add --overwrite")


def _open_folder(stack: contextlib.ExitStack, to: Path) -> Path:
    """Where to write what takes the folder's place when the stack is left."""
    try:
        return stack.enter_context(whole_folder(to.resolve()))
    except OSError as error:
        why = error.strerror or error
        raise ReportError(f"{to} cannot be written ({why}); name another folder") from None


def _describe(record: Record, found: Sequence[Exported]) -> dict[str, Any]:
    names, _ = class_names(record)
    quantised = any(each.format in INT8 for each in found)
    return {
        "run": str(record.folder.resolve()),
        "scored_on": record.split,
        "class_names": list(names),
        "sample": {"images": sample_of(record), "seed": SAMPLE_SEED} if quantised else None,
        "files": [_describe_file(each) for each in found],
        "command": sys.argv,
        "versions": versions("ai-edge-litert", "tflite-micro", "onnxruntime"),
    }


def _describe_file(each: Exported) -> dict[str, Any]:
    """What is known of one: accuracies are in [0, 1], on the images that the run scored on."""
    about: dict[str, Any] = {
        "file": each.name,
        "genome": each.genome,
        "format": each.format,
        "bytes": each.size,
        "accuracy": each.accuracy,
        "int8_accuracy": each.int8_accuracy,
    }
    if each.model:
        about["operators"] = each.model.operators
        about["input"], about["output"] = each.model.input._asdict(), each.model.output._asdict()
    if each.arena:
        about["arena"] = {**asdict(each.arena), "total": each.arena.total}
    return about
