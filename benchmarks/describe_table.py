"""Describe the table as a data set: results/table/README.md, its numbers and its figures.

python benchmarks/describe_table.py    # seconds; reads the table, its shards and their log
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from common import ROOT, write_csv

from deap_nas.evaluation.fitness import accuracy_per_log_params, time_penalised
from deap_nas.files import write_whole
from deap_nas.report.front import pareto_front
from deap_nas.tabular import CURVE, TABLE_SPACE, Table, load_table

OUT = ROOT / "results" / "table"
LEADERS = 6  # the optimum and five more
WAITED = 1.5  # a training waited if it took more wall-clock seconds than so many times its CPU's
STRETCHES = ((0, 0), (1, 3), (4, 16))  # first and last shard; alike in waiting (waits.csv by shard)


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


def waits_by_stretch(made: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for first, last in STRETCHES:
        part = made[made["shard"].between(first, last)]
        rows.append({"shards": f"{first:02}" + f" to {last:02}" * (last > first), **waits(part)})
    return pd.DataFrame(rows)


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


def markdown(table: pd.DataFrame) -> str:
    def cell(value: Any) -> str:
        if isinstance(value, float):
            return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
        return str(value)

    head = "| " + " | ".join(map(str, table.columns)) + " |\n|" + "---|" * len(table.columns)
    rows = ["| " + " | ".join(map(cell, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join([head, *rows])


def page(parts: dict[str, Any]) -> str:
    making, best, longest = parts["making"], parts["best"], parts["longest"]
    seconds = sum(run["wall_seconds"] for run in making)
    machine, commit = making[-1]["machine"]["processor"], making[-1]["commit"]
    scores = f"{100 * best['accuracy']:.2f} % validation, {100 * best['test_accuracy']:.2f} % test"
    return f"""# A table of every genome of a small space

{parts["genomes"]:,} genomes, {parts["trainings"]:,} trainings, in
`deap_nas/data/files/table.csv.gz`; `deap_nas.tabular.load_table()` reads it, `TabularEvaluator`
stands in for Keras. All of `deap_nas.tabular.TABLE_SPACE`, a part of `PAPER_SPACE`: one and two NC
and two RC in every order, filters {" or ".join(map(str, TABLE_SPACE.filters))}, kernel 3,
conv activations {" or ".join(TABLE_SPACE.activations)}, FL
{" or ".join(TABLE_SPACE.head_activations)}. This page is written by
`python benchmarks/describe_table.py` from the committed files.

## How it was made

`python benchmarks/build_table.py`, commit {commit}, {machine}, Python {making[-1]["python"]},
TensorFlow {making[-1]["versions"].get("tensorflow-cpu", "")}; {seconds / 3600:.1f} hours in the
session that finished it (one before it was killed and resumed), beside other work. 6,000 training
images of Fashion-MNIST, 600 a class; scores on 10,000 validation images after epochs 1, 2 and the
last, 4; on the 10,000 test images after the last. Adam, peak rate 0.015, 10 % warm-up, cosine to
zero, batch 64. Train seed 0 for all, 1 and 2 as well for a random tenth. `shards/` has the same
rows as they were made.

The recipe rests on a small measurement (`python benchmarks/table_recipe.py`, ten genomes, two
train seeds; CPU seconds of a busy machine). Batch 64 for 4 epochs agreed best with the longest
training about ranks and was the cheapest but one; with ten genomes these correlations are rough:

{markdown(parts["recipes"])}

## Distribution (train seed 0)

{markdown(parts["distribution"])}

`fitness` is accuracy % / ln(parameters), `time_penalised` the same / `train_seconds`, both on the
validation images.

{markdown(parts["heads"])}

{markdown(parts["kinds"])}

![Accuracy of all genomes, and accuracy against parameters](table.svg)

## How far a score can be trusted

Spearman's rank correlation, of all genomes and of the upper half by the second of the two (the
better ones; of seconds, the slower ones):

