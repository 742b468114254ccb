"""Fixtures that several test files share; also what puts this folder on ``sys.path``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import drivers
import pytest
import stubs

from deap_nas.commands import session
from deap_nas.training import evaluator


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home and working directory of its own."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[drivers.Trainings]:
    """Evaluators train with ``stubs.Trainer``; yields the trainings that were begun."""
    log, faults = tmp_path / "trainings.txt", tmp_path / "faults"
    faults.mkdir()
    log.touch()
    monkeypatch.setenv(stubs.LOG, str(log))
    monkeypatch.setenv(stubs.FAULTS, str(faults))
    monkeypatch.setattr(evaluator, "Workers", drivers.stub_workers)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "support"))
    yield drivers.Trainings(log, faults)
    assert not drivers.workers_of(os.getpid()), "worker processes are left over"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set of a few tiny images, as a file."""
    return drivers.save_npz(tmp_path / "tiny.npz", drivers.tiny_dataset())


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search writes its network as a Keras model: TensorFlow takes seconds to start, and what it
    writes has tests of its own."""
    monkeypatch.setattr(evaluator.Evaluator, "save", lambda *_: None)


@pytest.fixture
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the page takes longer than all the rest, and has tests of its own."""
    monkeypatch.setattr(session, "make_page", lambda *_: None)
