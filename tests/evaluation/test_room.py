"""Room that comes while somebody waits, as with a worker that is new, is used at once."""

from __future__ import annotations

from typing import Any

import backends
import pytest
from backends import make

from deap_nas.evaluation.backend import Outcome, Task, run
from deap_nas.evaluation.shared import Shared


class Growing:
    """Has room for one task; a second worker comes while the first is busy. The last that is begun
    ends first."""

    def __init__(self) -> None:
        self._room, self._begun = 1, list[Task]()
        self.most = 0

    def has_room(self) -> bool:
        return len(self._begun) < self._room

    def submit(self, task: Task) -> None:
        assert self.has_room()
        self._begun.append(task)
        self.most = max(self.most, len(self._begun))

    def wait(self) -> list[tuple[Task, Outcome]] | None:
        if self._begun and self._room == 1:
            self._room = 2
            return None
        if not self._begun:
            return []
        task = self._begun.pop()
        found = backends.Evaluation(metrics={"square": int(task.args[0]) ** 2})
        return [(task, Outcome("ok", found))]

    def cancel(self) -> None:
        self._begun.clear()

    close = cancel


@pytest.mark.parametrize("share", [False, True])
def test_tasks(share: bool) -> None:
    growing = Growing()
    backend: Any = Shared(growing).share() if share else growing
    tasks = [Task(i, "train", (str(i), 1)) for i in range(4)]
    assert [task.key for task, _ in run(backend, tasks)] == [1, 2, 3, 0]
    assert growing.most == 2


def test_room_for_nothing_more_is_no_end() -> None:
    growing = Growing()
    assert [task.key for task, _ in run(growing, [Task(0, "train", ("7", 1))])] == [0]


@pytest.mark.parametrize("way", ["map", "stream"])
def test_evaluators(way: str) -> None:
    growing = Growing()
    with make(growing, slots=3) as evaluator:
        genomes = ["1", "2", "3"]
        if way == "map":
            assert evaluator.map(evaluator, genomes) == [(1,), (4,), (9,)]
        else:
            order = [genome for genome, _ in evaluator.stream(evaluator, genomes)]
            assert order == ["2", "3", "1"]
    assert growing.most == 2
