"""Runs of the command line in the process of the tests."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import drivers

from deap_nas.commands import run

SMALL = ("--population", 3, "--generations", 1, "--workers", 1)
GENOME = "NC 2 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh"


def run_main(*arguments: Any) -> int:
    return run.main(drivers.plainly(arguments))


def refused(call: Any, capsys: Any, *words: str) -> None:
    """One line on standard error with these words, exit status 2."""
    try:
        status = call()
    except SystemExit as end:
        status = end.code
    out, err = capsys.readouterr()
    assert status == 2, err
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in err
    assert out == ""


def snapshot(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def result_of(folder: Path) -> Any:
    return json.loads((folder / "result.json").read_text())


def table_of(folder: Path, name: str = "evaluations.csv") -> list[dict[str, str]]:
    with (folder / name).open() as file:
        return list(csv.DictReader(file))
