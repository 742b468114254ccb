"""From a data set's name, or the path of an .npz file or of a folder, to the data set."""

from __future__ import annotations

import os
from pathlib import Path

from deap_nas.data.dataset import DATASETS, DataError, Dataset
from deap_nas.data.decode import Tell, untold
from deap_nas.data.fashion import load_fashion_mnist
from deap_nas.data.folder import load_folder
from deap_nas.data.named import NAMED, load_named
from deap_nas.data.npz import load_npz
from deap_nas.data.pictures import Size

MINI_PATH = Path(__file__).with_name("files") / "fashion_mnist_mini.npz"


def load_dataset(
    name: str | Path,
    *,
    data_dir: str | Path | None = None,
    split_seed: int = 0,
    image_size: Size | None = None,
    grey: bool = False,
    tell: Tell = untold,
) -> Dataset:
    """Load a data set.

    Args:
        name: "fashion_mnist", "fashion_mnist_mini", "digits", "mnist", "cifar10", or the path of an
            .npz file or of a folder of images.
        data_dir: of Fashion-MNIST's four IDX files; only "fashion_mnist" reads it.
        split_seed: a whole number from 0; draws the validation images, one sixth of each class,
            unless the data set brings its own; and the test images, where it has none.
        image_size: (height, width), in pixels, to which the images of a folder are brought.
        grey: whether those of a folder become grey.
        tell: is called with (how many, of how many) as the images of a folder are decoded.

    Raises:
        DataError: when the data cannot be had or used.
    """
    if split_seed < 0:
        raise DataError(f"split_seed is {split_seed}: allowed whole numbers from 0; use 0")
    name = os.fspath(name)
    path = Path(os.path.expanduser(name))
    if name not in DATASETS and not name.lower().endswith(".npz") and name and path.is_dir():
        return load_folder(path.absolute(), name, split_seed, image_size, grey, tell)
    if image_size or grey:
        given = "grey" if grey else "image_size {}x{}".format(*image_size or ())
        raise DataError(f"{given} with dataset {name!r}: allowed with a folder; leave it out")
    if name == "fashion_mnist":
        return load_fashion_mnist(data_dir, split_seed)
    if name == "fashion_mnist_mini":
        source = "shipped with deap_nas: 7,000 images of Fashion-MNIST (Zalando SE, MIT licence)"
        return load_npz(MINI_PATH, name, source, split_seed)
    if name in NAMED:
        return load_named(name, split_seed)
    if name.lower().endswith(".npz"):
        return load_npz(path.absolute(), name, f"read from {path.absolute()}", split_seed)
    raise DataError(
        f"dataset {name!r} is unknown: allowed {', '.join(DATASETS)}, or the path of a folder of "
        "images, or of a file that ends in .npz; use one of them"
    )
