"""Resident memory of the parent and its workers over 200 genomes on full Fashion-MNIST.

    python benchmarks/memory.py    # about ten minutes on two cores

Genomes with few filters, one epoch each, so that 200 take minutes; then one of the report's, whose
activations are larger. Writes results/memory/memory.csv (a row per genome trained: MiB of the
parent and of the largest worker at that moment) and run.json.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pandas as pd
import psutil
from common import PUBLISHED, RESULTS, make_parser, provenance, save

from deap_nas import PAPER_SPACE, RECIPES, Evaluator, load_dataset, parse_genome

MIB = 2**20


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "memory")
    parser.add_argument("--genomes", type=int, default=200, help="default: %(default)s")
    arguments, measured_with = parser.parse_args(), provenance()
    rng = random.Random(0)
    space = replace(PAPER_SPACE, filters=(2, 4), n_normal=(1, 2))
    genomes = [space.sample(rng) for _ in range(arguments.genomes)]
    rows: list[dict[str, Any]] = []

    def note(genome: str, evaluation: Any, cached: bool) -> None:
        this = psutil.Process()
        workers = [child.memory_info().rss / MIB for child in this.children()]
        rows.append(
            {
                "trained": len(rows) + 1,
                "parent_mib": this.memory_info().rss / MIB,
                "worker_mib": max(workers),
                "genome": genome,
            }
        )

    recipe = replace(RECIPES["fast"], epochs=1)
    with Evaluator(load_dataset("fashion_mnist"), recipe=recipe, cache=None) as evaluator:
        evaluator.observe = note
        evaluator.measure_all(genomes)
        evaluator.measure(parse_genome(PUBLISHED[1]))
    table = pd.DataFrame(rows)
    save(arguments.out, measured_with, memory=table)
    print(table.drop(columns="genome").iloc[[0, *range(9, len(table), 20), -1]].to_string())
    print("most:", table[["parent_mib", "worker_mib"]].max().round().to_dict())


if __name__ == "__main__":
    main()
