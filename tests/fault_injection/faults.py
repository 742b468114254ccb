"""One fault, then the way back: what the scenarios of the suite share."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import drivers

SEARCH = ("--population", 4, "--generations", 2, "--seed", 5, "--cxpb", 1, "--mutpb", 0.5)
SEARCH += ("--finalists", 0)

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "drivers",
        "joblib",
        "filelock",
        "deap_nas.commands.run",
        "deap_nas.runs.search",
        "deap_nas.commands.session",
    ]
)


def arguments_for(folder: Path, data: Path, *more: Any) -> list[str]:
    """The command that begins a run, or goes on with the one that is there."""
    run = folder / "run"
    if (run / "config.json").exists():
        return ["--resume", str(run)]
    texts = ("--out", run, "--dataset", data, "--no-cache", "--workers", 1, *SEARCH, *more)
    return [str(text) for text in texts]


def forked(arguments: list[str], inline: bool = True, **variables: str) -> Any:
    """A run with stub training in a forked process: it costs no imports."""
    process = _context.Process(target=drivers.run_here, args=(arguments, variables, inline))
    process.start()
    return process


def finish(folder: Path, data: Path, *more: Any) -> None:
    """Run or resume to the end, in a forked process."""
    process = forked(arguments_for(folder, data, *more), OUTPUT=str(folder / "output.txt"))
    process.join(120)
    assert process.exitcode == 0, (folder / "output.txt").read_text()


def acknowledged(run: Path) -> set[str]:
    """The journal's sound lines: what was on disk, and must stay there."""
    import json

    return {json.dumps(line) for line in drivers.lines_of(run)}


class Verdict:
    """What a fault cost, by comparison with an undisturbed run."""

    def __init__(self, expected: dict[str, Any]) -> None:
        self._expected = expected
        self.notes: list[str] = []

    def judge(self, run: Path, before: set[str], what: str) -> dict[str, int]:
        lost = len(before - acknowledged(run))
        differing = drivers.differences(self._expected, drivers.outcome(run))
        if lost or differing:
            self.notes.append(f"{what}: {lost} lines lost, {differing} differ")
        return {"lost": lost, "differing": bool(differing)}


def kill_after(process: Any, seconds: float, who: str, rng: random.Random) -> bool:
    """Kill the parent, one of its workers, or everything after a while; whether it was hit."""
    time.sleep(seconds)
    pid = process.pid
    workers = drivers.workers_of(pid)
    if who == "worker":
        if not workers:
            return False
        victims = [rng.choice(workers).pid]
    else:
        victims = [pid, *([w.pid for w in workers] if who == "everything" else [])]
    hit = False
    for victim in victims:
        try:
            hit = drivers.is_running(victim) or hit
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return hit


def no_orphans(mark: str) -> None:
    drivers.wait_until(lambda: not drivers.marked_workers(mark), 20)


def in_mount(command: list[str], *mounts: str, **variables: str) -> Any:
    """Run a command in a mount namespace of its own, behind some mount commands."""
    script = " && ".join([*mounts, 'exec "$@"'])
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", *command],
        capture_output=True,
        text=True,
        env=drivers.environment(**variables),
        check=False,
        timeout=300,
    )


def can_mount() -> bool:
    tried = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0
