"""Is the report's narrowed space (section IV) worth it? Each rule loosened alone, by real training.

    python benchmarks/restriction.py    # 144 trainings; resumes from the cache

Genomes drawn from PAPER_SPACE and from spaces in which one of its rules is that of FULL_SPACE (the
filters also only up to 32), and from FULL_SPACE, trained with the table's recipe on its 6,000
images, scored on validation images. Writes results/restriction/scores.csv, summary.csv, run.json.
"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pandas as pd
from build_table import RECIPE, load_images
from common import RESULTS, make_parser, measured, provenance, save
from rich.progress import track

from deap_nas import FULL_SPACE, PAPER_SPACE, Evaluator, count_multiply_adds
from deap_nas.benchmark.statistics import a12, holm, p_better

GENOMES, DRAWS, BEST_OF = 24, 2000, 10
MEASURED = ("accuracy", "n_params", "fitness", "train_cpu_seconds", "status")
SPACES = {
    "the report's": PAPER_SPACE,
    "0 to 6 NC": replace(PAPER_SPACE, n_normal=FULL_SPACE.n_normal),
    "kernels 1 to 7": replace(PAPER_SPACE, kernels=FULL_SPACE.kernels),
    "filters 1 to 16": replace(PAPER_SPACE, filters=tuple(range(1, 17))),
    "filters 1 to 32": replace(PAPER_SPACE, filters=tuple(range(1, 33))),
    "the report's section II": FULL_SPACE,
}


def main() -> None:
    arguments = make_parser(__doc__, RESULTS / "restriction").parse_args()
    measured_with = provenance()
    images, rows = load_images(), []
    with Evaluator(images, recipe=RECIPE) as evaluator:
        for name, space in track(SPACES.items(), "spaces"):
            rng = random.Random(0)
            genomes = [space.sample(rng) for _ in range(GENOMES)]
            for genome, found in zip(genomes, evaluator.measure_all(genomes), strict=True):
                rows.append({"space": name, "genome": str(genome), **measured(found, *MEASURED)})
    scores = pd.DataFrame(rows)
    summary = summarise(scores)
    save(arguments.out, measured_with, scores=scores, summary=summary)
    print(summary.to_string(index=False))


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Per space: what a draw is worth beside one of the report's, the best of ten (by
    resampling), and what it costs."""
    rng = np.random.default_rng(0)
    rows = []
    regrets = {name: list(-part["fitness"]) for name, part in scores.groupby("space")}
    ours, *others = SPACES
    p_values = [p_better(regrets[ours], regrets[name]) for name in others]
    corrected = dict(zip(others, holm(p_values), strict=True))
    for name, space in SPACES.items():
        part = scores[scores["space"] == name]
        best = rng.choice(part["fitness"], (DRAWS, BEST_OF)).max(1)
        draws = random.Random(1)
        sampled = [count_multiply_adds(space.sample(draws)) for _ in range(300)]
        rows.append(
            {
                "space": name,
                "genomes_in_it": space.size(),
                "mean_multiply_adds": np.mean(sampled),
                "median_accuracy": part["accuracy"].median(),
                "median_fitness": part["fitness"].median(),
                "best_of_ten_fitness": best.mean(),
                "best_of_ten_low": np.quantile(best, 0.05),
                "best_of_ten_high": np.quantile(best, 0.95),
                "a12": a12(regrets[ours], regrets[name]),
                "p_holm": corrected.get(name, 1.0),
                "mean_cpu_seconds": part["train_cpu_seconds"].mean(),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
