"""What the evidence says, as numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.paper.evidence import CHANCE, LEARNED, Evidence, Run
from deap_nas.report.classes import class_report

OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop"}


def class_scores(evidence: Evidence, run: Run) -> pd.DataFrame:
    """``class precision recall f1`` of the run's best by fitness, a row a class."""
    names = evidence.classes["class"].tolist()
    return class_report(run.confusion(run.best("fitness")["genome"]), names).head(len(names))


def weakest(scores: pd.DataFrame, n: int = 3) -> list[str]:
    """The classes of the lowest F1, in the order of the classes."""
    return [scores["class"][i] for i in sorted(scores["f1"].nsmallest(n).index)]


def gaps(evidence: Evidence) -> pd.Series:
    """Ours minus published: mean test accuracy of each of the four genomes."""
    return evidence.four["mean_accuracy"] - evidence.four["published_accuracy"]


def keeps_formulas(evidence: Evidence) -> pd.Series:
    """Whether the report's own columns agree with its formulas, for each different row."""
    top = evidence.top.drop_duplicates("number")
    fitness = 100 * top["test_accuracy"] / top["n_params"].map(math.log)
    timed = top["fitness"] / top["seconds"]
    # Both are printed with four decimals, from numbers that are rounded themselves.
    return ((fitness - top["fitness"]).abs() < 1e-3) & ((timed - top["fitness_time"]).abs() < 1e-4)


def learners(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["accuracy"] >= LEARNED]


def sizes(evidence: Evidence) -> tuple[float, float]:
    """Median parameters of the ten best by fitness, and of all that learned."""
    best = evidence.pooled.nlargest(10, "fitness")["n_params"].median()
    return float(best), float(learners(evidence.pooled)["n_params"].median())


def learning(evidence: Evidence) -> pd.DataFrame:
    """The genomes of the test-scored runs, with what may tell why they learned or not."""
    table = evidence.pooled
    genes = table["genome"].str.split(";")
    return table.assign(
        head=genes.str[-1],
        sigmoid=[any("sigmoid" in gene for gene in row[:-1]) for row in genes],
        chance=table["accuracy"] < CHANCE,
        below=table["accuracy"] < LEARNED,
        wasted=table["train_cpu_seconds"].where(table["accuracy"] < LEARNED, 0.0),
    )


def by_head(evidence: Evidence) -> pd.DataFrame:
    """By last gene: ``genomes``, how many have less than 20 % (``chance``) and 50 % (``below``)
    accuracy, CPU seconds of all and of the latter (``wasted``), the ``best`` accuracy; and of the
    genomes that were ``drawn``, not bred, and of those with no sigmoid in a convolution
    (``plain``), how many have less than 50 % (``drawn_below``, ``plain_below``)."""
    table = learning(evidence)
    drawn, plain = table["generation"] == 0, ~table["sigmoid"]
    counted = table.assign(
        genomes=1,
        cpu=table["train_cpu_seconds"],
        drawn=drawn,
        drawn_below=drawn & table["below"],
        plain=plain,
        plain_below=plain & table["below"],
    )
    sums = ["genomes", "chance", "below", "wasted", "cpu"]
    sums += ["drawn", "drawn_below", "plain", "plain_below"]
    heads = counted.groupby("head")
    found = heads[sums].sum().assign(best=heads["accuracy"].max())
    return found.loc[(found["below"] / found["genomes"]).sort_values(kind="stable").index]


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
    tested: float
    n_tested: int
    pairs: float
    pairs_error: float
    n_pairs: int
    top: tuple[float, float]
    rank: float


