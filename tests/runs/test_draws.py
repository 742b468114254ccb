"""runs.draws: a search draws nothing that others draw, whatever they draw meanwhile."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import pytest

from deap_nas import Watcher
from deap_nas.runs.search import load, search
from deap_nas.runs.settings import Settings


class Restless(Watcher):
    """Draws, seeds, and has numpy raise where it would only warn."""

    def evaluated(self, genome: str, evaluation: Any, cached: bool) -> None:
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002

    def generation(self, number: int, record: dict[str, Any]) -> None:
        random.random()


def found(folder: Path, data: Path, algorithm: str, watcher: Watcher | None = None) -> Any:
    settings = Settings(
        dataset=str(data), algorithm=algorithm, population=6, generations=3, cache=None, workers=1
    )
    search(settings, folder, *load(settings), watcher=watcher)
    return drivers.outcome(folder)


@pytest.mark.parametrize("algorithm", ["generational", "preselected", "nsga2"])
def test_others_may_draw(tmp_path, stub, data, algorithm, monkeypatch):
    expected = found(tmp_path / "plain", data, algorithm)
    over = threading.Event()

    def draw() -> None:
        while not over.wait(0.0001):
            random.random()

    thread = threading.Thread(target=draw)
    thread.start()
    with np.errstate(all="raise"):
        outcome = found(tmp_path / "restless", data, algorithm, Restless())
    over.set()
    thread.join()
    assert drivers.differences(expected, outcome) == []


def test_others_find_their_draws_untouched(tmp_path, stub, data):
    random.seed(7)
    state = random.getstate()
    found(tmp_path / "run", data, "generational")
    assert random.getstate() == state
