"""Genomes that raise, hang, allocate and worse; workers side by side; searches side by side."""

from __future__ import annotations

import csv
import itertools
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import drivers
import faults
import pytest
import stubs
from faults import arguments_for, finish

pytestmark = pytest.mark.faults

STATUS = {
    "raise": "error",
    "nan": "diverged",
    "hang": "timeout",
    "allocate": "oom",
    "exit": "killed",
    "kill": "killed",
}
SEARCH = ("--population", 12, "--generations", 3, "--max-seconds", 5)
LIMITS = (*SEARCH, "--max-memory", 700)


@pytest.fixture
def data(quick_folder: Path) -> Path:
    return drivers.save_npz(quick_folder / "data.npz", drivers.tiny_dataset())


def place(parent: Path, name: Any) -> Path:
    folder = parent / str(name)
    folder.mkdir()
    return folder


def rows_of(run: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((run / "evaluations.csv").read_text().splitlines()))


def search(folder: Path, data: Path, *more: Any, workers: int = 2, **variables: str) -> Path:
    arguments = arguments_for(folder, data, *LIMITS, *more, "--workers", workers)
    output = folder / "output.txt"
    process = faults.forked(arguments, inline=False, OUTPUT=str(output), **variables)
    process.join(300)
    assert process.exitcode == 0, output.read_text()
    return folder / "run"


def test_hostile_genomes_fail_alone_and_win_nothing(quick_folder, data, counts):
    """The best genomes of generation 0 are made hostile, two of each kind that fit."""
    tame = rows_of(search(place(quick_folder, "tame"), data))
    first = [row for row in tame if row["generation"] == "0"]
    first.sort(key=lambda row: -float(row["fitness"]))
    folder = place(quick_folder, "hostile")
    mischief = place(quick_folder, "mischief")
    victims = {row["genome"]: kind for row, kind in zip(first, STATUS)}
    for genome, kind in victims.items():
        stubs.set_fault(mischief, genome, kind)
    run = search(folder, data, **{stubs.FAULTS: str(mischief)})
    rows = {row["genome"]: row for row in rows_of(run)}
    for row in first:
        text = row["genome"]
        found = rows[text]
        good = text not in victims
        assert found["status"] == ("ok" if good else STATUS[victims[text]])
        assert (float(found["accuracy"]) == float(row["accuracy"])) == good
        if not good:
            assert (float(found["accuracy"]), float(found["fitness"])) == (0, 0)
            assert found["reason"]
            counts.add(f"hostile genome: {victims[text]}")
    assert all(row["status"] == "ok" for text, row in rows.items() if text not in victims)
    best = json.loads((run / "result.json").read_text())["best"]["genome"]
    assert best not in victims
    tops = "".join(path.read_text() for path in run.glob("top_*.csv"))
    assert not [text for text in victims if text in tops]
    populations = [line for line in drivers.lines_of(run) if line["kind"] == "generation"]
    for before, after in itertools.pairwise(populations):
        best_two = sorted(
            (text for text in before["population"] if text not in victims),
            key=lambda text: -float(rows[text]["fitness"]),
        )[:2]
        assert Counter(best_two) <= Counter(after["population"]), "elites did not live on"


def test_hostile_runs_are_equal_whatever_the_workers_and_when_resumed(quick_folder, data, counts):
    mischief = place(quick_folder, "mischief")
    tame = rows_of(search(place(quick_folder, "tame"), data))
    for row, kind in zip(tame, STATUS):
        stubs.set_fault(mischief, row["genome"], kind)
    variables = {stubs.FAULTS: str(mischief)}
    runs = [search(place(quick_folder, f"w{n}"), data, workers=n, **variables) for n in (1, 2)]
    one, two = (drivers.outcome(run) for run in runs)
    for outcome in (one, two):  # how much memory, or who was asked, is not the same each time
        for row in outcome["evaluations"]:
            row.pop("reason")
        for measured in outcome["measured"].values():
            measured.pop("reason")
    differing = bool(drivers.differences(one, two))
    counts.add("hostile genomes, 1 and 2 workers", differing=differing)
    assert not differing


@pytest.mark.parametrize("kind", STATUS)
def test_a_search_of_hostile_genomes_alone_stops_and_says_why(quick_folder, data, kind, counts):
    folder = place(quick_folder, kind)
    mischief = place(quick_folder, "mischief")
    stubs.set_fault(mischief, "all", kind)
    more = ("--max-failures", 4, "--max-seconds", 4, "--workers", 2)
    arguments = arguments_for(folder, data, *LIMITS, *more)
    output = folder / "output.txt"
    process = faults.forked(
        arguments, inline=False, OUTPUT=str(output), **{stubs.FAULTS: str(mischief)}
    )
    process.join(120)
    assert process.exitcode == 1
    last = [line for line in output.read_text().splitlines() if line.startswith("error: ")]
    assert len(last) == 1
    assert "the last 4 genomes failed" in last[0]
    assert STATUS[kind] in last[0]
    finish(folder, data)  # mended: it goes on
    statuses = Counter(row["status"] for row in rows_of(folder / "run"))
    assert statuses["ok"] > 4
    counts.add("hostile genomes alone, then mended")


def test_serial_two_and_four_workers_are_equal(quick_folder, data, counts):
    outcomes = {
        n: drivers.outcome(search(place(quick_folder, n), data, workers=n)) for n in (1, 2, 4)
    }
    for n in (2, 4):
        differing = drivers.differences(outcomes[1], outcomes[n])
        counts.add(f"1 and {n} workers", differing=bool(differing))
        assert not differing


@pytest.mark.parametrize("same", [True, False])
def test_two_searches_at_once_on_one_cache(quick_folder, data, counts, same):
    """Equal ones race for each entry; others share some: both end as they do alone."""
    seeds = (5, 5) if same else (5, 6)
    cache = ("--cache", quick_folder / "cache")
    expected = []
    for i, seed in enumerate(seeds):
        folder = place(quick_folder, f"alone{i}")
        expected.append(drivers.outcome(search(folder, data, "--seed", seed)))
    for trial in range(5):
        running = []
        for i, seed in enumerate(seeds):
            folder = place(quick_folder, f"{trial}-{i}")
            arguments = arguments_for(folder, data, *LIMITS, "--seed", seed, *cache)
            arguments.remove("--no-cache")
            output = str(folder / "output.txt")
            running.append((folder, faults.forked(arguments, OUTPUT=output)))
        for (folder, process), outcome in zip(running, expected):
            process.join(120)
            output = (folder / "output.txt").read_text()
            assert process.exitcode == 0, output
            assert "warning" not in output
            differing = drivers.differences(outcome, drivers.outcome(folder / "run"))
            counts.add("two searches, one cache", differing=bool(differing))
            assert not differing
        if trial % 2:
            subprocess.run(["rm", "-rf", quick_folder / "cache"], check=True)


# --- full disks and read-only folders, for root too

SIZE = "size=400k"


def in_small_disk(folder: Path, script: str, *arguments: Any, **variables: str) -> Any:
    if not faults.can_mount():
        pytest.skip("mounting needs root, or unprivileged mount namespaces")
    run = folder / "disk"
    run.mkdir(exist_ok=True)
    command = ["sh", "-c", script, "sh", *map(str, arguments)]
    return faults.in_mount(command, f"mount -t tmpfs -o {SIZE} tmpfs {run}", **variables)


FULL = """
python=$1; drivers=$2; disk=$3; out=$4; kept=$5; shift 5
dd if=/dev/zero of=$disk/filler bs=1k count=$FILL 2>/dev/null
$python $drivers "$@" >$out/first.out 2>$out/first.err
echo $? >$out/first.status
find $disk/run -name '*.part' >$out/parts
cp -r $disk/run $kept
rm $disk/filler
if [ -e $disk/run/config.json ]; then set -- --resume $disk/run; fi
$python $drivers "$@" >$out/second.out 2>$out/second.err
echo $? >$out/second.status
cp -r $disk/run $out/run
"""


