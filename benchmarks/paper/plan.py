"""How much is measured, and of which genomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from deap_nas import RECIPES, Recipe, load_dataset
from deap_nas.data import Dataset


@dataclass(frozen=True)
class Plan:
    """What the command line asks for; None leaves a number to the measurement."""

    runs: Path
    out: Path
    seeds: int | None = None
    genomes: int | None = None
    epochs: int | None = None
    quick: bool = False

    @cached_property
    def dataset(self) -> Dataset:
        return load_dataset("fashion_mnist_mini" if self.quick else "fashion_mnist")

    def n_seeds(self, default: int) -> int:
        return self.seeds or (2 if self.quick else default)

    def n_genomes(self, default: int) -> int:
        return self.genomes or (2 if self.quick else default)

    def recipe(self, **changes: object) -> Recipe:
        """The report's, with changes."""
        recipe = replace(RECIPES["paper"], **changes)  # type: ignore[arg-type]
        epochs = 1 if self.quick else self.epochs or recipe.epochs
        return replace(recipe, epochs=epochs)

    def table(self, run: str) -> pd.DataFrame:
        """The evaluations of a search that was done."""
        path = self.runs / run / "evaluations.csv"
        if not path.exists():
            raise SystemExit(f"{path} is missing; first: python -m benchmarks.paper.run {run}")
        return pd.read_csv(path)


def spread(table: pd.DataFrame, by: str, n: int) -> list[str]:
    """``n`` genomes evenly over the ranking, best and worst among them, the best first."""
    ranked = table.sort_values(by, ascending=False, kind="stable")["genome"].tolist()
    places = np.linspace(0, len(ranked) - 1, min(n, len(ranked))).round().astype(int)
    return [ranked[place] for place in places]


def winner(table: pd.DataFrame, by: str) -> str:
    return str(table["genome"].iloc[table[by].argmax()])
