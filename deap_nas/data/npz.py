"""Data sets in .npz files: the user's own, and the small draw of Fashion-MNIST in the package."""

from __future__ import annotations

import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from deap_nas.data.dataset import (
    ARRAYS,
    DATASETS,
    DataError,
    Dataset,
    DataWarning,
    in_order,
    message_of,
    with_all_parts,
)
from deap_nas.data.images import read_images
from deap_nas.data.labels import check_can_hold_out, read_labels

_NPZ_ARRAYS = (*ARRAYS, "class_names")
_NPZ_REMEDY = (
    "write it with numpy.savez_compressed(path, x_train=..., y_train=..., x_test=..., y_test=...) "
    "from uint8 or float images, and labels that are whole numbers or text"
)


def load_npz(path: Path, name: str, source: str, split_seed: int) -> Dataset:
    """Read and check an .npz file; its validation images are drawn when it has none."""
    arrays, keys = _read_npz(path)
    parts = (
        ("train", "val", "test") if "x_val" in arrays or "y_val" in arrays else ("train", "test")
    )
    for key in (f"{axis}_{part}" for part in parts for axis in "xy"):
        if key not in arrays:
            raise DataError(f"{path} has no array {key}, but {_said(keys)}; {_NPZ_REMEDY}")
    x, of_images = read_images(path, {part: arrays[f"x_{part}"] for part in parts})
    y, names, of_labels = read_labels(
        path,
        {part: arrays[f"y_{part}"] for part in parts},
        {part: x[part].shape for part in parts},
        arrays.get("class_names"),
    )
    if "val" not in parts:
        check_can_hold_out(f"{path}: y_train", y["train"], names)
    drawn = with_all_parts({part: (x[part], y[part]) for part in parts}, split_seed)
    for note in filter(None, (of_images, of_labels)):
        warnings.warn(f"{path}: {note}", DataWarning, stacklevel=3)
    return Dataset(
        name,
        *in_order(drawn),
        n_classes=len(names),
        class_names=names,
        source=source,
    )


def _said(keys: list[str]) -> str:
    """The arrays that a file has, a few of many."""
    more = f" and {len(keys) - 12} more" if len(keys) > 12 else ""
    return f"{', '.join(keys[:12])}{more}" if keys else "none at all"


def _read_npz(path: Path) -> tuple[dict[str, npt.NDArray[Any]], list[str]]:
    """Those of _NPZ_ARRAYS that the file has, and the names of all; DataError for a missing or
    damaged file."""
    if not os.path.isfile(path):
        raise DataError(
            f"{path} is not a file: allowed {', '.join(DATASETS)}, or the path of an existing .npz "
            "file; correct the path"
        )
    key = "archive"
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("not a zip archive")
        arrays = {}
        # Opened here, because np.load leaves the file open when the archive is damaged.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as npz:
            keys = list(npz.files)
            for key in [key for key in _NPZ_ARRAYS if key in npz]:
                arrays[key] = npz[key]
                if not isinstance(arrays[key], np.ndarray):  # bytes of what is no .npy file
                    raise ValueError("not an array")
        return arrays, keys
    except Exception as error:  # a damaged zip raises a dozen classes
        reason = message_of(error)
        raise DataError(f"{path}: {key} cannot be read ({reason}): {_NPZ_REMEDY}") from error
