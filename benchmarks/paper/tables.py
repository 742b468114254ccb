"""The page's tables: what is in their columns, and how it is written."""

from __future__ import annotations

import math

import pandas as pd

from benchmarks.pages import code, number, percent, points, shown
from benchmarks.paper import findings, ranks
from benchmarks.paper.evidence import Evidence, Run
from deap_nas.report.lineage import telling_steps

TIMED_ACCURACY = 0.75  # the least of the report's figure 4
NEIGHBOURS = ("none", "one", "two")


def searches(evidence: Evidence) -> pd.DataFrame:
    rows = []
    for run in evidence.runs.values():
        cpu = run.table["train_cpu_seconds"].sum()
        rows.append(
            {
                "run": f"[{run.name}]({run.name})",
                "scored on": run.record.split,
                "genomes trained": len(run.table),
                "hours, wall clock": number(run.record.elapsed / 3600, 2),
                "CPU hours of training": number(cpu / 3600, 2),
                "wall clock / CPU of training": number(run.table["train_seconds"].sum() / cpu, 2),
                "best fitness": number(run.best("fitness")["fitness"], 4),
                "best accuracy": percent(run.best("accuracy")["accuracy"]),
            }
        )
    return pd.DataFrame(rows)


def step(run: Run) -> pd.DataFrame:
    """Figure 1: selection, crossover and mutation on two pairs."""
    fitness = dict(zip(run.table["genome"], run.table["fitness"]))
    rows = []
    for pair, found in enumerate(telling_steps(run.record), 1):
        mutated = [genome for genome, changed in zip(found.after, found.mutated) if changed]
        for what, genomes in (
            ("parent", found.parents),
            ("child", found.children),
            ("child, mutated", mutated),
        ):
            rows += [
                (pair, what, code(g), number(fitness[g], 4) if g in fitness else "not trained")
                for g in genomes
            ]
    return pd.DataFrame(rows, columns=["pair", "what", "genome", "fitness"])


def reports_top(evidence: Evidence, figure: int) -> pd.DataFrame:
    """Figures 2 to 4, the report's."""
    top = evidence.top[evidence.top["figure"] == figure]
    return _top(top.assign(genome=top["genome"] + "…", accuracy=top["test_accuracy"]))


def our_top(run: Run, by: str) -> pd.DataFrame:
    """Figures 2 to 4, ours."""
    good = run.table[run.table["status"] == "ok"]
    if by == "fitness_time":
        good = good[good["accuracy"] > TIMED_ACCURACY]
    return _top(good.nlargest(5, by).assign(seconds=good["train_seconds"]))


def _top(table: pd.DataFrame) -> pd.DataFrame:
    return shown(
        table,
        {
            "genome": ("genome", code),
            "test accuracy": ("accuracy", ".4f"),
            "train accuracy": ("train_accuracy", ".4f"),
            "parameters": ("n_params", "d"),
            "seconds": ("seconds", ".2f"),
            "fitness": ("fitness", ".4f"),
            "fitness with time": ("fitness_time", ".4f"),
        },
    )


def classes(evidence: Evidence) -> pd.DataFrame:
    """Figure 5: the classification report of the fitness-best model."""
    names = [f"{i} {name}" for i, name in enumerate(evidence.classes["class"])]
    parts = [pd.DataFrame({"class": names})]
    scores = {run.name: findings.class_scores(evidence, run) for run in evidence.tested}
    for name, found in {"report": evidence.classes, **scores}.items():
        headers = {f"{name}: precision": "precision", "recall": "recall", "F1": "f1"}
        parts.append(shown(found, {header: (of, ".2f") for header, of in headers.items()}))
    return pd.concat(parts, axis=1)


