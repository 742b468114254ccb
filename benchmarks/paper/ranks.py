"""Whether genomes rank the same when they are trained again with other seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.paper.evidence import CHANCE, LEARNED, Evidence


@dataclass(frozen=True)
class Stability:
    """Genomes trained with several seeds: ``accuracy`` and ``fitness``, a row a genome, a column a
    seed, the best first."""

    accuracy: pd.DataFrame
    fitness: pd.DataFrame
    kendall: dict[str, float]
    kendall_learned: dict[str, float]
    spearman: dict[str, float]
    std: float
    fitness_std: float
    shrinkage: float
    flipped: int
    n_learned: int


def stability(evidence: Evidence) -> Stability | None:
    trained, run = evidence.table("stability"), evidence.runs.get("seed-0")
    if trained is None or run is None:
        return None
    columns = ["genome", "train_seed", "accuracy", "fitness"]
    long = trained[columns]
    if 0 not in set(long["train_seed"]):
        first = run.table[run.table["genome"].isin(long["genome"])].assign(train_seed=0)
        long = pd.concat([first[columns], long], ignore_index=True)
    accuracy, fitness = (  # of genomes that were trained with every seed so far
        long.pivot_table(index="genome", columns="train_seed", values=by).dropna()
        for by in columns[2:]
    )
    order = fitness.mean(axis=1).sort_values(ascending=False, kind="stable").index
    accuracy, fitness = accuracy.loc[order], fitness.loc[order]
    learned = (accuracy >= LEARNED).all(axis=1)
    values = {"accuracy": accuracy, "fitness": fitness}
    return Stability(
        accuracy,
        fitness,
        {by: mean_pairwise(t, kendall) for by, t in values.items()},
        {by: mean_pairwise(t[learned], kendall) for by, t in values.items()},
        {by: mean_pairwise(t, spearman) for by, t in values.items()},
        *(root_mean_square(t[learned].std(axis=1)) for t in values.values()),
        shrinkage(fitness),
        int(((accuracy < CHANCE).any(axis=1) & (accuracy >= LEARNED).any(axis=1)).sum()),
        int(learned.sum()),
    )


def root_mean_square(values: pd.Series) -> float:
    return float(np.sqrt((values**2).mean()))


def shrinkage(fitness: pd.DataFrame) -> float:
    """Fitness of the winner of one seed minus its mean with the others, mean over the seeds: how
    much of a winner's score is the luck of its training."""
    return float(
        np.mean(
            [
                fitness[seed].max() - fitness.drop(columns=seed).loc[fitness[seed].idxmax()].mean()
                for seed in fitness
            ]
        )
    )


def mean_pairwise(
    table: pd.DataFrame, correlation: Callable[[pd.Series, pd.Series], float]
) -> float:
    """The mean correlation between two columns."""
    names = list(table)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return float(np.mean([correlation(table[a], table[b]) for a, b in pairs]))


def kendall(a: pd.Series, b: pd.Series) -> float:
    """Kendall 1945, tau b: with a correction for ties."""
    upper = np.triu_indices(len(a), 1)
    x, y = (np.sign(np.subtract.outer(v.to_numpy(), v.to_numpy()))[upper] for v in (a, b))
    norm = np.sqrt((x**2).sum() * (y**2).sum())
    return float((x * y).sum() / norm) if norm else float("nan")


def spearman(a: pd.Series, b: pd.Series) -> float:
    return float(np.corrcoef(a.rank(), b.rank())[0, 1])
