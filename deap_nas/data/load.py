"""From a data set's name, or an .npz file's path, to the data set."""

from __future__ import annotations

import os
from pathlib import Path

from deap_nas.data.dataset import DATASETS, DataError, Dataset
from deap_nas.data.fashion import load_fashion_mnist
from deap_nas.data.npz import load_npz

MINI_PATH = Path(__file__).with_name("files") / "fashion_mnist_mini.npz"


def load_dataset(
    name: str | Path, *, data_dir: str | Path | None = None, split_seed: int = 0
) -> Dataset:
    """Load "fashion_mnist", "fashion_mnist_mini" or the .npz file at the path ``name``.

    ``data_dir`` names the directory of Fashion-MNIST's four IDX files; only "fashion_mnist" reads
    it. ``split_seed`` (a whole number from 0) draws the validation images, one sixth of each class,
    unless the data set brings its own. Raises DataError when the data cannot be had or used.
    """
    if split_seed < 0:
        raise DataError(f"split_seed is {split_seed}: allowed whole numbers from 0; use 0")
    name = os.fspath(name)
    if name == "fashion_mnist":
        return load_fashion_mnist(data_dir, split_seed)
    if name == "fashion_mnist_mini":
        source = "shipped with deap_nas: 7,000 images of Fashion-MNIST (Zalando SE, MIT licence)"
        return load_npz(MINI_PATH, name, source, split_seed)
    if name.lower().endswith(".npz"):
        path = Path(os.path.expanduser(name)).absolute()
        return load_npz(path, name, f"read from {path}", split_seed)
    raise DataError(
        f"dataset {name!r} is unknown: allowed {', '.join(DATASETS)}, or the path of a file that "
        "ends in .npz; use one of them"
    )
