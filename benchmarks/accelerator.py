"""A graphics card beside the CPU: genome-epochs per minute, and whether equal seeds are equal bits.

    python benchmarks/accelerator.py            # on a card; begins no genome after four minutes
    python benchmarks/accelerator.py --quick    # without one: two genomes, two steps, on the CPU

The eight genomes of evaluation_throughput.py, in its way: equal steps, the sides in turns, start-up
and tracing not counted. While one side measures, the others' processes wait:

    stock     plain model.fit on the card, one genome at a time
    card      the engine keras, --workers processes at once on the card, with a share each
    keras     the same engine on the CPU, a process a core
    native    the other one there, a process a core

All processes of ``card`` train a genome from one seed, at the same time. Their weights must be the
same to the last bit. Images are Fashion-MNIST's, or those of the small draw, again and again.
Writes results/accelerator: speed.csv (a row a genome, as each is done) and run.json.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from itertools import chain
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pandas as pd
from common import RESULTS, make_parser, provenance, save, write_csv
from evaluation_throughput import (
    EPOCH_STEPS,
    GENOMES,
    OURS,
    Ours,
    Side,
    Stock,
    answer,
    geometric_mean,
)

from deap_nas import load_dataset
from deap_nas.data.fashion import fashion_mnist_is_here
from deap_nas.training.accelerator import choose_card, kind_of
from deap_nas.training.cards import VISIBLE, Card

IMAGES = 60_000
GROWS = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}  # or stock would take the whole card
QUICK = 2  # genomes, and steps

Sides = dict[str, list[Side]]


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "accelerator")
    parser.add_argument("--workers", type=int, default=8, help="on the card (%(default)s)")
    parser.add_argument("--steps", type=int, default=200, help="a measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="measurements (%(default)s)")
    parser.add_argument("--seconds", type=float, default=240.0, help="see above (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="see above")
    arguments, made = parser.parse_args(), provenance()
    start = time.monotonic()
    try:
        card = None if arguments.quick else choose_card("keras", "gpu")
    except ValueError as error:
        parser.error(str(error))
    cores = 1 if arguments.quick else len(os.sched_getaffinity(0))
    steps, genomes = arguments.steps, GENOMES
    if arguments.quick:
        steps, genomes = QUICK, dict(list(GENOMES.items())[-QUICK:])
    sides = begin(card, arguments.workers, cores)
    everyone = list(chain(*sides.values()))
    rows: list[dict[str, Any]] = []
    for name, text in genomes.items():
        if time.monotonic() - start > arguments.seconds:
            print(f"{arguments.seconds:g} s are over: without {name} and what follows")
            break
        ask(everyone, ("build", text))
        rounds = [measure(sides, steps) for _ in range(arguments.rounds)]
        rows.append({"name": name, "genome": text, **row(sides, rounds, steps)})
        print(rows[-1], flush=True)
        write_csv(pd.DataFrame(rows), arguments.out / "speed.csv")
    for side in everyone:
        side.close()
    table = pd.DataFrame(rows)
    means = {f"{each}_mean": geometric_mean(table[each]) for each in ("over_stock", "over_cpu")}
    how = {"accelerator": kind_of(card), "workers": arguments.workers, "cores": cores}
    how |= {"steps": steps, "rounds": arguments.rounds, "equal_bits": bool(table["equal"].all())}
    save(arguments.out, {**means, **how, **made}, speed=table)
    print({**means, **how})


def begin(card: Card | None, workers: int, cores: int) -> Sides:
    """The processes; without a card, those that should have one are on the CPU, too."""
    hidden = {**OURS, VISIBLE: ""}
    share = card.share(workers + 1) if card else None  # one share is left to stock
    on_card = OURS if card else hidden
    sides = {
        "stock": [Side("stock", GROWS if card else hidden, __file__)],
        "card": [Side("keras", on_card, __file__) for _ in range(workers)],
        "keras": [Side("keras", hidden, __file__) for _ in range(cores)],
        "native": [Side("native", hidden, __file__) for _ in range(cores)],
    }
    for name, each in sides.items():
        for side in each:
            side.send(share if name == "card" else None)
    return sides


def ask(sides: list[Side], message: Any) -> list[Any]:
    """The answers of all, which work at the same time."""
    for side in sides:
        side.send(message)
    return [side.receive() for side in sides]


def measure(sides: Sides, steps: int) -> dict[str, float]:
    """Seconds of one round, of the slowest process of each side."""
    return {name: max(ask(each, ("steps", steps))) for name, each in sides.items()}


def row(sides: Sides, rounds: list[dict[str, float]], steps: int) -> dict[str, Any]:
    """Genome-epochs per minute of each side, in the median; whether the card's bits are equal."""
    speed = {
        name: len(each) * 60 * steps / EPOCH_STEPS / statistics.median(r[name] for r in rounds)
        for name, each in sides.items()
    }
    return {
        **{f"{name}_per_minute": value for name, value in speed.items()},
        "over_stock": speed["card"] / speed["stock"],
        "over_cpu": speed["card"] / max(speed["keras"], speed["native"]),
        "equal": len(set(ask(sides["card"], ("digest", None)))) == 1,
    }


def serve(kind: str, fd: int) -> None:
    """A process's side."""
    pipe = Connection(fd)
    card = pipe.recv()
    full = fashion_mnist_is_here()
    x, y, *scored = load_dataset("fashion_mnist" if full else "fashion_mnist_mini").split("test")
    data = (np.resize(x, (IMAGES, *x.shape[1:])), np.resize(y, IMAGES), *scored)
    answer(pipe, Stock(*data) if kind == "stock" else Ours(kind, *data, card=card))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
