"""A run's directory: made, told what the run depends on, and compared before it is gone on with."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import time
from pathlib import Path
from typing import Any

from deap_nas.evaluation.own_fitness import parts_of
from deap_nas.files import write_whole
from deap_nas.runs.config import read_config
from deap_nas.runs.directory import RunDirectory, RunsDirectory
from deap_nas.runs.provenance import differences
from deap_nas.runs.settings import Settings


class FolderError(ValueError):
    """A run's directory that cannot be one, or holds another run; the message is one line."""


def new_folder(out: str | Path | None, preset: str) -> Path:
    """A folder for a new run, made.

    Args:
        out: its path; None for a dated one under results/runs.
        preset: a part of a dated folder's name.

    Raises:
        FolderError: where it holds a run, or cannot be made.
    """
    if out is None:
        return _dated_folder(f"{time.strftime('%Y%m%d-%H%M%S')}-{preset}")
    folder = Path(out)
    run, repeats = RunDirectory(folder), RunsDirectory(folder).repeats
    if any(path.exists() for path in (run.config, run.journal, repeats)):
        raise FolderError(
            f"--out {folder} holds another run: resume it with --resume, or name another"
        )
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"--out {folder} is a file: name a directory")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"--out {folder} cannot be made: {error.strerror}") from None
    return folder


def _dated_folder(name: str) -> Path:
    """A new folder of its own, also where several runs start in one second."""
    runs = Path("results") / "runs"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            folder = runs / (name if number == 1 else f"{name}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
    except OSError as error:
        raise FolderError(f"{runs} cannot be made: {error.strerror}; name another --out") from None
    return folder


def begin(folder: Path, settings: Settings, config: dict[str, Any]) -> None:
    """Write what the run depends on, with copies of the user's files of layers and of a
    fitness.

    Args:
        folder: of the run.
        settings: of the search.
        config: of ``provenance.describe``, with the preset.
    """
    directory = RunDirectory(folder)
    write_whole(directory.config, json.dumps(config, indent=2, default=str))
    if settings.layers:
        shutil.copyfile(settings.layers, directory.layers)
    if file := parts_of(settings.fitness)[0]:
        shutil.copyfile(file, directory.fitness)


def check_same(folder: Path, config: dict[str, Any]) -> None:
    """Whether a run may be gone on with.

    Raises:
        FolderError: naming what differs from the run's configuration.
    """
    if found := differences(read_config(folder), config):
        raise FolderError(
            f"--resume {folder}: other settings than the run's: {'; '.join(found)}; "
            "resume without them, or start a new run"
        )


def _files(run: RunDirectory) -> list[Path]:
    given = [run.config, run.layers, run.fitness, run.split, run.images, run.space]
    return [*given, run.journal, run.log, run.lock]


def discard_unless_begun(folder: Path, was_there: bool) -> None:
    """A run that failed before its first outcome leaves nothing in the way of the next try.

    Args:
        folder: of the run.
        was_there: whether the folder is older than the run, and stays.
    """
    run = RunDirectory(folder)
    with contextlib.suppress(OSError):
        if run.journal.exists() and run.journal.stat().st_size:
            return
        for file in _files(run):
            file.unlink(missing_ok=True)
        if run.weights.exists():
            run.weights.rmdir()
        if not was_there:
            folder.rmdir()
