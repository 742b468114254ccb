"""What the evidence says, as numbers; what is not measured yet is None."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.paper.evidence import CHANCE, LEARNED, Evidence, Run
from benchmarks.paper.ranks import spearman


def class_scores(confusion: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Precision, recall and F1 by class, 0 where a class is never predicted."""
    right, predicted = np.diag(confusion), confusion.sum(axis=0)
    precision = right / np.maximum(predicted, 1)
    recall = right / confusion.sum(axis=1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return pd.DataFrame({"precision": precision, "recall": recall, "f1": f1})


def weakest(scores: pd.DataFrame, names: pd.Series, n: int = 3) -> list[str]:
    """The classes of the lowest F1, in the order of the classes."""
    return [names[i] for i in sorted(scores["f1"].nsmallest(n).index)]


def four_differences(evidence: Evidence) -> pd.Series:
    """Ours minus published: mean test accuracy of each of the four genomes."""
    return evidence.four["mean_accuracy"] - evidence.four["published_accuracy"]


def learners(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["accuracy"] >= LEARNED]


def sizes(evidence: Evidence) -> tuple[float, float]:
    """Median parameters of the ten best by fitness, and of all that learned (NaN if none did)."""
    table = pd.concat([run.table for run in evidence.tested]).drop_duplicates("genome")
    best = table.nlargest(10, "fitness")["n_params"].median()
    return float(best), float(learners(table)["n_params"].median())


def pooled(evidence: Evidence) -> pd.DataFrame:
    """All genomes of the test-scored runs, with what may tell why they learned or not."""
    table = pd.concat([run.table for run in evidence.tested], ignore_index=True)
    genes = table["genome"].str.split(";")
    winners = {run.best(by)["genome"] for run in evidence.tested for by in ("fitness", "accuracy")}
    return table.assign(
        winner=table["genome"].isin(winners),
        head=genes.str[-1],
        sigmoid=[any("sigmoid" in gene for gene in row[:-1]) for row in genes],
        chance=table["accuracy"] < CHANCE,
        below=table["accuracy"] < LEARNED,
        wasted=table["train_cpu_seconds"].where(table["accuracy"] < LEARNED, 0.0),
    )


def by_head(table: pd.DataFrame) -> pd.DataFrame:
    """By last gene: ``genomes``, how many have less than 20 % (``chance``) and 50 % (``below``)
    accuracy, CPU seconds of all and of the latter (``wasted``), the ``best`` accuracy; and of the
    genomes that were ``drawn``, not bred, and of those with no sigmoid in a convolution
    (``plain``), how many have less than 50 % (``drawn_below``, ``plain_below``)."""
    drawn, plain = table["generation"] == 0, ~table["sigmoid"]
    sums = (
        table.assign(
            drawn=drawn,
            drawn_below=drawn & table["below"],
            plain=plain,
            plain_below=plain & table["below"],
        )
        .groupby("head")
        .agg(
            genomes=("genome", "size"),
            chance=("chance", "sum"),
            below=("below", "sum"),
            wasted=("wasted", "sum"),
            cpu=("train_cpu_seconds", "sum"),
            best=("accuracy", "max"),
            drawn=("drawn", "sum"),
            drawn_below=("drawn_below", "sum"),
            plain=("plain", "sum"),
            plain_below=("plain_below", "sum"),
        )
    )
    return sums.loc[(sums["below"] / sums["genomes"]).sort_values(kind="stable").index]


@dataclass(frozen=True)
class Optimism:
    """What scoring on the test set added, in shares of accuracy, over genomes that learned.

    Args:
        epoch: best epoch's test score minus the last's, of the test-scored runs.
        tested: validation minus test accuracy, epoch and weights chosen on validation.
        pairs: test score of seed-0 minus test accuracy in the validation run, same genomes;
            ``pairs_error`` is the standard error of that mean.
        top: mean over the five best by validation fitness: validation, then test accuracy.
        rank: rank correlation of validation and test accuracy.
    """

    epoch: float
    n_epoch: int
    tested: float | None = None
    n_tested: int = 0
    pairs: float | None = None
    pairs_error: float = math.nan
    n_pairs: int = 0
    top: tuple[float, float] | None = None
    rank: float | None = None


def optimism(evidence: Evidence) -> Optimism | None:
    gains = [
        row.accuracy - run.last_scores[row.genome]
        for run in evidence.tested
        for row in learners(run.table).itertuples()
    ]
    if not gains:
        return None
    found: dict[str, Any] = {"epoch": float(np.mean(gains)), "n_epoch": len(gains)}
    tested = evidence.table("tested")
    if tested is not None and len(good := learners(tested)):
        five = good.nlargest(5, "fitness")
        found |= {
            "tested": float((good["accuracy"] - good["test_accuracy"]).mean()),
            "n_tested": len(good),
            "top": (float(five["accuracy"].mean()), float(five["test_accuracy"].mean())),
            "rank": spearman(good["accuracy"], good["test_accuracy"]),
        }
        both = learners(evidence.runs["seed-0"].table).merge(good, on="genome")
        if len(both):
            gap = both["accuracy_x"] - both["test_accuracy"]
            error = float(gap.std() / math.sqrt(len(gap)))
            found |= {"pairs": float(gap.mean()), "pairs_error": error, "n_pairs": len(both)}
    return Optimism(**found)


def winners(evidence: Evidence) -> pd.DataFrame | None:
    """``run by genome reported mean std seeds``: each winner's score in its run, and retrained."""
    trained, validation = evidence.table("winners"), evidence.validation
    if trained is None or validation is None or "seed-0" not in evidence.runs:
        return None
    again = trained.groupby("genome")["test_accuracy"].agg(["mean", "std", "size"])
    rows = []
    for by in ("fitness", "accuracy"):
        for run in (evidence.runs["seed-0"], validation):
            best = run.best(by)
            if best["genome"] in again.index:
                mean, std, seeds = again.loc[best["genome"]]
                size = best["n_params"]
                rows.append(
                    (run, by, best["genome"], size, best["accuracy"], mean, std, int(seeds))
                )
    columns = ["run", "by", "genome", "n_params", "reported", "mean", "std", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def optimizer_curves(evidence: Evidence) -> pd.DataFrame | None:
    """A row a setting: ``optimizer momentum learning_rate seeds last to_75``, the best first.

    ``curve``: accuracy after each epoch, mean over the train seeds, empty if a training diverged
    (``last`` is 0); ``to_75``: the first epoch at which it is 75 % or more, NaN if none.
    """
    trained = evidence.table("optimizers")
    if trained is None or not _is_reports_own(trained).any():
        return None
    rows = []
    for key, group in trained.groupby(["optimizer", "momentum", "learning_rate"], sort=False):
        each = [[float(a) for a in text.split()] for text in group["curve"]]
        curve = np.mean(each, axis=0) if all(each) else np.array([])
        reached = np.flatnonzero(curve >= 0.75)
        first = float(reached[0] + 1) if len(reached) else float("nan")
        rows.append((*key, len(group), curve[-1] if len(curve) else 0.0, first, curve))
    columns = ["optimizer", "momentum", "learning_rate", "seeds", "last", "to_75", "curve"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        "last", ascending=False, ignore_index=True, kind="stable"
    )


def reports_own(curves: pd.DataFrame) -> pd.Series:
    """The report's optimizer among those compared: SGD 0.01 with momentum 0.9."""
    return curves[_is_reports_own(curves)].iloc[0]


def _is_reports_own(table: pd.DataFrame) -> pd.Series:
    own = (table["optimizer"] == "sgd") & (table["momentum"] == 0.9)
    return own & (table["learning_rate"] == 0.01)


def training_noise(evidence: Evidence, genome: str) -> float:
    """Standard deviation of one of the four genomes' accuracy over train seeds."""
    return float(evidence.four.set_index("genome").loc[genome, "std_accuracy"])


def by_neighbours(clocks: pd.DataFrame) -> pd.DataFrame:
    """``neighbours``: mean and range of wall-clock and CPU seconds, and each over those alone."""
    found = clocks.groupby("neighbours").agg(
        n=("wall", "size"),
        wall=("wall", "mean"),
        wall_low=("wall", "min"),
        wall_high=("wall", "max"),
        wall_std=("wall", "std"),
        cpu=("cpu", "mean"),
        cpu_low=("cpu", "min"),
        cpu_high=("cpu", "max"),
        cpu_std=("cpu", "std"),
    )
    return found.assign(
        wall_ratio=found["wall"] / found["wall"].iloc[0],
        cpu_ratio=found["cpu"] / found["cpu"].iloc[0],
    ).reset_index()


def wall_over_cpu(run: Run) -> float:
    """How much longer the clock ran than the processor, over all of a run's trainings."""
    return float(run.table["train_seconds"].sum() / run.table["train_cpu_seconds"].sum())
