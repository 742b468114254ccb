"""Whether genomes rank the same when they are trained again with other seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.paper.evidence import CHANCE, LEARNED, Evidence


@dataclass(frozen=True)
class Stability:
    """Genomes trained with several seeds: ``accuracy`` and ``fitness``, a row a genome, a column a
    seed, the best first; ``learned``: which did with every seed."""

    accuracy: pd.DataFrame
    fitness: pd.DataFrame
    learned: pd.Series

    @property
    def flipped(self) -> int:
        """How many learned with one seed and stayed at chance with another."""
        low, high = self.accuracy.min(axis=1), self.accuracy.max(axis=1)
        return int(((low < CHANCE) & (high >= LEARNED)).sum())


def stability(evidence: Evidence) -> Stability:
    columns = ["genome", "train_seed", "accuracy", "fitness"]
    trained, run = evidence.choices["stability"], evidence.runs["seed-0"]
    first = run.table[run.table["genome"].isin(trained["genome"])].assign(train_seed=0)
    long = pd.concat([first[columns], trained[columns]], ignore_index=True)
    accuracy, fitness = (
        long.pivot_table(index="genome", columns="train_seed", values=by) for by in columns[2:]
    )
    order = fitness.mean(axis=1).sort_values(ascending=False, kind="stable").index
    accuracy, fitness = accuracy.loc[order], fitness.loc[order]
    return Stability(accuracy, fitness, (accuracy >= LEARNED).all(axis=1))


def agreement(scores: pd.DataFrame, method: str) -> float:
    """The mean rank correlation (kendall, spearman) between two columns."""
    found = scores.corr(method=method).to_numpy()
    return float(found[np.triu_indices(len(found), 1)].mean())


def spread(scores: pd.DataFrame) -> float:
    """The standard deviation of a row, over all rows."""
    return root_mean_square(scores.std(axis=1))


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
