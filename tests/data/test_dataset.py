"""deap_nas.data: what every data set promises, and the names that load one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from stand_ins import Sources, arrays, load_fashion, refuse, write_fakes

from deap_nas.data import DATASETS, DataError, Dataset, load_dataset
from deap_nas.data.dataset import held_out

ARRAYS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")


def test_split_seed(sources: Sources) -> None:
    write_fakes(sources.debian)
    first, again, other = (load_dataset("fashion_mnist", split_seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.x_val, again.x_val)
    assert first.fingerprint == again.fingerprint
    assert not np.array_equal(first.x_val, other.x_val)
    assert first.fingerprint != other.fingerprint
    for dataset in (first, other):
        assert np.array_equal(np.bincount(dataset.y_train), [10] * 10)
        assert np.array_equal(np.bincount(dataset.y_val), [2] * 10)


@given(counts=st.lists(st.integers(2, 40), min_size=2, max_size=6), seed=st.integers(0, 2**70))
def test_held_out_is_a_sixth_of_each_class(counts: list[int], seed: int) -> None:
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    held = held_out(labels, seed)
    assert np.array_equal(np.bincount(labels[held]), [max(1, count // 6) for count in counts])
    assert np.array_equal(held, held_out(labels, seed))
    assert set(labels[~held]) == set(labels)


def test_split_parts(sources: Sources) -> None:
    write_fakes(sources.debian)
    dataset = load_fashion()
    validation = dataset.split("validation")
    for got, key in zip(validation, ("x_train", "y_train", "x_val", "y_val")):
        assert got is getattr(dataset, key)
    x, y, x_test, y_test = dataset.split("test")
    assert np.array_equal(x, np.concatenate([dataset.x_train, dataset.x_val]))
    assert np.array_equal(y, np.concatenate([dataset.y_train, dataset.y_val]))
    assert x_test is dataset.x_test
    assert y_test is dataset.y_test
    assert not x.flags.writeable
    refuse(lambda: dataset.split("train"), "'train'", "validation, test")


@pytest.mark.parametrize("name", ["fashion_mnist", "fashion_mnist_mini"])
def test_bad_split_seed(name: str) -> None:
    refuse(lambda: load_dataset(name, split_seed=-1), "split_seed is -1", "from 0")


def test_arrays_are_contiguous_and_read_only(npz: Callable[..., str]) -> None:
    x = np.asfortranarray(arrays()["x_train"])
    dataset = load_dataset(npz(**arrays(x_train=x)))
    for key in ARRAYS:
        array = getattr(dataset, key)
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_dataset_leaves_its_makers_arrays_alone() -> None:
    x, y = np.zeros((2, 3, 3, 1), np.uint8), np.array([0, 1])
    dataset = Dataset("mine", x, y, x, y, x, y, n_classes=2, class_names=("a", "b"), source="here")
    assert x.flags.writeable
    assert not dataset.x_train.flags.writeable
    assert "array" not in repr(dataset)


def test_fingerprint_is_of_the_content(npz: Callable[..., str], tmp_path: Path) -> None:
    made = arrays(x_val=np.zeros((3, 5, 4), np.uint8), y_val=np.arange(3))
    first = load_dataset(npz(**made))
    assert len(first.fingerprint) == 16
    assert int(first.fingerprint, 16) >= 0
    np.savez_compressed(tmp_path / "elsewhere.npz", **made)
    assert load_dataset(str(tmp_path / "elsewhere.npz")).fingerprint == first.fingerprint
    seen = {first.fingerprint}
    for key in ("x_train", "x_val", "x_test"):  # one pixel
        changed = made[key].copy()
        changed[-1, -1, -1] ^= 1
        seen.add(load_dataset(npz(**{**made, key: changed})).fingerprint)
    for key in ("y_train", "y_val", "y_test"):  # one label
        changed = made[key].copy()
        changed[-1] = 0
        seen.add(load_dataset(npz(**{**made, key: changed})).fingerprint)
    turned = {key: made[key].transpose(0, 2, 1).reshape(-1, 4, 5) for key in made if key[0] == "x"}
    flat = {key: made[key].reshape(-1, 4, 5) for key in made if key[0] == "x"}  # the same bytes
    seen.add(load_dataset(npz(**{**made, **turned})).fingerprint)
    seen.add(load_dataset(npz(**{**made, **flat})).fingerprint)
    assert len(seen) == 9


@pytest.mark.parametrize("name", ["imagenet", "", "fashion_mnist.csv", "own.npy", "Fashion_MNIST"])
def test_unknown_name(name: str) -> None:
    refuse(
        lambda: load_dataset(name),
        repr(name),
        "fashion_mnist, fashion_mnist_mini",
        "ends in .npz",
        "a folder",
    )


def test_known_names() -> None:
    assert DATASETS == ("fashion_mnist", "fashion_mnist_mini", "digits", "mnist", "cifar10")
    assert issubclass(DataError, ValueError)
