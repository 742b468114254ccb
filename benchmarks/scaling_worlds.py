"""Workers and a clock that are numbers, and a trainer that trains nothing: for scaling.py."""

from __future__ import annotations

import functools
import heapq
import itertools
import math
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from common import RESULTS

from deap_nas import Evaluation, count_multiply_adds, count_params, parse_genome
from deap_nas.evaluation.backend import Outcome, Task

TARGET = 13.8  # a fitness; two of the networks in results/wide_space have more


@dataclass(frozen=True)
class World:
    """What befalls workers; seconds."""

    stragglers: float = 0.0  # share of trainings that take ten times as long
    lifetime: float = math.inf  # of a worker, on average
    repair: float = 60.0
    arrival: float = 0.0  # of the last worker


WORLDS = {
    "calm": World(),
    "stragglers": World(stragglers=0.05),
    "failures": World(lifetime=3600.0),
    "arrivals": World(arrival=3600.0),
}


class Measured:
    """A trainer that trains nothing: real networks stand for those that are like them."""

    def __init__(self) -> None:
        tables = [pd.read_csv(p) for p in sorted(RESULTS.glob("wide_space/*/evaluations.csv"))]
        self._rows = pd.concat(tables).query("status == 'ok'").reset_index(drop=True)
        self._places = np.log(self._rows[["n_params", "multiply_adds"]].to_numpy(float))

    @property
    def longest(self) -> float:
        """Seconds of the longest training."""
        return float(self._rows["train_cpu_seconds"].max())

    @functools.cache  # noqa: B019  # one object, as long as the program
    def train(self, text: str, budget: Any = None) -> Evaluation:
        genome = parse_genome(text)
        size = count_params(genome), count_multiply_adds(genome)
        row = self._rows.loc[((self._places - np.log(size)) ** 2).sum(axis=1).argmin()]
        seconds = float(row["train_cpu_seconds"])
        return Evaluation(float(row["accuracy"]), 0.0, int(row["n_params"]), seconds)

    def key(self, genome: str, budget: Any) -> str:
        return genome


class Asleep(Measured):
    """The same in real processes, a hundred times as fast, without the work."""

    def train(self, text: str, budget: Any = None) -> Evaluation:
        found = super().train(text)
        time.sleep(found.train_seconds / budget)
        return found


class Simulated:
    """A ``Backend`` whose workers and whose clock are numbers."""

    def __init__(self, trainer: Measured, workers: int, world: World, overhead: float) -> None:
        self._trainer, self._world, self._overhead = trainer, world, overhead
        self._rng = random.Random(f"{workers} {world}")
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Task | None, bool]] = []
        self._waiting: deque[Task] = deque()
        self._idle = self._begun = 0
        self.now = self.busy = self.present = 0.0  # seconds; of work that counts; of workers
        for i in range(workers):
            self._plan(world.arrival * i / max(1, workers - 1), None)

    def has_room(self) -> bool:
        return len(self._waiting) < self._idle or not self._begun

    def submit(self, task: Task) -> None:
        self._begun += 1
        self._waiting.append(task)
        self._start()

    def wait(self) -> list[tuple[Task, Outcome]] | None:
        while self._begun:
            when, _, task, done = heapq.heappop(self._events)
            self.now = max(self.now, when)
            if task is None:
                self._idle += 1
                self._start()
                if self._idle:
                    return None
            elif not done:
                self._plan(when + self._world.repair, None)
                self._waiting.appendleft(task)
                self._start()
            else:
                self._idle += 1
                self._begun -= 1
                self.now += self._overhead  # the parent is one
                found = self._trainer.train(*task.args)
                return [(task, Outcome("ok", found))]
        return []

    def cancel(self) -> None:
        self._waiting.clear()

    close = cancel

    def _plan(self, when: float, task: Task | None, done: bool = True) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), task, done))

    def _start(self) -> None:
        while self._waiting and self._idle:
            task = self._waiting.popleft()
            self._idle -= 1
            seconds = self._trainer.train(*task.args).train_seconds
            seconds *= 10 if self._rng.random() < self._world.stragglers else 1
            lives = self._rng.expovariate(1.0) * self._world.lifetime
            self.busy += seconds if seconds <= lives else 0.0
            self._plan(self.now + min(seconds, lives), task, seconds <= lives)
