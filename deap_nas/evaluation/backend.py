"""Where tasks are done: what an evaluator asks of workers, wherever they are."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol


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


class Backend(Protocol):
    """Workers that each have a copy of one object, whose methods are the tasks.

    One thread at a time waits; meanwhile others may call all else, and what they submit is heard
    of by who waits already.
    """

    def has_room(self) -> bool:
        """Whether a task would be begun at once."""

    def submit(self, task: Task, /) -> None:
        """Begin a task; only where there is room."""

    def wait(self) -> list[tuple[Task, Outcome]] | None:
        """The next tasks to end, at least one; an empty list where nothing is begun. None where
        room has come since ``has_room`` was false, as with a worker that is new."""

    def cancel(self) -> None:
        """Drop what is begun, and nothing else; its outcomes are never heard of."""

    def close(self) -> None:
        """End all workers; submitting again starts new ones."""


def run(backend: Backend, tasks: Iterable[Task]) -> Generator[tuple[Task, Outcome], None, None]:
    """Run tasks, lazily taken, and yield each with its outcome as it ends, in any order.

    Closing the iterator early cancels what is running.
    """
    source = iter(tasks)
    try:
        while True:
            while backend.has_room() and (task := next(source, None)) is not None:
                backend.submit(task)
            ended = backend.wait()
            if ended == []:
                return
            yield from ended or ()
    finally:
        backend.cancel()
