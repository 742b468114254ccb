"""What a data set is, how its validation images are held out, and the error of a bad one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[Any]  # (n, height, width, channels), uint8 (0-255) or float32 (0-1)
Labels = npt.NDArray[np.int64]  # (n,), 0..n_classes-1

# By name; any other is the path of an .npz file, or of a folder of images.
DATASETS = ("fashion_mnist", "fashion_mnist_mini", "digits", "mnist", "cifar10")
ARRAYS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")


class DataError(ValueError):
    """A data set that is missing, damaged or not usable; the message is one line."""


class DataWarning(UserWarning):
    """What was made of data that could be meant otherwise; the message is one line."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A classified set of images in three parts; its arrays are C-contiguous and read-only.

    ``x_*``: (n, height, width, channels), uint8 (0-255) or float32 (0-1), one dtype for all three.
    ``y_*``: (n,) int64 labels in 0..n_classes-1. ``name`` is the name it was loaded by, ``source``
    says for a reader where the files came from. ``files`` are the files of the images by part
    (train, val, test), in their order, where each image has one.
    """

    name: str
    x_train: Images = field(repr=False)
    y_train: Labels = field(repr=False)
    x_val: Images = field(repr=False)
    y_val: Labels = field(repr=False)
    x_test: Images = field(repr=False)
    y_test: Labels = field(repr=False)
    n_classes: int
    class_names: tuple[str, ...]
    source: str
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for key in ARRAYS:
            object.__setattr__(self, key, read_only(getattr(self, key)))

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that depend on the arrays' dtypes, shapes and bytes, and nothing else."""
        digest = hashlib.sha256()
        for key in ARRAYS:
            array = getattr(self, key)
            digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array)
        return digest.hexdigest()[:16]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one image."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels

    def split(self, name: str) -> tuple[Images, Labels, Images, Labels]:
        """Return (x_train, y_train, x_scored, y_scored) for a final score on one part.

        "validation" trains on the training images and scores on the validation images; "test"
        trains on both of these together and scores on the test images. Raises DataError for
        another name.
        """
        if name == "validation":
            return self.x_train, self.y_train, self.x_val, self.y_val
        if name != "test":
            raise DataError(f"split {name!r} is unknown: allowed validation, test; use one of them")
        x_all = read_only(np.concatenate([self.x_train, self.x_val]))
        y_all = read_only(np.concatenate([self.y_train, self.y_val]))
        return x_all, y_all, self.x_test, self.y_test


def held_out(labels: Labels, seed: int) -> npt.NDArray[np.bool_]:
    """Mark one sixth of each class (rounded down, at least one image) for validation."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        held[rng.permutation(members)[: max(1, len(members) // 6)]] = True
    return held


def with_all_parts(
    parts: Mapping[str, tuple[npt.NDArray[Any], ...]], seed: int
) -> dict[str, tuple[npt.NDArray[Any], ...]]:
    """Draw the test and the validation images, where they are missing, from those to train on.

    Args:
        parts: by name (train, test, val) arrays of equal length: images, labels, and any others.
        seed: of the draws, a sixth of each class.
    """
    found = dict(parts)
    for part in ("test", "val"):
        if part not in found:
            held = held_out(found["train"][1], seed)
            found[part] = tuple(array[held] for array in found["train"])
            found["train"] = tuple(array[~held] for array in found["train"])
    return found


def in_order(
    parts: Mapping[str, tuple[npt.NDArray[Any], ...]],
) -> tuple[Images, Labels, Images, Labels, Images, Labels]:
    """The images and labels of all parts as ``Dataset`` takes them."""
    (x, y, *_), (x_val, y_val, *_), (x_test, y_test, *_) = map(
        parts.__getitem__, ("train", "val", "test")
    )
    return x, y, x_val, y_val, x_test, y_test


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a C-contiguous read-only view; the caller's own array stays as it is."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def message_of(error: BaseException) -> str:
    """An exception's message, or its class without one, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
