"""How far a search scales: 1 to 4,096 workers, simulated with the durations of real trainings.

    python benchmarks/scaling.py            # goes on where it was stopped
    python benchmarks/scaling.py --check    # beside real Dask clusters of 1 and 2 workers

The searches are ours; only the workers and the clock are not: a generational loop, which waits for
the slowest of each generation, and a steady state, which waits for nobody. Population and slots are
the workers, or 32 where they are fewer; eight genomes are bred for each place. A genome of the wide
space has the seconds and the scores of the network in results/wide_space that is nearest to it in
logarithms of parameters and multiply-adds. The parent takes ``--overhead`` seconds for each
outcome, one at a time. Four worlds: calm; stragglers (one training in twenty takes ten times as
long); failures (a worker is lost once in an hour on average, its genome is trained again elsewhere,
a new worker comes after a minute); arrivals (one worker at first, the last after an hour).

Writes results/scaling: scaling.csv (a row a search, as each is done: utilisation, seconds until the
fitness ``TARGET``), scaling.svg, scaling.png and run.json; with ``--check``, which wants a quiet
machine, check.csv. After ``--minutes`` no search is begun; the next call does the rest.
describe_scaling.py makes the page of the committed files.
"""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

import pandas as pd
from common import RESULTS, gone_on, make_parser, provenance, read, save, write_csv
from scaling_worlds import TARGET, WORLDS, Asleep, Measured, Simulated

from deap_nas import (
    WIDE_SPACE,
    Evaluation,
    GeneralEvaluator,
    accuracy_per_log_params,
    make_toolbox,
)
from deap_nas.algorithms import ea_generational, ea_steady_state
from deap_nas.evaluation.workers import cores
from deap_nas.report.figure import BLUE, ORANGE, Figure, new_canvas, styled, write_figure
from deap_nas.runs.draws import drawing_from

WORKERS = tuple(4**i for i in range(7))
FEWEST, BRED = 32, 8  # genomes in a population; births for each place in it
LOOPS = {"generational": BLUE, "steady_state": ORANGE}
SHARES = {"cxpb": 0.5, "mutpb": 1.0}
KEY = ["loop", "workers", "world", "overhead"]  # of a row, as ``simulate`` takes them
Row = tuple[str, int, str, float]


def search(loop: str, evaluator: GeneralEvaluator, places: int, clock: Any) -> float:
    """Run a search; the seconds, by the clock, until it has the fitness ``TARGET``."""
    reached = math.inf

    def observe(text: str, evaluation: Evaluation, cached: bool) -> None:
        nonlocal reached
        if accuracy_per_log_params(evaluation)[0] >= TARGET:
            reached = min(reached, clock())

    evaluator.observe = observe
    rng = random.Random(0)
    toolbox = make_toolbox(WIDE_SPACE, evaluator, selection="tournament", rng=rng)
    # A scheduler in this process draws from the random module, as DEAP's selection would.
    toolbox.decorate("select", drawing_from(random.Random(0)))
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
        "overhead": overhead,
        "trainings": trainings,
        "seconds": backend.now,
        "utilisation": backend.busy / there,
        "seconds_to_target": reached,
    }


def simulate_all(left: list[Row], end: float) -> Iterator[dict[str, Any]]:
    """Rows as they are done, on all cores; none is begun after ``end``, by the monotonic clock."""
    left, running = [*left], set[Future[dict[str, Any]]]()
    with ProcessPoolExecutor(cores()) as pool:
        while running or (left and time.monotonic() < end):
            while left and len(running) < cores() and time.monotonic() < end:
                running.add(pool.submit(simulate, *left.pop(0)))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)


def check(speed: float) -> pd.DataFrame:
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
        with LocalCluster(n_workers=workers, **how) as cluster, Client(cluster) as client:
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


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """By world, loop and workers, not as they were done."""
    places = {"world": list(WORLDS), "loop": list(LOOPS)}
    return table.sort_values(
        ["world", "loop", "workers"],
        key=lambda column: (
            column.map(places[column.name].index) if column.name in places else column
        ),
    )


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
    parser.add_argument("--speed", type=float, default=100.0, help="of --check (%(default)s)")
    parser.add_argument("--minutes", type=float, default=9.0, help="see above (%(default)s)")
    arguments, made = parser.parse_args(), provenance()
    if arguments.check:
        write_csv(check(arguments.speed), arguments.out / "check.csv")
        return
    counts = [count for count in WORKERS if count <= arguments.most]
    wanted = [
        (loop, workers, world, arguments.overhead)
        for workers, world, loop in itertools.product(counts, WORLDS, LOOPS)
    ]
    rows, made = read(arguments.out / "scaling.csv"), gone_on(arguments.out, made)
    done = {tuple(row[name] for name in KEY) for row in rows}
    left = [each for each in wanted if each not in done]
    for row in simulate_all(left, time.monotonic() + 60 * arguments.minutes):
        rows.append(row)
        save(arguments.out, made, scaling=pd.DataFrame(rows))
        done.add(tuple(row[name] for name in KEY))
        print(f"{len(done)} of {len(wanted)}: {row}", flush=True)
    if missing := len(set(wanted) - done):
        print(f"{missing} are left: start it again to go on")
        return
    table = pd.DataFrame(rows)
    write_figure(draw(in_order(table[table["overhead"] == arguments.overhead])), arguments.out)


TRAINER = Measured()

if __name__ == "__main__":
    main()