def optimism(evidence: Evidence) -> Optimism:
    gains = [
        row.accuracy - run.last_scores[row.genome]
        for run in evidence.tested
        for row in learners(run.table).itertuples()
    ]
    good = learners(evidence.choices["tested"])
    five = good.nlargest(5, "fitness")
    both = learners(evidence.runs["seed-0"].table).merge(good, on="genome")
    gap = both["accuracy_x"] - both["test_accuracy"]
    return Optimism(
        epoch=float(np.mean(gains)),
        n_epoch=len(gains),
        tested=float((good["accuracy"] - good["test_accuracy"]).mean()),
        n_tested=len(good),
        pairs=float(gap.mean()),
        pairs_error=float(gap.std() / math.sqrt(len(gap))),
        n_pairs=len(both),
        top=(float(five["accuracy"].mean()), float(five["test_accuracy"].mean())),
        rank=good["accuracy"].corr(good["test_accuracy"], method="spearman"),
    )


def winners(evidence: Evidence) -> pd.DataFrame:
    """``run split by genome n_params reported mean std lost``: each winner's score in its run, and
    trained anew."""
    again = evidence.choices["winners"].groupby("genome")["test_accuracy"].agg(["mean", "std"])
    rows = []
    for by in ("fitness", "accuracy"):
        for run in (evidence.runs["seed-0"], evidence.runs["validation"]):
            best = run.best(by)
            mean, std = again.reindex([best["genome"]]).iloc[0]
            rows.append(
                {
                    "run": run.name,
                    "split": run.record.split,
                    "by": by,
                    "genome": best["genome"],
                    "n_params": best["n_params"],
                    "reported": best["accuracy"],
                    "mean": mean,
                    "std": std,
                    "lost": best["accuracy"] - mean,
                }
            )
    return pd.DataFrame(rows)


def optimizers(evidence: Evidence) -> pd.DataFrame:
    """A row a setting: ``optimizer learning_rate seeds curve last to_75``, the best first.

    ``curve``: accuracy after each epoch, mean over the train seeds, empty if a training diverged
    (``last`` is 0); ``to_75``: the first epoch at which it is 75 % or more, NaN if none.
    """
    trained, rows = evidence.choices["optimizers"], []
    settings = trained.groupby(["optimizer", "momentum", "learning_rate"], sort=False)
    for (optimizer, momentum, rate), group in settings:
        each = [[float(a) for a in text.split()] for text in group["curve"]]
        curve = np.mean(each, axis=0) if all(each) else np.array([])
        reached = np.flatnonzero(curve >= 0.75)
        rows.append(
            {
                "optimizer": OPTIMIZERS[optimizer]
                + (f", momentum {momentum:g}" if momentum else ""),
                "learning_rate": rate,
                "seeds": len(group),
                "curve": curve,
                "last": curve[-1] if len(curve) else 0.0,
                "to_75": reached[0] + 1 if len(reached) else math.nan,
            }
        )
    return pd.DataFrame(rows).sort_values("last", ascending=False, ignore_index=True, kind="stable")


def reports_own(settings: pd.DataFrame) -> pd.Series:
    """The report's optimizer among those compared: SGD 0.01 with momentum 0.9."""
    own = (settings["optimizer"] == "SGD, momentum 0.9") & (settings["learning_rate"] == 0.01)
    return settings[own].iloc[0]


def optimizer_error(evidence: Evidence) -> float:
    """Standard error of one setting's mean accuracy, by how the genome's moves with the seed."""
    trained = evidence.choices["optimizers"]
    four = evidence.four.set_index("genome")
    noise = four.loc[trained["genome"].iloc[0], "std_accuracy"]
    return float(noise / math.sqrt(trained["train_seed"].nunique()))


def by_neighbours(evidence: Evidence) -> pd.DataFrame:
    """``neighbours``: mean and range of wall-clock and CPU seconds, and each over those alone."""
    rows = []
    for neighbours, group in evidence.choices["clocks"].groupby("neighbours"):
        row = {"neighbours": neighbours, "n": len(group)}
        for clock in ("wall", "cpu"):
            row[clock] = group[clock].mean()
            row[f"{clock}_low"], row[f"{clock}_high"] = group[clock].min(), group[clock].max()
        rows.append(row)
    found = pd.DataFrame(rows)
    ratios = found[["wall", "cpu"]] / found[["wall", "cpu"]].iloc[0]
    return found.join(ratios.add_suffix("_ratio"))
