"""How fast genomes are trained, beside what people write today, side by side in one run.

A: ``model.fit`` with TensorFlow's defaults, in a process of its own, one genome at a time.
B: our trainer on all cores, a worker a core, each with a genome of its own.

    python benchmarks/evaluation_throughput.py               # about ten minutes, machine left alone
    python benchmarks/evaluation_throughput.py --steps 100   # shorter
    python benchmarks/evaluation_throughput.py --genomes wide --out DIR        # any layers
    python benchmarks/evaluation_throughput.py --engine keras --against auto --out DIR

Equal steps (batch 128, SGD 0.01, momentum 0.9, full Fashion-MNIST in memory, images in one order);
A and B take turns, genome by genome and round by round, so that a drift of the machine hits both.
While A measures no worker is busy, while B measures A's process waits. Start-up and tracing are
counted apart. Writes results/evaluation_throughput/: ratios.csv (a row a genome, column ``ratio`` =
genome-epochs per minute of B over A; ``scaling`` = B over one worker alone), run.json, ratios.png,
ratios.svg.

TensorFlow turns oneDNN on by itself on CPUs with AVX-512 and leaves it off on others. --as-avx2
shows, on a CPU with AVX-512, about what the others see: A with oneDNN off, B held to AVX2. It is
an imitation: nothing but the choice of kernels changes.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd
from common import PUBLISHED, RESULTS, make_parser, provenance, save, write_csv

from deap_nas.training.engines import ENGINES

GENOMES = {
    **{f"published {i}": genome for i, genome in enumerate(PUBLISHED, 1)},
    "small 1": "NC 4 3 relu;RC 6 3 swish;RC 8 3 tanh;FL relu",
    "small 2": "NC 2 5 gelu;RC 8 3 gelu;RC 10 3 swish;FL swish",
    "small 3": "NC 4 3 tanh;NC 4 3 relu;RC 8 3 gelu;RC 8 3 tanh;FL gelu",
    "small 4": "NC 6 3 swish;RC 4 4 relu;RC 12 3 tanh;FL tanh",
}
WIDE = {  # with layers that the report does not have
    "602 parameters": "CR 4 3 relu;SB 8 3 relu;SR 8 3 relu;SB 10 3 relu;GP",
    "1,364": "CR 6 3 relu;CB 8 3 relu;CR 10 3 relu;GP",
    "1,546": "CR 8 3 relu;SB 16 3 relu;SR 16 3 relu;SB 20 3 relu;GP",
    "3,638": "CR 10 3 relu;SB 20 3 relu;SR 24 3 relu;SB 28 3 relu;SB 28 3 relu;GP",
    "8,242": "CB 16 3 relu;SR 24 3 relu;SB 32 3 relu;SR 48 3 relu;SB 64 3 relu;GP",
}
SETS = {"usual": GENOMES, "wide": WIDE}
EPOCH_STEPS = 469  # of 60,000 images in batches of 128
OURS = {"TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "evaluation_throughput")
    parser.add_argument("--steps", type=int, default=EPOCH_STEPS, help="a measurement (469: epoch)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (default 3)")
    parser.add_argument("--as-avx2", action="store_true", help="imitate a CPU without AVX-512")
    parser.add_argument("--genomes", choices=SETS, default="usual", help="(default: usual)")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="of B (default: auto)")
    parser.add_argument(
        "--against",
        choices=("stock", *ENGINES),
        default="stock",
        help="A: stock fit on all cores (the default), or one worker with another engine, which is "
        "then compared with one worker of B",
    )
    arguments, measured_with = parser.parse_args(), provenance()
    cores = len(os.sched_getaffinity(0))
    stock_environment, our_environment = ({}, OURS)
    if arguments.as_avx2:
        stock_environment = {"TF_ENABLE_ONEDNN_OPTS": "0"}
        our_environment = {**OURS, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    alone = arguments.against != "stock"
    stock = Side(arguments.against, our_environment if alone else stock_environment)
    ours = [Side(arguments.engine, our_environment) for _ in range(cores)]
    rows = []
    for name, text in SETS[arguments.genomes].items():
        started = [side.ask(("build", text)) for side in (stock, *ours)]
        times: list[tuple[float, ...]] = []
        for _ in range(arguments.rounds):
            a = stock.ask(("steps", arguments.steps))
            for side in ours:
                side.send(("steps", arguments.steps))
            b = max(side.receive() for side in ours)
            times.append((a, b, ours[0].ask(("steps", arguments.steps))))
        rows.append(row(name, text, times, cores, arguments.steps, started))
        if alone:
            one_to_one = sorted(a / b for a, _, b in times)
            rows[-1] |= {
                "ratio": statistics.median(one_to_one),
                "lowest_ratio": one_to_one[0],
                "highest_ratio": one_to_one[-1],
            }
        print(f"{name}: ratio {rows[-1]['ratio']:.2f}", flush=True)
        write_csv(pd.DataFrame(rows), arguments.out / "ratios.csv")
    geometric_mean = math.exp(statistics.fmean(math.log(r["ratio"]) for r in rows))
    scaling = statistics.fmean(r["scaling"] for r in rows)
    content = {"geometric_mean": geometric_mean, **measured_with, "scaling": scaling}
    content |= {"steps": arguments.steps, "rounds": arguments.rounds}
    table = pd.DataFrame(rows)
    save(arguments.out, content, ratios=table)
    if not alone:
        plot(table, geometric_mean, arguments.out)
    print(f"geometric mean {geometric_mean:.2f}; all workers {scaling:.2f} times one")


def row(name: str, text: str, times: Any, cores: int, steps: int, started: Any) -> dict[str, Any]:
    """Medians over the rounds; genome-epochs per minute of all cores together."""
    per_epoch = EPOCH_STEPS / steps
    a, b, _ = (statistics.median(column) * per_epoch for column in zip(*times, strict=True))
    ratios = sorted(cores * a / b for a, b, _ in times)
    return {
        "name": name,
        "genome": text,
        "ratio": statistics.median(ratios),
        "lowest_ratio": ratios[0],
        "highest_ratio": ratios[-1],
        "scaling": statistics.median(cores * alone / b for _, b, alone in times),
        "stock_epochs_per_minute": 60 / a,
        "our_epochs_per_minute": 60 * cores / b,
        "stock_epoch_seconds": a,
        "our_epoch_seconds": b,
        "stock_build_seconds": started[0],
        "our_build_seconds": max(started[1:]),
    }


class Side:
    """A process that trains, and waits in between."""

    def __init__(self, kind: str, environment: dict[str, str]) -> None:
        self._pipe, theirs = Pipe()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "OMP_"))}
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", kind, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**clean, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
            stderr=subprocess.DEVNULL,
        )
        theirs.close()

    def send(self, message: Any) -> None:
        self._pipe.send(message)

    def receive(self) -> Any:
        return self._pipe.recv()

    def ask(self, message: Any) -> Any:
        self.send(message)
        return self.receive()


def serve(kind: str, fd: int) -> None:
    """The process's side: build a genome, or run steps; answers with seconds."""
    pipe = Connection(fd)
    trainer = Stock() if kind == "stock" else Ours(kind)
    while True:
        try:
            what, argument = pipe.recv()
        except EOFError:
            return
        start = time.perf_counter()
        {"build": trainer.build, "steps": trainer.run}[what](argument)
        pipe.send(time.perf_counter() - start)


