"""Describe the table as a data set: results/table/README.md, its numbers and its figures.

python benchmarks/describe_table.py    # seconds; reads the table, its shards and their log

What the page says in words is in describe_table.md.j2.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from common import RESULTS, make_parser, write_csv
from pages import render

from deap_nas.evaluation.fitness import accuracy_per_log_params, time_penalised
from deap_nas.files import write_whole
from deap_nas.report.front import pareto_front
from deap_nas.tabular import CURVE, Table, load_table

OUT = RESULTS / "table"
LEADERS = 6  # the optimum and five more
WAITED = 1.5  # a training waited if it took more wall-clock seconds than so many times its CPU's


def as_frame(table: Table) -> pd.DataFrame:
    """A row a training."""
    rows = []
    for seed in table.train_seeds:
        for genome, found in table.items(seed):
            scores = {f"{CURVE}{row['epoch']}": row["val_accuracy"] for row in found.curve}
            test_accuracy = table.test_accuracy(genome, seed)
            held_out = replace(found, accuracy=test_accuracy)
            rows.append(
                {
                    "genome": str(genome),
                    "kinds": " ".join(gene.kind for gene in genome[:-1]),
                    "head": genome[-1].activation,
                    "train_seed": seed,
                    "n_params": found.n_params,
                    **scores,
                    "accuracy": found.accuracy,
                    "test_accuracy": test_accuracy,
                    "fitness": accuracy_per_log_params(found)[0],
                    "time_penalised": time_penalised(found)[0],
                    "held_out_time_penalised": time_penalised(held_out)[0],
                    "train_seconds": found.train_seconds,
                    "train_cpu_seconds": found.train_cpu_seconds,
                    "status": found.status,
                }
            )
    return pd.DataFrame(rows)


def distribution(one: pd.DataFrame) -> pd.DataFrame:
    sizes = ["n_params", "train_seconds", "train_cpu_seconds"]
    columns = ["accuracy", "test_accuracy", *sizes, "fitness", "time_penalised"]
    shares = one[columns].quantile([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]).T
    shares.columns = ["least", "5 %", "25 %", "median", "75 %", "95 %", "most"]
    return shares.reset_index(names="of")


def by_group(one: pd.DataFrame, group: str) -> pd.DataFrame:
    return (
        one.groupby(group)
        .agg(
            genomes=("accuracy", "size"),
            median_accuracy=("accuracy", "median"),
            best_accuracy=("accuracy", "max"),
            best_fitness=("fitness", "max"),
            below_20_percent=("accuracy", lambda accuracy: (accuracy < 0.2).mean()),
        )
        .reset_index()
    )


def by_seed(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """A row for each genome that was trained with all seeds, a column for each seed."""
    return frame.pivot_table(index="genome", columns="train_seed", values=what).dropna()


def rank_correlations(frame: pd.DataFrame) -> pd.DataFrame:
    """Spearman's, of all genomes and of those at or above the median of the second of the two."""
    one = frame[frame["train_seed"] == 0]
    epochs = [name for name in frame.columns if name.startswith(CURVE)]
    pairs = [
        (f"after {e.removeprefix(CURVE)} epochs, last", one[e], one["accuracy"])
        for e in epochs[:-1]
    ]
    pairs.append(("validation, test", one["test_accuracy"], one["accuracy"]))
    timed = one["held_out_time_penalised"], one["time_penalised"]
    pairs.append(("time_penalised, validation and test", *timed))
    for what in ("accuracy", "fitness", "time_penalised", "train_seconds", "train_cpu_seconds"):
        wide = by_seed(frame, what)
        pairs += [
            (f"{what}, train seeds {a} and {b}", wide[a], wide[b])
            for a, b in combinations(wide.columns, 2)
        ]
    rows = []
    for name, first, second in pairs:
        upper = second >= second.median()
        rows.append(
            {
                "between": name,
                "genomes": len(first),
                "all": first.corr(second, method="spearman"),
                "upper_half": first[upper].corr(second[upper], method="spearman"),
            }
        )
    return pd.DataFrame(rows)


def seed_noise(frame: pd.DataFrame) -> pd.DataFrame:
    """Spread over the train seeds of a random tenth, beside the spread between genomes."""
    rows = []
    for what in ("accuracy", "fitness", "time_penalised"):
        wide = by_seed(frame, what)
        rows.append(
            {
                "of": what,
                "genomes": len(wide),
                "median_std_over_seeds": wide.std(axis=1).median(),
                "std_between_genomes": wide.mean(axis=1).std(),
            }
        )
    return pd.DataFrame(rows)


