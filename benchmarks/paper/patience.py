"""Whether genomes that never learned were stopped too early, or cannot learn.

Genomes of run seed-0 that stayed at chance, of every FL activation the cheapest first, trained for
all 20 epochs without early stopping, otherwise as in the run.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.paper.plan import Plan
from benchmarks.paper.trainings import Job, train_all

CHANCE = 0.2


def measure(plan: Plan) -> None:
    genomes = never_learned(plan.table("seed-0"), plan.n_genomes(6))
    recipe = plan.recipe(patience=0)
    jobs = [Job(genome, recipe, 0, "test") for genome in genomes]
    train_all(jobs, plan.out / "patience.csv", plan.dataset)


def never_learned(table: pd.DataFrame, n: int) -> list[str]:
    """The cheapest of each FL activation, then the second cheapest of each, ..."""
    low = table[table["accuracy"] < CHANCE].sort_values("multiply_adds", kind="stable")
    place = low.groupby(low["genome"].str.split(";").str[-1]).cumcount()
    return low.assign(place=place).sort_values("place", kind="stable")["genome"].head(n).tolist()
