"""The report's four complete genomes, trained as the report did: recipe paper, all 60,000 training
images, scored on the test set, several train seeds; beside the published numbers.

    python benchmarks/published_genomes.py            # about 20 minutes on two cores
    python benchmarks/published_genomes.py --seeds 5  # trains only what is not in the cache yet

Writes results/published_genomes/scores.csv (a row per training), summary.csv and run.json.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from common import PUBLISHED, RESULTS, make_parser, measured, provenance, save
from rich.progress import track

from deap_nas import Evaluator, load_dataset, parse_genome

NUMBERS = (  # of each, in the report: test accuracy, train accuracy, seconds, fitness
    (0.8063, 0.8064, 183.51, 9.9658),
    (0.8538, 0.8563, 143.79, 9.4043),
    (0.7548, 0.7554, 66.05, 8.5004),
    (0.8413, 0.8428, 153.03, 9.7027),
)
MEASURED = (
    *("train_accuracy", "n_params", "epochs", "train_seconds", "train_cpu_seconds"),
    *("fitness", "fitness_time", "status"),
)


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "published_genomes")
    parser.add_argument("--seeds", type=int, default=3, help="train seeds 0, 1, ... (default 3)")
    parser.add_argument("--cache", type=Path, default=None, help="default: the user's own")
    arguments, measured_with = parser.parse_args(), provenance()
    dataset = load_dataset("fashion_mnist")
    rows = []
    for seed in track(range(arguments.seeds), "train seeds"):
        with Evaluator(
            dataset,
            recipe="paper",
            split="test",
            train_seed=seed,
            cache=arguments.cache or True,
        ) as evaluator:
            evaluations = evaluator.measure_all([parse_genome(text) for text in PUBLISHED])
        for text, evaluation in zip(PUBLISHED, evaluations, strict=True):
            rows.append(
                {
                    "genome": text,
                    "train_seed": seed,
                    "test_accuracy": evaluation.accuracy,
                    **measured(evaluation, *MEASURED),
                }
            )
    scores = pd.DataFrame(rows)
    summary = summarise(scores)
    save(arguments.out, measured_with, scores=scores, summary=summary)
    print(summary.to_string(index=False))


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the train seeds beside the published values."""
    table = scores.groupby("genome", sort=False).agg(
        n_params=("n_params", "first"),
        seeds=("train_seed", "count"),
        mean_accuracy=("test_accuracy", "mean"),
        std_accuracy=("test_accuracy", "std"),
        mean_epochs=("epochs", "mean"),
        mean_cpu_seconds=("train_cpu_seconds", "mean"),
        mean_fitness=("fitness", "mean"),
    )
    names = ["accuracy", "train_accuracy", "seconds", "fitness"]
    published = pd.DataFrame(NUMBERS, PUBLISHED, names).add_prefix("published_")
    return table.join(published).reset_index()


if __name__ == "__main__":
    main()
