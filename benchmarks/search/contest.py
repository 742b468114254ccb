"""One search on the clock: everybody asks, trains and tells in the same way, and every training is
written as it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common import write_csv
from benchmarks.search.engines import Engine, Stretch, Trained
from benchmarks.search.searchers import Searcher, Suggestion
from deap_nas import Recipe, count_params

COLUMNS = ("genome", "n_params", "accuracy", "epochs", "seconds", "status", "reason")
PAUSE = 0.05  # seconds until a search is asked again that had nothing to train


@dataclass(frozen=True)
class Clock:
    """Seconds since a search began, and how many it has."""

    seconds: float
    now: Callable[[], float] = time.monotonic
    began: float = 0.0

    def started(self) -> Clock:
        return Clock(self.seconds, self.now, self.now())

    def elapsed(self) -> float:
        return self.now() - self.began

    def over(self) -> bool:
        return self.elapsed() >= self.seconds


class Trials:
    """A search's trainings, in a CSV file that is whole after each.

    Args:
        path: the file.
        clock: of the search.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self.rows: list[dict[str, Any]] = []
        self._write()

    def add(self, genome: Any, n_params: int, trained: Trained, status: str) -> None:
        row = (str(genome), n_params, trained.accuracy, trained.epochs, self._clock.elapsed())
        self.rows.append(dict(zip(COLUMNS, (*row, status, trained.reason))))
        self._write()

    def _write(self) -> None:
        write_csv(pd.DataFrame(self.rows, columns=list(COLUMNS)), self._path)


class Contest:
    """A searcher with an engine.

    Args:
        searcher: who suggests.
        engine: what trains.
        recipe: how.
        space: of which a genome must be.
        clock: what ends it: then nothing is begun, and what is in training stops.
        trials: where it is written.
    """

    def __init__(
        self,
        searcher: Searcher,
        engine: Engine,
        recipe: Recipe,
        space: Any,
        clock: Clock,
        trials: Trials,
    ) -> None:
        self._searcher, self._engine, self._recipe = searcher, engine, recipe
        self._space, self._clock, self._trials = space, clock, trials
        self._lock = threading.Lock()

    def run(self) -> None:
        """As many trainings at once as the engine wants, until the clock ends it."""
        with ThreadPoolExecutor(self._engine.jobs) as pool:
            for each in [pool.submit(self._work) for _ in range(self._engine.jobs)]:
                each.result()

    def _work(self) -> None:
        while not self._clock.over():
            with self._lock:
                suggestion = self._searcher.ask()
                legal = suggestion is not None and suggestion.genome in self._space
                if suggestion and not legal:
                    self._told(suggestion, None)
            if suggestion is None:
                time.sleep(PAUSE)
            elif legal:
                self._train(suggestion)

    def _train(self, suggestion: Suggestion) -> None:
        stretch = suggestion.stretch or Stretch(1, self._recipe.epochs)
        late = False

        def stops(epoch: int, score: Callable[[], float]) -> bool:
            nonlocal late
            late = self._clock.over()
            if late or epoch == stretch.last or not self._searcher.prunes:
                return late
            accuracy = score()
            with self._lock:
                return self._searcher.stops(suggestion, epoch, accuracy)

        trained = self._engine.train(suggestion.genome, self._recipe, stretch, stops)
        if not late:  # what the clock stopped came to nothing
            with self._lock:
                self._told(suggestion, trained)

    def _told(self, suggestion: Suggestion, trained: Trained | None) -> None:
        genome = suggestion.genome
        if trained is None:
            why = "; ".join(self._space.violations(genome))
            self._trials.add(genome, 0, Trained(0.0, 0, reason=why), "illegal")
        else:
            early = trained.status == "ok" and trained.epochs < self._recipe.epochs
            n_params = count_params(genome, self._space.input_shape, self._space.n_classes)
            self._trials.add(genome, n_params, trained, "stopped" if early else trained.status)
        self._searcher.tell(suggestion, trained)
