"""Runs of the command line in processes of their own, with stub training and with kill points.

``python tests/drivers.py ARGUMENTS`` is ``python -m deap_nas.run ARGUMENTS`` with the training of
``stubs.Trainer`` (unless ``REAL_TRAINING`` is set); ``KILL_AT=point:n`` says where it is killed.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import stubs

from deap_nas.data import Dataset
from deap_nas.evaluation import workers
from deap_nas.evaluation.process import WORKER

TESTS = Path(__file__).parent
ROOT = TESTS.parents[1]
KILL_AT = "KILL_AT"
REAL = "REAL_TRAINING"  # environment: set for real training
PAGE = "DRAW_PAGE"  # environment: set for the page at the end, which takes longer than all the rest
MARK = "DRIVER_MARK"  # environment: tells the processes of one test from others
TIMES = ("train_seconds", "train_cpu_seconds", "fitness_time", "measured_on")


def stub_workers(trainer: Any, **settings: Any) -> workers.Workers:
    """``Workers`` that train with the stub, which reads variables."""
    return workers.Workers(stubs.stand_in(trainer), **{**settings, "inherit": None})


class InlineWorkers:
    """``Workers`` without processes: for hundreds of runs. Ends tasks in the order given."""

    room = 1  # tasks that are begun at once

    def __init__(self, trainer: Any, **_: Any) -> None:
        self._trainer = stubs.stand_in(trainer)
        self.begun: list[workers.Task] = []

    def has_room(self) -> bool:
        return len(self.begun) < self.room

    def submit(self, task: workers.Task) -> None:
        assert self.has_room()
        self.begun.append(task)

    def place(self) -> int:
        """Which of those that are begun ends next."""
        return 0

    def wait(self) -> list[tuple[workers.Task, workers.Outcome]]:
        if not self.begun:
            return []
        task = self.begun.pop(self.place())
        value = getattr(self._trainer, task.method)(*task.args)
        return [(task, workers.Outcome("ok", value, seconds=0.0))]

    def cancel(self) -> None:
        self.begun.clear()

    def close(self) -> None:
        self.cancel()


class Trainings:
    """The trainings that stub workers began."""

    def __init__(self, log: Path, faults: Path) -> None:
        self._log, self._faults = log, faults

    def counts(self) -> Counter[str]:
        return Counter(self._log.read_text().split("\n")[:-1]) if self._log.exists() else Counter()

    def set_fault(self, text: str, kind: str) -> None:
        stubs.set_fault(self._faults, text, kind)

    def mend(self) -> None:
        for path in self._faults.iterdir():
            path.unlink()


# --- data


def tiny_dataset(seed: int = 0, side: int = 14, n: int = 40) -> Dataset:
    """Noise in three classes."""
    rng = np.random.default_rng(seed)

    def part(size: int) -> tuple[Any, Any]:
        x = rng.integers(0, 256, (size, side, side, 1), dtype=np.uint8)
        return x, np.arange(size) % 3

    arrays = [array for size in (n, 12, 12) for array in part(size)]
    return Dataset("tiny", *arrays, 3, ("0", "1", "2"), "noise")


def save_npz(path: Path, dataset: Dataset) -> Path:
    names = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    np.savez(path, **{name: getattr(dataset, name) for name in names})
    return path


# --- processes


PLAIN = {"--space": "paper", "--fitness": "accuracy_per_log_params", "--finalists": "0"}


def plainly(arguments: Sequence[Any]) -> list[str]:
    """A new run's arguments: the plainest search there is, where they ask for no other. Finalists,
    fronts and wide spaces have tests of their own."""
    given = [str(argument) for argument in arguments]
    if {"--resume", "--help"} & set(given):
        return given
    asked = ["--finalists"] if {"--preset", "--config"} & set(given) else list(PLAIN)
    return given + [word for flag in asked for word in (flag, PLAIN[flag]) if flag not in given]


def environment(**variables: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(TESTS)])
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "default", **variables}


def cli(*arguments: Any, module: str = "deap_nas.run", **variables: str) -> Any:
    """Run the real command line to its end."""
    given = plainly(arguments) if module == "deap_nas.run" else map(str, arguments)
    return _run(["-m", module, *given], variables)


def stub_cli(*arguments: Any, **variables: str) -> Any:
    """Run the command line with stub training to its end."""
    return _run([str(TESTS / "drivers.py"), *plainly(arguments)], variables)


def python(code: str, *arguments: Any, **variables: str) -> Any:
    return _run(["-c", code, *map(str, arguments)], variables)


def _run(arguments: list[str], variables: dict[str, str], timeout: float = 300) -> Any:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environment(**variables),
    )


def start(*arguments: Any, stub: bool = True, **variables: str) -> subprocess.Popen[str]:
    """Begin a run in the background."""
    command = [str(TESTS / "drivers.py")] if stub else ["-m", "deap_nas.run"]
    return subprocess.Popen(
        [sys.executable, *command, *plainly(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    )


def workers_of(pid: int) -> list[psutil.Process]:
    """The worker processes of a process."""
    try:
        return [child for child in psutil.Process(pid).children(recursive=True) if is_worker(child)]
    except psutil.NoSuchProcess:
        return []


def marked_workers(mark: str) -> list[psutil.Process]:
    """Worker processes whose environment carries a mark, whoever their parent is by now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if is_worker(process) and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def is_worker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return is_running(process.pid) and WORKER in process.cmdline()
    return False