def seconds_ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """How many times longer the slower of two trainings of a genome took, by pair of seeds."""
    rows = []
    for what in ("train_seconds", "train_cpu_seconds"):
        wide = by_seed(frame, what)
        for a, b in combinations(wide.columns, 2):
            ratio = wide[[a, b]].max(axis=1) / wide[[a, b]].min(axis=1)
            rows.append(
                {
                    "of": what,
                    "train_seeds": f"{a} and {b}",
                    "median_ratio": ratio.median(),
                    "95_percent_ratio": ratio.quantile(0.95),
                    "first_median": wide[a].median(),
                    "second_median": wide[b].median(),
                }
            )
    return pd.DataFrame(rows)


def read_shards(folder: Path = OUT / "shards") -> pd.DataFrame:
    """Every training in the order of the making."""
    parts = [pd.read_csv(path).assign(shard=int(path.stem)) for path in sorted(folder.iterdir())]
    return pd.concat(parts, ignore_index=True)


def waits(trainings: pd.DataFrame) -> dict[str, float]:
    """How much longer the wall clock ran than the CPU's."""
    ratio = trainings["train_seconds"] / trainings["train_cpu_seconds"]
    return {
        "trainings": len(ratio),
        "median_ratio": ratio.median(),
        "95_percent_ratio": ratio.quantile(0.95),
        "waited": int((ratio > WAITED).sum()),
    }


def waits_by_shard(made: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame([{"shard": n, **waits(part)} for n, part in made.groupby("shard")])


def leaders(one: pd.DataFrame, score: str) -> pd.DataFrame:
    """The optimum by a score, and who comes next."""
    seconds = ["train_seconds", "train_cpu_seconds"]
    columns = ["genome", "n_params", "accuracy", "test_accuracy", *seconds]
    return one.nlargest(LEADERS, score)[[*columns, "fitness", "time_penalised"]]


def draw(one: pd.DataFrame, front: pd.DataFrame, out: Path) -> None:
    plt.rcParams.update({"svg.hashsalt": "deap_nas", "font.size": 9})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for head, part in one.groupby("head"):
        left.hist(part["accuracy"], np.linspace(0.05, 0.85, 41), alpha=0.6, label=f"FL {head}")
        right.scatter(
            part["n_params"], part["accuracy"], s=3, alpha=0.4, label=f"FL {head}", rasterized=True
        )
    right.step(
        front["n_params"], front["accuracy"], where="post", color="black", label="Pareto front"
    )
    right.set_xscale("log")
    left.set(xlabel="validation accuracy", ylabel="genomes")
    right.set(xlabel="parameters", ylabel="validation accuracy")
    for axes in (left, right):
        axes.legend(frameon=False)
    figure.savefig(out / "table.svg", metadata={"Date": None})
    figure.savefig(out / "table.png", dpi=120)
    plt.close(figure)


def describe(frame: pd.DataFrame, one: pd.DataFrame, front: pd.DataFrame) -> dict[str, Any]:
    """What the page says: numbers, and the tables that are also written as CSV files."""
    made = read_shards()
    return {
        "genomes": len(one),
        "trainings": len(frame),
        "making": json.loads((OUT / "runs.jsonl").read_text().splitlines()[-1]),
        "recipes": pd.read_csv(OUT / "recipes_summary.csv"),
        "recipes_made": json.loads((OUT / "recipes.json").read_text()),
        "distribution": distribution(one),
        "heads": by_group(one, "head"),
        "kinds": by_group(one, "kinds"),
        "correlations": rank_correlations(frame),
        "noise": seed_noise(frame),
        "ratios": seconds_ratios(frame),
        "waits": waits_by_shard(made),
        "all_waits": pd.DataFrame([waits(made)]),
        "waited": WAITED,
        "longest": frame.loc[frame["train_seconds"].idxmax()],
        "leaders": leaders(one, "fitness"),
        "timed_leaders": leaders(one, "time_penalised"),
        "best": one.loc[one["fitness"].idxmax()].to_dict(),
        "front": front[["genome", "n_params", "accuracy", "test_accuracy", "fitness"]],
        "failures": int((frame["status"] != "ok").sum()),
    }


def main() -> None:
    out = make_parser(__doc__, OUT).parse_args().out
    frame = as_frame(load_table())
    one = frame[frame["train_seed"] == 0].reset_index(drop=True)
    front = pareto_front(one)
    parts = describe(frame, one, front)
    out.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        if isinstance(part, pd.DataFrame) and name not in ("recipes", "all_waits"):
            write_csv(part, out / f"{name}.csv")
    draw(one, front, out)
    template = Path(__file__).with_suffix(".md.j2")
    write_whole(out / "README.md", render(template, **parts))
    print(out / "README.md")


if __name__ == "__main__":
    main()