class Stock:
    """What people write today."""

    def __init__(self) -> None:
        from deap_nas import load_dataset

        x, y, _, _ = load_dataset("fashion_mnist").split("test")
        self._x, self._y = x.astype("float32") / 255, y

    def build(self, text: str) -> None:
        import keras

        from deap_nas import build_model, parse_genome

        self._model = build_model(parse_genome(text), (28, 28, 1), 10, seed=0)
        self._model.compile(
            keras.optimizers.SGD(0.01, momentum=0.9),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        self._fit(1)  # traces

    def run(self, steps: int) -> float:
        return self._fit(steps)

    def _fit(self, steps: int) -> float:
        n = min(steps * 128, len(self._x))
        done = self._model.fit(
            self._x[:n], self._y[:n], batch_size=128, epochs=1, shuffle=False, verbose=0
        )
        return float(done.history["loss"][-1])


class Ours:
    """A worker's trainer with one of its engines."""

    def __init__(self, engine: str) -> None:
        from deap_nas import load_dataset
        from deap_nas.training.trainer import Trainer

        data = load_dataset("fashion_mnist")
        self._trainer = Trainer(*data.split("test"), data.n_classes, engine=engine)

    def build(self, text: str) -> None:
        import numpy as np

        from deap_nas import RECIPES, parse_genome

        self._epoch = self._trainer.make(parse_genome(text), RECIPES["paper"], 0)
        self._order = np.arange(60_000, dtype=np.int32)
        self._steps(1)

    def run(self, steps: int) -> float:
        return self._steps(steps)

    def _steps(self, steps: int) -> float:
        import numpy as np

        n = min(steps * 128, len(self._order))
        return self._epoch(self._order[:n], np.full(steps, 0.01, np.float32))[0]


def plot(table: pd.DataFrame, geometric_mean: float, folder: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    low, high = (table["ratio"] - table["lowest_ratio"], table["highest_ratio"] - table["ratio"])
    axes.barh(table["name"], table["ratio"], xerr=[low, high], color="#0072b2", ecolor="#333333")
    axes.axvline(1, color="#333333", linewidth=1)
    axes.axvline(geometric_mean, color="#d55e00", linestyle="--", linewidth=1.5)
    axes.set_title(
        f"Genome-epochs per minute over stock model.fit (geometric mean {geometric_mean:.2f})",
        fontsize=10,
    )
    axes.set_xlabel("times as fast (bars: median; whiskers: lowest and highest round)")
    axes.invert_yaxis()
    for ending in ("png", "svg"):
        figure.savefig(folder / f"ratios.{ending}", dpi=120)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
