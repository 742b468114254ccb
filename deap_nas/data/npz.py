"""Data sets in .npz files: the user's own, and the small draw of Fashion-MNIST in the package."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from deap_nas.data.checks import (
    as_class_names,
    as_images,
    as_labels,
    check_alike,
    check_can_hold_out,
    count_classes,
)
from deap_nas.data.dataset import ARRAYS, DATASETS, DataError, Dataset, held_out, message_of

_NPZ_ARRAYS = (*ARRAYS, "class_names")
_NPZ_REMEDY = (
    "write it with numpy.savez_compressed(path, x_train=..., y_train=..., x_test=..., y_test=...) "
    "from uint8 or float images and integer labels"
)


def load_npz(path: Path, name: str, source: str, split_seed: int) -> Dataset:
    """Read and check an .npz file; its validation images are drawn when it has none."""
    arrays = _read_npz(path)
    parts = (
        ("train", "val", "test") if "x_val" in arrays or "y_val" in arrays else ("train", "test")
    )
    for key in (f"{axis}_{part}" for part in parts for axis in "xy"):
        if key not in arrays:
            raise DataError(f"{path} has no array {key}: {_NPZ_REMEDY}")
    x = {part: as_images(f"{path}: x_{part}", arrays[f"x_{part}"]) for part in parts}
    y = {part: as_labels(f"{path}: y_{part}", arrays[f"y_{part}"], len(x[part])) for part in parts}
    for part in parts[1:]:
        check_alike(f"{path}: x_{part}", x[part], x["train"])
    n_classes = count_classes(f"{path}: y_train", y["train"])
    for part in parts[1:]:
        top = int(y[part].max())
        if top >= n_classes:
            raise DataError(
                f"{path}: y_{part} has the label {top}: allowed 0..{n_classes - 1}, the classes of "
                "y_train; add training images of that class or leave its images out"
            )
    if "val" not in parts:
        check_can_hold_out(f"{path}: y_train", y["train"])
        held = held_out(y["train"], split_seed)
        x["val"], y["val"] = x["train"][held], y["train"][held]
        x["train"], y["train"] = x["train"][~held], y["train"][~held]
    return Dataset(
        name,
        *(x["train"], y["train"], x["val"], y["val"], x["test"], y["test"]),
        n_classes=n_classes,
        class_names=as_class_names(f"{path}: class_names", arrays.get("class_names"), n_classes),
        source=source,
    )


def _read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read those of _NPZ_ARRAYS that the file has; DataError for a missing or damaged file."""
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
            for key in [key for key in _NPZ_ARRAYS if key in npz]:
                arrays[key] = npz[key]
                if not isinstance(arrays[key], np.ndarray):  # bytes of what is no .npy file
                    raise ValueError("not an array")
        return arrays
    except Exception as error:  # a damaged zip raises a dozen classes
        reason = message_of(error)
        raise DataError(f"{path}: {key} cannot be read ({reason}): {_NPZ_REMEDY}") from error
