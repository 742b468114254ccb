"""deap_nas.data: .npz files that are read, and how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stand_ins import RNG, arrays

from deap_nas.data import load_dataset


@pytest.mark.parametrize(
    ("shape", "input_shape"),
    [((5, 4), (5, 4, 1)), ((5, 4, 1), (5, 4, 1)), ((5, 4, 3), (5, 4, 3)), ((1, 1, 7), (1, 1, 7))],
)
def test_npz_shapes(
    npz: Callable[..., str], shape: tuple[int, ...], input_shape: tuple[int, ...]
) -> None:
    made = arrays(shape=shape)
    dataset = load_dataset(npz(**made))
    assert dataset.input_shape == input_shape
    assert dataset.x_train.shape == (30, *input_shape)
    assert dataset.x_val.shape == (6, *input_shape)
    assert np.array_equal(dataset.x_test, made["x_test"].reshape(6, *input_shape))
    assert np.array_equal(np.bincount(dataset.y_train), [10, 10, 10])
    assert np.array_equal(np.bincount(dataset.y_val), [2, 2, 2])
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.n_classes == 3


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64", "longdouble"])
def test_npz_floats_become_float32(npz: Callable[..., str], dtype: str) -> None:
    made = arrays()
    x = np.linspace(0, 1, 36 * 20).reshape(36, 5, 4).astype(dtype)
    dataset = load_dataset(npz(**{**made, "x_train": x, "x_test": x[:6]}))
    for key in ("x_train", "x_val", "x_test"):
        assert getattr(dataset, key).dtype.str == np.dtype(np.float32).str
    assert np.array_equal(dataset.x_test[..., 0], x[:6].astype(np.float32))


@pytest.mark.parametrize("dtype", ["uint8", "int8", ">i2", "int64", "uint64"])
def test_npz_labels_become_int64(npz: Callable[..., str], dtype: str) -> None:
    y = (np.arange(36) % 3).astype(dtype)
    dataset = load_dataset(npz(**arrays(y_train=y[:, np.newaxis], y_test=y[:6])))
    assert dataset.y_train.shape == (30,)
    for key in ("y_train", "y_val", "y_test"):
        assert getattr(dataset, key).dtype == np.int64


def test_npz_with_its_own_validation_images(npz: Callable[..., str]) -> None:
    made = arrays(n=3)  # one image of a class is enough then
    x_val = RNG.integers(0, 256, (2, 5, 4), dtype=np.uint8)
    path = npz(**made, x_val=x_val, y_val=np.array([1, 1]), extra=np.zeros(3))
    dataset, other = load_dataset(path), load_dataset(path, split_seed=1)
    assert np.array_equal(dataset.x_val[..., 0], x_val)
    assert np.array_equal(dataset.x_train[..., 0], made["x_train"])
    assert dataset.fingerprint == other.fingerprint


def test_npz_split_seed(npz: Callable[..., str]) -> None:
    path = npz(**arrays())
    assert load_dataset(path).fingerprint == load_dataset(path).fingerprint
    assert load_dataset(path).fingerprint != load_dataset(path, split_seed=1).fingerprint


def test_npz_name_and_source(
    npz: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = npz(**arrays(), class_names=np.array(["cat", "dog", "Ångström"]))
    (tmp_path / "own.npz").rename(tmp_path / "own.NPZ")
    monkeypatch.chdir(tmp_path)
    dataset = load_dataset("own.NPZ")
    assert dataset.name == "own.NPZ"
    assert dataset.source == f"read from {path[:-4]}.NPZ"
    assert dataset.class_names == ("cat", "dog", "Ångström")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_dataset("~/own.NPZ").fingerprint == dataset.fingerprint
