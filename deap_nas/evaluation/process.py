"""One worker process, as the parent sees it: what it is given, and what becomes of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import Pipe, spawn
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import psutil

from deap_nas.evaluation import worker
from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.evaluation.worker import one_line

WORKER = worker.__name__
MIB = 2**20
START_SECONDS = 300.0


class WorkerStartError(RuntimeError):
    """No worker can be started; the message says why."""


@dataclass(frozen=True)
class Sealed:
    """An object that is pickled already: for who only hands it on to a worker."""

    data: bytes

    def __reduce__(self) -> Any:
        return pickle.loads, (self.data,)


@dataclass(frozen=True)
class Limits:
    """What a task, and a process from task to task, may take; see ``Workers``."""

    max_seconds: float | None
    max_memory: int | None
    recycle_after: int
    recycle_memory: int


def servant_messages(target: Any, args: tuple[Any, ...]) -> tuple[bytes, bytes, bytes]:
    """What makes a worker's object: where modules are, the script it may be defined in, and the
    pickled object.

    Raises:
        WorkerStartError: for an object that cannot travel.
    """
    name = f"a {type(target).__name__}"
    try:
        servant = bytes(ForkingPickler.dumps((target, args)))
    except Exception as error:
        raise WorkerStartError(
            f"{name} cannot be sent to a worker ({one_line(error)}): define what it is made of at "
            "the top of a module or a script"
        ) from None
    script: dict[str, str] = {}
    sealed = isinstance(target, Sealed)  # with all that it needs of a script, if of one
    if b"__mp_main__" in servant and not sealed:  # a worker is just reading the script
        raise WorkerStartError(
            "the script starts workers whenever it is imported, as workers do: begin it under "
            "if __name__ == '__main__':"
        )
    if b"__main__" in servant and not sealed:
        found = spawn.get_preparation_data("worker")
        script = {key: found[key] for key in found if key.startswith("init_main")}
        if not script:
            raise WorkerStartError(f"{name} is defined in no file: put it into a script or module")
    places = str(Path(worker.__file__).parents[1]), [folder for folder in sys.path if folder]
    return pickle.dumps(places), pickle.dumps(script), servant


class Process:
    """A process and the parent's end of its pipe.

    Args:
        messages: of ``servant_messages``.
        environment: all of it.
        limits: of its tasks.
    """

    def __init__(
        self, messages: tuple[bytes, ...], environment: Mapping[str, str], limits: Limits
    ) -> None:
        self._limits = limits
        self.pipe, theirs = Pipe()
        # Where a standard stream is closed, its number is free; a child would lose it to its own.
        fd = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
        theirs.close()
        # Isolated: no variable, folder or customisation of the user's changes what it imports.
        flags = ["-I", "-X", "utf8", *(["-B"] if sys.dont_write_bytecode else [])]
        words = [str(worker.__file__), WORKER, str(fd), str(limits.max_memory or 0)]
        self._process = subprocess.Popen(
            [sys.executable, *flags, *words],
            pass_fds=[fd],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the parent, which decides
        )
        os.close(fd)
        self.task: Task | None = None
        self.ready = self.dead = False
        self.done = self.tries = 0
        self.since = time.monotonic()
        for message in messages:
            self._send(message)

    def give(self, task: Task, tries: int) -> None:
        self.task, self.tries = task, tries
        if self.ready:
            self._begin()

    def _begin(self) -> None:
        assert self.task is not None
        self.since = time.monotonic()  # the clock starts when the worker does, not before
        self._send(ForkingPickler.dumps((self.task.method, self.task.args)))

    def _send(self, message: bytes | memoryview) -> None:
        with contextlib.suppress(OSError):  # its death is heard as the end of the pipe
            self.pipe.send_bytes(message)

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
        self.dead = status == "killed"  # it says itself that it is of no more use
        if status == "ok":
            return Outcome("ok", value, seconds=seconds)
        return Outcome(status, reason=value, seconds=seconds)

    def _died(self) -> Outcome:
        self.dead = True
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        seconds = time.monotonic() - self.since
        return Outcome("killed", reason=f"the worker ended with {how}", seconds=seconds)

    def patience(self) -> float | None:
        """Seconds until ``overstep`` has something to say; None: never."""
        limit = self._limits.max_seconds if self.ready else START_SECONDS
        return self.since + limit - time.monotonic() if limit else None

    def overstep(self) -> Outcome | None:
        """The outcome of a task that broke a limit; its worker is as good as dead."""
        seconds, limits = time.monotonic() - self.since, self._limits
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

    def is_fit(self) -> bool:
        """Whether an idle worker can take another task."""
        limits = self._limits
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
        """End it. The pipe closes with its last user: a thread may be waiting there."""
        self._process.kill()
        self._process.wait()
