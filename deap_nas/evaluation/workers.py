"""Supervised worker processes: what happens to one task never reaches another.

Each worker is a fresh interpreter (never a fork) with one private pipe, so that it can be timed
out, capped, killed and replaced alone. It dies with its parent. See ``worker`` for its side.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import Any

import psutil

from deap_nas.evaluation.worker import one_line

WORKER = "deap_nas.evaluation.worker"
MIB = 2**20
START_SECONDS = 300.0
POLL_SECONDS = 0.2
STARTS = 3  # that may fail in a row
ATTEMPTS = 2  # a worker may be killed through no fault of its task; twice is no coincidence


class WorkerStartError(RuntimeError):
    """No worker can be started; the message says why."""


@dataclass(frozen=True)
class Task:
    """A method of the workers' object, its arguments, and what the caller knows the task by.

    ``limited``: whether the limits of time and memory apply.
    """

    key: Any
    method: str
    args: tuple[Any, ...]
    limited: bool = True


@dataclass(frozen=True)
class Outcome:
    """How a task ended: ``status`` ok, error, oom, timeout or killed; ``value`` if ok."""

    status: str
    value: Any = None
    reason: str = ""
    seconds: float = 0.0


class Workers:
    """Up to ``count`` processes, started when there is work, kept warm between calls.

    Args:
        target: "module:name" of a callable; ``name(*args)`` in the worker makes the object whose
            methods are the tasks.
        max_seconds: a task that takes longer is a ``timeout``; its worker is killed.
        max_memory: MiB resident a worker may reach; the task that passes it is ``oom``.
        recycle_after, recycle_memory: a worker is replaced after so many tasks, or when it holds so
            many MiB between two.
        environment: set in the worker before anything is imported.
    """

    def __init__(
        self,
        target: str,
        args: tuple[Any, ...] = (),
        *,
        count: int = 1,
        max_seconds: float | None = None,
        max_memory: int | None = None,
        recycle_after: int = 50,
        recycle_memory: int = 1200,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._start = (target, args)
        self.count, self.max_seconds, self.max_memory = count, max_seconds, max_memory
        self.recycle_after, self.recycle_memory = recycle_after, recycle_memory
        self._environment = dict(environment or {})
        self._workers: list[_Worker] = []
        self._lost_starts = 0  # in a row

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill every worker and wait for its end."""
        while self._workers:
            self._workers.pop().kill()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Run tasks, lazily taken, and yield each with its outcome as it ends, in any order.

        Closing the iterator early kills what is running and nothing else.

        Raises:
            WorkerStartError: if workers cannot be started at all.
        """
        queue, source = deque[tuple[Task, int]](), iter(tasks)
        try:
            while True:
                self._hand_out(queue, source)
                if not any(w.task for w in self._workers):
                    return
                for worker, outcome in self._collect():
                    task, worker.task = worker.task, None
                    assert task is not None
                    if not worker.ready:
                        self._count_lost_start(outcome)
                        queue.append((task, worker.tries - 1))
                    elif outcome.status == "killed" and worker.tries < ATTEMPTS:
                        queue.append((task, worker.tries))
                    else:
                        yield task, outcome
        finally:
            for worker in [w for w in self._workers if w.task]:
                self._drop(worker)

    def _count_lost_start(self, outcome: Outcome) -> None:
        self._lost_starts += 1
        if self._lost_starts >= STARTS:
            raise WorkerStartError(
                f"{STARTS} workers in a row died at their start: {outcome.reason}"
            )

    def _hand_out(self, queue: deque[tuple[Task, int]], source: Iterator[Task]) -> None:
        for worker in [w for w in self._workers if not w.task and not w.is_fit(self)]:
            self._drop(worker)
        while True:
            idle = next((w for w in self._workers if not w.task), None)
            if idle is None and len(self._workers) >= self.count:
                return
            task, tries = queue.popleft() if queue else (next(source, None), 0)
            if task is None:
                return
            if idle is None:
                idle = _Worker(self._start, self._environment, self.max_memory)
                self._workers.append(idle)
            idle.give(task, tries + 1)

    def _collect(self) -> list[tuple[_Worker, Outcome]]:
        """Wait for something to happen to a busy worker; what ended, and how."""
        busy = [w for w in self._workers if w.task]
        ready = wait([w.pipe for w in busy], timeout=self._patience(busy))
        ended = []
        self._lost_starts *= not any(w.ready for w in busy)
        for worker in busy:
            outcome = worker.hear() if worker.pipe in ready else worker.overstep(self)
            if outcome:
                ended.append((worker, outcome))
                if worker.dead:
                    self._drop(worker)
        return ended

    def _patience(self, busy: list[_Worker]) -> float | None:
        if self.max_memory:
            return POLL_SECONDS
        ends = [w.since + (self.max_seconds or START_SECONDS) for w in busy]
        limited = self.max_seconds or any(not w.ready for w in busy)
        return max(0.0, min(ends) - time.monotonic()) + 0.01 if limited else None

    def _drop(self, worker: _Worker) -> None:
        worker.kill()
        self._workers.remove(worker)


class _Worker:
    """One process and the parent's end of its pipe."""

    def __init__(
        self, start: tuple[str, tuple[Any, ...]], environment: dict[str, str], memory: int | None
    ) -> None:
        self.pipe, theirs = Pipe()
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                WORKER,
                str(theirs.fileno()),
                str(memory or 0),
            ],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the parent, which decides
        )
        theirs.close()
        self.task: Task | None = None
        self.ready = self.dead = False
        self.done = self.tries = 0
        self.since = time.monotonic()
        self._send(start)

    def give(self, task: Task, tries: int) -> None:
        self.task, self.tries = task, tries
        if self.ready:
            self._begin()

    def _begin(self) -> None:
        assert self.task is not None
        self.since = time.monotonic()  # the clock starts when the worker does, not before
        self._send((self.task.method, self.task.args))

    def _send(self, message: Any) -> None:
        with contextlib.suppress(OSError):  # its death is heard as the end of the pipe
            self.pipe.send(message)

    def hear(self) -> Outcome | None:
        """Take a message; the outcome if it ends the task."""
        try:
            message = self.pipe.recv_bytes()
        except (EOFError, OSError):
            return self._died()
        seconds = time.monotonic() - self.since
        try:
            status, value = pickle.loads(message)
        except Exception as error:
            return Outcome("error", None, f"unreadable result, {one_line(error)}", seconds)
        if status == "failed":
            raise WorkerStartError(value)
        if status == "ready":
            self.ready = True
            self._begin()
            return None
        self.done += 1
        if status == "ok":
            return Outcome("ok", value, seconds=seconds)
        return Outcome(status, reason=value, seconds=seconds)

    def _died(self) -> Outcome:
        self.dead = True
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        seconds = time.monotonic() - self.since
        return Outcome("killed", reason=f"the worker ended with {how}", seconds=seconds)

    def overstep(self, limits: Workers) -> Outcome | None:
        """The outcome of a task that broke a limit; its worker is as good as dead."""
        seconds = time.monotonic() - self.since
        if not self.ready:
            if seconds > START_SECONDS:
                raise WorkerStartError(f"no worker was ready within {START_SECONDS:.0f} s")
            return None
        if not self.task or not self.task.limited:
            return None
        if limits.max_seconds and seconds > limits.max_seconds:
            self.dead = True
            return Outcome("timeout", None, f"over {limits.max_seconds:g} s", seconds)
        if limits.max_memory and (resident := self.resident()) > limits.max_memory:
            self.dead = True
            reason = f"{resident} MiB resident, allowed {limits.max_memory}"
            return Outcome("oom", None, reason, seconds)
        return None

    def is_fit(self, limits: Workers) -> bool:
        """Whether an idle worker can take another task."""
        alive = not self.pipe.poll() and self._process.poll() is None
        young = self.done < limits.recycle_after
        return alive and young and self.resident() <= limits.recycle_memory

    def resident(self) -> int:
        """MiB of memory in use; 0 when the process is gone."""
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss // MIB)
        except psutil.Error:
            return 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.pipe.close()
