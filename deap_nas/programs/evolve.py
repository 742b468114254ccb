"""A search as a function, for notebooks and programs; the same run directory as the command's."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from deap_nas.commands.output import say
from deap_nas.commands.terminal import Log, ProgressWatcher, make_console
from deap_nas.data import DataError
from deap_nas.data.dataset import held_out
from deap_nas.files import write_whole
from deap_nas.programs.result import Result
from deap_nas.runs.begin import FolderError, begin, check_same, discard_unless_begun, new_folder
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.presets import choose_preset, make_settings
from deap_nas.runs.provenance import describe
from deap_nas.runs.search import load, search
from deap_nas.runs.settings import Settings
from deap_nas.runs.watcher import Watcher, Watchers
from deap_nas.spaces import SearchSpace

FEWEST = 3  # images of a class: to train, to validate, and to test


@dataclass(frozen=True)
class Place:
    """Where a search goes, and who sees it.

    Args:
        out: the run's directory; a new one unless given.
        watcher: is told of the search as it goes.
        progress: show it.
        model: write the best network as a Keras model, for which TensorFlow starts.
    """

    out: str | Path | None = None
    watcher: Watcher | None = None
    progress: bool = True
    model: bool = True


def evolve(
    data: Any,
    y: Any = None,
    *,
    x_test: Any = None,
    y_test: Any = None,
    space: str | Path | SearchSpace = "",
    preset: str | None = None,
    out: str | Path | None = None,
    watcher: Watcher | None = None,
    progress: bool = True,
    **settings: Any,
) -> Result:
    """Search as ``python -m deap_nas.run`` does, and return what there is.

    Args:
        data: a data set as ``--dataset`` takes it (a name, or a path); or images, shape (n, height,
            width) or (n, height, width, channels), uint8 in 0..255 or floats in 0..1.
        y: the labels of such images, shape (n,): whole numbers or text.
        x_test: images that score the chosen network, once. Left out, a sixth of each class is held
            out for that, drawn by ``split_seed``.
        y_test: their labels.
        space: a name, a file, or a ``SearchSpace``, which takes shape and classes from the data.
        preset: what the other settings begin with, as ``--preset``.
        out: the run's directory; a new one unless given. The run that is there is gone on with, or
            read where it is finished.
        watcher: is told of the search as it goes.
        progress: show it: a bar in a terminal or a notebook, elsewhere a line for each generation.
        settings: options of the command, with underscores: ``generations=5, epochs=10``.

    Returns:
        What was found; where Ctrl-C ended the search, what there is by then. The same call with
        the same ``out`` goes on.

    Raises:
        DataError, SettingsError, SpaceError, FolderError: naming what is wrong; nothing is written.
    """
    place = Place(out, watcher, progress)
    return evolve_in(place, (data, y, x_test, y_test), space, preset, settings)


def evolve_in(
    place: Place,
    data: tuple[Any, Any, Any, Any],
    space: str | Path | SearchSpace,
    preset: str | None,
    settings: dict[str, Any],
) -> Result:
    """``evolve`` with its arguments together.

    Args:
        place: where the search goes, and who sees it.
        data: a name or a path, and three times None; or images, labels, and those of the test.
        space: as ``evolve`` takes it.
        preset: what the other settings begin with.
        settings: options of the command.
    """
    preset = choose_preset(preset)
    with tempfile.TemporaryDirectory() as spare:
        kept = RunDirectory(Path(spare))  # what is no file yet, until it is known to be good
        if isinstance(data[0], str | Path):
            if any(each is not None for each in data[1:]):
                raise DataError(f"labels beside data set {data[0]}: allowed beside images alone")
            dataset = str(data[0])
        else:
            np.savez(kept.images, **_arrays(*data, settings.get("split_seed", 0)))
            dataset = str(kept.images)
        if isinstance(space, SearchSpace):
            write_whole(kept.space, json.dumps(space.to_dict()))
            space = kept.space
        settings = {**settings, "dataset": dataset, **({"space": str(space)} if space else {})}
        return _go(kept, make_settings(preset, None, settings), preset, place)


def _go(kept: RunDirectory, settings: Settings, preset: str, place: Place) -> Result:
    """Check all, then make the run's directory or find it, and search."""
    dataset, space = _load(settings, kept.images)
    out = place.out
    there = out is not None and RunDirectory(Path(out)).begun()
    was_there = out is not None and Path(out).exists()
    folder = Path(out) if there and out is not None else new_folder(out, preset)
    directory = RunDirectory(folder)
    changed: dict[str, Any] = {}
    moved = {"dataset": (kept.images, directory.images), "space": (kept.space, directory.space)}
    for name, (source, target) in moved.items():
        if source.exists():
            changed[name] = str(target.absolute())
            if name == "dataset":
                dataset = replace(dataset, name="images", source="arrays of a program")
    settings = replace(settings, **changed)
    config = {"preset": preset, **describe(settings, dataset, space)}
    if there:
        check_same(folder, config)
    else:
        begin(folder, settings, config)
    try:
        for source, target in moved.values():
            if source.exists() and not target.exists():
                shutil.copyfile(source, target)
        _search(folder, settings, dataset, space, place)
    except KeyboardInterrupt:
        if place.progress and out is None:
            say(f"stopped; to go on: the same call with out={str(folder)!r}")
    except BaseException:
        if not there:
            discard_unless_begun(folder, was_there)
        raise
    return Result(folder)