{markdown(parts["correlations"])}

Standard deviation over the three train seeds of a genome (the median genome's), and between the
means of genomes:

{markdown(parts["noise"])}

## Seconds, and fitness with time

`train_seconds` is the wall clock of one training while another ran beside it (two at a time) and
other work ran on the machine, so it holds whatever a training had to wait for. The longest took
{longest["train_seconds"]:.0f} s for {longest["train_cpu_seconds"]:.1f} CPU seconds. Wall clock /
CPU seconds in the order of the making ("waited": more than {WAITED}):

{markdown(parts["stretches"])}

The random tenth was trained with seed 0 first of all, in shards 00 and 01, and with seeds 1 and 2
last of all. How many times longer the slower of two trainings of one genome took, and the median
seconds of either seed:

{markdown(parts["ratios"])}

So what the table says of seed 0 against 1 or 2 is the noise of its worst stretch; for most of its
genomes 1 against 2 is nearer, and there `train_seconds` is about as noisy as `train_cpu_seconds`.
A genome of shard 00 looks worse with time than it is beside the others.

`time_penalised` divides by these seconds, and so does its score on the test images: by the same
seconds of the same training. **Search and held-out score share this noise.** Their correlation
above does not show it; those between train seeds do. Regrets by `time_penalised` on this table
(`table_timed` in `benchmarks/variants`) are exact for the table, but part of what a search is
credited with is a training that happened to be quick, and would not be so quick again.

## Optimum and Pareto front

Best by accuracy % / ln(parameters) on the validation images: `{best["genome"]}`,
{best["fitness"]:.4f} ({scores}, {best["n_params"]:,} parameters). It and the next:

{markdown(parts["leaders"])}

Best by the same / `train_seconds`, and the next:

{markdown(parts["timed_leaders"])}

Accuracy against parameters, nothing better and smaller:

{markdown(parts["front"])}

## Limits

One small space of one report on one data set, networks trained briefly: ranks are those of the
recipe, not of long training. One train seed for most genomes: either optimum is that of one draw
of the noise above. Seconds are those of this machine while it did other work.
Trainings with a status other than ok: {parts["failures"]}.
"""


def describe(frame: pd.DataFrame, one: pd.DataFrame, front: pd.DataFrame) -> dict[str, Any]:
    """What the page says: numbers, and the tables that are also written as CSV files."""
    made = read_shards()
    return {
        "genomes": len(one),
        "trainings": len(frame),
        "making": [json.loads(line) for line in (OUT / "runs.jsonl").read_text().splitlines()],
        "recipes": pd.read_csv(OUT / "recipes_summary.csv"),
        "distribution": distribution(one),
        "heads": by_group(one, "head"),
        "kinds": by_group(one, "kinds"),
        "correlations": rank_correlations(frame),
        "noise": seed_noise(frame),
        "ratios": seconds_ratios(frame),
        "waits": waits_by_shard(made),
        "stretches": waits_by_stretch(made),
        "longest": frame.loc[frame["train_seconds"].idxmax()],
        "leaders": leaders(one, "fitness"),
        "timed_leaders": leaders(one, "time_penalised"),
        "best": one.loc[one["fitness"].idxmax()].to_dict(),
        "front": front[["genome", "n_params", "accuracy", "test_accuracy", "fitness"]],
        "failures": int((frame["status"] != "ok").sum()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    frame = as_frame(load_table())
    one = frame[frame["train_seed"] == 0].reset_index(drop=True)
    front = pareto_front(one)
    parts = describe(frame, one, front)
    out.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        if isinstance(part, pd.DataFrame) and name not in ("recipes", "stretches"):
            write_csv(part, out / f"{name}.csv")
    draw(one, front, out)
    write_whole(out / "README.md", page(parts))
    print(out / "README.md")


if __name__ == "__main__":
    main()
