"""Workers that serve ``stubs.Servant``, and what became of calls of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from deap_nas.evaluation.workers import Task, Workers

SECONDS = 40  # far more than anything takes: a test that hangs fails


def make(log: Path | None = None, **settings: Any) -> Workers:
    return Workers("stubs:Servant", (str(log or ""),), **settings)


def outcomes(workers: Workers, *calls: tuple[Any, ...]) -> list[Any]:
    """Outcomes of (method, *args) calls, in the order given."""
    tasks = [Task(i, method, args) for i, (method, *args) in enumerate(calls)]
    found = {task.key: outcome for task, outcome in workers.run(tasks)}
    assert sorted(found) == list(range(len(calls)))
    return [found[i] for i in range(len(calls))]


def one(call: tuple[Any, ...], **settings: Any) -> Any:
    with make(**settings) as workers:
        return outcomes(workers, call)[0]


def in_thread(function: Any, *args: Any) -> Any:
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread
