"""Fixtures of the data's tests: the sources of Fashion-MNIST, and an .npz file to write."""

from __future__ import annotations

import socket
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stand_ins import Sources, fake_files

from deap_nas.data import DATA_VARIABLE, fashion


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    places = Sources(tmp_path)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # the user's own cache is out of reach
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(fashion, "DEBIAN_DIR", places.debian)
    monkeypatch.setattr(fashion, "FASHION_FILES", fake_files())
    fake = types.SimpleNamespace(get_file=places.get_file)
    monkeypatch.setitem(sys.modules, "keras.utils", fake)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(33)  # a download must leave it as it was
    yield places
    socket.setdefaulttimeout(before)


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., str]:
    def write(**made: Any) -> str:
        path = tmp_path / "own.npz"
        np.savez(path, **made)
        return str(path)

    return write