def is_running(pid: int) -> bool:
    """Whether there is a process that has not ended, waited for or not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """What the condition comes to, once it is true."""
    end = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


# --- kill points


def arm(at: str, kill: Callable[[], None] | None = None) -> None:
    """Kill this process at the nth call of something: "fsync:7", or "replaced:2"."""
    point, _, n = at.partition(":")
    kill = kill or (lambda: os.kill(os.getpid(), signal.SIGKILL))
    left = int(n)

    def count(function: Callable[..., Any], before: bool) -> Callable[..., Any]:
        def counting(*args: Any, **settings: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and before:
                kill()
            result = function(*args, **settings)
            if left == 0 and not before:
                kill()
            return result

        return counting

    from deap_nas import toolbox
    from deap_nas.evaluation import cache
    from deap_nas.runs import int8, journal, search

    if point in ("fsync", "fsynced"):
        os.fsync = count(os.fsync, point == "fsync")
    elif point in ("replace", "replaced"):
        os.replace = count(os.replace, point == "replace")
    elif point in ("put", "kept"):
        cache.Cache.put = count(cache.Cache.put, point == "put")  # type: ignore[method-assign]
    elif point == "select":
        for name, select in toolbox.SELECTIONS.items():
            toolbox.SELECTIONS[name] = count(select, True)
    elif point == "int8":
        int8.Quantising.measure = count(  # type: ignore[method-assign]
            int8.Quantising.measure, True
        )
    elif point == "end":
        search.write_result = count(search.write_result, True)
    elif point == "half":
        write = journal.Journal._write

        def write_half(self: Any, data: bytes) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self._file.write(data[: len(data) // 2])
                kill()
            write(self, data)

        journal.Journal._write = write_half  # type: ignore[method-assign]
    else:
        raise ValueError(point)


def run_here(arguments: list[str], variables: dict[str, str], inline: bool) -> None:
    """For a forked process: the command line with stub training, then exit."""
    from deap_nas.commands import run, session
    from deap_nas.training import evaluator

    os.environ.update(variables)
    output = os.open(variables.get("OUTPUT", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    evaluator.Workers = InlineWorkers if inline else stub_workers  # type: ignore
    session.make_page = lambda *_: None
    if KILL_AT in variables:
        arm(variables[KILL_AT])
    status = run.main(plainly(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


# --- what a run came to


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The journal's sound lines, read without the code under test."""
    path = folder / "journal.jsonl"
    found = []
    for line in path.read_bytes().split(b"\n") if path.exists() else []:
        digest, _, body = line.partition(b" ")
        if hashlib.sha256(body).hexdigest()[:16].encode() == digest:
            found.append(json.loads(body))
    return found


def outcome(folder: Path) -> dict[str, Any]:
    """Everything that a run came to, seconds and machine aside."""
    lines = lines_of(folder)
    with (folder / "evaluations.csv").open() as file:
        table = [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(file)]
    result = json.loads((folder / "result.json").read_text())
    best = result["best"] or {}
    generations = [_unclocked(line) for line in _standing(lines) if line["kind"] == "generation"]
    evaluations = [line for line in lines if line["kind"] == "evaluation"]
    return {
        "evaluations": table,
        "measured": {e["genome"]: _untimed(e["evaluation"]) for e in evaluations},
        "first seen": {e["genome"]: e["generation"] for e in evaluations},
        "repeated": [t for t, n in Counter(e["genome"] for e in evaluations).items() if n > 1],
        "generations": generations,
        "logbook": (folder / "logbook.csv").read_text(),
        "best": (best.get("genome"), best.get("test_accuracy"), best.get("accuracy")),
        "stopped": result["stopped"],
        "weights": {p.name: digest_of(p) for p in sorted((folder / "weights").glob("*.npz"))},
        "model": (folder / "best.keras").exists(),
    }


def _standing(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the generations that a run forgot when it was given more."""
    standing: list[dict[str, Any]] = []
    for line in lines:
        if line["kind"] == "extend":
            standing = [each for each in standing if each.get("number", -1) < line["generation"]]
        standing.append(line)
    return standing


def _untimed(evaluation: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in evaluation.items() if name not in TIMES}


def _unclocked(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "elapsed"}


def digest_of(path: Path) -> str:
    with np.load(path) as arrays:
        content = b"".join(arrays[name].tobytes() for name in arrays.files)
    return hashlib.sha256(content).hexdigest()


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The parts in which two outcomes differ."""
    return [name for name in one if one[name] != other[name]]


if __name__ == "__main__":
    from deap_nas.commands import run, session
    from deap_nas.training import evaluator

    if REAL in os.environ:
        evaluator.INHERITED = (*evaluator.INHERITED, MARK)
    else:
        evaluator.Workers = stub_workers  # type: ignore
    if PAGE not in os.environ:
        session.make_page = lambda *_: None
    if KILL_AT in os.environ:
        arm(os.environ[KILL_AT])
    sys.exit(run.main())
