"""``run --repeat``, a watcher from outside, and what a run leaves for its report.

Training is a stub.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drivers import Trainings

from deap_nas.commands.run import main
from deap_nas.report.lineage import births, family
from deap_nas.runs.journal import read_lines
from deap_nas.runs.record import read_run
from deap_nas.runs.watcher import Watcher

SMALL = ("--population", "4", "--generations", "2", "--workers", "1", "--no-cache")
SMALL += ("--finalists", "0")


def settings(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return dict(config["settings"])


def test_repeats_differ_in_their_seeds_alone_and_are_compared(home: Path, stub: Trainings) -> None:
    assert main(["--repeat", "3", "--out", "many", "--seed", "5", *SMALL]) == 0
    runs = [home / "many" / f"repeat-{i}" for i in (1, 2, 3)]
    found = [settings(run) for run in runs]
    assert [each.pop("seed") for each in found] == [5, 6, 7]
    assert [each.pop("train_seed") for each in found] == [0, 1, 2]
    assert found[0] == found[1] == found[2]
    assert all((run / "report.html").exists() for run in runs)
    assert "many (×3)" in (home / "many" / "compare.html").read_text()


def test_repeats_are_resumed_where_they_stopped(
    home: Path, stub: Trainings, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stop(Watcher):
        calls = 0

        def generation(self, number: int, record: dict[str, Any]) -> None:
            Stop.calls += 1
            if Stop.calls == 5:  # in the second repeat, of three generations each
                raise KeyboardInterrupt

    quick = (*SMALL, "--no-report")
    assert main(["--repeat", "3", "--out", "many", *quick], watcher=Stop()) == 130
    assert "go on with all: python -m deap_nas.run --resume many" in capsys.readouterr().err
    first = (home / "many" / "repeat-1" / "journal.jsonl").read_bytes()
    assert not (home / "many" / "repeat-3").exists()
    assert main(["--resume", "many", "--no-report"]) == 0
    assert (home / "many" / "repeat-1" / "journal.jsonl").read_bytes() == first
    assert (home / "many" / "compare.html").exists()
    again = home / "again"
    assert main(["--repeat", "3", "--out", str(again), *quick]) == 0
    for i in (1, 2, 3):
        csv = [
            (each / f"repeat-{i}" / "logbook.csv").read_text() for each in (home / "many", again)
        ]
        assert csv[0] == csv[1], "a resumed repeat is as one that was never stopped"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--repeat", "0"), "--repeat 0, allowed 1 or more"),
        (("--repeat", "2", "--resume", "many"), "allowed none with --resume"),
        (("--repeat", "2", "--out", "many"), "holds another run"),
        (("--repeat", "2", "--population", "1"), "population 1, allowed 2 or more"),
    ],
)
def test_bad_input_is_one_line(
    home: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "many").mkdir()
    (home / "many" / "repeats.json").write_text("{}")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in home.iterdir()] == ["many"]


def test_a_dry_run_of_repeats_writes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--repeat", "3", "--dry-run", *SMALL]) == 0
    assert "3 times, each with other seeds" in capsys.readouterr().out
    assert list(home.iterdir()) == []


def test_a_watcher_is_told_of_everything(home: Path, stub: Trainings) -> None:
    told: list[Any] = []

    class Listener(Watcher):
        def evaluated(self, genome: str, evaluation: Any, cached: bool) -> None:
            told.append((genome, evaluation.accuracy, cached))

        def generation(self, number: int, record: dict[str, Any]) -> None:
            told.append((number, record["max"]))

    assert main(["--out", "run", "--no-report", *SMALL], watcher=Listener()) == 0
    lines = read_lines(home / "run")
    wanted = [
        (line["genome"], line["evaluation"]["accuracy"], line["cached"])
        if line["kind"] == "evaluation"
        else (line["number"], line["record"]["max"])
        for line in lines
        if line["kind"] not in ("test", "end")
    ]
    assert told[: len(wanted)] == wanted


def test_the_journal_knows_who_descends_from_whom(home: Path, stub: Trainings) -> None:
    assert main(["--out", "run", "--no-report", *SMALL, "--mutpb", "0.5"]) == 0
    record = read_run(home / "run")
    known = births(record)
    for line in record.generations:
        for number, text in zip(line["members"], line["population"]):
            assert known[number].genome == text
    for birth in known.values():
        assert all(parent < birth.number for parent in birth.parents)
        if len(birth.parents) == 2:
            genes = {gene for number in birth.parents for gene in known[number].genome.split(";")}
            assert set(birth.genome.split(";")) <= genes
    best = record.best()
    assert best
    assert family(record, best)[0].genome == best


def test_a_resumed_run_has_the_same_lineage(home: Path, stub: Trainings) -> None:
    class Stop(Watcher):
        def generation(self, number: int, record: dict[str, Any]) -> None:
            if number == 1:
                raise KeyboardInterrupt

    assert main(["--out", "whole", "--no-report", *SMALL]) == 0
    assert main(["--out", "cut", "--no-report", *SMALL], watcher=Stop()) == 130
    assert main(["--resume", "cut", "--no-report"]) == 0
    whole, cut = (read_run(home / name) for name in ("whole", "cut"))
    assert births(whole) == births(cut)
    assert [g["members"] for g in whole.generations] == [g["members"] for g in cut.generations]
