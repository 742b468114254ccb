"""Kills with real training: a search of some seconds on real images, resumed to its end."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import drivers
import faults
import pytest
from faults import acknowledged

pytestmark = pytest.mark.faults

SEARCH = (
    *("--dataset", "fashion_mnist_mini", "--epochs", 5, "--population", 4, "--generations", 2),
    *("--engine", "native", "--seed", 3, "--workers", 2, "--no-cache", "--cxpb", 1, "--mutpb", 0.5),
)
# (when, who): a moment is a kill point, or seconds behind the nth line of the journal
MOMENTS = (
    ("start-up", [("after", 0, (0.5, 2.0)), ("after", 0, (2.0, 4.0))] * 3),
    ("training", [("after", n, (0.0, 0.6)) for n in (1, 2, 4, 5, 7)]),
    ("journal write", [("half", n) for n in (1, 3, 5, 8)] + [("fsync", n) for n in (2, 9, 16, 30)]),
    ("selection", [("select", 1), ("select", 2)]),
    ("end of run", [("end", 1), ("finding", 1), ("finding", 2), ("after-end", 0.3)]),
)
KILLS = [(name, moment) for name, moments in MOMENTS for moment in moments]
WHO = ("parent", "worker", "everything")


def run_arguments(run: Path) -> tuple[Any, ...]:
    return ("--resume", run) if (run / "config.json").exists() else ("--out", run, *SEARCH)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    start = time.monotonic()
    result = drivers.stub_cli(*run_arguments(run), **{drivers.REAL: "1"})
    assert result.returncode == 0, result.stderr
    print(f"undisturbed: {time.monotonic() - start:.1f} s, {len(drivers.lines_of(run))} lines")
    outcome = drivers.outcome(run)
    assert outcome["model"]
    return outcome


def strike(
    run: Path, moment: tuple[Any, ...], who: str, rng: random.Random
) -> tuple[subprocess.Popen[str], bool]:
    """Begin the run and kill at the moment; the process, and whether it or its worker was hit."""
    variables = {drivers.REAL: "1", drivers.MARK: str(run)}
    if moment[0] in ("half", "fsync", "select", "end"):
        process = drivers.start(
            *run_arguments(run), **variables, KILL_AT=f"{moment[0]}:{moment[1]}"
        )
        return process, process.wait(200) == -signal.SIGKILL
    process = drivers.start(*run_arguments(run), **variables)
    if moment[0] == "after":
        _, lines, (low, high) = moment
        drivers.wait_until(lambda: len(drivers.lines_of(run)) >= lines, 120)
        pause = rng.uniform(low, high)
    elif moment[0] == "after-end":
        drivers.wait_until(lambda: (run / "logbook.csv").exists(), 120)
        pause = moment[1] * rng.random()
    else:
        # Behind the last generation the best network is scored on the test set and saved.
        drivers.wait_until(
            lambda: sum(line["kind"] == "generation" for line in drivers.lines_of(run)) == 3, 120
        )
        pause = rng.uniform(0, 0.1 * moment[1])
    if who == "worker":
        drivers.wait_until(lambda: drivers.workers_of(process.pid) or process.poll() is not None)
    return process, faults.kill_after(process, pause, who, rng)


@pytest.mark.parametrize("number", range(len(KILLS)))
def test_a_killed_run_ends_as_an_undisturbed_one(tmp_path, undisturbed, counts, number):
    name, moment = KILLS[number]
    rng = random.Random(number)
    pointed = moment[0] in ("half", "fsync", "select", "end")
    who = "parent" if pointed else WHO[number % 3]
    run = tmp_path / "run"
    process, hit = strike(run, moment, who, rng)
    try:
        process.wait(200)
    finally:
        process.kill()
        process.communicate()
    if who == "worker":
        assert process.returncode == 0
    faults.no_orphans(str(run))
    before = acknowledged(run)
    result = drivers.stub_cli(*run_arguments(run), **{drivers.REAL: "1"})
    assert result.returncode == 0, result.stderr
    verdict = faults.Verdict(undisturbed)
    judged = verdict.judge(run, before, f"{name}, {who}, {moment}")
    counts.add(f"real training, {name}, {who}", tried=hit, **judged)
    assert not verdict.notes
    assert os.path.exists(run / "best.keras")
