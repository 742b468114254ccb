"""Describe the table as a data set: results/table/README.md, its numbers and its figures.

python benchmarks/describe_table.py    # seconds; reads the table and the log of its making alone
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

from deap_nas.files import write_whole
from deap_nas.fitness import accuracy_per_log_params, time_penalised
from deap_nas.report.front import pareto_front
from deap_nas.tabular import CURVE, TABLE_SPACE, Table, load_table

OUT = ROOT / "results" / "table"
LEADERS = 6  # the optimum and five more
WAITED = 1.5  # wall-clock seconds for one CPU second, from which a training is counted as waiting


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
    for what in ("accuracy", "fitness", "time_penalised", "train_seconds", "train_cpu_seconds"):
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
    making, best, waits = parts["making"], parts["best"], parts["waits"]
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

`train_seconds` is the wall clock of one training while another ran beside it (two at a time, a
core each) and other work ran on the machine. So it holds whatever a training had to wait for:
{waits["trainings"]} of {parts["trainings"]:,} trainings took more than {WAITED} seconds for each of
their CPU seconds, and the longest {waits["longest"]:.0f} s for {waits["cpu_of_longest"]:.1f} CPU
seconds. How many times longer the slower of two trainings of one genome took, and the median
seconds of the first and the second seed:

{markdown(parts["ratios"])}

The random tenth was trained with seed 0 at the beginning of the making, with seeds 1 and 2 at its
end, one after the other: seeds 0 and 1 are further apart in time than 1 and 2.

`time_penalised` divides by these seconds. Its score on the test images divides by the same seconds
of the same training, so **search and held-out score share this noise**: their correlation above
does not show it, the one between train seeds does. A search that does well by `time_penalised` on
this table (`table_timed` in `benchmarks/variants`) has found genomes that are quick to train *or*
were lucky to be trained in a quiet moment; regrets there are exact for the table, and do not carry
over to networks timed anew.

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    table = load_table()
    frame = as_frame(table)
    one = frame[frame["train_seed"] == 0].reset_index(drop=True)
    front = pareto_front(one)
    longest = frame.loc[frame["train_seconds"].idxmax()]
    parts = {
        "genomes": len(table),
        "trainings": len(frame),
        "making": [json.loads(line) for line in (OUT / "runs.jsonl").read_text().splitlines()],
        "recipes": pd.read_csv(OUT / "recipes_summary.csv"),
        "distribution": distribution(one),
        "heads": by_group(one, "head"),
        "kinds": by_group(one, "kinds"),
        "correlations": rank_correlations(frame),
        "noise": seed_noise(frame),
        "ratios": seconds_ratios(frame),
        "waits": {
            "trainings": int((frame["train_seconds"] > WAITED * frame["train_cpu_seconds"]).sum()),
            "longest": longest["train_seconds"],
            "cpu_of_longest": longest["train_cpu_seconds"],
        },
        "leaders": leaders(one, "fitness"),
        "timed_leaders": leaders(one, "time_penalised"),
        "best": one.loc[one["fitness"].idxmax()].to_dict(),
        "front": front[["genome", "n_params", "accuracy", "test_accuracy", "fitness"]],
        "failures": int((frame["status"] != "ok").sum()),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        if not isinstance(part, pd.DataFrame) or name == "recipes":
            continue
        write_csv(part, out / f"{name}.csv")
    draw(one, front, out)
    write_whole(out / "README.md", page(parts))
    print(out / "README.md")


if __name__ == "__main__":
    main()