@pytest.mark.parametrize("free", [0, 8, 16, 24, 32, 48, 64, 80])
def test_a_full_disk_is_one_line_and_resumable(quick_folder, data, counts, free):
    """So many KiB are free when the run begins; then there is space again, and it goes on."""
    folder = place(quick_folder, "undisturbed")
    finish(folder, data)
    expected = drivers.outcome(folder / "run")
    out = place(quick_folder, "out")
    run = quick_folder / "disk" / "run"
    arguments = ("--out", run, "--dataset", data, "--no-cache", "--workers", 1, *faults.SEARCH)
    result = in_small_disk(
        quick_folder, FULL, sys.executable, drivers.TESTS / "drivers.py",
        quick_folder / "disk", out, out / "after", *arguments, FILL=str(400 - free),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    first, second = ((out / f"{name}.status").read_text().strip() for name in ("first", "second"))
    err = (out / "first.err").read_text()
    assert first != "0", "it had space enough"
    assert (first, err.count("\n")) == ("1", 1), err
    assert "No space left on device" in err
    assert (out / "parts").read_text() == ""
    for path in (out / "after").rglob("*.csv"):
        text = path.read_text()
        assert text.endswith("\n"), f"{path.name} is torn"
    journal = out / "after" / "journal.jsonl"
    raw = journal.read_bytes() if journal.exists() else b""
    assert len(drivers.lines_of(out / "after")) == raw.count(b"\n"), "a line is torn"
    assert not raw or raw.endswith(b"\n")
    assert second == "0", (out / "second.err").read_text()
    assert (out / "second.err").read_text() == ""
    differing = drivers.differences(expected, drivers.outcome(out / "run"))
    counts.add("full disk", differing=bool(differing))
    assert not differing


def immutable(folder: Path, on: bool) -> bool:
    """Make a folder one in which not even root can write (``chattr``); whether that worked."""
    flag = "+i" if on else "-i"
    command = ["chattr", flag, *(str(p) for p in (folder, *folder.rglob("*")) if p.is_dir())]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_directory_that_becomes_read_only_is_one_line_and_resumable(tmp_path, counts):
    data = drivers.save_npz(tmp_path / "data.npz", drivers.tiny_dataset())
    folder = place(tmp_path, "undisturbed")
    finish(folder, data)
    expected = drivers.outcome(folder / "run")
    for lines in (1, 3, 5, 8):
        folder = place(tmp_path, lines)
        process = drivers.start(*arguments_for(folder, data), STUB_SECONDS="0.3")
        drivers.wait_until(lambda f=folder, n=lines: len(drivers.lines_of(f / "run")) >= n)
        can = immutable(folder / "run", True)
        try:
            _, err = process.communicate(timeout=60)
        finally:
            immutable(folder / "run", False)
        if not can:
            pytest.skip("chattr needs root and a file system that knows it")
        assert process.returncode == 1, err
        assert err.count("\n") == 1
        assert "Operation not permitted" in err
        before = faults.acknowledged(folder / "run")
        assert len(before) == (folder / "run" / "journal.jsonl").read_bytes().count(b"\n")
        finish(folder, data)
        verdict = faults.Verdict(expected)
        counts.add("directory became read-only", **verdict.judge(folder / "run", before, "chattr"))
        assert not verdict.notes


def test_a_read_only_directory_from_the_start_is_one_line(quick_folder, data, counts):
    if not faults.can_mount():
        pytest.skip("mounting needs root, or unprivileged mount namespaces")
    disk = place(quick_folder, "disk")
    command = [
        *(sys.executable, drivers.TESTS / "drivers.py", "--out", disk / "run"),
        *("--dataset", data, "--no-cache"),
    ]
    mounts = (f"mount -o bind {disk} {disk}", f"mount -o remount,bind,ro {disk}")
    result = faults.in_mount([str(part) for part in command], *mounts)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "Read-only file system" in result.stderr
    assert list(disk.iterdir()) == []
    counts.add("read-only directory")


def test_signals_leave_no_worker_behind(quick_folder, data, counts):
    """SIGINT and SIGTERM at ten moments: stopped promptly, resumed to an equal end."""
    folder = place(quick_folder, "undisturbed")
    finish(folder, data)
    expected = drivers.outcome(folder / "run")
    for n in range(10):
        number, status = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[n % 2]
        folder = place(quick_folder, f"signal{n}")
        variables = {"STUB_SECONDS": "0.1", drivers.MARK: str(folder)}
        variables["OUTPUT"] = str(folder / "output.txt")
        process = faults.forked(
            arguments_for(folder, data, "--workers", 2), inline=False, **variables
        )
        lines = n + 1
        drivers.wait_until(
            lambda folder=folder, lines=lines: len(drivers.lines_of(folder / "run")) >= lines
        )
        os.kill(process.pid, number)
        process.join(20)
        output = (folder / "output.txt").read_text()
        assert process.exitcode == status, output
        assert "--resume" in output
        assert "Traceback" not in output
        faults.no_orphans(str(folder))
        before = faults.acknowledged(folder / "run")
        finish(folder, data)
        verdict = faults.Verdict(expected)
        judged = verdict.judge(folder / "run", before, f"signal {n}")
        counts.add("SIGINT and SIGTERM", **judged)
        assert not verdict.notes
