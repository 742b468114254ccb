"""The labels of an .npz file: what has one reading is read, the rest refused with what to do.

As numbers, text, or one-hot rows they end as (n,) whole numbers from 0, and names of the classes.
"""

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
    columns, rows = {}, False
    for part, array in arrays.items():
        columns[part], one_hot = _column(f"{path}: y_{part}", array, sizes[part], arrays["train"])
        rows = rows or one_hot
    train = columns["train"]
    for part, column in columns.items():
        _check_kind(f"{path}: y_{part}", column, train)
    classes, note = np.unique(train).tolist(), ""
    where = f"{path}: class_names"
    if train.dtype.kind == "U":
        classes = _named(where, classes, _texts(names))
        note = f"its labels are text; numbered from 0 for {', '.join(classes)}"
        found = tuple(map(tidy, classes))
    else:
        _check_not_negative(f"{path}: y_train", classes)
        found = class_names(where, names, classes)
        if rows:
            note = "its labels are one-hot rows; read as the place of the 1"
        elif train.dtype.kind in "bf":
            note = f"its labels are {train.dtype}; read as whole numbers"
        if classes != list(range(len(classes))):
            note = f"{note or 'its labels have gaps'}; numbered from 0 for {', '.join(found)}"
        if names is not None and len(names) > len(classes):
            unused = f"{len(names) - len(classes)} of class_names have no image to train on"
            note = f"{note}; {unused}" if note else unused
    if len(classes) < 2:
        raise DataError(
            f"{path}: y_train has 1 class: allowed 2 classes or more; add images of another class"
        )
    order = {label: number for number, label in enumerate(classes)}
    labels = {
        part: _numbered(f"{path}: y_{part}", column, order) for part, column in columns.items()
    }
    return labels, found, note


def class_names(where: str, array: Array | None, labels: list[Any]) -> tuple[str, ...]:
    """The name of each label: by its place among them, or by its number in a longer list; without
    names the number itself."""
    numbers = list(map(int, labels))
    if array is None:
        return tuple(map(str, numbers))
    array, n = _texts(array), len(labels)
    if array.dtype.kind == "U" and array.shape == (n,):
        return tuple(map(tidy, array))
    if array.dtype.kind == "U" and array.ndim == 1 and 0 <= numbers[0] <= numbers[-1] < len(array):
        return tuple(tidy(array[number]) for number in numbers)
    raise DataError(
        f"{where} has the dtype {array.dtype} and the shape {array.shape}: allowed {n} strings, "
        f"shape ({n},), one for each class; give numpy.array of a list of strings, or leave it out"
    )


def tidy(name: object) -> str:
    """On one line, without what no font has letters for."""
    kept = (c if c.isprintable() or category(c) == "Cf" else " " for c in str(name))
    return " ".join("".join(kept).split())


def check_can_hold_out(where: str, labels: Labels, names: tuple[str, ...]) -> None:
    """Every class must have an image to hold out and one left to train on."""
    counts = np.bincount(labels)
    if counts.min() < 2:
        raise DataError(
            f"{where} has 1 image of class {names[counts.argmin()]}: allowed 2 or more of each "
            "class, since validation images are held out; add images, or add x_val and y_val"
        )


def _column(where: str, array: Array, images: tuple[int, ...], train: Array) -> tuple[Array, bool]:
    """As (n,), with texts as str; and whether it was one-hot rows."""
    rows = array.ndim == 2 and array.shape[1] > 1 and array.shape[1:] == train.shape[1:]
    one_hot = rows and _is_one_hot(array)
    if one_hot:
        array = array.argmax(axis=1)
    elif array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{where} has the shape {array.shape}: allowed (n,), (n, 1), or rows with one 1 and "
            "else 0, as wide as y_train's; give the class of each image, such as y.argmax(axis=1), "
            "for every y"
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
    return _texts(array), one_hot


def _is_one_hot(rows: Array) -> bool:
    if rows.dtype.kind not in "buif":
        return False
    ones = rows == 1
    return bool((ones.sum(axis=1) == 1).all() and (ones | (rows == 0)).all())


def _texts(array: Any) -> Any:
    """Bytes as text; what is neither as it is."""
    if array is None or array.dtype.kind != "S":
        return array
    return np.char.decode(array, "utf-8", "backslashreplace")


def _check_kind(where: str, column: Array, train: Array) -> None:
    """Numbers that are whole, or text; all parts alike."""
    kind = KINDS.get(column.dtype.kind)
    if kind is None or not _whole(column).all():
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
    odd = column[~_whole(column)]
    return (odd if len(odd) else column)[0].item()


def _whole(column: Array) -> npt.NDArray[np.bool_]:
    """Where no fraction, nor nan or inf, stands."""
    if column.dtype.kind != "f":
        return np.ones(len(column), np.bool_)
    whole: npt.NDArray[np.bool_] = np.isfinite(column) & (column == np.trunc(column))
    return whole


def _check_not_negative(where: str, classes: list[Any]) -> None:
    """A label below 0 may stand for no class at all, but where it is one of two."""
    if classes[0] < 0 and classes != [-1, 1]:
        raise DataError(
            f"{where} has the label {int(classes[0])}: allowed 0 and more, or -1 and 1; leave out "
            "the images that have none, or number the classes from 0 with "
            "numpy.searchsorted(numpy.unique(y_train), y) for every y"
        )


def _named(where: str, classes: list[str], names: Any) -> list[str]:
    """The labels that are text, in the order of ``class_names`` where the file has them."""
    if names is None:
        return classes
    if names.ndim != 1 or sorted(map(str, names)) != sorted(classes):
        raise DataError(
            f"{where} are not the labels that y_train has: allowed {', '.join(classes)} in any "
            "order; correct them, or leave them out"
        )
    return list(map(str, names))


def _numbered(where: str, column: Array, order: dict[Any, int]) -> Labels:
    """Each label as the number of its class."""
    present, inverse = np.unique(column, return_inverse=True)
    for label in present.tolist():
        if label not in order:
            gapless = list(order) == list(range(len(order)))
            allowed = f"0..{len(order) - 1}" if gapless else ", ".join(map(str, order))
            raise DataError(
                f"{where} has the label {label}: allowed {allowed}, the classes of y_train; add "
                "training images of that class or leave its images out"
            )
    numbers = np.array([order[label] for label in present.tolist()], np.int64)
    return numbers[inverse]
