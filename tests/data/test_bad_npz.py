"""deap_nas.data: .npz files that are refused, and why."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from stand_ins import arrays, refuse

from deap_nas.data import DataError, load_dataset

X, Y = arrays()["x_train"], arrays()["y_train"]
F = np.full((36, 5, 4), 0.5)


def with_value(array: np.ndarray, value: object) -> np.ndarray:
    changed = array.copy()
    changed.flat[-1] = value
    return changed


BAD_ARRAYS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "no x_train": ({"x_train": None}, ("no array x_train", "savez")),
    "no y_train": ({"y_train": None}, ("no array y_train",)),
    "no x_test": ({"x_test": None}, ("no array x_test",)),
    "no y_test": ({"y_test": None}, ("no array y_test",)),
    "x_val alone": ({"x_val": X[:6]}, ("no array y_val",)),
    "y_val alone": ({"y_val": Y[:6]}, ("no array x_val",)),
    "object images": ({"x_train": X.astype(object)}, ("x_train cannot be read", "Object")),
    "object labels": ({"y_test": np.array([0, None])}, ("y_test cannot be read",)),
    "flat images": ({"x_train": X.reshape(36, 20)}, ("x_train", "(36, 20)", "(n, height, width)")),
    "5-D images": ({"x_test": X[None, :6, ..., None]}, ("x_test", "(1, 6, 5, 4, 1)")),
    "no images": ({"x_train": X[:0], "y_train": Y[:0]}, ("x_train is empty", "(0, 5, 4)")),
    "no pixels": ({"x_train": X[:, :0]}, ("x_train is empty", "(36, 0, 4)")),
    "no test images": ({"x_test": X[:0], "y_test": Y[:0]}, ("x_test is empty",)),
    "int images": ({"x_train": X.astype(int)}, ("x_train", "int64", "uint8", "floating")),
    "bool images": ({"x_train": X > 9}, ("x_train", "dtype bool")),
    "text images": ({"x_train": X.astype(str)}, ("x_train", "dtype <U")),
    "floats to 255": ({"x_train": X.astype(float) + 1}, ("x_train", "values from", "0 to 1")),
    "negative": ({"x_train": with_value(F, -0.1), "x_test": F[:6]}, ("x_train", "-0.1 to 0.5")),
    "over 1": ({"x_train": F, "x_test": with_value(F[:6], 1.5)}, ("x_test", "0.5 to 1.5")),
    "nan": ({"x_train": with_value(F, np.nan), "x_test": F[:6]}, ("x_train", "nan", "finite")),
    "inf": ({"x_train": with_value(F, np.inf), "x_test": F[:6]}, ("x_train", "inf")),
    "uint8, float": ({"x_test": F[:6]}, ("x_test", "float32", "uint8", "x_train")),
    "test shape": ({"x_test": X[:6, :4]}, ("x_test", "(4, 4, 1)", "(5, 4, 1)")),
    "val shape": ({"x_val": X[:6, :, :3], "y_val": Y[:6]}, ("x_val", "(5, 3, 1)", "(5, 4, 1)")),
    "channels": ({"x_test": np.stack([X[:6]] * 3, axis=-1)}, ("x_test", "(5, 4, 3)")),
    "train labels": ({"y_train": Y[:-1]}, ("y_train has 35 labels", "36")),
    "test labels": ({"y_test": Y[:7]}, ("y_test has 7 labels", "6")),
    "val labels": ({"x_val": X[:6], "y_val": Y[:5]}, ("y_val has 5 labels",)),
    "one-hot": ({"y_train": np.eye(3, dtype=int)[Y]}, ("y_train", "(36, 3)", "argmax")),
    "0-D labels": ({"y_test": np.array(1)}, ("y_test", "shape ()")),
    "float labels": ({"y_train": Y + 0.5}, ("y_train", "float64", "integers")),
    "bool labels": ({"y_test": Y[:6] > 0}, ("y_test", "dtype bool")),
    "negative label": ({"y_train": Y - 1}, ("y_train has the label -1", "0..n_classes-1")),
    "negative test label": ({"y_test": Y[:6] - 1}, ("y_test has the label -1",)),
    "vast label": (
        {"y_train": with_value(Y.astype(np.uint64), 2**64 - 1)},
        ("y_train has the label 18446744073709551615",),
    ),
    "gap": ({"y_train": Y * 2}, ("y_train has labels up to 4 and none of class 1",)),
    "no class 0": ({"y_train": Y + 1}, ("y_train has labels up to 3 and none of class 0",)),
    "far gap": ({"y_train": with_value(Y, 10**12)}, ("labels up to 1000000000000", "class 3")),
    "one class": ({"y_train": Y * 0, "y_test": Y[:6] * 0}, ("y_train has 1 class", "2 classes")),
    "new in test": ({"y_test": with_value(Y[:6], 3)}, ("y_test has the label 3", "0..2")),
    "new in val": (
        {"x_val": X[:6], "y_val": with_value(Y[:6], 9)},
        ("y_val has the label 9", "0..2"),
    ),
    "lone image": ({"y_train": with_value(Y, 3)}, ("1 image of class 3", "2 or more", "x_val")),
    "names, count": ({"class_names": np.array(["a", "b"])}, ("class_names", "(2,)", "3 strings")),
    "names, dtype": ({"class_names": np.arange(3)}, ("class_names", "int64")),
    "names, shape": ({"class_names": np.array([["a"], ["b"], ["c"]])}, ("class_names", "(3, 1)")),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_npz(npz: Callable[..., str], case: str) -> None:
    changes, words = BAD_ARRAYS[case]
    path = npz(**arrays(**changes))
    refuse(lambda: load_dataset(path), path, *words)


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
@given(
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
