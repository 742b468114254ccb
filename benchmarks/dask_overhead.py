"""What Dask costs: look-ups in a table through a scheduler, and trainings beside the local workers.

    python benchmarks/dask_overhead.py    # wants a quiet machine of two cores

100,000 look-ups in the table of trained networks, one by one through the scheduler of a cluster of
two Dask workers on this machine: seconds each, and the memory of this process on the way. Then the
same trainings by two local workers and by two Dask workers, in turns: how much of the local speed
is left. Writes results/dask: lookups.csv (a row for each thousand; began_at is the look-up that its
process began with), efficiency.csv (a row a turn) and run.json. After ``--minutes`` of look-ups it
ends, and the next call goes on; what is there is not measured again.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import psutil
from common import RESULTS, gone_on, make_parser, provenance, read, save

from deap_nas import RECIPES, WIDE_SPACE, DaskBackend, Evaluation, Workers, load_dataset
from deap_nas.evaluation.backend import Task, run
from deap_nas.tabular import load_table
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.trainer import ENVIRONMENT, INHERITED

MIB, STEP, TURNS = 2**20, 1000, 3
MULTIPLY_ADDS = 1_000_000  # at most, of a genome that is trained: seconds each


class Lookup:
    """A trainer that has a table instead."""

    def start(self) -> None:
        self._found = {str(genome): found for genome, found in load_table().items()}

    def train(self, genome: str, budget: Any = None) -> Evaluation:
        return self._found[genome]


@contextlib.contextmanager
def connected(workers: int) -> Iterator[Any]:
    """A client of a cluster on this machine, none of which is in this process."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = f"{folder}/scheduler.json"
        here = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", file)
        each = ("worker", *here, "--nthreads", "1", "--local-directory", folder)
        for words in (("scheduler", *here, "--port", "0"), *[each] * workers):
            process = subprocess.Popen([sys.executable, "-m", "dask", *words])
            stack.callback(process.wait)
            stack.callback(process.terminate)
        client = stack.enter_context(Client(scheduler_file=file, timeout=60))
        client.wait_for_workers(workers)
        yield client


def lookups(client: Any, first: int, count: int, minutes: float) -> Iterator[dict[str, float]]:
    """A row for each ``STEP`` look-ups from the ``first`` to the last of ``count``, as far as the
    time goes."""
    genomes, rng, this = sorted(map(str, load_table())), random.Random(first), psutil.Process()
    tasks = (Task(i, "train", (rng.choice(genomes), None)) for i in range(first, count))
    end = time.monotonic() + 60 * minutes
    with DaskBackend(client, Lookup(), recycle_after=count) as backend:
        start = time.perf_counter()
        for done, (_, outcome) in enumerate(run(backend, tasks), first + 1):
            assert outcome.status == "ok", outcome
            if done % STEP == 0:
                milliseconds = 1000 * (time.perf_counter() - start) / STEP
                mib = this.memory_info().rss / MIB
                found = {"lookups": done, "milliseconds_each": milliseconds, "parent_mib": mib}
                yield {"began_at": first, **found}
                if time.monotonic() > end:
                    return
                start = time.perf_counter()


def efficiency(client: Any, trainings: int) -> Iterator[dict[str, Any]]:
    """A row for each turn of each backend: trainings a minute of the same genomes."""
    rng = random.Random(0)
    space = replace(WIDE_SPACE, max_multiply_adds=MULTIPLY_ADDS)
    genomes = [str(space.sample(rng)) for _ in range(trainings)]
    recipe = replace(RECIPES["fast"], epochs=1)
    trainer = RecipeTrainer(load_dataset("fashion_mnist"), recipe, "validation", 0)
    how: Any = {"environment": ENVIRONMENT, "inherit": INHERITED}
    backends = {
        "local": partial(Workers, trainer, count=2, **how),
        "dask": partial(DaskBackend, client, trainer, **how),
    }
    for turn in range(TURNS):
        for name, make in backends.items():
            with make() as backend:
                warm = [Task(None, "train", ("CR 4 3 relu;GP", 1)) for _ in range(4)]
                assert len(list(run(backend, warm))) == 4
                start = time.perf_counter()
                ended = list(run(backend, [Task(g, "train", (g, 1)) for g in genomes]))
                minutes = (time.perf_counter() - start) / 60
            assert all(outcome.status == "ok" for _, outcome in ended), ended
            yield {"turn": turn, "backend": name, "trainings_a_minute": trainings / minutes}


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "dask")
    parser.add_argument("--lookups", type=int, default=100_000, help="default: %(default)s")
    parser.add_argument("--trainings", type=int, default=40, help="default: %(default)s")
    parser.add_argument("--minutes", type=float, default=9.0, help="default: %(default)s")
    arguments, made = parser.parse_args(), provenance()
    out, made = arguments.out, gone_on(arguments.out, {**made, "load": os.getloadavg()})
    looked, trained = (read(out / f"{name}.csv") for name in ("lookups", "efficiency"))
    with connected(2) as client:
        if (done := STEP * len(looked)) < arguments.lookups:
            rest = lookups(client, done, arguments.lookups, arguments.minutes)
            looked += shown(rest)
            save(out, made, lookups=pd.DataFrame(looked))
        elif not trained:
            trained += shown(efficiency(client, arguments.trainings))
            save(out, made, efficiency=pd.DataFrame(trained))
    if STEP * len(looked) < arguments.lookups or not trained:
        print("not all is measured: start it again to go on")
        return
    print(pd.DataFrame(looked).describe().loc[["min", "50%", "max"]].to_string())
    speed = pd.DataFrame(trained).groupby("backend")["trainings_a_minute"].median()
    print(f"{speed.to_string()}\nDask / local: {speed['dask'] / speed['local']:.3f}")


def shown(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same, printed as they come."""
    for row in rows:
        print(row, flush=True)
        yield row


if __name__ == "__main__":
    main()
