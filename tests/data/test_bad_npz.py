"""deap_nas.data: .npz files that are refused, and why."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given as examples, settings, strategies as st
from stand_ins import RNG, arrays, refuse

from deap_nas.data import DataError, DataWarning, load_dataset

GOOD = arrays()
X, Y, X_TEST, Y_TEST = (GOOD[key] for key in ("x_train", "y_train", "x_test", "y_test"))
F, F_TEST = X / 255, X_TEST / 255
MATLAB = {key: np.moveaxis(np.stack([GOOD[key]] * 3, -1), 0, -1) for key in ("x_train", "x_test")}
FIRST = {key: RNG.integers(0, 256, (len(GOOD[key]), 3, 8, 9), np.uint8) for key in MATLAB}
Made = dict[str, Any]
Change = Callable[[np.ndarray], np.ndarray]


def with_value(array: np.ndarray, value: object) -> np.ndarray:
    changed = array.copy()
    changed.flat[-1] = value
    return changed


def every(axis: str, change: Change) -> Callable[[Made], Made]:
    """What a message means by "for every x": the arrays of all parts."""
    return lambda made: {k: change(v) if k[:2] == f"{axis}_" else v for k, v in made.items()}


def given(**new: Any) -> Callable[[Made], Made]:
    """Other arrays, as far as a message can say which; one that is None is left out."""
    return lambda made: {k: v for k, v in {**made, **new}.items() if v is not None}


def numbered(made: Made) -> Made:
    classes = np.unique(made["y_train"])
    return every("y", lambda y: np.searchsorted(classes, y))(made)


def finite(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[~np.isfinite(x)] = 0
    return x


NAMES = np.array(["a", "b", "c"])
IN_FULL, LESS = {"y_train": Y, "y_test": Y_TEST}, {"x_train": X, "x_test": X_TEST}
FLOATS = {"x_train": F, "x_test": F_TEST}
# What is wrong, words of the message, and the remedy that it names.
BAD_ARRAYS: dict[str, tuple[Made, tuple[str, ...], Callable[[Made], Made]]] = {
    "no x_train": (
        {"x_train": None, "images": X},
        ("no array x_train, but y_train, x_test, y_test, images;", "savez"),
        given(x_train=X),
    ),
    "no y_train": ({"y_train": None}, ("no array y_train",), given(y_train=Y)),
    "no x_test": ({"x_test": None}, ("no array x_test",), given(x_test=X_TEST)),
    "no y_test": ({"y_test": None}, ("no array y_test",), given(y_test=Y_TEST)),
    "x_val alone": ({"x_val": X[:6]}, ("no array y_val",), given(y_val=Y[:6])),
    "y_val alone": ({"y_val": Y[:6]}, ("no array x_val",), given(x_val=X[:6])),
    "object images": (
        {"x_train": X.astype(object)},
        ("x_train cannot be read", "Object", "uint8"),
        given(**LESS),
    ),
    "object labels": (
        {"y_test": np.array([0, None])},
        ("y_test cannot be read", "labels that are whole numbers or text"),
        given(**IN_FULL),
    ),
    "flat images": (
        {"x_train": X.reshape(36, 20)},
        ("x_train", "(36, 20)", "(n, height, width)", "x.reshape(-1, height, width, channels)"),
        every("x", lambda x: x.reshape(-1, 5, 4, 1)),
    ),
    "flat squares": (
        {"x_train": X[:, :4].reshape(36, 16), "x_test": X_TEST[:, :4].reshape(6, 16)},
        ("x_train", "(36, 16)", "x.reshape(-1, 4, 4) for every x"),
        every("x", lambda x: x.reshape(-1, 4, 4)),
    ),
    "5-D images": (
        {"x_test": X_TEST[None, ..., None]},
        ("x_test", "(1, 6, 5, 4, 1)", "x.squeeze()"),
        every("x", np.squeeze),
    ),
    "6-D images": (
        {key: np.stack([np.stack([GOOD[key]] * 2, -1)] * 2, -1) for key in LESS},
        ("x_train", "(36, 5, 4, 2, 2)", "x.reshape(-1, height, width, channels)"),
        every("x", lambda x: x.reshape(-1, 5, 4, 4)),
    ),
    "no images": (
        {"x_train": X[:0], "y_train": Y[:0]},
        ("x_train is empty", "(0, 5, 4)"),
        given(x_train=X, y_train=Y),
    ),
    "no pixels": ({"x_train": X[:, :0]}, ("x_train is empty", "(36, 0, 4)"), given(x_train=X)),
    "no test images": (
        {"x_test": X[:0], "y_test": Y[:0]},
        ("x_test is empty",),
        given(x_test=X_TEST, y_test=Y_TEST),
    ),
    "text images": (
        {key: GOOD[key].astype(str) for key in LESS},
        ("x_train", "dtype <U", "x.astype('float32')"),
        every("x", lambda x: x.astype("float32")),
    ),
    "nan": (
        {"x_train": with_value(F, np.nan), "x_test": F_TEST},
        ("x_train has 1 values", "nan or inf", "x[~numpy.isfinite(x)] = 0"),
        every("x", finite),
    ),
    "inf": (
        {"x_train": F, "x_test": with_value(F_TEST, np.inf)},
        ("x_test has 1 values", "inf"),
        every("x", finite),
    ),
    "uint8, float": (
        {"x_test": F_TEST},
        ("x_test has the dtype float64: allowed uint8, that of x_train", "floats from 0 to 1"),
        given(x_train=F),
    ),
    "uint8, int": (
        {"x_test": X_TEST.astype(np.uint16) * 257},
        ("x_test", "uint16", "uint8"),
        given(x_test=X_TEST),
    ),
    "bool, uint8": (
        {"x_train": X > 9},
        ("x_test has the dtype uint8", "bool", "all as uint8 (0-255)"),
        given(x_train=X),
    ),
    "test shape": (
        {"x_test": X_TEST[:, :4]},
        ("x_test", "(4, 4, 1)", "(5, 4, 1)", "resize them"),
        given(x_test=X_TEST),
    ),
    "val shape": (
        {"x_val": X[:6, :, :3], "y_val": Y[:6]},
        ("x_val", "(5, 3, 1)", "(5, 4, 1)"),
        given(x_val=X[:6]),
    ),
    "channels": (
        {"x_test": np.stack([X_TEST] * 3, axis=-1)},
        ("x_test", "(5, 4, 3)"),
        given(x_test=X_TEST),
    ),
    "channels first": (
        FIRST,
        ("x_train", "(36, 3, 8, 9)", "channels first", "numpy.moveaxis(x, 1, -1) for every x"),
        every("x", lambda x: np.moveaxis(x, 1, -1)),
    ),
    "flat on purpose": (
        FIRST,
        ("where 3 is the height, x.swapaxes(1, 2)",),
        every("x", lambda x: x.swapaxes(1, 2)),
    ),
    "images last": (
        MATLAB,
        ("x_test has the shape (5, 4, 3, 6)", "numpy.moveaxis(x, -1, 0) for every x"),
        every("x", lambda x: np.moveaxis(x, -1, 0)),
    ),
    "as many images last": (
        dict.fromkeys(LESS, MATLAB["x_train"]) | {"y_test": Y},
        ("y_train has 36 labels: allowed 5", "numpy.moveaxis(x, -1, 0) for every x"),
        every("x", lambda x: np.moveaxis(x, -1, 0)),
    ),
    "train labels": ({"y_train": Y[:-1]}, ("y_train has 35 labels", "36"), given(y_train=Y)),
    "test labels": ({"y_test": Y[:7]}, ("y_test has 7 labels", "6"), given(y_test=Y_TEST)),
    "val labels": (
        {"x_val": X[:6], "y_val": Y[:5]},
        ("y_val has 5 labels", "give each image its label"),
        given(y_val=Y[:6]),
    ),
    "rows of shares": (
        {"y_train": np.eye(3)[Y] * 0.7 + 0.1, "y_test": np.eye(3)[Y_TEST] * 0.7 + 0.1},
        ("y_train", "(36, 3)", "y.argmax(axis=1), for every y"),
        every("y", lambda y: y.argmax(axis=1)),
    ),
    "rows of other widths": (
        {"y_train": np.eye(3)[Y], "y_test": np.eye(4)[Y_TEST]},
        ("y_test", "(6, 4)", "as wide as y_train's"),
        every("y", lambda y: y.argmax(axis=1)),
    ),
    "rows of no class": (
        {"y_train": np.zeros((36, 3)), "y_test": np.eye(3)[Y_TEST]},
        ("y_train", "(36, 3)"),
        given(**IN_FULL),
    ),
    "infinite label": (
        {"y_train": with_value(Y * 1.0, np.inf)},
        ("y_train", "float64", "values such as inf"),
        given(y_train=Y),
    ),
    "no label for some": (
        {"y_train": with_value(Y, -1), "x_val": X[:6], "y_val": Y[:6]},
        ("y_train has the label -1", "leave out the images that have none"),
        given(x_train=X[:-1], y_train=Y[:-1]),
    ),
    "0-D labels": ({"y_test": np.array(1)}, ("y_test", "shape ()"), given(y_test=Y_TEST)),
    "fractions": (
        {"y_train": Y + 0.5},
        ("y_train", "float64", "0.5", "whole numbers or text"),
        given(y_train=Y),
    ),
    "times": (
        {"y_train": Y.astype("datetime64[s]")},
        ("y_train", "datetime64", "1970", "whole numbers or text"),
        given(y_train=Y),
    ),
    "bool labels": (
        {"y_test": Y_TEST > 0},
        ("y_test has the dtype bool: allowed int64, that of y_train", "alike"),
        given(y_test=Y_TEST),
    ),
    "negative label": (
        {"y_train": Y - 1, "y_test": Y_TEST - 1},
        ("y_train has the label -1", "allowed 0 and more, or -1 and 1", "searchsorted"),
        numbered,
    ),
    "negative test label": (
        {"y_test": Y_TEST - 1},
        ("y_test has the label -1: allowed 0..2", "leave its images out"),
        given(x_test=X_TEST[Y_TEST > 0], y_test=Y_TEST[Y_TEST > 0] - 1),
    ),
    "one class": (
        {"y_train": Y * 0, "y_test": Y_TEST * 0},
        ("y_train has 1 class", "2 classes", "add images of another"),
        given(**IN_FULL),
    ),
    "new in test": (
        {"y_test": with_value(Y_TEST, 3)},
        ("y_test has the label 3", "0..2"),
        given(x_test=X_TEST[:-1], y_test=Y_TEST[:-1]),
    ),
    "new in val": (
        {"x_val": X[:6], "y_val": with_value(Y[:6], 9)},
        ("y_val has the label 9", "0..2"),
        given(x_val=X[:5], y_val=Y[:5]),
    ),
    "new text": (
        {"y_train": NAMES[Y], "y_test": np.array(list("abcabd"))},
        ("y_test has the label d: allowed a, b, c, the classes of y_train",),
        given(x_test=X_TEST[:-1], y_test=np.array(list("abcab"))),
    ),
    "lone image": (
        {"y_train": with_value(Y, 3)},
        ("1 image of class 3", "2 or more", "x_val and y_val"),
        given(x_val=X[:6], y_val=Y[:6]),
    ),
    "names, count": (
        {"class_names": np.array(["a", "b"])},
        ("class_names", "(2,)", "3 strings"),
        given(class_names=np.array(["cat", "dog", "owl"])),
    ),
    "names, dtype": (
        {"class_names": np.arange(3)},
        ("class_names", "int64", "or leave it out"),
        given(class_names=None),
    ),
    "names, shape": (
        {"class_names": NAMES[:, None]},
        ("class_names", "(3, 1)"),
        given(class_names=NAMES),
    ),
    "other names": (
        {"y_train": NAMES[Y], "y_test": NAMES[Y_TEST], "class_names": np.array(["a", "b", "z"])},
        ("class_names are not the labels that y_train has: allowed a, b, c in any order",),
        given(class_names=None),
    ),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_npz(npz: Callable[..., str], case: str) -> None:
    changes, words, remedy = BAD_ARRAYS[case]
    made = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    path = npz(**made)
    refuse(lambda: load_dataset(path), path, *words)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        dataset = load_dataset(npz(**remedy(made)))
    assert len(dataset.x_test) == len(dataset.y_test) > 0


def test_an_npz_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    refuse(lambda: load_dataset(str(path)), str(path), "is not a file", "correct the path")
    (tmp_path / "folder.npz").mkdir()
    refuse(lambda: load_dataset(str(tmp_path / "folder.npz")), "folder.npz is not a file")
    with open(path, "wb") as file:
        np.save(file, X)
    contents = {"npy": path.read_bytes(), "empty": b"", "text": b"x,y\n", "pickle": pickle.dumps(X)}
    for content in contents.values():
        path.write_bytes(content)
        refuse(lambda: load_dataset(str(path)), str(path), "not a zip archive", "savez_compressed")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", b"not an array")
    refuse(lambda: load_dataset(str(path)), f"{path}: x_train")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@examples(
    compressed=st.booleans(),
    cut=st.booleans(),
    where=st.floats(0, 1, exclude_max=True),
    change=st.integers(1, 255),
)
def test_a_damaged_npz_is_refused_or_read(
    tmp_path: Path, compressed: bool, cut: bool, where: float, change: int
) -> None:
    path = tmp_path / "own.npz"
    save = np.savez_compressed if compressed else np.savez
    save(path, **arrays(n=6))
    content = bytearray(path.read_bytes())
    at = int(where * len(content))
    if cut:
        del content[at:]
    else:
        content[at] ^= change
    path.write_bytes(content)
    if cut:
        refuse(lambda: load_dataset(str(path)), str(path))
        return
    try:
        load_dataset(str(path))
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - a byte that does not matter may pass
