"""Which image files a folder holds, of which class, for which part of a data set."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deap_nas.data.dataset import DataError, DataWarning
from deap_nas.data.pictures import SUFFIXES

PARTS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
PASSED_OVER = ("__MACOSX", "@eaDir")  # folders that archives and servers leave behind
OTHER_IMAGES = (".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm", ".tga")
KINDS = "PNG, JPEG, BMP or WebP"

Classes = dict[str, list[Path]]  # the files of each class, in order


def find_files(folder: Path) -> dict[str, Classes]:
    """The image files of a folder of class folders, or of train, val and test with class folders in
    each: by part ("train" alone in the first case), by class. Hidden files, and files that are no
    images, are passed over.

    Raises:
        DataError: for what is neither, and for a class without an image.
    """
    inside = {path.name: path for path in _folders(folder)}
    in_parts = "train" in inside and bool(_folders(inside["train"]))
    if not in_parts:
        return {"train": _classes(folder)}
    found: dict[str, Classes] = {}
    for name, path in inside.items():
        if name not in PARTS or PARTS[name] in found:
            raise DataError(
                f"{path} is beside {inside['train']}: allowed train, val and test; move it away"
            )
        found[PARTS[name]] = _classes(path)
    for part, classes in found.items():
        if new := sorted(classes.keys() - found["train"].keys()):
            raise DataError(
                f"{folder / part} has the class {new[0]}, which {inside['train']} has not: allowed "
                f"{', '.join(found['train'])}; add images to train on, or delete the folder"
            )
    return found


def _classes(folder: Path) -> Classes:
    folders = _folders(folder)
    if len(folders) < 2:
        raise DataError(
            f"{folder} has {len(folders)} folders in it: allowed one for each of 2 classes or more "
            f"(such as {folder / 'cat' / '1.png'}); name the folder that has the class folders"
        )
    found = {path.name: list(_images(path)) for path in folders}
    for path in folders:
        if not found[path.name]:
            raise DataError(
                f"{path} has no image: allowed 1 or more ({KINDS}); add some, or delete the folder"
            )
    _warn_of_lost(folder)
    return found


def _folders(folder: Path) -> list[Path]:
    """The visible folders in one, 2 before 10."""
    found = [path for path in folder.iterdir() if path.is_dir() and _is_visible(path.name)]
    return sorted(found, key=lambda path: _by_number(path.name))


def _by_number(name: str) -> tuple[int, int, str]:
    number = name.isascii() and name.isdecimal()
    return (0, int(name), name) if number else (1, 0, name)


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name not in PASSED_OVER


def _walk(folder: Path) -> Iterator[Path]:
    """The visible files in a folder and all below it, in an order that no file system changes."""
    for path, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(filter(_is_visible, folders))
        yield from (Path(path, name) for name in sorted(filter(_is_visible, names)))


def _raise(error: OSError) -> None:
    raise error


def _images(folder: Path) -> Iterator[Path]:
    return (path for path in _walk(folder) if path.suffix.lower() in SUFFIXES)


def _warn_of_lost(folder: Path) -> None:
    """Images that nobody would know to be missing."""
    loose = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    _warn("are in no class folder", [path for path in loose if _is_visible(path.name)])
    others = [path for path in _walk(folder) if path.suffix.lower() in OTHER_IMAGES]
    _warn(f"are not {KINDS}", others)


def _warn(why: str, files: list[Any]) -> None:
    if files:
        warnings.warn(
            f"{len(files)} images {why} ({min(files)}): they are passed over",
            DataWarning,
            stacklevel=6,
        )
