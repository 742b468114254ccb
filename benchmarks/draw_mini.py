"""Draw fashion_mnist_mini.npz, the small data set in the package, from the real Fashion-MNIST.

    python benchmarks/draw_mini.py [--data-dir DIR] [--out FILE] [--seed SEED]

Of each of the ten classes it takes 500 training and 100 validation images from the 60,000 and 100
test images from the 10,000, without replacement, in the order of the original files. The same seed
gives the same arrays each time (and, with the same zlib, the same file).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deap_nas.data import FASHION_CLASSES, MINI_PATH, DataError, Labels, read_fashion_mnist

TRAIN_PER_CLASS, VAL_PER_CLASS, TEST_PER_CLASS = 500, 100, 100


def draw(labels: Labels, sizes: Sequence[int], rng: np.random.Generator) -> list[Labels]:
    """Return one sorted array of indices for each size, ``size`` of each class, none twice."""
    members = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    ends = np.cumsum([0, *sizes])
    return [
        np.sort(np.concatenate([indices[start:end] for indices in members]))
        for start, end in pairwise(ends)
    ]


def draw_mini(data_dir: str | None = None, seed: int = 0) -> dict[str, npt.NDArray[np.generic]]:
    """Return the arrays of the .npz file: x_* (n, 28, 28) uint8, y_* (n,) uint8, class_names."""
    x, y, x_test, y_test, _ = read_fashion_mnist(data_dir)
    rng = np.random.default_rng(seed)
    train, val = draw(y, (TRAIN_PER_CLASS, VAL_PER_CLASS), rng)
    (test,) = draw(y_test, (TEST_PER_CLASS,), rng)
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for part, images, labels, chosen in (
        ("train", x, y, train),
        ("val", x, y, val),
        ("test", x_test, y_test, test),
    ):
        arrays[f"x_{part}"] = images[chosen, :, :, 0]
        arrays[f"y_{part}"] = labels[chosen].astype(np.uint8)
    arrays["class_names"] = np.array(FASHION_CLASSES)
    return arrays


def main(argv: Sequence[str] | None = None) -> int:
    """Write the file and print its size; exit status 1 when Fashion-MNIST cannot be read."""
    parser = argparse.ArgumentParser(description="Draw fashion_mnist_mini.npz.")
    parser.add_argument("--data-dir", help="directory of Fashion-MNIST's four IDX files")
    parser.add_argument("--out", type=Path, default=MINI_PATH, help="file to write (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw (%(default)s)")
    options = parser.parse_args(argv)
    try:
        arrays = draw_mini(options.data_dir, options.seed)
    except DataError as error:
        print(f"draw_mini: {error}", file=sys.stderr)
        return 1
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
