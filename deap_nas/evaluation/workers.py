"""Supervised worker processes: what happens to one task never reaches another.

Each worker is a fresh interpreter (never a fork) with one private pipe, so that it can be timed
out, capped, killed and replaced alone. It dies with its parent. See ``process`` for the parent's
view of one, ``worker`` for its own side.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from multiprocessing import Pipe
from multiprocessing.connection import wait
from typing import Any

from deap_nas.evaluation.backend import Outcome as Outcome, Task as Task, run
from deap_nas.evaluation.machine import cores as cores
from deap_nas.evaluation.process import (
    Limits,
    Process,
    WorkerStartError as WorkerStartError,
    servant_messages,
)
from deap_nas.evaluation.shared import Shared

POLL_SECONDS = 0.2
STARTS = 3  # that may fail in a row
ATTEMPTS = 2  # a worker may be killed through no fault of its task; twice is no coincidence


class Workers:
    """A ``Backend``: up to ``count`` processes, started when there is work, kept warm between.

    Args:
        target: the object whose methods are the tasks, which is pickled for each worker, and whose
            ``start()``, if there is one, is called there once; or "module:name" of a callable:
            ``name(*args)`` makes it there.
        max_seconds: a task that takes longer is a ``timeout``; its worker is killed.
        max_memory: MiB resident a worker may reach; the task that passes it is ``oom``.
        args: with which ``name`` is called.
        count: processes at most.
        recycle_after: tasks after which a worker is replaced.
        recycle_memory: MiB; a worker that holds more between two tasks is replaced.
        environment: variables that are set in the worker before anything is imported.
        inherit: the names of those that it has from this process; all, unless given.
    """

    def __init__(
        self,
        target: Any,
        args: tuple[Any, ...] = (),
        *,
        count: int = 1,
        max_seconds: float | None = None,
        max_memory: int | None = None,
        recycle_after: int = 50,
        recycle_memory: int = 1200,
        environment: Mapping[str, str] | None = None,
        inherit: Collection[str] | None = None,
    ) -> None:
        self._target, self._args, self.count = target, args, count
        self._limits = Limits(max_seconds, max_memory, recycle_after, recycle_memory)
        self._environment, self._inherit = dict(environment or {}), inherit
        self._processes: list[Process] = []
        self._lost_starts = 0  # in a row
        self._shared = Shared(self)
        self._lock = threading.RLock()
        self._waiting = False
        self._alarm, self._bell = Pipe(duplex=False)  # tells who waits of what was submitted since

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill every worker and wait for its end."""
        with self._lock:
            while self._processes:
                self._processes.pop().kill()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        """Run tasks, lazily taken, and yield each with its outcome as it ends, in any order.

        Several threads may do so at once, in turns of one task. Closing the iterator early kills
        what is running and nothing else; what other threads run goes on.

        Raises:
            WorkerStartError: if workers cannot be started at all.
        """
        return run(self._shared.share(), tasks)

    def has_room(self) -> bool:
        """Whether fewer than ``count`` tasks are begun."""
        with self._lock:
            return len(self._busy()) < self.count

    def submit(self, task: Task) -> None:
        """Give a task to a worker that is idle, or to a new one; only where there is room."""
        with self._lock:
            self._give(task, 1)
            if self._waiting:
                self._bell.send_bytes(b"")

    def wait(self) -> list[tuple[Task, Outcome]]:
        """The next tasks to end, at least one; none where nothing is begun.

        Raises:
            WorkerStartError: if workers cannot be started at all.
        """
        ended: list[tuple[Task, Outcome]] = []
        while not ended and self._wait():
            with self._lock:
                ended = self._settle()
        return ended

    def cancel(self) -> None:
        """Kill the workers that have a task."""
        with self._lock:
            for process in self._busy():
                self._drop(process)

    def _wait(self) -> bool:
        """Until something happens to a busy worker, or to who is busy; whether any is."""
        with self._lock:
            busy = self._busy()
            if not busy:
                return False
            pipes, patience = [process.pipe for process in busy], self._patience(busy)
            self._waiting = True
        try:
            wait([self._alarm, *pipes], patience)
        finally:
            with self._lock:
                self._waiting = False
                while self._alarm.poll():
                    self._alarm.recv_bytes()
        return True

    def _settle(self) -> list[tuple[Task, Outcome]]:
        """The tasks that have ended, without those that are tried again."""
        ended = []
        for process, outcome in self._collect():
            task, process.task = process.task, None
            assert task is not None
            if not process.ready:
                self._count_lost_start(outcome)
                self._give(task, process.tries)
            elif outcome.status == "killed" and process.tries < ATTEMPTS:
                self._give(task, process.tries + 1)
            else:
                ended.append((task, outcome))
        return ended

    def _busy(self) -> list[Process]:
        return [process for process in self._processes if process.task]

    def _give(self, task: Task, tries: int) -> None:
        for process in [p for p in self._processes if not p.task and not p.is_fit()]:
            self._drop(process)
        idle = next((p for p in self._processes if not p.task), None)
        if idle is None:
            messages = servant_messages(self._target, self._args)
            kept = os.environ if self._inherit is None else {*self._inherit} & {*os.environ}
            variables = {name: os.environ[name] for name in kept} | self._environment
            idle = Process(messages, variables, self._limits)
            self._processes.append(idle)
        idle.give(task, tries)

    def _count_lost_start(self, outcome: Outcome) -> None:
        self._lost_starts += 1
        if self._lost_starts >= STARTS:
            raise WorkerStartError(
                f"{STARTS} workers in a row died at their start: {outcome.reason}"
            )

    def _collect(self) -> list[tuple[Process, Outcome]]:
        """What ended on a busy worker, and how."""
        busy, ended = self._busy(), []
        self._lost_starts *= not any(process.ready for process in busy)
        for process in busy:
            outcome = process.hear() if process.pipe.poll() else process.overstep()
            if outcome:
                ended.append((process, outcome))
                if process.dead:
                    self._drop(process)
        return ended

    def _patience(self, busy: list[Process]) -> float | None:
        if self._limits.max_memory:
            return POLL_SECONDS
        waits = [seconds for p in busy if (seconds := p.patience()) is not None]
        return max(0.0, min(waits)) + 0.01 if waits else None

    def _drop(self, process: Process) -> None:
        process.kill()
        self._processes.remove(process)
