"""A run that cannot begin leaves no folder behind; a user without a home has a run all the same."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from command import SMALL, run_main

from deap_nas.evaluation.cache import CacheWarning, default_cache
from deap_nas.evaluation.workers import WorkerStartError
from deap_nas.extras import REMEDY
from deap_nas.layers import from_keras
from deap_nas.training import evaluator

pytestmark = pytest.mark.usefixtures("no_page")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of a container that was started with an unknown uid."""

    def unknown(uid: int) -> Any:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_without_a_home_there_is_a_run_and_a_warning(home, stub, data, capsys, nobody):
    assert run_main("--dataset", data, "--out", "run", *SMALL) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.startswith("warning: there is no home folder to keep a cache in")
    assert "--cache" in err
    assert "--no-cache" in err
    assert {path.name for path in home.iterdir()} == {"run"}  # above all, no folder ~


@pytest.mark.parametrize("remedy", [["--no-cache"], ["--cache", "here"]])
def test_the_remedies_that_it_names(home, stub, data, capsys, nobody, remedy):
    assert run_main("--dataset", data, "--out", "run", *remedy, *SMALL) == 0
    assert capsys.readouterr().err == ""
    assert Path("here").exists() == ("here" in remedy)


@pytest.mark.parametrize("folder", ["~/.cache/deap_nas", None])
def test_however_platformdirs_says_so(monkeypatch, folder):
    def answer(_: str) -> str:
        if folder is None:
            raise RuntimeError("could not determine the home directory")
        return folder

    monkeypatch.setattr("platformdirs.user_cache_dir", answer)
    with pytest.warns(CacheWarning, match="no home folder"):
        assert default_cache() is None


@pytest.mark.skipif(os.getuid() == 0 and not Path("/proc").exists(), reason="needs /proc")
def test_a_cache_that_cannot_be_used_names_its_remedies(home, stub, data, capsys):
    assert run_main("--dataset", data, "--out", "run", "--cache", "/proc/cache", *SMALL) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "name a folder with --cache, or leave it out with --no-cache" in err


@pytest.mark.parametrize("command", [["--out", "run"], [], ["--repeat", "2", "--out", "run"]])
@pytest.mark.parametrize("missing", ["tensorflow", "keras"])
def test_tensorflow_is_looked_for_before_anything_is_written(
    home, stub, data, capsys, monkeypatch, command, missing
):
    find = from_keras.find_spec
    monkeypatch.setattr(from_keras, "find_spec", lambda n: None if n == missing else find(n))
    words = ("--dataset", data, "--no-cache", *command, *SMALL)
    assert run_main(*words) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"No module named '{missing}'" in err
    assert REMEDY in err
    assert list(home.iterdir()) == []
    monkeypatch.undo()


@pytest.mark.parametrize("error", [WorkerStartError("no worker"), OSError("no disk")])
@pytest.mark.parametrize("there", [True, False])
def test_what_fails_before_its_first_outcome_can_be_tried_again(
    home, stub, data, capsys, monkeypatch, error, there
):
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    words = ("--dataset", data, "--no-cache", "--out", "run", *SMALL)
    if there:
        Path("run").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(evaluator.Evaluator, "measure_all", fail)
        patch.setattr(evaluator.Evaluator, "map", fail)
        assert run_main(*words) == 1
    assert str(error) in capsys.readouterr().err
    assert Path("run").exists() == there
    assert run_main(*words) == 0


def test_what_fails_later_stays_to_be_resumed(home, stub, data, monkeypatch):
    words = ("--dataset", data, "--no-cache", "--out", "run", *SMALL)
    with monkeypatch.context() as patch:
        from deap_nas.runs import search

        def fail(*_: Any) -> Any:
            raise OSError("no disk")

        patch.setattr(search, "write_result", fail)
        assert run_main(*words) == 1
    assert run_main("--resume", "run") == 0
