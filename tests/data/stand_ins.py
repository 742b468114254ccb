"""What the tests of the data share: refusals, small stand-ins for Fashion-MNIST, .npz arrays."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deap_nas.data import DATA_VARIABLE, DataError, Dataset, load_dataset

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RNG = np.random.default_rng(0)


def refuse(call: Callable[[], object], *words: str) -> str:
    """Assert that a call raises a one-line DataError with these words; return the message."""
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, f"{word!r} is not in {message!r}"
    return message


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python of its own at the root of the project, with these environment variables."""
    env = {key: value for key, value in os.environ.items() if key != DATA_VARIABLE}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**env, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}", **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


FAKE_Y = RNG.permutation(np.repeat(np.arange(10, dtype=np.uint8), 12))
FAKE_X = RNG.integers(0, 256, (120, 4, 4), dtype=np.uint8)
FAKE = {
    "train-labels-idx1-ubyte": idx(FAKE_Y),
    "train-images-idx3-ubyte": idx(FAKE_X),
    "t10k-labels-idx1-ubyte": idx(np.arange(10, dtype=np.uint8)),
    "t10k-images-idx3-ubyte": idx(FAKE_X[:10] ^ 255),
}


def fake_files() -> dict[str, tuple[str, str]]:
    return {
        name: (
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(gzip.compress(content, mtime=0)).hexdigest(),
        )
        for name, content in FAKE.items()
    }


def write_fakes(folder: Path, gz: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FAKE.items():
        if gz:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)
    return folder


class Sources:
    """The places where Fashion-MNIST is looked for, all empty, and a log of the downloads."""

    def __init__(self, root: Path) -> None:
        self.named = root / "named"
        self.variable = root / "variable"
        self.cache = root / "keras" / "datasets" / "fashion-mnist"
        self.debian = root / "debian"
        self.downloads: list[dict[str, Any]] = []

    def get_file(self, fname: str, **options: Any) -> str:
        self.downloads.append({"fname": fname, **options})
        folder = Path(options["cache_dir"]) / options["cache_subdir"]
        folder.mkdir(parents=True, exist_ok=True)
        content = FAKE[fname.removesuffix(".gz")]
        (folder / fname).write_bytes(gzip.compress(content, mtime=0))
        print("Downloading data [=====>   ]")
        return str(folder / fname)


def load_fashion(data_dir: Path | str | None = None) -> Dataset:
    return load_dataset("fashion_mnist", data_dir=data_dir)


def arrays(n: int = 36, shape: tuple[int, ...] = (5, 4), **changes: Any) -> dict[str, Any]:
    """Arrays of a good file with 3 classes; a change to None leaves an array out."""
    made = {
        "x_train": RNG.integers(0, 256, (n, *shape), dtype=np.uint8),
        "y_train": np.arange(n) % 3,
        "x_test": RNG.integers(0, 256, (6, *shape), dtype=np.uint8),
        "y_test": np.arange(6) % 3,
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}
