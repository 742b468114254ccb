"""How fast genomes are trained, beside what people write today, side by side in one run.

Stock: ``model.fit`` with TensorFlow's defaults, in a process of its own, one genome at a time.
Ours: our trainer on all cores, a worker a core, each with a genome of its own, by the engine
``native`` and by the engine ``keras``.

    python benchmarks/evaluation_throughput.py               # half an hour, machine left alone
    python benchmarks/evaluation_throughput.py --steps 100   # shorter
    python benchmarks/evaluation_throughput.py --genomes wide --out DIR        # any layers
    python benchmarks/evaluation_throughput.py --as-avx2 --out DIR

Equal steps (batch 128, SGD 0.01, momentum 0.9, full Fashion-MNIST in memory, images in one order);
the sides take turns, genome by genome and round by round, so that a drift of the machine hits all.
While one measures, the others' processes wait. Start-up and tracing are counted apart. Writes
results/evaluation_throughput/: ratios.csv (a row a genome), run.json, ratios.png, ratios.svg:

    ratio, keras_ratio   genome-epochs per minute of native, and of keras, over stock
    scaling              of native on all cores, over one worker alone
    share                of a core's peak, as measured in between, that one worker reaches

--as-avx2 shows, on a CPU with AVX-512, about what others see: stock with oneDNN off, as TensorFlow
has it there, and ours held to AVX2. The peak is of AVX2, then.
"""

from __future__ import annotations

import hashlib
import math
import os
import statistics
import subprocess
import sys
import time
from itertools import chain
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd
from common import PUBLISHED, RESULTS, make_parser, provenance, save, write_csv

from deap_nas.training.native.library import isa, load

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
AS_AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "DEAP_NAS_ISA": "avx2"}
BATCH = 128


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "evaluation_throughput")
    parser.add_argument("--steps", type=int, default=EPOCH_STEPS, help="a measurement (469: epoch)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each (default 3)")
    parser.add_argument("--as-avx2", action="store_true", help="imitate a CPU without AVX-512")
    parser.add_argument("--genomes", choices=SETS, default="usual", help="(default: usual)")
    arguments, measured_with = parser.parse_args(), provenance()
    cores = len(os.sched_getaffinity(0))
    stock = Side("stock", {"TF_ENABLE_ONEDNN_OPTS": "0"} if arguments.as_avx2 else {})
    environment = {**OURS, **(AS_AVX2 if arguments.as_avx2 else {})}
    ours = {
        engine: [Side(engine, environment) for _ in range(cores)] for engine in ("native", "keras")
    }
    rows = []
    for name, text in SETS[arguments.genomes].items():
        started = {side.kind: side.ask(("build", text)) for side in (stock, *chain(*ours.values()))}
        rounds = [measure(stock, ours, arguments.steps) for _ in range(arguments.rounds)]
        rows.append(row(name, text, rounds, cores, arguments.steps, started))
        print("{name}: {ratio:.2f} (keras {keras_ratio:.2f})".format(**rows[-1]), flush=True)
        write_csv(pd.DataFrame(rows), arguments.out / "ratios.csv")
    table = pd.DataFrame(rows)
    content = {
        "geometric_mean": geometric_mean(table["ratio"]),
        "keras_geometric_mean": geometric_mean(table["keras_ratio"]),
        "scaling": table["scaling"].mean(),
        "peak_gflops": table["peak_gflops"].median(),
        "variant": ours["native"][0].ask(("variant", None)),
        "steps": arguments.steps,
        "rounds": arguments.rounds,
        **measured_with,
    }
    save(arguments.out, content, ratios=table)
    plot(table, content["geometric_mean"], arguments.out)
    for key in ("geometric_mean", "keras_geometric_mean", "scaling"):
        print(f"{key.replace('_', ' ')}: {content[key]:.2f}")


def geometric_mean(values: pd.Series) -> float:
    return math.exp(statistics.fmean(map(math.log, values)))


def measure(stock: Side, ours: dict[str, list[Side]], steps: int) -> dict[str, float]:
    """Seconds of one round, in turns: of stock, of all workers of each engine, of one alone."""
    seconds = {"stock": stock.ask(("steps", steps))}
    for engine, sides in ours.items():
        for side in sides:
            side.send(("steps", steps))
        seconds[engine] = max(side.receive() for side in sides)
    seconds["peak"] = ours["native"][0].ask(("peak", None))
    seconds["alone"] = ours["native"][0].ask(("steps", steps))
    return seconds


