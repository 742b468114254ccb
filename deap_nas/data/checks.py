"""The checks of the arrays in an .npz file; ``where`` names file and array for the DataError."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from deap_nas.data.dataset import DataError, Images, Labels


def as_images(where: str, array: npt.NDArray[Any]) -> Images:
    """Check one array of images and return it as (n, height, width, channels)."""
    if array.ndim not in (3, 4):
        raise DataError(
            f"{where} has the shape {array.shape}: allowed (n, height, width) or (n, height, "
            "width, channels); reshape it"
        )
    if array.size == 0:
        raise DataError(
            f"{where} is empty (shape {array.shape}): allowed one image or more, of one pixel or "
            "more; add images"
        )
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(
            f"{where} has the dtype {array.dtype}: allowed uint8 (0-255) or floating (0-1); use "
            ".astype('uint8')"
        )
    with np.errstate(invalid="ignore"):
        low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # not (...), so that NaN fails too
        raise DataError(
            f"{where} has values from {low} to {high}: allowed finite values from 0 to 1; rescale "
            "them, or store values from 0 to 255 as uint8"
        )
    return array.astype(np.float32, copy=False)


def check_alike(where: str, images: Images, training: Images) -> None:
    """Raise DataError unless images have the training images' shape and dtype."""
    if images.shape[1:] != training.shape[1:]:
        raise DataError(
            f"{where} has images of shape {images.shape[1:]}: allowed {training.shape[1:]}, the "
            "shape of x_train's; resize them"
        )
    if images.dtype != training.dtype:
        raise DataError(
            f"{where} has the dtype {images.dtype}: allowed {training.dtype}, that of x_train; "
            "store both as uint8 (0-255) or both as floats (0-1)"
        )


def as_labels(where: str, array: npt.NDArray[Any], n_images: int) -> Labels:
    """Check one array of labels and return it as (n_images,) int64."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{where} has the shape {array.shape}: allowed (n,) or (n, 1); turn one-hot rows into "
            "labels with .argmax(axis=1)"
        )
    if not np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"{where} has the dtype {array.dtype}: allowed integers; convert whole-numbered labels "
            "with .astype('int64')"
        )
    if len(array) != n_images:
        raise DataError(
            f"{where} has {len(array)} labels: allowed {n_images}, one for each image; correct it"
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > np.iinfo(np.int64).max:
        raise DataError(
            f"{where} has the label {low if low < 0 else high}: allowed 0..n_classes-1; renumber "
            "the classes from 0"
        )
    return array.astype(np.int64)


def count_classes(where: str, labels: Labels) -> int:
    """Return the number of classes; DataError when the labels are not 0..n-1, n >= 2."""
    present = np.unique(labels)
    top = int(present[-1])
    if len(present) <= top:
        gap = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise DataError(
            f"{where} has labels up to {top} and none of class {gap}: allowed 0..n_classes-1 with "
            "every class present; renumber the classes from 0 without gaps"
        )
    if top == 0:
        raise DataError(
            f"{where} has 1 class: allowed 2 classes or more; add images of another class"
        )
    return top + 1


def check_can_hold_out(where: str, labels: Labels) -> None:
    """Raise DataError unless every class has an image to hold out and one left to train on."""
    counts = np.bincount(labels)
    if counts.min() < 2:
        raise DataError(
            f"{where} has 1 image of class {counts.argmin()}: allowed 2 or more of each class, "
            "since validation images are held out; add images, or add x_val and y_val"
        )


def as_class_names(where: str, array: npt.NDArray[Any] | None, n_classes: int) -> tuple[str, ...]:
    """Return the names in ``array``, or "0", "1", ... without one."""
    if array is None:
        return tuple(str(label) for label in range(n_classes))
    if array.dtype.kind != "U" or array.shape != (n_classes,):
        raise DataError(
            f"{where} has the dtype {array.dtype} and the shape {array.shape}: allowed "
            f"{n_classes} strings, shape ({n_classes},), one for each class; correct it"
        )
    return tuple(str(name) for name in array)
