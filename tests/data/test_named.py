"""deap_nas.data: data sets by name that other libraries have."""

from __future__ import annotations

import contextlib
import socket
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_ins import RNG, refuse

from deap_nas.data import load_dataset, named

SHAPES = {"mnist": (28, 28), "cifar10": (32, 32, 3)}


@pytest.fixture
def keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Sets a stand-in for Keras's data sets; returns what was asked of it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(named, "import_keras", lambda: None)
    monkeypatch.setattr(named, "as_in_workers", lambda _: contextlib.nullcontext())

    def install(load: Callable[[str], Any]) -> list[str]:
        asked: list[str] = []

        def module(name: str) -> Any:
            def load_data() -> Any:
                asked.append(name)
                assert socket.getdefaulttimeout() == named.NETWORK_TIMEOUT
                print("Downloading data [=====>   ]")
                return load(name.rpartition(".")[2])

            return types.SimpleNamespace(load_data=load_data)

        stand_in = types.SimpleNamespace(import_module=module)
        monkeypatch.setattr(named, "importlib", stand_in)
        return asked

    return install


def pairs(name: str) -> Any:
    """As Keras gives them."""
    images = RNG.integers(0, 256, (30, *SHAPES[name]), np.uint8)
    labels = np.arange(30, dtype=np.uint8) % 10
    labels = labels[:, None] if name == "cifar10" else labels
    return (images, labels), (images[:10] ^ 255, labels[:10])


def test_digits_need_no_network() -> None:
    dataset = load_dataset("digits")
    sizes = [len(x) for x in (dataset.x_train, dataset.x_val, dataset.x_test)]
    assert sum(sizes) == 1797
    assert dataset.input_shape == (8, 8, 1)
    assert dataset.class_names == tuple("0123456789")
    for x, y in ((dataset.x_val, dataset.y_val), (dataset.x_test, dataset.y_test)):
        assert len(x) == len(y) > 200
        assert np.bincount(y).min() > 20
    assert (dataset.x_train.dtype, dataset.x_train.min(), dataset.x_train.max()) == (
        np.uint8, 0, 255
    )  # fmt: skip
    assert load_dataset("digits").fingerprint == dataset.fingerprint
    assert load_dataset("digits", split_seed=1).fingerprint != dataset.fingerprint
    zero = dataset.x_train[dataset.y_train == 0].mean(axis=0)[..., 0]
    assert zero[:, 3:5].mean(axis=1)[3:5].max() < 60 < zero[0, 3:5].min(), "a hole in its middle"


@pytest.mark.parametrize("name", SHAPES)
def test_by_keras_once(
    keras: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    given = pairs(name)
    asked = keras(lambda _: given)
    dataset = load_dataset(name)
    assert dataset.n_classes == len(dataset.class_names) == 10
    assert np.array_equal(dataset.x_test, given[1][0].reshape(dataset.x_test.shape))
    assert np.array_equal(dataset.y_test, np.arange(10))
    assert dataset.y_test.dtype == np.int64
    assert np.array_equal(np.bincount(dataset.y_val), [1] * 10)
    assert dataset.input_shape == (*SHAPES[name], 1)[:3]
    again = load_dataset(name)
    assert asked == [f"keras.datasets.{name}"], "then from our own cache, without Keras"
    assert again.fingerprint == dataset.fingerprint
    assert capsys.readouterr().out == ""


def test_without_a_network_one_line_says_what_to_do(keras: Callable[..., list[str]]) -> None:
    def offline(_: str) -> Any:
        raise Exception("URL fetch failure on x: None -- [Errno -2] Name or service not known")

    asked = keras(offline)
    before = socket.getdefaulttimeout()
    words = ("mnist was not found", "Name or service not known", "run once with a network")
    refuse(lambda: load_dataset("mnist"), *words, "--dataset digits")
    assert socket.getdefaulttimeout() == before
    keras(pairs)
    load_dataset("mnist")  # run once with a network
    load_dataset("digits")
    assert len(asked) == 1, "a failure is not kept"
