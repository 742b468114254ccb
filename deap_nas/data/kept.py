"""Arrays that took long to make, kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas.files import whole

Arrays = dict[str, Any]
MOST = 20  # files; what was not read for longest goes first


def images_cache() -> Path | None:
    """The folder; None for a user without a home."""
    import platformdirs

    with contextlib.suppress(RuntimeError):
        folder = Path(platformdirs.user_cache_dir("deap_nas")) / "images"
        return folder if folder.is_absolute() else None
    return None


def kept(key: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of that key. They are made where there are none, or where these are damaged, and
    kept where the folder can be written.

    Args:
        key: all that the arrays depend on, as a file's name.
        make: is called without arguments.
    """
    folder = images_cache()
    path = folder / f"{key}.npz" if folder else None
    if path and path.is_file():
        with contextlib.suppress(Exception):  # a damaged zip raises a dozen classes
            arrays = _read(path)
            os.utime(path)
            return arrays
    arrays = make()
    if path:
        with contextlib.suppress(OSError):
            _write(path, arrays)
    return arrays


def _read(path: Path) -> Arrays:
    """The checksums of the zip are compared on the way."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as npz:
        return {name: npz[name] for name in npz.files}


def _write(path: Path, arrays: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        np.savez(part, **arrays)
    files = sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for file in files[:-MOST]:
        file.unlink(missing_ok=True)
