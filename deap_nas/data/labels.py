"""The labels of an .npz file: what has one reading is read, the rest refused with what to do."""

from __future__ import annotations

from typing import Any
from unicodedata import category

import numpy as np
import numpy.typing as npt

from deap_nas.data.dataset import DataError, Labels

Array = npt.NDArray[Any]
KINDS = {"b": "bool", "u": "number", "i": "number", "f": "number", "U": "text"}  # of a dtype


def read_labels(
    path: object, arrays: dict[str, Array], sizes: dict[str, tuple[int, ...]], names: Array | None
) -> tuple[dict[str, Labels], tuple[str, ...], str]:
    """The labels of all parts as (n,) int64 in 0..n_classes-1, the classes' names, and what was
    made of the labels where that is not plain.

    Args:
        path: of the file, for messages.
        arrays: as the file has them, by part: train, val, test.
        sizes: the shapes of the images, by part.
        names: ``class_names`` as the file has them.

    Raises:
        DataError: for what is no labels, or does not fit the images.
    """
    columns = {
        part: _column(f"{path}: y_{part}", array, sizes[part]) for part, array in arrays.items()
    }
    train = columns["train"]
    for part, column in columns.items():
        _check_kind(f"{path}: y_{part}", column, train)
    classes, note = np.unique(train), ""
    if train.dtype.kind == "U":
        classes = _named(f"{path}: class_names", classes, _texts(names))
        note = f"its labels are text; numbered from 0 for {', '.join(classes)}"
        found = tuple(map(tidy, classes))
    else:
        if train.dtype.kind in "bf":
            note = f"its labels are {train.dtype}; read as whole numbers"
            classes = classes.astype(np.int64)
        _check_numbered(f"{path}: y_train", classes)
        found = class_names(f"{path}: class_names", names, len(classes))
    if len(classes) < 2:
        raise DataError(
            f"{path}: y_train has 1 class: allowed 2 classes or more; add images of another class"
        )
    order = {label: number for number, label in enumerate(classes.tolist())}
    labels = {
        part: _numbered(f"{path}: y_{part}", column, order) for part, column in columns.items()
    }
    return labels, found, note


def class_names(where: str, array: Array | None, n_classes: int) -> tuple[str, ...]:
    """The names in ``array``, or "0", "1", ... without one."""
    if array is None:
        return tuple(str(label) for label in range(n_classes))
    array = _texts(array)
    if array.dtype.kind != "U" or array.shape != (n_classes,):
        raise DataError(
            f"{where} has the dtype {array.dtype} and the shape {array.shape}: allowed "
            f"{n_classes} strings, shape ({n_classes},), one for each class; give "
            "numpy.array of a list of strings, or leave it out"
        )
    return tuple(map(tidy, array))


def tidy(name: object) -> str:
    """On one line, without what no font has letters for."""
    kept = (c if c.isprintable() or category(c) == "Cf" else " " for c in str(name))
    return " ".join("".join(kept).split())


def check_can_hold_out(where: str, labels: Labels) -> None:
    """Every class must have an image to hold out and one left to train on."""
    counts = np.bincount(labels)
    if counts.min() < 2:
        raise DataError(
            f"{where} has 1 image of class {counts.argmin()}: allowed 2 or more of each class, "
            "since validation images are held out; add images, or add x_val and y_val"
        )


def _column(where: str, array: Array, images: tuple[int, ...]) -> Array:
    """As (n,), with texts as str."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{where} has the shape {array.shape}: allowed (n,) or (n, 1); turn one-hot rows into "
            "labels with y.argmax(axis=1), for every y"
        )
    if len(array) != images[0]:
        last = len(array) == images[-1] and len(images) > 3
        remedy = (
            "the images are along the last axis: use numpy.moveaxis(x, -1, 0) for every x"
            if last
            else "give each image its label"
        )
        raise DataError(
            f"{where} has {len(array)} labels: allowed {images[0]}, one for each image; {remedy}"
        )
    column: Array = _texts(array)
    return column


def _texts(array: Any) -> Any:
    """Bytes as text; what is neither as it is."""
    if array is None or array.dtype.kind != "S":
        return array
    return np.char.decode(array, "utf-8", "backslashreplace")


def _check_kind(where: str, column: Array, train: Array) -> None:
    """Numbers that are whole, or text; all parts alike."""
    kind = KINDS.get(column.dtype.kind)
    if kind is None or (column.dtype.kind == "f" and not (column == np.trunc(column)).all()):
        raise DataError(
            f"{where} has the dtype {column.dtype} and values such as {_odd(column)}: allowed "
            "whole numbers or text, one for each class; give the class of each image"
        )
    if kind != KINDS.get(train.dtype.kind):
        raise DataError(
            f"{where} has the dtype {column.dtype}: allowed {train.dtype}, that of y_train; label "
            "all images alike"
        )


def _odd(column: Array) -> Any:
    """A value that is no label."""
    odd = column[column != np.trunc(column)] if column.dtype.kind == "f" else column
    return odd[0].item()


def _check_numbered(where: str, classes: Array) -> None:
    """The labels there are must be 0..n-1."""
    low, high = int(classes[0]), int(classes[-1])
    if low == 0 and high == len(classes) - 1:
        return
    gaps = np.flatnonzero(classes != np.arange(len(classes)))
    said = f"the label {low}" if low < 0 else f"labels up to {high} and none of class {gaps[0]}"
    raise DataError(
        f"{where} has {said}: allowed 0..n_classes-1 with every class present; number the classes "
        "from 0 with numpy.searchsorted(numpy.unique(y_train), y) for every y"
    )


def _named(where: str, classes: Array, names: Any) -> Array:
    """The labels that are text, in the order of ``class_names`` where the file has them."""
    if names is None:
        return classes
    if names.ndim != 1 or sorted(map(str, names)) != sorted(map(str, classes)):
        raise DataError(
            f"{where} are not the labels that y_train has: allowed {', '.join(classes)} in any "
            "order; correct them, or leave them out"
        )
    return np.asarray(names)


def _numbered(where: str, column: Array, order: dict[Any, int]) -> Labels:
    """Each label as the number of its class."""
    present, inverse = np.unique(column, return_inverse=True)
    for label in present.tolist():
        if label not in order:
            named = [str(each) for each in order]
            allowed = f"{named[0]}..{named[-1]}" if named[0] == "0" else ", ".join(named)
            raise DataError(
                f"{where} has the label {label}: allowed {allowed}, the classes of y_train; add "
                "training images of that class or leave its images out"
            )
    numbers = np.array([order[label] for label in present.tolist()], np.int64)
    return numbers[inverse]
