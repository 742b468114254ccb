"""deap_nas.data: the real Fashion-MNIST, the small draw of it, and what reading them imports."""

from __future__ import annotations

import importlib.util
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from stand_ins import ROOT, load_fashion, python, write_fakes

from deap_nas.data import MINI_PATH, DataError, Dataset, fashion, load_dataset


@pytest.fixture(scope="module")
def real() -> Iterator[Dataset]:
    def offline(cache: Path) -> None:
        raise DataError("not on this machine")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fashion, "_download", offline)
        try:
            dataset = load_fashion()
        except DataError as error:
            pytest.skip(f"the real Fashion-MNIST is not at hand: {error}")
        yield dataset


@pytest.fixture(scope="module")
def draw_mini() -> types.ModuleType:
    path = ROOT / "benchmarks" / "draw_mini.py"
    spec = importlib.util.spec_from_file_location("draw_mini", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_real_fashion_mnist(real: Dataset) -> None:
    assert real.input_shape == (28, 28, 1)
    sizes = {"train": 5000, "val": 1000, "test": 1000}
    for part, of_each_class in sizes.items():
        x, y = getattr(real, f"x_{part}"), getattr(real, f"y_{part}")
        assert x.shape == (10 * of_each_class, 28, 28, 1)
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
        assert np.array_equal(np.bincount(y), [of_each_class] * 10)
        for array in (x, y):
            assert array.flags.c_contiguous
            assert not array.flags.writeable
    assert real.fingerprint == "dac84f4dee275128"  # a new split would end comparisons with old runs


def test_mini() -> None:
    mini = load_dataset("fashion_mnist_mini")
    assert mini.name == "fashion_mnist_mini"
    assert mini.input_shape == (28, 28, 1)
    for part, of_each_class in {"train": 500, "val": 100, "test": 100}.items():
        x, y = getattr(mini, f"x_{part}"), getattr(mini, f"y_{part}")
        assert x.shape == (10 * of_each_class, 28, 28, 1)
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
        assert np.array_equal(np.bincount(y), [of_each_class] * 10)
    assert mini.fingerprint == "e716858f15e19394"
    assert load_dataset("fashion_mnist_mini", split_seed=5).fingerprint == mini.fingerprint
    assert "Zalando" in mini.source
    assert MINI_PATH.stat().st_size < 4e6
    licence = MINI_PATH.with_name("FASHION_MNIST_LICENSE.txt").read_text()
    assert "Copyright (c) 2017 Zalando SE, https://tech.zalando.com" in licence
    assert "Permission is hereby granted, free of charge" in licence


def test_mini_images_are_in_fashion_mnist(real: Dataset) -> None:
    mini = load_dataset("fashion_mnist_mini")

    def pairs(x: np.ndarray, y: np.ndarray) -> list[tuple[bytes, int]]:
        return [(image.tobytes(), int(label)) for image, label in zip(x, y)]

    x, y, x_test, y_test = mini.split("test")
    drawn, drawn_test = pairs(x, y), pairs(x_test, y_test)
    x, y, x_test, y_test = real.split("test")
    assert set(drawn) <= set(pairs(x, y))
    assert set(drawn_test) <= set(pairs(x_test, y_test))
    assert len(set(drawn + drawn_test)) == 7000  # none twice, so none in two parts


def test_mini_is_what_the_script_draws(
    real: Dataset,
    draw_mini: types.ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert draw_mini.main(["--out", str(tmp_path / "mini.npz")]) == 0
    assert "mini.npz" in capsys.readouterr().out
    with np.load(tmp_path / "mini.npz") as drawn, np.load(MINI_PATH) as shipped:
        assert set(drawn) == set(shipped)
        for key in shipped:
            assert drawn[key].dtype == shipped[key].dtype
            assert np.array_equal(drawn[key], shipped[key])
    assert draw_mini.main(["--data-dir", str(tmp_path)]) == 1
    assert "train-images-idx3-ubyte" in capsys.readouterr().err


IMPORTS = """
import sys
from deap_nas.data import load_dataset
load_dataset("fashion_mnist_mini").fingerprint
try:
    load_dataset("fashion_mnist", data_dir=sys.argv[1])
except ValueError as error:  # stand-ins: they are read, and have the wrong checksum
    assert "is damaged" in str(error), error
heavy = {name.partition(".")[0] for name in sys.modules} & {"keras", "tensorflow", "jax", "torch"}
sys.exit(f"imported {heavy}" if heavy else 0)
"""


def test_local_data_import_no_framework(tmp_path: Path) -> None:
    run = python("-W", "error", "-c", IMPORTS, str(write_fakes(tmp_path)))
    assert run.returncode == 0, run.stderr
    assert run.stdout + run.stderr == ""
