"""Backends without processes, and evaluators on them that square whole numbers."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import Any

import stubs

from deap_nas import Evaluation, GeneralEvaluator
from deap_nas.evaluation.backend import Outcome, Task


class Here:
    """A backend without processes, which does what it is given last first."""

    def __init__(self, trainer: Any, room: int = 2) -> None:
        self._trainer, self._room, self._begun = trainer, room, list[Task]()
        self.closed = False

    def has_room(self) -> bool:
        return len(self._begun) < self._room

    def submit(self, task: Task) -> None:
        self._begun.append(task)

    def wait(self) -> list[tuple[Task, Outcome]]:
        ended = []
        while self._begun:
            task = self._begun.pop()
            try:
                value = getattr(self._trainer, task.method)(*task.args)
                ended.append((task, Outcome("ok", value)))
            except ValueError as error:
                ended.append((task, Outcome("error", reason=str(error), seconds=2.0)))
        return ended

    def cancel(self) -> None:
        self._begun.clear()

    def close(self) -> None:
        self.closed = True


class Crowd:
    """A backend without processes: two tasks at once, each in a thread that takes a moment."""

    def __init__(self, room: int = 2, pause: float = 0.0) -> None:
        self._room, self._pause, self._begun = room, pause, dict[int, Task]()
        self._ended: list[tuple[Task, Outcome]] = []
        self._news = threading.Condition()
        self.trained: Counter[str] = Counter()
        self.most = self.listeners = 0

    def has_room(self) -> bool:
        return len(self._begun) < self._room

    def submit(self, task: Task) -> None:
        with self._news:
            assert self.has_room()
            self._begun[id(task)] = task
            self.most = max(self.most, len(self._begun))
            self.trained[task.args[0]] += 1
        threading.Timer(self._pause * random.random(), self._end, [task]).start()

    def _end(self, task: Task) -> None:
        genome = task.args[0]
        with self._news:
            if self._begun.pop(id(task), None):
                bad = genome.startswith("-")
                found = Evaluation(metrics={"square": 0 if bad else int(genome) ** 2})
                outcome = Outcome("error", reason="negative") if bad else Outcome("ok", found)
                self._ended.append((task, outcome))
                self._news.notify_all()

    def wait(self) -> list[tuple[Task, Outcome]]:
        with self._news:
            self.listeners += 1
            assert self.listeners == 1
            while self._begun and not self._ended:
                self._news.wait(0.01)
            ended, self._ended = self._ended, []
            self.listeners -= 1
            return ended

    def cancel(self) -> None:
        with self._news:
            self._begun.clear()
            self._ended.clear()
            self._news.notify_all()

    close = cancel


def square(evaluation: Evaluation) -> tuple[float]:
    return (evaluation.metrics["square"] if evaluation.ok else 1e9,)


def make(backend: Any, **settings: Any) -> GeneralEvaluator:
    settings = {"fitness": square, "budget": 1, **settings}
    return GeneralEvaluator(stubs.Squares(), backend, **settings)
