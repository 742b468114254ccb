"""How long recipe fast must train on fashion_mnist_mini: what the preset quick's epochs rest on.

    python benchmarks/quick_recipe.py    # about five minutes on two cores

Genomes drawn from PAPER_SPACE, each trained with recipe fast for several numbers of epochs, scored
on the 1,000 validation images. Writes results/quick_recipe/scores.csv, summary.csv and run.json.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
from common import RESULTS, make_parser, measured, provenance, save
from rich.progress import track

from deap_nas import PAPER_SPACE, RECIPES, Evaluator, load_dataset

GENOMES, EPOCHS = 8, (5, 10, 15, 20, 40)


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "quick_recipe")
    parser.add_argument("--cache", type=Path, default=None, help="default: the user's own")
    arguments, measured_with = parser.parse_args(), provenance()
    rng = random.Random(0)
    genomes = [PAPER_SPACE.sample(rng) for _ in range(GENOMES)]
    dataset, rows = load_dataset("fashion_mnist_mini"), []
    for epochs in track(EPOCHS, "epochs"):
        recipe = replace(RECIPES["fast"], epochs=epochs)
        with Evaluator(dataset, recipe=recipe, cache=arguments.cache or True) as evaluator:
            for genome, found in zip(genomes, evaluator.measure_all(genomes), strict=True):
                numbers = measured(found, "accuracy", "n_params", "train_cpu_seconds")
                rows.append({"genome": str(genome), "epochs": epochs, **numbers})
    scores = pd.DataFrame(rows)
    summary = scores.groupby("epochs").agg(
        median_accuracy=("accuracy", "median"),
        best_accuracy=("accuracy", "max"),
        learning=("accuracy", lambda accuracy: (accuracy > 0.5).sum()),
        mean_cpu_seconds=("train_cpu_seconds", "mean"),
    )
    wide = scores.pivot_table(index="genome", columns="epochs", values="accuracy", sort=False)
    rank = wide.corr(method="spearman")[max(EPOCHS)]
    summary["rank_correlation_with_longest"] = rank
    save(arguments.out, measured_with, scores=scores, summary=summary.reset_index())
    print(summary.to_string())


if __name__ == "__main__":
    main()
