"""benchmarks.paper.check: a search's trainings come out again, and a changed digit is found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import drivers
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks.paper import check  # noqa: E402
from deap_nas import Evaluator  # noqa: E402
from deap_nas.run import main  # noqa: E402
from deap_nas.runs.directory import RunDirectory  # noqa: E402


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small search, whose networks are trained by the engine ``native``."""
    folder = tmp_path_factory.mktemp("runs")
    data = drivers.save_npz(folder / "tiny.npz", drivers.tiny_dataset())
    settings = ("--space", "wide", "--population", "3", "--generations", "1", "--epochs", "2")
    more = ("--no-cache", "--no-report", "--workers", "1", "--out", str(folder / "one"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Evaluator, "save", lambda *_: None)  # TensorFlow takes seconds to start
        assert main(["--dataset", str(data), *settings, *more, "--finalists", "0"]) == 0
    return folder


def test_it_all_comes_out_again(runs, capsys):
    assert check.main(["--results", str(runs), "--n", "3", "--seed", "0"]) == 0
    out = capsys.readouterr().out
    assert out.count(": equal") == 3
    assert "all come out again" in out


def test_a_digit_that_differs_is_named(runs, monkeypatch, capsys):
    line = check.read_run(runs / "one").evaluations[0]
    changed = json.loads(json.dumps(line))
    changed["evaluation"]["curve"][0]["loss"] += 1e-9
    assert check.check(runs / "one", line)
    assert not check.check(runs / "one", changed)
    assert "curve" in capsys.readouterr().out


def test_another_engines_results_are_not_compared(runs, capsys):
    folder = runs / "one"
    config = json.loads(RunDirectory(folder).config.read_text())
    line = check.read_run(folder).evaluations[0]
    try:
        made = {**config, "program": {**config["program"], "engine": "native 0"}}
        RunDirectory(folder).config.write_text(json.dumps(made))
        assert not check.check(folder, line)
        assert "made by native 0, here it is native" in capsys.readouterr().out
    finally:
        RunDirectory(folder).config.write_text(json.dumps(config))
