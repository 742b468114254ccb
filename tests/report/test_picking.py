"""A network of the front by a word for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_runs import make_run

from deap_nas.commands import report
from deap_nas.report import page
from deap_nas.report.front import knee, pareto_front
from deap_nas.report.picking import pick_at_most, pick_knee
from deap_nas.runs.record import ReportError, read_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", fail=0.2)


def test_the_knee(folder: Path) -> None:
    record = read_run(folder)
    front = pareto_front(record.table)
    assert len(front) > 2
    assert pick_knee(record) == front["genome"][knee(front)]


def test_the_most_accurate_that_is_small_enough(folder: Path) -> None:
    record = read_run(folder)
    for limit in sorted({*record.good["n_params"], 10**9}):
        small = record.good[record.good["n_params"] <= limit]
        picked = record.evaluation(pick_at_most(record, int(limit)))
        assert picked
        assert picked.n_params <= limit
        assert picked.accuracy == small["accuracy"].max()


def test_none_that_is_as_small_or_trained_at_all(folder: Path, tmp_path: Path) -> None:
    least = read_run(folder).good["n_params"].min()
    with pytest.raises(ReportError, match=f"at most 1 parameters; give --at-most {least} or more"):
        pick_at_most(read_run(folder), 1)
    failed = make_run(tmp_path / "failed", 4, 1, fail=1.0, baseline="", finished=False)
    with pytest.raises(ReportError, match="no genome was trained with success"):
        pick_at_most(read_run(failed), 10**6)


def test_the_command_shows_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(page, "make_report", lambda _, genome, tensorflow: shown.append(genome))
    for words in (["--knee"], ["--at-most", "5000"], []):
        assert report.main([str(folder), "--no-tensorflow", *words]) == 0
    record = read_run(folder)
    assert shown == [pick_knee(record), pick_at_most(record, 5000), None]


def test_one_of_them_at_a_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        report.main([str(folder), "--knee", "--at-most", "5000"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
