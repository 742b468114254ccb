"""Data sets by name that other libraries have: digits from scikit-learn; mnist and cifar10 by
Keras."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from deap_nas.data.dataset import DataError, Dataset, in_order, message_of, with_all_parts
from deap_nas.data.download import keras_folder, patiently
from deap_nas.data.kept import Arrays, kept
from deap_nas.layers.from_keras import as_in_workers, import_keras

DIGITS = tuple(map(str, range(10)))
NAMED = {  # class names
    "digits": DIGITS,
    "mnist": DIGITS,
    "cifar10": (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
}
KEPT = {  # by Keras, in datasets/ of its folder
    "mnist": "mnist.npz",
    "cifar10": "cifar-10-batches-py-target_archive",
}
NETWORK_TIMEOUT = 10.0  # seconds without an answer


def load_named(name: str, split_seed: int) -> Dataset:
    """Load one of ``NAMED``.

    Args:
        name: digits (1,797 images of 8x8x1, of which a sixth is drawn for the test), mnist (70,000
            of 28x28x1) or cifar10 (60,000 of 32x32x3).
        split_seed: draws the images for validation, and of digits those for the test.

    Raises:
        DataError: where it was not downloaded yet, and cannot be.
    """
    if name == "digits":
        arrays, source = _digits(), "shipped with scikit-learn; test drawn with split_seed"
        source += f" {split_seed}"
    else:
        arrays, source = kept(name, lambda: _by_keras(name)), "downloaded by Keras"
    found = {
        part: (arrays[f"x_{part}"], arrays[f"y_{part}"])
        for part in ("train", "test")
        if f"x_{part}" in arrays
    }
    parts = with_all_parts(found, split_seed)
    return Dataset(
        name,
        *in_order(parts),
        n_classes=len(NAMED[name]),
        class_names=NAMED[name],
        source=source,
    )


def _digits() -> Arrays:
    from sklearn.datasets import load_digits  # seconds to load

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    return {"x_train": images, "y_train": digits.target.astype(np.int64)}


def _by_keras(name: str) -> Arrays:
    """From Keras's own cache, or downloaded into it; Keras checks what it downloads."""
    try:
        keras = import_keras()
        with patiently(NETWORK_TIMEOUT), as_in_workers(keras):
            pairs: Any = importlib.import_module(f"keras.datasets.{name}").load_data()
    except Exception as error:  # its download raises Exception itself
        raise DataError(
            f"{name} was not found and not downloaded ({message_of(error)}): run once with a "
            "network (and TensorFlow installed), or copy the file "
            f"{keras_folder() / 'datasets' / KEPT[name]} from a machine that did, or use "
            "--dataset digits, which needs none"
        ) from error
    arrays = {}
    for part, (x, y) in zip(("train", "test"), pairs):
        arrays[f"x_{part}"] = x if x.ndim == 4 else x[..., np.newaxis]
        arrays[f"y_{part}"] = y.reshape(-1).astype(np.int64)
    return arrays
