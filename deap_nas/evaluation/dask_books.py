"""The books of a ``DaskBackend``: which Dask workers are there, what is begun, what has ended.

Nothing here waits, or talks to a cluster. Who calls holds the lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.evaluation.dask_worker import UNFIT, UNKNOWN
from deap_nas.evaluation.process import WorkerStartError

ALONE = 10  # looks that find no Dask worker ready before that is said
ATTEMPTS = 3  # Dask workers that a task may lose before it is ``killed``


@dataclass(eq=False)
class Flight:
    """A task that is begun, and how many Dask workers were lost with it."""

    task: Task
    lost: int = 0
    future: Any = None  # while it is at a Dask worker


class Books:
    """Dask workers by their addresses, tasks by who has them.

    Attributes:
        flying: what each busy Dask worker has.
        ended: tasks and their outcomes, not heard of yet.
        warnings: what is to be said, a line each.
        error: what stops the search, if anything does.
        dropped: futures that nobody waits for any more.
    """

    def __init__(self) -> None:
        self.flying: dict[str, Flight] = {}
        self.ended: list[tuple[Task, Outcome]] = []
        self.warnings: list[str] = []
        self.error: Exception | None = None
        self.dropped: list[Any] = []
        self._there: set[str] = set()  # all Dask workers
        self._idle: set[str] = set()  # those that can be used
        self._unfit: dict[str, str] = {}  # those that cannot, and why
        self._waiting: deque[Flight] = deque()
        self._served = False
        self._alone = 0  # looks in a row that found no Dask worker ready

    # --- tasks

    def has_room(self) -> bool:
        """Whether there is an idle Dask worker; without any, one task may wait for the first."""
        at_work = len(self.flying) + len(self._waiting)
        return at_work < max(1, len(self._idle) + len(self.flying))

    def is_begun(self) -> bool:
        """Whether any task is."""
        return bool(self.flying or self._waiting)

    def add(self, task: Task) -> None:
        """A task is begun."""
        self._waiting.append(Flight(task))

    def depart(self) -> Iterator[tuple[str, Flight]]:
        """Waiting tasks and the idle Dask workers that they are given to."""
        while self._waiting and self._idle:
            address, flight = self._idle.pop(), self._waiting.popleft()
            self.flying[address] = flight
            yield address, flight

    def land(self, address: str, outcome: Outcome) -> bool:
        """A Dask worker has done with its task; whether it must be sent the parcel again."""
        flight = self.flying.pop(address)
        flight.future = None  # so that the cluster forgets it
        if outcome.status in (UNKNOWN, UNFIT):
            self._waiting.appendleft(flight)
        else:
            self._served = True
            self.ended.append((flight.task, outcome))
        if outcome.status == UNFIT:
            self._reject(address, outcome.reason)
        elif outcome.status != UNKNOWN:
            self._idle.add(address)
        return outcome.status == UNKNOWN

    def drop_tasks(self) -> None:
        """Nobody wants any task any more."""
        self._idle |= self.flying.keys()
        self.dropped += [flight.future for flight in self.flying.values()]
        for each in (self.flying, self._waiting, self.ended):
            each.clear()

    # --- Dask workers

    def meet(self, found: set[str]) -> set[str]:
        """Who is there now; those that are new."""
        new, lost = found - self._there, self._there - found
        self._there = found
        for address in lost:
            self._leave(address)
        self._alone = 0 if self._idle or self.flying else self._alone + 1
        if self._alone == ALONE:
            self.warnings.append("no Dask worker is ready: waiting for one")
        return new

    def welcome(self, address: str, why: str | OSError) -> None:
        """A new Dask worker can be used, or not, and why; or it did not answer."""
        if address not in self._there:
            return
        if isinstance(why, OSError):
            self._there.discard(address)  # looked at again, if it is there
        elif why:
            self._reject(address, why)
        else:
            self._idle.add(address)

    def leave_all(self) -> list[str]:
        """Know no Dask workers any more; those that can be used."""
        used = [*self._idle]
        for each in (self._there, self._idle, self._unfit):
            each.clear()
        return used

    def _reject(self, address: str, why: str) -> None:
        """Use a Dask worker no more."""
        self._unfit[address] = why
        self._idle.discard(address)
        self.warnings.append(f"Dask worker {address} is not used: {why}")
        if not self._served and self._unfit.keys() >= self._there:
            self.error = WorkerStartError(f"no Dask worker can be used; {address}: {why}")

    def _leave(self, address: str) -> None:
        """A Dask worker is lost; its task is tried elsewhere."""
        self._idle.discard(address)
        self._unfit.pop(address, None)
        flight = self.flying.pop(address, None)
        if flight is None:
            return
        self.dropped.append(flight.future)
        flight.future, flight.lost = None, flight.lost + 1
        if flight.lost < ATTEMPTS:
            self._waiting.appendleft(flight)
        else:
            reason = f"{flight.lost} Dask workers were lost with it, the last at {address}"
            self.ended.append((flight.task, Outcome("killed", reason=reason)))
