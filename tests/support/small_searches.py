"""Small searches by each algorithm, with trainings in this process."""

from __future__ import annotations

import random
from itertools import chain
from pathlib import Path
from typing import Any

import drivers
from command import run_main

from deap_nas.algorithms import ALGORITHMS

SMALL = ("--population", 4, "--generations", 3, "--workers", 1)
OWN = {"mutpb": 0.6, "slots": 3}  # of the algorithms that look at them
NAMES = tuple(ALGORITHMS)


class Inline(drivers.InlineWorkers):
    """Trains in this process; ends in the order drawn, or, without ``order``, given."""

    order: random.Random | None = None
    room = 3

    def place(self) -> int:
        return self.order.randrange(len(self.begun)) if self.order else 0


def begin(folder: Any, data: Path, algorithm: str, *more: Any) -> int:
    own = [(f"--{name}", OWN[name]) for name in ALGORITHMS[algorithm].settings if name in OWN]
    flags = ("--algorithm", algorithm, "--dataset", data, "--out", folder, "--no-cache")
    return run_main(*flags, *SMALL, *chain(*own), *more)


def cut(folder: Path, lines: int) -> None:
    """As it was when so many lines were written."""
    journal = folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:lines]))
    for name in ("result.json", "logbook.csv", "best.keras", "evaluations.csv"):
        (folder / name).unlink(missing_ok=True)


def check_resumed(folder: Path, step: int) -> None:
    """A finished run, cut after every ``step``-th line and resumed, ends as it did."""
    expected = drivers.outcome(folder)
    whole = (folder / "journal.jsonl").read_bytes()
    for lines in range(0, whole.count(b"\n"), step):
        (folder / "journal.jsonl").write_bytes(whole)
        cut(folder, lines)
        assert run_main("--resume", folder) == 0
        assert not drivers.differences(expected, drivers.outcome(folder)), lines
