"""deap_nas.data: .npz files that are read, and how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stand_ins import RNG, arrays, refuse

from deap_nas.data import Dataset, DataWarning, load_dataset


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


def read_with_note(path: str, *words: str) -> Dataset:
    """Load what says in one line how it was read."""
    with pytest.warns(DataWarning) as caught:
        dataset = load_dataset(path)
    (note,) = (str(warning.message) for warning in caught)
    assert note.startswith(f"{path}: ")
    assert all(word in note for word in words), note
    return dataset


IMAGES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], tuple[str, ...]]] = {
    "int64 to 255": (lambda x: x.astype(int), ("int64", "uint8 (0-255)")),
    "uint16 to 255": (lambda x: x.astype(np.uint16), ("uint16", "uint8 (0-255)")),
    "floats to 255": (lambda x: x.astype(np.float32), ("float32", "uint8 (0-255)")),
    "bool": (lambda x: x > 127, ("bool", "0 and 255")),
    "int64 of 0 and 1": (lambda x: (x > 127).astype(int), ("int64", "0 and 255")),
}


@pytest.mark.parametrize("case", IMAGES)
def test_images_with_one_reading_are_read_and_that_is_said(
    npz: Callable[..., str], case: str
) -> None:
    change, words = IMAGES[case]
    made = arrays()
    stored = {k: change(v) if k.startswith("x") else v for k, v in made.items()}
    scale = np.uint8(255) if stored["x_train"].max() <= 1 else np.uint8(1)
    meant = {k: v.astype(np.uint8) * scale if k.startswith("x") else v for k, v in stored.items()}
    dataset = read_with_note(npz(**stored), *words)
    assert dataset.fingerprint == load_dataset(npz(**meant)).fingerprint


@pytest.mark.parametrize(("scale", "dtype"), [(255, "uint8"), (255 * 255, "float32")])
def test_images_that_are_nearly_black_are_read_and_that_is_said(
    npz: Callable[..., str], scale: int, dtype: str
) -> None:
    made = arrays()
    dark = {k: (v / scale).astype(dtype) if k.startswith("x") else v for k, v in made.items()}
    dark["x_train"].flat[0] = 1 if dtype == "uint8" else 1 / 255
    dataset = read_with_note(npz(**dark), "nearly black", "x * 255 for every x")
    assert np.array_equal(dataset.x_test[..., 0], dark["x_test"])
    load_dataset(npz(**{k: v * 255 if k.startswith("x") else v for k, v in dark.items()}))


LABELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "text": lambda y: np.array(["owl", "ant", "bee"])[y],
    "bytes": lambda y: np.array([b"owl", b"ant", b"bee"])[y],
    "column": lambda y: np.array(["owl", "ant", "bee"])[y][:, None],
}


@pytest.mark.parametrize("case", LABELS)
@pytest.mark.parametrize("named", [False, True])
def test_labels_that_are_text_are_numbered(npz: Callable[..., str], case: str, named: bool) -> None:
    made = arrays()
    text = {k: LABELS[case](v) if k.startswith("y") else v for k, v in made.items()}
    names = {"class_names": np.array(["owl", "ant", "bee"])} if named else {}
    order = ["owl", "ant", "bee"] if named else ["ant", "bee", "owl"]
    dataset = read_with_note(npz(**text, **names), "text", ", ".join(order))
    assert dataset.class_names == tuple(order)
    read = [dataset.class_names[label] for label in dataset.y_test]
    assert read == [["owl", "ant", "bee"][label] for label in made["y_test"]]


def test_fractions_up_to_255_are_divided_by_it(npz: Callable[..., str]) -> None:
    made = arrays()
    stored = {k: v * 0.999 if k.startswith("x") else v for k, v in made.items()}
    dataset = read_with_note(npz(**stored), "float64", "divided by 255")
    assert np.allclose(dataset.x_test[..., 0], made["x_test"] * 0.999 / 255, atol=1e-6)
    assert dataset.x_test.dtype == np.float32


Change = Callable[[np.ndarray], np.ndarray]
# How labels 0, 1, 2 are stored, words of what is said, and the names without class_names.
NUMBERED: dict[str, tuple[Change, tuple[str, ...], str]] = {
    "one-hot": (lambda y: np.eye(3, dtype=int)[y], ("one-hot rows",), "012"),
    "one-hot floats": (lambda y: np.eye(3)[y], ("one-hot rows",), "012"),
    "one-hot bools": (lambda y: np.eye(3)[y] > 0, ("one-hot rows",), "012"),
    "one-hot with a class too many": (
        lambda y: np.eye(4)[y + 1],
        ("one-hot rows", "numbered from 0 for 1, 2, 3"),
        "123",
    ),
    "gaps": (lambda y: y * 2, ("have gaps", "numbered from 0 for 0, 2, 4"), "024"),
    "from 1": (lambda y: y + 1, ("have gaps", "numbered from 0 for 1, 2, 3"), "123"),
    "floats with gaps": (lambda y: y * 3.0, ("float64", "for 0, 3, 6"), "036"),
    "far gap": (lambda y: np.where(y == 2, 9, y), ("for 0, 1, 9",), "019"),
}


@pytest.mark.parametrize("case", NUMBERED)
@pytest.mark.parametrize("named", [False, True])
def test_labels_are_numbered_from_0_and_keep_their_names(
    npz: Callable[..., str], case: str, named: bool
) -> None:
    change, words, numbers = NUMBERED[case]
    made = arrays()
    stored = {k: change(v) if k.startswith("y") else v for k, v in made.items()}
    names = {"class_names": np.array(["owl", "ant", "bee"])} if named else {}
    dataset = read_with_note(npz(**stored, **names), *(() if named else words))
    assert dataset.class_names == (("owl", "ant", "bee") if named else tuple(numbers))
    assert dataset.fingerprint == load_dataset(npz(**made)).fingerprint


def test_vast_labels_and_two_signs(npz: Callable[..., str]) -> None:
    vast = np.array([0, 2**63, 2**64 - 1], np.uint64)
    y = np.arange(36) % 3
    dataset = read_with_note(npz(**arrays(y_train=vast[y], y_test=vast[y[:6]])), "gaps")
    assert dataset.class_names == ("0", str(2**63), str(2**64 - 1))
    assert np.array_equal(dataset.y_test, y[:6])
    signs = np.where(y > 0, 1, -1)
    dataset = read_with_note(npz(**arrays(y_train=signs, y_test=signs[:6])), "for -1, 1")
    assert np.array_equal(dataset.y_test, (y > 0)[:6])


def test_names_by_number_of_labels_with_gaps(npz: Callable[..., str]) -> None:
    """As of a data set of which only some classes are kept."""
    y = np.array([1, 3, 4])[np.arange(36) % 3]
    names = np.array(["ant", "bee", "cow", "dog", "elk", "fox"])
    path = npz(**arrays(y_train=y, y_test=y[:6], class_names=names))
    dataset = read_with_note(path, "for bee, dog, elk", "3 of class_names have no image")
    assert dataset.class_names == ("bee", "dog", "elk")


@pytest.mark.parametrize("dtype", ["float64", "bool"])
def test_labels_that_are_whole_numbers_in_another_dtype(
    npz: Callable[..., str], dtype: str
) -> None:
    y = np.arange(36) % 2
    made = arrays(y_train=y.astype(dtype), y_test=y[:6].astype(dtype))
    dataset = read_with_note(npz(**made), dtype, "whole numbers")
    assert np.array_equal(dataset.y_test, y[:6])
    assert dataset.y_test.dtype == np.int64


def test_an_error_comes_without_a_note(npz: Callable[..., str]) -> None:
    path = npz(**arrays(x_train=np.zeros((36, 5, 4), bool), x_test=np.zeros((6, 5, 4), bool),
                        y_test=np.arange(6)))  # fmt: skip
    refuse(lambda: load_dataset(path), "y_test has the label 3")
