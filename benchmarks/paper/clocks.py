"""How far the seconds of one training move: alone, beside one busy neighbour, beside two.

A neighbour is a process that trains, too. In each round every condition is measured once, so that a
drift of the machine reaches all alike. Needs a machine with nothing else to do.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
from rich.progress import track

from benchmarks.common import provenance, write_csv, write_json
from benchmarks.paper.optimizers import GENOME
from benchmarks.paper.plan import Plan
from benchmarks.tested import make_workers
from deap_nas.data import Dataset
from deap_nas.evaluation.workers import Task, Workers

NEIGHBOURS = (0, 1, 2)
ROUNDS, IMAGES, EPOCHS = 8, 20_000, 2


def measure(plan: Plan) -> None:
    path = plan.out / "clocks.csv"
    rounds = 2 if plan.quick else ROUNDS
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {row["round"] for row in rows}
    missing = [number for number in range(rounds) if number not in done]
    if not missing:
        return
    write_json(provenance(), path.with_suffix(".json"))
    dataset = fewer(plan.dataset, IMAGES)
    recipe = plan.recipe(name="short", epochs=EPOCHS, patience=0, best_epoch=False, scored="last")
    task = Task(None, "train_tested", (GENOME, recipe, 0))
    with make_workers(dataset, "validation", 1) as workers:
        seconds(workers, task)  # the first of a process is slower
        for number in track(missing, "clocks"):
            for n in NEIGHBOURS:
                with busy(dataset, task, n):
                    wall, cpu = seconds(workers, task)
                load = os.getloadavg()[0]
                rows.append(
                    {"round": number, "neighbours": n, "wall": wall, "cpu": cpu, "load": load}
                )
            write_csv(pd.DataFrame(rows), path)


def seconds(workers: Workers, task: Task) -> tuple[float, float]:
    """Wall-clock and CPU seconds of one training."""
    ((_, outcome),) = workers.run([task])
    if outcome.status != "ok":
        raise RuntimeError(f"{outcome.status}, {outcome.reason}")
    evaluation = outcome.value[0]
    return evaluation.train_seconds, evaluation.train_cpu_seconds


@contextlib.contextmanager
def busy(dataset: Dataset, task: Task, n: int) -> Iterator[None]:
    """``n`` processes that train, over and over, from the first's first result on."""
    if not n:
        yield
        return
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=_train_on, args=(dataset, task, n, ready, stop))
    thread.start()
    try:
        ready.wait()
        yield
    finally:
        stop.set()
        thread.join()


def _train_on(dataset: Dataset, task: Task, n: int, ready: Any, stop: threading.Event) -> None:
    def endless() -> Iterator[Task]:
        while not stop.is_set():
            yield task

    try:
        with (
            make_workers(dataset, "validation", n) as workers,
            contextlib.closing(workers.run(endless())) as outcomes,
        ):
            for number, _ in enumerate(outcomes, 1):
                if number >= n:
                    ready.set()
                if stop.is_set():
                    return
    finally:
        ready.set()


def fewer(dataset: Dataset, n: int) -> Dataset:
    return replace(dataset, x_train=dataset.x_train[:n], y_train=dataset.y_train[:n])
