"""Resident memory of the parent and its workers over 1,000 genomes on full Fashion-MNIST.

    python benchmarks/memory.py    # about ten minutes on two cores

Genomes with few filters, one epoch each, so that 1,000 take minutes; then one of the report's,
whose activations are larger. No worker is replaced on the way. Before that, ten workers one after
another from nothing to their first answer. Writes results/memory: memory.csv (a row per genome
trained: MiB of the parent and of the largest worker at that moment), starts.csv (a row per start:
seconds, CPU seconds of the worker, its MiB) and run.json.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from typing import Any

import pandas as pd
import psutil
from common import PUBLISHED, RESULTS, make_parser, provenance, save

from deap_nas import PAPER_SPACE, RECIPES, load_dataset
from deap_nas.evaluation.workers import Task, Workers, cores
from deap_nas.training.engines import ENGINES
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.trainer import ENVIRONMENT

MIB = 2**20
STARTS = 10
NEVER = 10**9  # tasks after which a worker is replaced


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "memory")
    parser.add_argument("--genomes", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="default: %(default)s")
    arguments, measured_with = parser.parse_args(), provenance()
    recipe = replace(RECIPES["fast"], epochs=1)
    dataset = load_dataset("fashion_mnist")

    def workers(count: int) -> Workers:
        trainer = RecipeTrainer(dataset, recipe, "validation", 0, arguments.engine)
        return Workers(
            trainer, count=count, recycle_after=NEVER, recycle_memory=NEVER, environment=ENVIRONMENT
        )

    starts = pd.DataFrame([start(workers(1)) for _ in range(STARTS)])
    print(starts.describe().loc[["min", "50%", "max"]].to_string())
    rng = random.Random(0)
    space = replace(PAPER_SPACE, filters=(2, 4), n_normal=(1, 2))
    genomes = [str(space.sample(rng)) for _ in range(arguments.genomes)]
    table = pd.DataFrame(train(workers(cores()), [*genomes, PUBLISHED[1]]))
    made = {**measured_with, "engine": arguments.engine, "load": os.getloadavg()}
    save(arguments.out, made, memory=table, starts=starts)
    step = max(1, arguments.genomes // 10)
    print(table.drop(columns="genome").iloc[[0, *range(step - 1, len(table), step), -1]])
    print("most:", table[["parent_mib", "worker_mib"]].max().round().to_dict())


def start(workers: Workers) -> dict[str, float]:
    """From no worker to the first answer."""
    with workers:
        began = time.perf_counter()
        list(workers.run([Task(None, "key", (PUBLISHED[0], 1))]))
        seconds = time.perf_counter() - began
        (child,) = psutil.Process().children()
        cpu = child.cpu_times()
        return {
            "seconds": seconds,
            "cpu_seconds": cpu.user + cpu.system,
            "mib": child.memory_info().rss / MIB,
        }


def train(workers: Workers, genomes: list[str]) -> list[dict[str, Any]]:
    """A row per training, as it ends; the last genome alone, behind all others."""
    rows: list[dict[str, Any]] = []
    this = psutil.Process()
    with workers:
        for some in (genomes[:-1], genomes[-1:]):
            for task, outcome in workers.run(Task(each, "train", (each, 1)) for each in some):
                assert outcome.status == "ok", outcome.reason
                rows.append(
                    {
                        "trained": len(rows) + 1,
                        "parent_mib": this.memory_info().rss / MIB,
                        "worker_mib": max(c.memory_info().rss / MIB for c in this.children()),
                        "genome": task.key,
                    }
                )
    return rows


if __name__ == "__main__":
    main()