def row(
    name: str,
    text: str,
    rounds: list[dict[str, float]],
    cores: int,
    steps: int,
    started: dict[str, float],
) -> dict[str, Any]:
    """Medians over the rounds; genome-epochs per minute of all cores together."""
    median = {
        key: statistics.median(each[key] for each in rounds) * EPOCH_STEPS / steps
        for key in ("stock", "native", "keras")
    }
    ratios = sorted(cores * each["stock"] / each["native"] for each in rounds)
    work = 2 * multiply_adds(text) * BATCH * steps / 1e9  # GFLOP of one worker
    return {
        "name": name,
        "genome": text,
        "ratio": statistics.median(ratios),
        "lowest_ratio": ratios[0],
        "highest_ratio": ratios[-1],
        "keras_ratio": statistics.median(cores * e["stock"] / e["keras"] for e in rounds),
        "scaling": statistics.median(cores * e["alone"] / e["native"] for e in rounds),
        "gflops": statistics.median(work / e["alone"] for e in rounds),
        "peak_gflops": statistics.median(e["peak"] for e in rounds),
        "share": statistics.median(work / e["alone"] / e["peak"] for e in rounds),
        **{f"{key}_epoch_seconds": seconds for key, seconds in median.items()},
        **{f"{key}_build_seconds": seconds for key, seconds in started.items()},
    }


def multiply_adds(text: str) -> int:
    """Of one image forward and backward: each layer's count once forward, once for its weights'
    gradient, and, but for the first, once for the gradient of what reaches it."""
    from deap_nas import parse_genome
    from deap_nas.layers.cost import count_multiply_adds

    genome = parse_genome(text)
    first = count_multiply_adds([genome[0], *parse_genome("GP")]) - 10 * genome[0].filters
    return 3 * count_multiply_adds(genome) - first


class Side:
    """A process that trains, and waits in between."""

    def __init__(self, kind: str, environment: dict[str, str], script: str = __file__) -> None:
        self.kind = kind
        self._pipe, theirs = Pipe()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "OMP_"))}
        self._process = subprocess.Popen(
            [sys.executable, script, "--serve", kind, str(theirs.fileno())],
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

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.wait()


def serve(kind: str, fd: int) -> None:
    """The process's side, on all of Fashion-MNIST."""
    from deap_nas import load_dataset

    data = load_dataset("fashion_mnist").split("test")
    answer(Connection(fd), Stock(*data) if kind == "stock" else Ours(kind, *data))


def answer(pipe: Connection, trainer: Any) -> None:
    """Build a genome, or run steps, which is answered with seconds; until nobody asks any more."""
    while True:
        try:
            what, argument = pipe.recv()
        except EOFError:
            return
        start = time.perf_counter()
        found = getattr(trainer, what)(argument)
        pipe.send(time.perf_counter() - start if what in ("build", "steps") else found)


class Stock:
    """What people write today."""

    def __init__(self, x: Any, y: Any, *_: Any) -> None:
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

    def steps(self, steps: int) -> float:
        return self._fit(steps)

    def _fit(self, steps: int) -> float:
        n = min(steps * 128, len(self._x))
        done = self._model.fit(
            self._x[:n], self._y[:n], batch_size=128, epochs=1, shuffle=False, verbose=0
        )
        return float(done.history["loss"][-1])


class Ours:
    """A worker's trainer with one of its engines."""

    def __init__(self, engine: str, *data: Any, card: Any = None) -> None:
        from deap_nas.training.trainer import Trainer

        self._trainer = Trainer(*data, 10, engine=engine, card=card)

    def build(self, text: str) -> None:
        import numpy as np

        from deap_nas import RECIPES, parse_genome

        self._epoch = self._trainer.make(parse_genome(text), RECIPES["paper"], 0)
        self._order = np.arange(60_000, dtype=np.int32)
        self.steps(1)

    def digest(self, _: None) -> str:
        """Of the weights, to the last bit."""
        return hashlib.sha256(b"".join(w.tobytes() for w in self._epoch.weights)).hexdigest()

    def peak(self, _: None) -> float:
        """GFLOP/s of multiply-adds alone."""
        library = load()
        return max(2 * library.deap_nas_peak(10_000_000) / 1e9 for _ in range(3))

    def variant(self, _: None) -> str:
        return isa()

    def steps(self, steps: int) -> float:
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
