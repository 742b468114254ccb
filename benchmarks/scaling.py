"""How far a search scales: 1 to 4,096 workers, simulated with the durations of real trainings.

    python benchmarks/scaling.py            # about half an hour on one core
    python benchmarks/scaling.py --check    # beside real Dask clusters of 1 and 2 workers

The searches are ours; only the workers and the clock are not: a generational loop, which waits for
the slowest of each generation, and a steady state, which waits for nobody. Population and slots are
the workers, or 32 where they are fewer; eight genomes are bred for each place. A genome of the wide
space has the seconds and the scores of the network in results/wide_space that is nearest to it in
logarithms of parameters and multiply-adds. The parent takes ``--overhead`` seconds for each
outcome, one at a time. Four worlds: calm; stragglers (one training in twenty takes ten times as
long); failures (a worker is lost once in an hour on average, its genome is trained again elsewhere,
a new worker comes after a minute); arrivals (one worker at first, the last after an hour).

Writes results/scaling: scaling.csv (a row a search: utilisation, seconds until the fitness
``TARGET``), scaling.svg, scaling.png and run.json; with ``--check``, which wants a quiet machine,
check.csv.
"""

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
from common import RESULTS, make_parser, provenance, save, write_csv

from deap_nas import (
    WIDE_SPACE,
    Evaluation,
    GeneralEvaluator,
    accuracy_per_log_params,
    count_multiply_adds,
    count_params,
    make_toolbox,
    parse_genome,
)
from deap_nas.algorithms import ea_generational, ea_steady_state
from deap_nas.evaluation.backend import Outcome, Task
from deap_nas.report.figure import BLUE, ORANGE, Figure, new_canvas, styled, write_figure

WORKERS = tuple(4**i for i in range(7))
FEWEST, BRED = 32, 8  # genomes in a population; births for each place in it
TARGET = 12.0  # the best of results/wide_space has 12.35
LOOPS = {"generational": BLUE, "steady_state": ORANGE}
SHARES = {"cxpb": 0.5, "mutpb": 1.0}


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


def search(loop: str, evaluator: GeneralEvaluator, places: int, clock: Any) -> float:
    """Run a search; the seconds, by the clock, until it has the fitness ``TARGET``."""
    reached = math.inf

    def observe(text: str, evaluation: Evaluation, cached: bool) -> None:
        nonlocal reached
        if accuracy_per_log_params(evaluation)[0] >= TARGET:
            reached = min(reached, clock())

    evaluator.observe = observe
    rng = random.Random(0)
    random.seed(0)
    toolbox = make_toolbox(WIDE_SPACE, evaluator, rng=rng)
    function = {"generational": ea_generational, "steady_state": ea_steady_state}[loop]
    function(toolbox.population(n=places), toolbox, **SHARES, ngen=BRED - 1, rng=rng)
    return reached


def simulate(loop: str, workers: int, world: str, overhead: float) -> dict[str, Any]:
    """A row of scaling.csv."""
    backend = Simulated(TRAINER, workers, WORLDS[world], overhead)
    places = max(FEWEST, workers)
    how: Any = {"fitness": accuracy_per_log_params, "slots": places}
    with GeneralEvaluator(TRAINER, backend, **how) as evaluator:
        reached = search(loop, evaluator, places, lambda: backend.now)
        trainings = len(evaluator._outcomes)
    arrived = WORLDS[world].arrival
    there = workers * backend.now - sum(
        min(backend.now, arrived * i / max(1, workers - 1)) for i in range(workers)
    )
    return {
        "world": world,
        "loop": loop,
        "workers": workers,
        "trainings": trainings,
        "seconds": backend.now,
        "utilisation": backend.busy / there,
        "seconds_to_target": reached,
    }


def check(speed: float = 100.0) -> pd.DataFrame:
    """Real clusters of sleeping workers beside the simulation of the same."""
    from distributed import Client, LocalCluster

    from deap_nas.evaluation.dask import DaskBackend

    rows = []
    sleeper = Asleep()
    wanted: Any = {"fitness": accuracy_per_log_params, "slots": FEWEST}
    for workers, loop in itertools.product((1, 2), LOOPS):
        how: Any = {
            "threads_per_worker": 1,
            "host": "127.0.0.1",
            "dashboard_address": "127.0.0.1:0",
        }
        with LocalCluster(workers, **how) as cluster, Client(cluster) as client:
            client.wait_for_workers(workers)
            with (
                DaskBackend(client, sleeper) as backend,
                GeneralEvaluator(sleeper, backend, budget=speed, **wanted) as evaluator,
            ):
                evaluator.measure(WIDE_SPACE.sample(random.Random(9)))  # the processes are warm
                start = time.perf_counter()
                search(loop, evaluator, FEWEST, time.perf_counter)
                real = (time.perf_counter() - start) * speed
        simulated = simulate(loop, workers, "calm", 0.0)["seconds"]
        rows.append({"workers": workers, "loop": loop, "real": real, "simulated": simulated})
        print(rows[-1], flush=True)
    return pd.DataFrame(rows).assign(ratio=lambda table: table["real"] / table["simulated"])


@styled
def draw(table: pd.DataFrame) -> Figure:
    canvas, ax = new_canvas(height=3.4)
    styles = dict(zip(WORLDS, ("-", "--", "-.", ":"), strict=True))
    for (loop, world), each in table.groupby(["loop", "world"], sort=False):
        label = f"{loop.replace('_', ' ')}, {world}"
        ax.plot(each["workers"], each["utilisation"], styles[world], c=LOOPS[loop], label=label)
    ax.set(xscale="log", xlabel="workers", ylabel="utilisation", ylim=(0, 1.02))
    ticks = sorted(table["workers"].unique())
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    canvas.legend(loc="outside upper left", ncols=2, borderaxespad=0)
    alt = "Line chart: share of the workers' time that goes into trainings, by their number."
    return Figure("scaling", canvas, "How far a search scales (simulated)", alt)


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "scaling")
    parser.add_argument("--check", action="store_true", help="beside real clusters, nothing else")
    parser.add_argument("--most", type=int, default=max(WORKERS), help="workers (%(default)s)")
    parser.add_argument(
        "--overhead", type=float, default=0.005, help="of the parent, seconds (%(default)s)"
    )
    arguments, made = parser.parse_args(), provenance()
    if arguments.check:
        write_csv(check(), arguments.out / "check.csv")
        return
    counts = [count for count in WORKERS if count <= arguments.most]
    rows = []
    for row in itertools.product(WORLDS, counts, LOOPS):
        world, workers, loop = row
        rows.append(simulate(loop, workers, world, arguments.overhead))
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    save(arguments.out, {**made, "overhead_seconds": arguments.overhead}, scaling=table)
    write_figure(draw(table), arguments.out)


TRAINER = Measured()

if __name__ == "__main__":
    main()
