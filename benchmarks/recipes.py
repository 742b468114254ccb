"""Which recipes train small networks best: what ``final``, and recipes for searching, rest on.

    python benchmarks/recipes.py final    # networks of 600 to 52,000 parameters, trained to the end
    python benchmarks/recipes.py short    # does a short training rank networks as a long one does?
    python benchmarks/recipes.py small    # the same on 5,000 training images
    python benchmarks/recipes.py moved    # images that are moved, 5,000 of them
    python benchmarks/recipes.py digits   # the same with images of 8x8

One training after the other, in this process, by the engine native; scored on validation images.
Writes results/recipes/PART.csv, a row a training as each ends, from which a stopped part goes on,
PART_summary.csv, and PART.json, what it was made with.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from common import RESULTS, make_parser, measured, provenance, write_csv, write_json

from deap_nas import WIDE_SPACE, Recipe, count_multiply_adds, count_params, load_dataset
from deap_nas.training.trainer import Trainer

# The recipes that were there before; what is tried is one change of them, or several.
FINAL = Recipe(
    "final", 1, optimizer="adam", learning_rate=0.012, epochs=30, schedule="cosine", warmup=0.1
)
FAST = replace(FINAL, name="fast", learning_rate=0.015, epochs=5)
GENOMES = {
    602: "CR 4 3 relu;SB 8 3 relu;SR 8 3 relu;SB 10 3 relu;GP",
    1384: "CR 6 3 relu;SB 12 3 relu;SR 12 3 relu;SB 14 3 relu;SB 14 3 relu;GP",
    3638: "CR 10 3 relu;SB 20 3 relu;SR 24 3 relu;SB 28 3 relu;SB 28 3 relu;GP",
    8242: "CB 16 3 relu;SR 24 3 relu;SB 32 3 relu;SR 48 3 relu;SB 64 3 relu;GP",
    12218: "CB 16 3 relu;SR 32 3 relu;SB 48 3 relu;SR 64 3 relu;SB 64 3 relu;GP",
    # Found by benchmarks.search.boards, for 64 KiB.
    52230: "CB 8 3 swish;SB 20 3 hard_swish;MP 3;CR 36 5 swish;SR 52 5 relu6;CB 56 3 swish;"
    "SB 44 5 swish;GP",
    # Of the report's grammar, without batch normalisation, which bears less.
    1922: "NC 2 5 swish;RC 2 3 gelu;NC 2 3 tanh;NC 6 3 tanh;RC 6 4 tanh;FL gelu",
}
LONGER = {"epochs": 50, "learning_rate": 0.048}
SHIFTED = {**LONGER, "shifts": 1}
BOTH = {**SHIFTED, "flips": True}
ONE_CHANGE: dict[str, dict[str, Any]] = {
    "as it was": {},
    "50 epochs": {"epochs": 50},
    "batch 64": {"batch_size": 64},
    "batch 256": {"batch_size": 256},
    "rate 0.006": {"learning_rate": 0.006},
    "rate 0.024": {"learning_rate": 0.024},
    "rate 0.048": {"learning_rate": 0.048},
    "rate 0.048, flips": {"learning_rate": 0.048, "flips": True},
    "rate 0.048, shifts 1": {"learning_rate": 0.048, "shifts": 1},
    "rate 0.048, smoothing 0.05": {"learning_rate": 0.048, "label_smoothing": 0.05},
    "rate 0.048, decay 0.01": {"learning_rate": 0.048, "weight_decay": 0.01},
    "rate 0.096": {"learning_rate": 0.096},
    "20 epochs, rate 0.048": {**LONGER, "epochs": 20},
    "20 epochs, rate 0.048, shifts 1": {**SHIFTED, "epochs": 20},
    "50 epochs, rate 0.024": {"epochs": 50, "learning_rate": 0.024},
    "50 epochs, rate 0.048": LONGER,
    "100 epochs, rate 0.048": {**LONGER, "epochs": 100},
    "200 epochs, rate 0.048": {**LONGER, "epochs": 200},
    "50 epochs, rate 0.048, flips": {**LONGER, "flips": True},
    "50 epochs, rate 0.048, shifts 1": SHIFTED,
    "50 epochs, rate 0.024, shifts 1": {**SHIFTED, "learning_rate": 0.024},
    "50 epochs, rate 0.048, shifts 1, batch 256": {**SHIFTED, "batch_size": 256},
    "50 epochs, rate 0.048, shifts 1, smoothing 0.05": {**SHIFTED, "label_smoothing": 0.05},
    "50 epochs, rate 0.048, shifts 1, decay 0.002": {**SHIFTED, "weight_decay": 0.002},
    "50 epochs, rate 0.048, shifts 1, decay 0.01": {**SHIFTED, "weight_decay": 0.01},
    "50 epochs, rate 0.048, flips, shifts 1": BOTH,
    "50 epochs, rate 0.048, flips, shifts 1, smoothing 0.05": {**BOTH, "label_smoothing": 0.05},
    "50 epochs, rate 0.048, flips, shifts 1, decay 0.002": {**BOTH, "weight_decay": 0.002},
    "50 epochs, rate 0.048, flips, shifts 1, decay 0.01": {**BOTH, "weight_decay": 0.01},
    "smoothing 0.05": {"label_smoothing": 0.05},
    "flips": {"flips": True},
    "shifts 1": {"shifts": 1},
    "decay 0.01": {"weight_decay": 0.01},
}
SHORT = {
    f"{epochs} epochs, batch {batch}, rate {rate}": {
        "epochs": epochs, "batch_size": batch, "learning_rate": rate,
    }
    for epochs, batch, rate in (
        *((2, 128, 0.015), (3, 128, 0.015), (5, 128, 0.015)),  # the last is fast
        *((3, 64, 0.015), (3, 256, 0.015), (3, 128, 0.0075), (3, 128, 0.03)),
        *((3, 128, 0.06), (5, 128, 0.03), (5, 128, 0.06)),
        *((2, 64, 0.015), (2, 256, 0.015), (2, 64, 0.0075), (2, 256, 0.03)),
    )
}  # fmt: skip
LONG = {"long": {"epochs": 30, "learning_rate": 0.012}}
STEPS = {
    f"{epochs} epochs, batch {batch}": {"epochs": epochs, "batch_size": batch}
    for epochs, batch in (
        *((5, 128), (10, 128), (20, 128), (40, 128), (80, 128)),
        *((5, 64), (10, 64), (20, 64), (5, 32), (10, 32), (20, 32), (5, 16), (10, 16)),
    )
}
FEW = {"least_steps": 100}
OF_FEW: dict[str, dict[str, Any]] = {"as it was": LONGER | FEW, "shifts 1": SHIFTED | FEW}
OF_DIGITS = (
    "CR 4 3 relu;SB 8 3 relu;SR 8 3 relu;GP",
    "CB 8 3 relu;SB 12 3 relu;SB 16 3 relu;SB 16 3 relu;GP",
)
PARAMS, MULTIPLY_ADDS = (400, 9_000), (20_000, 300_000)  # of what ``short`` and ``small`` train


class Job(NamedTuple):
    """One training: a genome, what is tried under which name, and the train seed."""

    tried: str
    recipe: Recipe
    genome: str
    train_seed: int


def final_jobs() -> Iterator[Job]:
    for genome in GENOMES.values():  # what takes least comes first
        for name, changes in ONE_CHANGE.items():
            recipe = replace(FINAL, **changes)
            yield from (Job(name, recipe, genome, seed) for seed in (0, 1))


def short_jobs() -> Iterator[Job]:
    genomes = drawn(12)
    for name, changes in {**SHORT, **LONG}.items():
        yield from (Job(name, replace(FAST, **changes), genome, 0) for genome in genomes)


def small_jobs() -> Iterator[Job]:
    genomes = drawn(12)
    for name, changes in STEPS.items():
        yield from (Job(name, replace(FAST, **changes), genome, 0) for genome in genomes)


def shifted_jobs(genomes: tuple[str, ...]) -> Iterator[Job]:
    for genome, (name, changes), seed in product(genomes, OF_FEW.items(), range(3)):
        yield Job(name, replace(FINAL, **changes), genome, seed)


PARTS = {
    "final": ("fashion_mnist", final_jobs),
    "short": ("fashion_mnist", short_jobs),
    "small": ("fashion_mnist_mini", small_jobs),
    "moved": ("fashion_mnist_mini", lambda: shifted_jobs(tuple(GENOMES.values())[:4])),
    "digits": ("digits", lambda: shifted_jobs(OF_DIGITS)),
}


def drawn(n: int) -> list[str]:
    """Genomes of ``WIDE_SPACE`` that a search may come upon, and that train in seconds."""
    rng, found = random.Random(1), []
    size = WIDE_SPACE.input_shape, WIDE_SPACE.n_classes
    while len(found) < n:
        genome = WIDE_SPACE.sample(rng)
        costs = count_params(genome, *size), count_multiply_adds(genome, *size)
        if all(low <= cost <= high for cost, (low, high) in zip(costs, (PARAMS, MULTIPLY_ADDS))):
            found.append(str(genome))
    return found


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "recipes")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--tried", nargs="+", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--genomes", nargs="+", type=int, metavar="N", help="the N-th (from 0)")
    parser.add_argument("--seeds", nargs="+", type=int, metavar="N", help="only these train seeds")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin none later")
    arguments = parser.parse_args()
    data, make_jobs = PARTS[arguments.part]
    jobs = list(make_jobs())
    genomes = list(dict.fromkeys(job.genome for job in jobs))
    genomes = [genomes[n] for n in arguments.genomes or range(len(genomes))]
    wanted = arguments.tried or [job.tried for job in jobs]
    jobs = [job for job in jobs if job.genome in genomes and job.tried in wanted]
    jobs = [job for job in jobs if job.train_seed in (arguments.seeds or [job.train_seed])]
    path = arguments.out / f"{arguments.part}.csv"
    rows = train_all(jobs, data, path, time.monotonic() + 60 * arguments.minutes)
    summary = summaries(rows, arguments.part)
    write_csv(summary, arguments.out / f"{arguments.part}_summary.csv")
    write_json(provenance(), arguments.out / f"{arguments.part}.json")
    print(summary.to_string(index=False))


def train_all(jobs: list[Job], data: str, path: Path, until: float) -> pd.DataFrame:
    """The rows of all jobs; those in the file are not trained again."""
    dataset, made_with = load_dataset(data), provenance()
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    known = {(row["tried"], row["genome"], row["train_seed"]) for row in rows}
    trainer = Trainer(*dataset.split("validation"), dataset.n_classes, engine="native")
    for job in jobs:
        if (job.tried, job.genome, job.train_seed) in known or time.monotonic() > until:
            continue
        evaluation = trainer.train(job.genome, job.recipe, job.train_seed).evaluation
        numbers = measured(evaluation, "n_params", "accuracy", "train_accuracy", "epochs")
        seconds = measured(evaluation, "train_cpu_seconds", "status")
        about = {"tried": job.tried, "genome": job.genome, "train_seed": job.train_seed}
        rows.append({**about, **numbers, **seconds, "commit": made_with["commit"]})
        write_csv(pd.DataFrame(rows), path)
        print(*rows[-1].values(), flush=True)
    return pd.DataFrame(rows)


def summaries(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    return ranks(rows) if part in ("short", "small") else gains(rows)


def gains(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracy of each size under what is tried, and the points gained by the same seeds on
    what it was before."""
    before = rows[rows["tried"] == "as it was"].set_index(["genome", "train_seed"])["accuracy"]
    rows = rows.join(before.rename("before"), ["genome", "train_seed"])
    rows["gain"] = (rows["accuracy"] - rows["before"]) * 100
    about = {"index": "tried", "columns": "n_params", "sort": False}
    table = rows.pivot_table(values="accuracy", **about)
    gain = rows.pivot_table(values="gain", **about).add_prefix("gain_")
    seconds = rows.groupby("tried", sort=False)["train_cpu_seconds"].mean()
    return table.join(gain).join(seconds.rename("mean_cpu_seconds")).reset_index()


def ranks(rows: pd.DataFrame) -> pd.DataFrame:
    """How well each short training ranks the networks: against the longest of the part."""
    table = rows.pivot_table(index="genome", columns="tried", values="accuracy", sort=False)
    longest = rows.groupby("tried")["epochs"].max().idxmax()
    return pd.DataFrame(
        {
            "tried": tried,
            "spearman": table[tried].corr(table[longest], method="spearman"),
            "kendall": table[tried].corr(table[longest], method="kendall"),
            "mean_accuracy": table[tried].mean(),
            "mean_cpu_seconds": rows.loc[rows["tried"] == tried, "train_cpu_seconds"].mean(),
        }
        for tried in table
    )


if __name__ == "__main__":
    main()
