"""Finalists: which networks of a search are trained again, and what their trainings come to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.evaluation.fitness import Evaluation, accuracy_of
from deap_nas.evaluation.protocol import Request
from deap_nas.runs.settings import Settings
from deap_nas.runs.tables import evaluations_table, pareto_front
from deap_nas.training.evaluator import Budgets

APART = 1000  # of the train seeds: the search, and a repeat of it, has none of them
Score = Callable[[Evaluation], float]


def final_budgets(settings: Settings) -> Budgets:
    """How each finalist is trained: recipe and train seed, by what the journal calls them."""
    if not settings.finalists:
        return {}
    recipe = settings.make_final_recipe()
    seeds = [settings.train_seed + APART * i for i in range(1, settings.final_seeds + 1)]
    about = f"{recipe.name} {recipe.version}, epochs {recipe.epochs}"
    return {f"{about}, seed {seed}": (recipe, seed) for seed in seeds}


def seed_of(budget: str) -> int:
    """The train seed that a finalist's budget names."""
    return int(budget.rpartition(" ")[2])


def pick_finalists(
    rows: Iterable[Mapping[str, Any]],
    score: Score,
    n: int,
    *,
    spread: bool,
    small_enough: int = 0,
) -> list[str]:
    """The genomes to train again: the best by fitness, then others of the front.

    Args:
        rows: the search's outcomes, as ``Journal.rows`` has them.
        score: the fitness, as one number.
        n: how many at the most; the front may have fewer.
        spread: take the others from all over the front, of accuracy against parameters: the next
            is always the one furthest from those that are in. Else by fitness from the front.
        small_enough: fewer parameters count as so many.

    Source: Gonzalez 1985, farthest-point clustering; accuracy and the logarithm of the parameters
    are each scaled to 0..1 along the front.
    """
    rows = [row for row in rows if row["generation"] is not None]
    found = {row["genome"]: Evaluation.from_dict(row["evaluation"]) for row in rows}
    scores = {text: score(evaluation) for text, evaluation in found.items() if evaluation.ok}
    if not scores or not n:
        return []
    best = max(scores, key=lambda text: scores[text])
    table = evaluations_table(rows)
    table["n_params"] = table["n_params"].clip(lower=small_enough)
    front = pareto_front(table)
    others = [str(text) for text in front["genome"] if text != best]
    if not spread:
        return [best, *sorted(others, key=lambda text: -scores[text])][:n]
    places = {
        text: (math.log(max(small_enough, found[text].n_params)), found[text].accuracy)
        for text in (*front["genome"], best)
    }
    return _spread(best, others, places, n)


def _spread(
    first: str, others: list[str], places: Mapping[str, tuple[float, float]], n: int
) -> list[str]:
    low, high = (end(list(places.values()), axis=0) for end in (np.min, np.max))
    scale = np.where(high > low, high - low, 1.0)
    at = {text: (np.array(place) - low) / scale for text, place in places.items()}
    taken = [first]
    while others and len(taken) < n:
        furthest = max(
            others, key=lambda text: min(float(np.hypot(*(at[text] - at[t]))) for t in taken)
        )
        others = [text for text in others if text != furthest]
        taken.append(furthest)
    return taken


@dataclass(frozen=True)
class Finalist:
    """A network and its trainings.

    Args:
        genome: as text.
        trainings: what each came to, by its budget; one that failed counts as accuracy 0.
        tests: confusion counts on the test set, [true class][predicted class], by budget; empty
            before the choice, and where the search scores on the test set anyway.
        chosen: whether it is the network that the search ends with.
        fitness: the mean of its trainings'; one that failed counts as 0.
    """

    genome: str
    trainings: Mapping[str, Evaluation]
    tests: Mapping[str, Any]
    chosen: bool = False
    fitness: float = 0.0

    @property
    def seeds(self) -> list[int]:
        return [seed_of(budget) for budget in self.trainings]

    @property
    def best(self) -> str | None:
        """The budget of its best training, by accuracy on the scored split; None if all failed."""
        good = {budget: each.accuracy for budget, each in self.trainings.items() if each.ok}
        return max(good, key=lambda budget: good[budget]) if good else None

    @cached_property
    def accuracies(self) -> list[float]:
        """On the scored split, in [0, 1], a training each."""
        return [each.accuracy if each.ok else 0.0 for each in self.trainings.values()]

    @cached_property
    def test_accuracies(self) -> list[float]:
        """On the test set, in [0, 1], a training each; empty where there are none."""
        if not self.tests:
            return []
        counts = (self.tests.get(budget) for budget in self.trainings)
        return [accuracy_of(each) if each is not None else 0.0 for each in counts]

    @property
    def mean(self) -> Evaluation:
        """What its trainings come to: mean accuracy and seconds; all else of the best of them."""
        good = [each for each in self.trainings.values() if each.ok]
        if self.best is None:
            return next(iter(self.trainings.values()))
        seconds = fmean(each.train_seconds for each in good)
        best = self.trainings[self.best]
        return replace(best, accuracy=fmean(self.accuracies), train_seconds=seconds)

    def scores(self) -> dict[str, float | None]:
        """Mean and spread, in [0, 1]: a sample's standard deviation, None of a single training."""
        return {
            "accuracy_mean": fmean(self.accuracies),
            "accuracy_std": _std(self.accuracies),
            "test_accuracy_mean": fmean(self.test_accuracies) if self.test_accuracies else None,
            "test_accuracy_std": _std(self.test_accuracies),
        }

    def row(self) -> dict[str, Any]:
        """Its line in tables."""
        mean = self.mean
        return {
            "genome": self.genome,
            **self.scores(),
            "n_params": mean.n_params,
            "multiply_adds": mean.multiply_adds,
            "fitness": self.fitness,
            "seeds": len(self.trainings),
            "chosen": self.chosen,
        }


def _std(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None


def choose(finalists: Sequence[Finalist]) -> Finalist | None:
    """The one with the best mean fitness, of equals the smaller; None where no training was a
    success."""
    good = [each for each in finalists if each.best is not None]
    return max(good, key=lambda each: (each.fitness, -each.mean.n_params), default=None)


def finalists_table(finalists: Iterable[Finalist]) -> pd.DataFrame:
    """One row a finalist, the best by fitness first: ``genome accuracy_mean accuracy_std
    test_accuracy_mean test_accuracy_std n_params multiply_adds fitness seeds chosen``."""
    rows = sorted((each.row() for each in finalists), key=lambda row: -row["fitness"])
    table = pd.DataFrame(rows)
    spreads = [name for name in table if str(name).endswith(("_mean", "_std"))]
    return table.astype(dict.fromkeys(spreads, float))  # None: NaN


def assemble(
    trainings: Mapping[Request, Evaluation],
    tests: Mapping[Request, Any],
    chosen: str | None,
    score: Score,
) -> list[Finalist]:
    """Finalists from all that is known of their trainings.

    Args:
        trainings: outcomes by genome and budget, in order.
        tests: confusion counts on the test set, by genome and budget.
        chosen: the genome that the search ends with, if that is decided.
        score: the fitness, as one number.
    """
    genomes = list(dict.fromkeys(genome for genome, _ in trainings))
    finalists = [
        Finalist(
            genome,
            {str(budget): each for (text, budget), each in trainings.items() if text == genome},
            {str(budget): each for (text, budget), each in tests.items() if text == genome},
            genome == chosen,
        )
        for genome in genomes
    ]
    return [
        replace(each, fitness=fmean(score(e) if e.ok else 0.0 for e in each.trainings.values()))
        for each in finalists
    ]
