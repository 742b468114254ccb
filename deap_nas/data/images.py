"""The images of an .npz file: what has one reading is read, the rest refused with what to do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from deap_nas.data.dataset import DataError, Images

Array = npt.NDArray[Any]
KINDS = {"b": "bool", "u": "whole numbers", "i": "whole numbers", "f": "floats"}  # of a dtype


def read_images(path: object, arrays: dict[str, Array]) -> tuple[dict[str, Images], str]:
    """The images of all parts, all uint8 or all float32, and what was made of them where that is
    not plain.

    Args:
        path: of the file, for messages.
        arrays: as the file has them, by part: train, val, test. One scale holds for all.

    Raises:
        DataError: for what is no images, or could be of two scales.
    """
    names = {part: f"{path}: x_{part}" for part in arrays}
    shaped = {part: _shaped(names[part], array) for part, array in arrays.items()}
    train = shaped["train"]
    for part, array in shaped.items():
        _check_numbers(names[part], array)
        _check_alike(names[part], array, train)
    low, high = range_of(shaped.values())
    whole = train.dtype.kind != "f" or all(map(_is_whole, shaped.values()))
    told = f"its images are {train.dtype}; read as"
    if train.dtype == np.uint8:
        return shaped, _dark(high, 255)
    if train.dtype == np.bool_ or (whole and low >= 0 and high <= 1 and train.dtype.kind != "f"):
        black_and_white = {part: x.astype(np.uint8) * np.uint8(255) for part, x in shaped.items()}
        return black_and_white, f"{told} black and white, 0 and 255"
    if whole and low >= 0 and 128 <= high <= 255:
        return {part: x.astype(np.uint8) for part, x in shaped.items()}, f"{told} uint8 (0-255)"
    if train.dtype.kind == "f" and low >= 0 and 128 <= high <= 255:
        scaled = {part: (x / 255).astype(np.float32) for part, x in shaped.items()}
        return scaled, f"{told} floats, divided by 255"
    if train.dtype.kind == "f" and low >= 0 and high <= 1:
        floats = {part: x.astype(np.float32, copy=False) for part, x in shaped.items()}
        return floats, _dark(high, 1)
    raise DataError(
        f"{path}: the images ({', '.join(f'x_{part}' for part in shaped)}) are {train.dtype} with "
        f"values from {low} to {high}: allowed uint8 (0-255) or floats from 0 to 1; "
        f"{advice(low, high, whole)}"
    )


def range_of(arrays: Iterable[Array]) -> tuple[Any, Any]:
    """The least and the largest value in all, as Python's numbers."""
    ranges = [(array.min().item(), array.max().item()) for array in arrays]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _shaped(where: str, array: Array) -> Array:
    """As (n, height, width, channels)."""
    if array.ndim not in (3, 4):
        raise DataError(
            f"{where} has the shape {array.shape}: allowed (n, height, width) or (n, height, "
            f"width, channels); {_reshaping(array.shape)}"
        )
    if array.size == 0:
        raise DataError(
            f"{where} is empty (shape {array.shape}): allowed one image or more, of one pixel or "
            "more; add images"
        )
    if array.ndim == 3:
        return array[..., np.newaxis]
    _, first, *sides = array.shape
    if first in (1, 3, 4) and min(sides) > 4:
        raise DataError(
            f"{where} has the shape {array.shape}, which looks like channels first: allowed (n, "
            "height, width, channels); use numpy.moveaxis(x, 1, -1) for every x (or, where "
            f"{first} is the height, x.swapaxes(1, 2))"
        )
    return array


def _reshaping(shape: tuple[int, ...]) -> str:
    """What makes images of such an array."""
    sides = shape[1:]
    if len(shape) == 2 and math.isqrt(sides[0]) ** 2 == sides[0] > 0:
        side = math.isqrt(sides[0])
        return f"use x.reshape(-1, {side}, {side}) for every x, if its images are square"
    if len(shape) > 4 and 1 in shape:
        return "use x.squeeze() for every x, which drops sides of length 1"
    return "reshape it, x.reshape(-1, height, width, channels)"


def _check_numbers(where: str, array: Array) -> None:
    if array.dtype.kind not in KINDS:
        raise DataError(
            f"{where} has the dtype {array.dtype}: allowed uint8 (0-255) or floats (0-1); give the "
            "pixels as numbers, x.astype('float32') where they are numbers written as text"
        )
    if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
        raise DataError(
            f"{where} has {(~finite).sum()} values that are nan or inf: allowed finite ones; leave "
            "out the images that have them, or set x[~numpy.isfinite(x)] = 0"
        )


def _check_alike(where: str, images: Array, training: Array) -> None:
    if images.shape[:3] == training.shape[:3] and images.shape[3] != training.shape[3]:
        raise DataError(
            f"{where} has the shape {images.shape}, x_train {training.shape}, as if images were "
            "along the last axis: allowed the first; use numpy.moveaxis(x, -1, 0) for every x"
        )
    if images.shape[1:] != training.shape[1:]:
        raise DataError(
            f"{where} has images of shape {images.shape[1:]}: allowed {training.shape[1:]}, the "
            "shape of x_train's; resize them"
        )
    sorts = [(KINDS[array.dtype.kind], array.dtype == np.uint8) for array in (images, training)]
    if sorts[0] != sorts[1]:
        raise DataError(
            f"{where} has the dtype {images.dtype}: allowed {training.dtype}, that of x_train; "
            "store all as uint8 (0-255), or all as floats from 0 to 1"
        )


def _is_whole(array: Array) -> bool:
    return bool((array == np.trunc(array)).all())


def advice(low: float, high: float, whole: bool) -> str:
    """What brings such values to 0 to 1, with numbers that a person would take."""
    if low < 0:
        if low >= -1 and high <= 1:
            low, high = -1, 1
        shift = _rounded_up(-low)
        return f"use (x + {shift:g}) / {_rounded_up(shift + high) or 1:g} for every x"
    if high < 128:
        text = f"use x / {_rounded_up(high):g} for every x"
        return f"{text}, or, where 255 is white, x.astype('uint8')" if whole else text
    top = 255 if high <= 255 else 2 ** math.ceil(math.log2(high + 1)) - 1
    return f"use x / {top} for every x"


def _rounded_up(value: float) -> float:
    """To three digits: no value may be above 1 after the division by it."""
    if value < 1000 and value == int(value):
        return int(value)
    step: float = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{(math.floor(value / step) + 1) * step:.3g}")


def _dark(high: float, white: int) -> str:
    """Masks of 0 and 1 as uint8, or floats divided by 255 twice: networks learn little of them."""
    if high <= 0 or np.float32(high) * np.float32(255) > white:
        return ""
    return (
        f"the largest value of its images is {high:g}, where {white} is white; read as they are, "
        "nearly black; if that is not meant, use x * 255 for every x"
    )