def _load(settings: Settings, images: Path) -> tuple[Any, SearchSpace]:
    try:
        return load(settings)
    except DataError as error:  # of arrays, which were in no file that the caller knows
        raise DataError(str(error).replace(f"{images}: ", "")) from None


def _search(
    folder: Path, settings: Settings, dataset: Any, space: SearchSpace, place: Place
) -> None:
    directory = RunDirectory(folder)
    if directory.finished():
        return
    try:
        lock = filelock.FileLock(directory.lock).acquire(timeout=0)
    except filelock.Timeout:
        raise FolderError(
            f"{folder} is in use by a running search: wait for it, or stop it"
        ) from None
    with lock:
        what = (settings, folder, dataset, space)
        if not place.progress:
            search(*what, watcher=place.watcher, model=place.model)
            return
        births = (settings.generations, settings.births)
        shown = (make_console(), Log(directory.log))
        with ProgressWatcher(settings.judge, *births, *shown, settings.finalists > 0) as bar:
            watchers = Watchers(bar, *([place.watcher] if place.watcher else []))
            search(*what, watcher=watchers, model=place.model)


def _arrays(x: Any, y: Any, x_test: Any, y_test: Any, seed: int) -> dict[str, Any]:
    """Images and labels as an .npz file has them; a test set is held out where none is given."""
    if y is None:
        raise DataError("images without labels: give y, one label for each image")
    if (x_test is None) != (y_test is None):
        lacking = "x_test" if x_test is None else "y_test"
        raise DataError(f"{lacking} is missing: give both x_test and y_test, or neither")
    x, y = np.asarray(x), np.asarray(y)
    if x_test is not None:
        given = {"x_test": np.asarray(x_test), "y_test": np.asarray(y_test)}
        return {"x_train": x, "y_train": y, **given}
    if len(x) != len(y):
        raise DataError(f"{len(y)} labels of {len(x)} images: give each image its label")
    rows = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()
    classes, codes, counts = np.unique(rows, return_inverse=True, return_counts=True)
    if len(counts) and counts.min() < FEWEST:
        raise DataError(
            f"class {classes[counts.argmin()]} has {counts.min()} images, allowed {FEWEST} or more "
            "(to train, to validate, to test): give more, or x_test and y_test"
        )
    held = held_out(codes.astype(np.int64), seed)
    return {"x_train": x[~held], "y_train": y[~held], "x_test": x[held], "y_test": y[held]}
