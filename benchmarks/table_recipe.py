"""How the genomes of the table must train: what build_table.py's recipe rests on.

    python benchmarks/table_recipe.py    # about three minutes on two cores

Genomes drawn from TABLE_SPACE, each trained on the table's 6,000 images for several batch sizes and
numbers of epochs, two train seeds, scored on its 10,000 validation images. A cheap recipe is good
if its scores rank genomes as the longest training does and two train seeds agree. Writes
results/table/recipes.csv (a row a training), recipes_summary.csv and recipes.json.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pandas as pd
from build_table import OUT, load_images
from common import make_parser, measured, provenance, write_csv, write_json
from rich.progress import track

from deap_nas import RECIPES, Evaluator
from deap_nas.tabular import TABLE_SPACE

GENOMES = 10
RECIPE_SIZES = ((128, 8), (64, 4), (64, 8), (32, 2), (32, 4), (32, 8), (32, 16))  # batch, epochs


def main() -> None:
    arguments, measured_with = make_parser(__doc__, OUT).parse_args(), provenance()
    rng = random.Random(0)
    genomes = [TABLE_SPACE.sample(rng) for _ in range(GENOMES)]
    images, rows = load_images(), []
    runs = [(size, epochs, seed) for size, epochs in RECIPE_SIZES for seed in (0, 1)]
    for batch_size, epochs, seed in track(runs, "recipes"):
        recipe = replace(RECIPES["fast"], name="table", batch_size=batch_size, epochs=epochs)
        with Evaluator(images, recipe=recipe, train_seed=seed) as evaluator:
            for genome, found in zip(genomes, evaluator.measure_all(genomes), strict=True):
                rows.append(
                    {
                        "batch_size": batch_size,
                        "epochs": epochs,
                        "train_seed": seed,
                        "genome": str(genome),
                        **measured(found, "accuracy", "train_cpu_seconds"),
                    }
                )
    scores = pd.DataFrame(rows)
    summary = summarise(scores)
    write_csv(scores, arguments.out / "recipes.csv")
    write_csv(summary, arguments.out / "recipes_summary.csv")
    write_json(measured_with, arguments.out / "recipes.json")
    print(summary.to_string(index=False))


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Per recipe: accuracy, cost, rank correlation with the longest and between seeds."""
    wide = scores.pivot_table(
        index="genome", columns=["batch_size", "epochs", "train_seed"], values="accuracy"
    )
    longest = RECIPE_SIZES[-1]
    rows = []
    for size in RECIPE_SIZES:
        part = scores[(scores["batch_size"] == size[0]) & (scores["epochs"] == size[1])]
        first, second = (wide[(*size, seed)] for seed in (0, 1))
        rows.append(
            {
                "batch_size": size[0],
                "epochs": size[1],
                "median_accuracy": part["accuracy"].median(),
                "mean_cpu_seconds": part["train_cpu_seconds"].mean(),
                "rank_between_seeds": first.corr(second, method="spearman"),
                # the longest's other seed: the noise of one training is in it, as in the table's
                "rank_with_longest": first.corr(wide[(*longest, 1)], method="spearman"),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