def four(evidence: Evidence) -> pd.DataFrame:
    """The report's complete genomes, trained again."""
    deviation = evidence.four["std_accuracy"].map(lambda std: f" ± {100 * std:.2f}")
    table = evidence.four.assign(
        ours=evidence.four["mean_accuracy"].map(percent) + deviation, gap=findings.gaps(evidence)
    )
    return shown(
        table,
        {
            "genome": ("genome", code),
            "parameters": ("n_params", ","),
            "test accuracy, published": ("published_accuracy", percent),
            "ours, mean ± standard deviation": ("ours", ""),
            "difference, points": ("gap", lambda gap: points(gap, 2)),
            "fitness, published": ("published_fitness", ".4f"),
            "ours": ("mean_fitness", ".4f"),
            "epochs, ours": ("mean_epochs", ".1f"),
            "seconds, published": ("published_seconds", ".0f"),
            "CPU seconds, ours": ("mean_cpu_seconds", ".0f"),
        },
    )


def optimizers(evidence: Evidence) -> pd.DataFrame:
    return shown(
        findings.optimizers(evidence),
        {
            "optimizer": ("optimizer", ""),
            "learning rate": ("learning_rate", "g"),
            "test accuracy after the last epoch": (
                "last",
                lambda last: percent(last) if last else "diverged",
            ),
            "first epoch with 75 %": (
                "to_75",
                lambda epoch: "never" if math.isnan(epoch) else f"{epoch:.0f}",
            ),
        },
    )


def winners(evidence: Evidence) -> pd.DataFrame:
    found = findings.winners(evidence)
    table = found.assign(
        of=found["run"] + ", by " + found["by"],
        score=found["reported"].map(percent) + " (" + found["split"] + ")",
        anew=found["mean"].map(percent) + found["std"].map(lambda std: f" ± {100 * std:.2f}"),
    )
    return shown(
        table,
        {
            "winner of": ("of", ""),
            "genome": ("genome", code),
            "parameters": ("n_params", ","),
            "score in its run": ("score", ""),
            "test accuracy, trained anew": ("anew", ""),
            "lost, points": ("lost", points),
        },
    )


def heads(evidence: Evidence) -> pd.DataFrame:
    rows = []
    for head, row in findings.by_head(evidence).iterrows():
        rows.append(
            {
                "last gene": head,
                "genomes": int(row["genomes"]),
                "below 20 %": int(row["chance"]),
                "below 50 %": int(row["below"]),
                "below 50 %, of those drawn": f"{row['drawn_below']:.0f} of {row['drawn']:.0f}",
                "below 50 %, of those without a sigmoid in a convolution": (
                    f"{row['plain_below']:.0f} of {row['plain']:.0f}"
                ),
                "best accuracy": percent(row["best"]),
                "share of their CPU time spent below 50 %": percent(row["wasted"] / row["cpu"], 0),
            }
        )
    return pd.DataFrame(rows)


def patience(evidence: Evidence) -> pd.DataFrame:
    before = evidence.runs["seed-0"].table.set_index("genome")
    rows = [
        {
            "genome": code(row.genome),
            "in the run: accuracy, epochs": (
                f"{percent(before.loc[row.genome, 'accuracy'])}, {before.loc[row.genome, 'epochs']}"
            ),
            "without stopping: best accuracy, its epoch": (
                f"{percent(row.accuracy)}, {row.best_epoch}"
            ),
        }
        for row in evidence.choices["patience"].itertuples()
    ]
    return pd.DataFrame(rows)


def clocks(evidence: Evidence) -> pd.DataFrame:
    found = findings.by_neighbours(evidence)
    for clock in ("wall", "cpu"):
        found[f"{clock}_range"] = [
            f"{mean:.2f} ({low:.2f} to {high:.2f})"
            for mean, low, high in zip(found[clock], found[f"{clock}_low"], found[f"{clock}_high"])
        ]
    return shown(
        found,
        {
            "busy neighbours": ("neighbours", lambda n: NEIGHBOURS[n]),
            "trainings": ("n", "d"),
            "wall-clock seconds, mean (range)": ("wall_range", ""),
            "wall-clock, times alone": ("wall_ratio", ".2f"),
            "CPU seconds, mean (range)": ("cpu_range", ""),
            "CPU, times alone": ("cpu_ratio", ".2f"),
        },
    )


def stability(evidence: Evidence) -> pd.DataFrame:
    accuracy = ranks.stability(evidence).accuracy
    seeds = {f"train seed {seed}": (seed, percent) for seed in accuracy}
    return shown(accuracy.reset_index(), {"genome": ("genome", code), **seeds})
