"""What a training costs, for the estimate of ``--dry-run``: a line through random genomes' seconds.

    python benchmarks/estimate.py    # about three minutes on a core

Genomes of the paper's space and of the wide one train an epoch on the small data set, by each
engine, in this process. CPU seconds, so that other work on the machine does not count. Writes
results/estimate: seconds.csv (a row per engine and genome: seconds of an image's forward and
backward pass, and of all that is not training) and run.json with, per engine, what
``deap_nas.commands.estimate.COSTS`` has.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from common import RESULTS, make_parser, provenance, save
from scipy.optimize import least_squares

from deap_nas import PAPER_SPACE, RECIPES, WIDE_SPACE, load_dataset
from deap_nas.training.trainer import ENVIRONMENT, Trainer

GENOMES = {"native": 30, "keras": 8}  # of each space
RECIPE = replace(RECIPES["fast"], epochs=1)


def main() -> None:
    arguments, measured_with = make_parser(__doc__, RESULTS / "estimate").parse_args(), provenance()
    os.environ.update(ENVIRONMENT)  # before TensorFlow is imported
    table = pd.DataFrame([row for engine in GENOMES for row in measure(engine)])
    costs = {engine: cost(table[table["engine"] == engine]) for engine in GENOMES}
    save(arguments.out, {**measured_with, "costs": costs}, seconds=table)
    print(costs)


def measure(engine: str) -> list[dict[str, Any]]:
    dataset = load_dataset("fashion_mnist_mini")
    trainer = Trainer(*dataset.split("validation"), dataset.n_classes, engine=engine)
    trainer.train("RC 2 3 relu;GP", RECIPE)  # the first one waits for TensorFlow
    rng, rows = random.Random(0), []
    for space in (PAPER_SPACE, WIDE_SPACE):
        for _ in range(GENOMES[engine]):
            genome = str(space.sample(rng))
            began = time.process_time()
            evaluation = trainer.train(genome, RECIPE).evaluation
            whole = time.process_time() - began
            rows.append(
                {
                    "engine": engine,
                    "multiply_adds": evaluation.multiply_adds,
                    "image_seconds": evaluation.train_cpu_seconds / len(dataset.x_train),
                    "other_seconds": whole - evaluation.train_cpu_seconds,
                    "genome": genome,
                }
            )
    return rows


def cost(rows: pd.DataFrame) -> dict[str, float]:
    """The line that is nearest, by the logarithm of what is said over what it took."""
    x, y = rows["multiply_adds"].to_numpy(float), rows["image_seconds"].to_numpy()

    def off(logs: Any) -> Any:
        fixed, each = np.exp(logs)
        return np.log((fixed + each * x) / y)

    logs = least_squares(off, np.log([1e-5, 1e-10])).x
    fixed, each = np.exp(logs)
    return {
        "building": median(rows["other_seconds"]),
        "image": float(fixed),
        "multiply_add": float(each),
        "least_said": float(np.exp(off(logs).min())),
        "most_said": float(np.exp(off(logs).max())),
        "said_in_all": float((fixed + each * x).sum() / y.sum()),
    }


if __name__ == "__main__":
    main()
