"""Workers on other machines: a Dask cluster as a ``Backend``.

Dask carries tasks and tells who is there: ``dask_cluster`` asks it. What happens to a genome is for
a supervisor on each Dask worker, see ``dask_worker``. At most one task is at a Dask worker, so that
its loss is blamed on nobody else's.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.evaluation.dask_cluster import DaskCluster
from deap_nas.evaluation.dask_worker import UNFIT, UNKNOWN
from deap_nas.evaluation.process import WorkerStartError
from deap_nas.evaluation.worker import one_line

LOOK_SECONDS = 0.5  # between two looks at who is there
ALONE = 10  # looks that find no Dask worker ready before that is said
ATTEMPTS = 3  # Dask workers that a task may lose before it is ``killed``


class DaskWarning(UserWarning):
    """A Dask worker that is not used, or none that is; the message is one line."""


class SchedulerLostError(RuntimeError):
    """The Dask scheduler is gone, and with it what was begun; the message is one line."""


@dataclass(eq=False)
class Flight:
    """A task that is begun, and how many Dask workers were lost with it."""

    task: Task
    lost: int = 0
    future: Any = None  # while it is at a Dask worker


class DaskBackend:
    """A ``Backend``: one supervised process on each worker of a Dask cluster.

    Dask workers may come and go. One that comes is used at once; the task of one that is lost is
    tried on another, up to ``ATTEMPTS`` times. All must have this package in this very version.

    Args:
        client: a ``dask.distributed.Client``; it stays open when this is closed.
        target: the object whose methods are the tasks, or its name; see ``Workers``. It is sent
            to each Dask worker once, with all that it holds.
        args: see ``Workers``.
        check: is called on each Dask worker before it is used, and returns why it is not to be
            used, or nothing; a function that can be pickled.
        max_seconds: limit of one task.
        max_memory: limit of its process, in MiB.
        recycle_after: tasks after which the process is replaced.
        environment: variables of the process; see ``Workers``.
        inherit: names of those that it has from the Dask worker; see ``Workers``.

    Raises:
        WorkerStartError: if Dask workers are there and none can be used.
        SchedulerLostError: if the scheduler does not answer.
    """

    def __init__(
        self,
        client: Any,
        target: Any,
        args: tuple[Any, ...] = (),
        *,
        check: Callable[[], str] | None = None,
        max_seconds: float | None = None,
        max_memory: int | None = None,
        recycle_after: int = 50,
        environment: Mapping[str, str] | None = None,
        inherit: Collection[str] | None = None,
    ) -> None:
        settings: dict[str, Any] = {"max_seconds": max_seconds, "max_memory": max_memory}
        settings |= {"environment": environment, "inherit": inherit}
        settings |= {"recycle_after": recycle_after}
        self._cluster = DaskCluster(client, target, args, settings, check)
        self._news = threading.Condition()
        self._there: set[str] = set()  # addresses of all Dask workers
        self._idle: set[str] = set()  # of those that can be used
        self._unfit: dict[str, str] = {}  # and why
        self._waiting: deque[Flight] = deque()
        self._flying: dict[str, Flight] = {}  # by address
        self._ended: list[tuple[Task, Outcome]] = []
        self._warnings: list[str] = []
        self._error: Exception | None = None
        self._full = self._served = False
        self._alone = 0  # looks in a row that found no Dask worker ready
        self._watch: threading.Event | None = None  # set when it has looked for the first time
        self._open()

    def __enter__(self) -> DaskBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def has_room(self) -> bool:
        """Whether there is an idle Dask worker; without any, one task may wait for the first."""
        self._open()
        with self._news:
            self._full = not self._has_room()
            return not self._full

    def submit(self, task: Task) -> None:
        """Begin a task; only where there is room."""
        self._open()
        with self._news:
            self._waiting.append(Flight(task))
            self._dispatch()

    def wait(self) -> list[tuple[Task, Outcome]] | None:
        """The next tasks to end, or None where room has come; see ``Backend``.

        Raises:
            WorkerStartError: if no Dask worker that is there can be used, and none ever could.
            SchedulerLostError: if the scheduler is gone.
        """
        with self._news:
            while True:
                self._tell()
                if self._ended:
                    ended, self._ended = self._ended, []
                    return ended
                if not self._flying and not self._waiting:
                    return []
                if self._full and self._has_room():
                    self._full = False
                    return None
                self._news.wait()

    def cancel(self) -> None:
        """Drop what is begun; the Dask workers kill its processes."""
        with self._news:
            self._idle |= self._flying.keys()
            for flight in self._flying.values():
                self._drop(flight.future)
            for each in (self._flying, self._waiting, self._ended):
                each.clear()
            self._news.notify_all()

    def close(self) -> None:
        """End the processes on all Dask workers, which themselves go on."""
        self.cancel()
        with self._news:
            used, self._watch = [*self._idle], None
            for each in (self._there, self._idle, self._unfit):
                each.clear()
        self._cluster.forget(used)

    # --- with the lock held

    def _has_room(self) -> bool:
        at_work = len(self._flying) + len(self._waiting)
        return at_work < max(1, len(self._idle) + len(self._flying))

    def _dispatch(self) -> None:
        """Give waiting tasks to idle Dask workers."""
        while self._waiting and self._idle:
            address, flight = self._idle.pop(), self._waiting.popleft()
            self._flying[address] = flight
            self._cluster.call(self._fly, address, flight)

    def _tell(self) -> None:
        """Say, in the caller's own thread, what was found in another.

        Raises:
            Exception: what stops the search.
        """
        while self._warnings:
            warnings.warn(self._warnings.pop(0), DaskWarning, stacklevel=4)
        if self._error:
            raise self._error

    def _reject(self, address: str, why: str) -> None:
        """Use a Dask worker no more."""
        self._unfit[address] = why
        self._idle.discard(address)
        self._warnings.append(f"Dask worker {address} is not used: {why}")
        if not self._served and self._unfit.keys() >= self._there:
            self._error = WorkerStartError(f"no Dask worker can be used; {address}: {why}")

    def _leave(self, address: str) -> None:
        """A Dask worker is lost; its task is tried elsewhere."""
        self._idle.discard(address)
        self._unfit.pop(address, None)
        flight = self._flying.pop(address, None)
        if flight is None:
            return
        self._drop(flight.future)
        flight.future, flight.lost = None, flight.lost + 1
        if flight.lost < ATTEMPTS:
            self._waiting.appendleft(flight)
        else:
            reason = f"{flight.lost} Dask workers were lost with it, the last at {address}"
            self._ended.append((flight.task, Outcome("killed", reason=reason)))

    def _drop(self, future: Any) -> None:
        if future is not None:
            self._cluster.call(self._cluster.cancel, future)

    # --- in the client's event loop

    def _open(self) -> None:
        """Look who is there, now and from time to time, unless that is being done."""
        with self._news:
            if self._watch:
                return
            if self._cluster.status != "running":
                status = self._cluster.status
                raise SchedulerLostError(f"the Dask client is {status}; make a new one")
            self._watch = looked = threading.Event()
        self._cluster.call(self._look, looked)
        looked.wait()
        with self._news:
            self._tell()

    async def _look(self, looked: threading.Event) -> None:
        """Follow who comes and goes, until this is closed."""
        try:
            while self._watch is looked:
                found = await self._cluster.workers()
                with self._news:
                    new, lost = found - self._there, self._there - found
                    self._there = found
                    for address in lost:
                        self._leave(address)
                    self._alone = 0 if self._idle or self._flying else self._alone + 1
                    if self._alone == ALONE:
                        self._warnings.append("no Dask worker is ready: waiting for one")
                    self._dispatch()
                    self._news.notify_all()
                if looked.is_set():
                    for address in new:
                        self._cluster.call(self._welcome, address)
                else:
                    await asyncio.gather(*map(self._welcome, new))
                    looked.set()
                await asyncio.sleep(LOOK_SECONDS)
        except Exception as error:
            self._lose(looked, error)
        finally:
            looked.set()

    async def _welcome(self, address: str) -> None:
        """Send a Dask worker what it needs; then it is used, or not."""
        why = await self._cluster.welcome(address)
        with self._news:
            if address not in self._there:
                return
            if isinstance(why, OSError):
                self._there.discard(address)  # it did not answer: looked at again, if it is there
            elif why:
                self._reject(address, why)
            else:
                self._idle.add(address)
                self._dispatch()
            self._news.notify_all()

    async def _fly(self, address: str, flight: Flight) -> None:
        """Have a Dask worker do a task, and take what becomes of it."""
        with self._news:
            if self._flying.get(address) is not flight:  # it was dropped meanwhile
                return
            flight.future = future = self._cluster.send(address, flight.task)
        outcome = await self._cluster.outcome(future)
        with self._news:
            if outcome and self._flying.get(address) is flight:
                self._land(address, flight, outcome)

    def _land(self, address: str, flight: Flight, outcome: Outcome) -> None:
        del self._flying[address]
        flight.future = None  # so that the cluster forgets it
        if outcome.status in (UNKNOWN, UNFIT):
            self._waiting.appendleft(flight)
        else:
            self._served = True
            self._ended.append((flight.task, outcome))
        if outcome.status == UNFIT:
            self._reject(address, outcome.reason)
        elif outcome.status == UNKNOWN:
            self._cluster.call(self._welcome, address)
        else:
            self._idle.add(address)
        self._dispatch()
        self._news.notify_all()

    def _lose(self, looked: threading.Event, error: Exception) -> None:
        with self._news:
            if self._watch is looked:
                self._error = SchedulerLostError(
                    f"the Dask scheduler at {self._cluster.address} is lost ({one_line(error)}); "
                    "go on with --resume, on another cluster, or here with --backend local"
                )
            self._news.notify_all()
