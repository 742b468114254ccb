"""Hundreds of kills with stub training: at every nth call of something, and at random times."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import drivers
import faults
import pytest
from faults import acknowledged, arguments_for, finish, forked

pytestmark = pytest.mark.faults

POINTS = ("fsync", "fsynced", "replace", "replaced", "half", "put", "kept", "select", "end")


@pytest.fixture
def data(quick_folder: Path) -> Path:
    return drivers.save_npz(quick_folder / "data.npz", drivers.tiny_dataset())


@pytest.fixture
def verdict(quick_folder: Path, data: Path) -> faults.Verdict:
    folder = quick_folder / "undisturbed"
    folder.mkdir()
    finish(folder, data)
    return faults.Verdict(drivers.outcome(folder / "run"))


def place(parent: Path, name: Any) -> Path:
    folder = parent / str(name)
    folder.mkdir()
    return folder


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_call(quick_folder, data, verdict, counts, point):
    """SIGKILL of the search at the first, the second, ... call, until there are no more."""
    n = 0
    more = ("--cache", quick_folder / "cache") if point in ("put", "kept") else ()
    while True:
        n += 1
        folder = place(quick_folder, f"{point}{n}")
        fresh = (*more[:1], *[f"{path}{n}" for path in more[1:]])
        arguments = [
            a for a in arguments_for(folder, data, *fresh) if not more or a != "--no-cache"
        ]
        process = forked(arguments, KILL_AT=f"{point}:{n}", OUTPUT=str(folder / "output.txt"))
        process.join(120)
        if process.exitcode != -9:
            assert process.exitcode == 0, (folder / "output.txt").read_text()
            break
        before = acknowledged(folder / "run")
        finish(folder, data)
        counts.add(
            f"stub, kill at {point}", **verdict.judge(folder / "run", before, f"{point}:{n}")
        )
    assert n > 1, "it was never killed"
    assert not verdict.notes


def test_killed_again_and_again(quick_folder, data, verdict, counts):
    """Every few calls, until it comes through: progress is made each time."""
    rng = random.Random(0)
    for trial in range(15):
        folder = place(quick_folder, f"again{trial}")
        for _ in range(200):
            at = f"{rng.choice(('fsync', 'fsynced', 'replaced', 'half'))}:{rng.randrange(4, 12)}"
            before = acknowledged(folder / "run")
            process = forked(
                arguments_for(folder, data), KILL_AT=at, OUTPUT=str(folder / "output.txt")
            )
            process.join(120)
            if process.exitcode == 0:
                break
            assert process.exitcode == -9, (folder / "output.txt").read_text()
            lost = len(before - acknowledged(folder / "run"))
            counts.add("stub, again and again", lost=lost)
        counts.add("stub, again and again", tried=0, **verdict.judge(folder / "run", before, at))
    assert not verdict.notes


def test_killed_at_random_times(quick_folder, data, verdict, counts):
    """No chosen point: the search stops wherever it is."""
    rng = random.Random(1)
    folder = place(quick_folder, "timed")
    start = time.monotonic()
    finish(folder, data)
    whole = time.monotonic() - start
    hits = trial = 0
    while hits < 100:
        folder = place(quick_folder, f"time{trial}")
        trial += 1
        assert trial < 400
        process = forked(arguments_for(folder, data), OUTPUT=str(folder / "output.txt"))
        process.join(rng.uniform(0, whole))
        process.kill()
        process.join(120)
        before = acknowledged(folder / "run")
        finish(folder, data)
        judged = verdict.judge(folder / "run", before, f"time {trial}")
        if process.exitcode == -9:
            hits += 1
            counts.add("stub, kill at a random time", **judged)
    assert not verdict.notes


@pytest.mark.parametrize("who", ["parent", "worker", "everything"])
def test_killed_with_worker_processes(quick_folder, data, verdict, counts, who):
    """Real workers, two of them; after the parent's death none is left."""
    rng = random.Random(who)
    folder = place(quick_folder, "timed")
    slow = {drivers.MARK: str(folder), "STUB_SECONDS": "0.05"}
    start = time.monotonic()
    process = forked(arguments_for(folder, data, "--workers", 2), inline=False, **slow)
    process.join(120)
    whole = time.monotonic() - start
    verdict.judge(folder / "run", set(), "undisturbed, two workers")
    hits = trial = 0
    while hits < 25:
        folder = place(quick_folder, f"{who}{trial}")
        trial += 1
        assert trial < 200
        slow[drivers.MARK] = str(folder)
        slow["OUTPUT"] = str(folder / "output.txt")
        process = forked(arguments_for(folder, data, "--workers", 2), inline=False, **slow)
        hit = faults.kill_after(process, rng.uniform(0.05, whole), who, rng)
        if who != "worker":
            process.join(120)
            faults.no_orphans(str(folder))
        process.join(120)
        if who == "worker":
            assert process.exitcode == 0, (folder / "output.txt").read_text()
        before = acknowledged(folder / "run")
        finish(folder, data)
        judged = verdict.judge(folder / "run", before, f"{who} {trial}")
        if hit:
            hits += 1
            counts.add(f"stub, kill of {who}", **judged)
    assert not verdict.notes


def test_nothing_is_left_lying_about(quick_folder, data):
    """Files half written when a run was killed are cleared away by its resumption."""
    for n in range(1, 12):
        folder = place(quick_folder, n)
        process = forked(arguments_for(folder, data), KILL_AT=f"replace:{3 * n}")
        process.join(120)
        if process.exitcode == 0:
            break
        finish(folder, data)
        left = [p.name for p in (folder / "run").rglob("*") if ".part" in p.name]
        assert not left, f"killed at the {3 * n}th replacement"
