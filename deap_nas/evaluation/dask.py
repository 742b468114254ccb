"""Workers on other machines: a Dask cluster as a ``Backend``.

Dask carries tasks and tells who is there: ``dask_cluster`` asks it, ``dask_books`` keeps account of
that. What happens to a genome is for a supervisor on each Dask worker, see ``dask_worker``. At most
one task is at a Dask worker, so that its loss is blamed on nobody else's.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.evaluation.dask_books import Books, Flight
from deap_nas.evaluation.dask_cluster import DaskCluster
from deap_nas.evaluation.worker import one_line

LOOK_SECONDS = 0.5  # between two looks at who is there


class DaskWarning(UserWarning):
    """A Dask worker that is not used, or none that is; the message is one line."""


class SchedulerLostError(RuntimeError):
    """The Dask scheduler is gone, and with it what was begun; the message is one line."""


class DaskBackend:
    """A ``Backend``: one supervised process on each worker of a Dask cluster.

    Dask workers may come and go. One that comes is used at once; the task of one that is lost is
    tried on another, up to ``dask_books.ATTEMPTS`` times. All must have this package in this very
    version.

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
        self._books, self._news = Books(), threading.Condition()
        self._full = False
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
            self._full = not self._books.has_room()
            return not self._full

    def submit(self, task: Task) -> None:
        """Begin a task; only where there is room."""
        self._open()
        with self._news:
            self._books.add(task)
            self._go_on()

    def wait(self) -> list[tuple[Task, Outcome]] | None:
        """The next tasks to end, or None where room has come; see ``Backend``.

        Raises:
            WorkerStartError: if no Dask worker that is there can be used, and none ever could.
            SchedulerLostError: if the scheduler is gone.
        """
        books = self._books
        with self._news:
            while True:
                self._tell()
                if books.ended:
                    ended, books.ended = books.ended, []
                    return ended
                if not books.is_begun():
                    return []
                if self._full and books.has_room():
                    self._full = False
                    return None
                self._news.wait()

    def cancel(self) -> None:
        """Drop what is begun; the Dask workers kill its processes."""
        with self._news:
            self._books.drop_tasks()
            self._go_on()

    def close(self) -> None:
        """End the processes on all Dask workers, which themselves go on."""
        self.cancel()
        with self._news:
            used, self._watch = self._books.leave_all(), None
        self._cluster.forget(used)

    # --- with the lock held

    def _go_on(self) -> None:
        """Do what the books ask for, and let who waits look at them."""
        for future in [each for each in self._books.dropped if each is not None]:
            self._cluster.call(self._cluster.cancel, future)
        self._books.dropped.clear()
        for address, flight in self._books.depart():
            self._cluster.call(self._fly, address, flight)
        self._news.notify_all()

    def _tell(self) -> None:
        """Say, in the caller's own thread, what was found in another.

        Raises:
            Exception: what stops the search.
        """
        while self._books.warnings:
            warnings.warn(self._books.warnings.pop(0), DaskWarning, stacklevel=4)
        if self._books.error:
            raise self._books.error

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
                    new = self._books.meet(found)
                    self._go_on()
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
            self._books.welcome(address, why)
            self._go_on()

    async def _fly(self, address: str, flight: Flight) -> None:
        """Have a Dask worker do a task, and take what becomes of it."""
        flying = self._books.flying
        with self._news:
            if flying.get(address) is not flight:  # it was dropped meanwhile
                return
            flight.future = future = self._cluster.send(address, flight.task)
        outcome = await self._cluster.outcome(future)
        with self._news:
            if outcome and flying.get(address) is flight:
                if self._books.land(address, outcome):
                    self._cluster.call(self._welcome, address)
                self._go_on()

    def _lose(self, looked: threading.Event, error: Exception) -> None:
        with self._news:
            if self._watch is looked:
                self._books.error = SchedulerLostError(
                    f"the Dask scheduler at {self._cluster.address} is lost ({one_line(error)}); "
                    "go on with --resume, on another cluster, or here with --backend local"
                )
            self._news.notify_all()
