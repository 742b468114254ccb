"""One backend for several threads, each of which sees its own tasks alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from deap_nas.evaluation.backend import Backend, Outcome, Task

KNOWN = Outcome("known")  # of a task that was done before it was begun


class SharedError(RuntimeError):
    """An outcome that is waited for will never come."""


@dataclass(eq=False)
class Job:
    """A task, those who wait for it, and how it ended."""

    task: Task
    given: Task  # to the backend: a copy, for one task may be begun twice at once
    askers: list[Share] = field(default_factory=list)
    outcome: Outcome | None = None
    error: Exception | None = None

    @property
    def over(self) -> bool:
        return self.outcome is not None or self.error is not None


class Shared:
    """A backend, and who has what begun there.

    One thread at a time listens to the backend, for all; the others sleep until something changes.

    Args:
        backend: does the tasks.
        known: whether a task need not be done any more, by its key. Where it is given, a task that
            several ask for under one key (None: no key) is done once, and all get its outcome.
    """

    def __init__(self, backend: Backend, known: Callable[[Any], bool] | None = None) -> None:
        self.backend, self.known = backend, known
        self.changed = threading.Condition()
        self.jobs: dict[Any, Job] = {}  # until the last who asked has made use of the outcome
        self.next: Share | None = None  # who has been promised the room that there is
        self.rooms = 0  # how often room has come while somebody listened
        self._listening = False

    def share(self) -> Share:
        """The backend as one thread sees it."""
        return Share(self)

    def close(self) -> None:
        """End all workers; whoever waits for them gets a ``SharedError``."""
        with self.changed:
            self._fail(SharedError("closed while something was measured; wait for it, then close"))
            self.backend.close()

    def name(self, given: Task) -> Any:
        """What a job is known by; it is itself alone where there are no keys."""
        return given.key if self.known and given.key is not None else id(given)

    def listen(self) -> None:
        """With the lock held: let it go until something has changed."""
        before = self.running()
        if self._listening or not before:
            self.changed.wait()
            return
        try:
            ended = self._hear()
        except Exception as error:
            self._fail(error)
            return
        if ended is None:
            self.rooms += 1
            return
        for task, outcome in ended:
            job = self.jobs.get(self.name(task))
            if job and job.given is task:
                job.outcome = outcome
                self.drop_if_done(job)
        if not ended and any(job in before for job in self.running()):
            self._fail(SharedError("an outcome was lost; give each evaluator workers of its own"))

    def running(self) -> list[Job]:
        """What is begun at the backend and not over."""
        return [job for job in self.jobs.values() if not job.over]

    def _hear(self) -> list[tuple[Task, Outcome]] | None:
        """What the backend has to say; the lock is free as long as that takes."""
        self._listening = True
        self.changed.release()
        try:
            return self.backend.wait()
        finally:
            self.changed.acquire()
            self._listening = False
            self.changed.notify_all()

    def drop_if_done(self, job: Job) -> None:
        """Forget a job that is over and that nobody needs any more."""
        if job.over and not job.askers:
            self.jobs.pop(self.name(job.given), None)

    def _fail(self, error: Exception) -> None:
        """No outcome will come of what is begun."""
        for job in self.running():
            job.error = error
            self.drop_if_done(job)
        self.backend.cancel()
        self.changed.notify_all()


class Share:
    """A backend of which one thread sees its own tasks alone; see ``Backend``.

    Where others have all the room, one that has nothing begun waits for some.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._begun: list[Job] = []
        self._told: list[Job] = []  # by the last wait

    def has_room(self) -> bool:
        shared = self._shared
        with shared.changed:
            while True:
                if shared.next in (None, self) and shared.backend.has_room():
                    shared.next = self
                    return True
                if self._begun:
                    return False
                shared.listen()

    def submit(self, task: Task) -> None:
        shared = self._shared
        with shared.changed:
            self._yield_room()
            given = replace(task)
            job = shared.jobs.get(shared.name(given))
            if job is None:
                job = Job(task, given)
                if shared.known and task.key is not None and shared.known(task.key):
                    job.outcome = KNOWN
                else:
                    shared.backend.submit(given)
                    shared.jobs[shared.name(given)] = job
            job.askers.append(self)
            self._begun.append(job)
            shared.changed.notify_all()  # there may be something to listen to now

    def wait(self) -> list[tuple[Task, Outcome]] | None:
        shared = self._shared
        with shared.changed:
            self._yield_room()
            self._leave(self._told)
            rooms = shared.rooms
            while self._begun:
                self._told = [job for job in self._begun if job.over]
                if self._told:
                    for job in self._told:
                        self._begun.remove(job)
                    return [(job.task, self._outcome(job)) for job in self._told]
                if shared.rooms > rooms:
                    return None
                shared.listen()
            return []

    def cancel(self) -> None:
        """Drop what is begun. What others ask for as well goes on; and so does all, unheard, where
        others have something begun, since a backend drops either everything or nothing."""
        shared = self._shared
        with shared.changed:
            self._yield_room()
            self._leave(self._told)
            self._leave(self._begun)
            running = shared.running()
            if running and not any(job.askers for job in running):
                for job in running:
                    del shared.jobs[shared.name(job.given)]
                shared.backend.cancel()
            shared.changed.notify_all()

    def close(self) -> None:
        self._shared.close()

    def _yield_room(self) -> None:
        if self._shared.next is self:
            self._shared.next = None
            self._shared.changed.notify_all()

    def _leave(self, jobs: list[Job]) -> None:
        for job in jobs:
            job.askers.remove(self)
            self._shared.drop_if_done(job)
        jobs.clear()

    @staticmethod
    def _outcome(job: Job) -> Outcome:
        if job.error:
            raise job.error
        assert job.outcome is not None
        return job.outcome
