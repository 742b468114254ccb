"""Finalists: which networks of a search are trained again, and what their trainings come to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import fmean, stdev
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from deap_nas.devices.int8 import Int8
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
    rows: Iterable[Mapping[str, Any]], score: Score, n: int, *, spread: bool
) -> list[str]:
    """The genomes to train again: the best by fitness, then others of the front.

    Args:
        rows: the search's outcomes, as ``Journal.rows`` has them.
        score: the fitness, as one number.
        n: how many at the most; the front may have fewer.
        spread: take the others from all over the front, of accuracy against parameters: the next
            is always the one furthest from those that are in. Else by fitness from the front.

    Source: Gonzalez 1985, farthest-point clustering; accuracy and the logarithm of the parameters
    are each scaled to 0..1 along the front.
    """
    rows = [row for row in rows if row["generation"] is not None]
    found = {row["genome"]: Evaluation.from_dict(row["evaluation"]) for row in rows}
    scores = {text: score(evaluation) for text, evaluation in found.items() if evaluation.ok}
    if not scores or not n:
        return []
    best = max(scores, key=lambda text: scores[text])
    front = pareto_front(evaluations_table(rows))
    others = [str(text) for text in front["genome"] if text != best]
    if not spread:
        return [best, *sorted(others, key=lambda text: -scores[text])][:n]
    places = {text: (math.log(found[text].n_params), found[text].accuracy) for text in front.genome}
    places.setdefault(best, (math.log(found[best].n_params), found[best].accuracy))
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
        int8: what each training that went well came to in int8, by its budget; where there are any,
            they decide, in place of the trainings as they are.
    """

    genome: str
    trainings: Mapping[str, Evaluation]
    tests: Mapping[str, Any]
    chosen: bool = False
    fitness: float = 0.0
    int8: Mapping[str, Int8] = field(default_factory=dict)

    @property
    def seeds(self) -> list[int]:
        return [seed_of(budget) for budget in self.trainings]

    @property
    def best(self) -> str | None:
        """The budget of its best training, by accuracy on the scored split; None if all failed."""
        tried = zip(self.trainings.items(), self.int8_accuracies if self.int8 else self.accuracies)
        good = {budget: accuracy for (budget, each), accuracy in tried if each.ok}
        return max(good, key=lambda budget: good[budget]) if good else None

    @cached_property
    def accuracies(self) -> list[float]:
        """On the scored split, in [0, 1], a training each."""
        return [each.accuracy if each.ok else 0.0 for each in self.trainings.values()]

    @cached_property
    def int8_accuracies(self) -> list[float]:
        """The same in int8; empty where none was scored so."""
        if not self.int8:
            return []
        each = (self.int8.get(budget) for budget in self.trainings)
        return [int8.accuracy if int8 else 0.0 for int8 in each]

    @cached_property
    def int8_test_accuracies(self) -> list[float]:
        """On the test set, in int8; empty before it is scored."""
        if not any(int8.test for int8 in self.int8.values()):
            return []
        each = (self.int8.get(budget) for budget in self.trainings)
        return [(int8.test_accuracy if int8 else None) or 0.0 for int8 in each]

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
        scores = {"accuracy": self.accuracies, "test_accuracy": self.test_accuracies}
        if self.int8:
            scores["int8_accuracy"] = self.int8_accuracies
            scores["int8_test_accuracy"] = self.int8_test_accuracies
        return {
            f"{name}_{what}": value
            for name, values in scores.items()
            for what, value in (("mean", fmean(values) if values else None), ("std", _std(values)))
        }

    def row(self) -> dict[str, Any]:
        """Its line in tables."""
        mean = self.mean
        return {
            "genome": self.genome,
            **self.scores(),
            "n_params": mean.n_params,
            "multiply_adds": mean.multiply_adds,
            **({"flash": mean.flash, "ram": mean.ram} if self.int8 else {}),
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
    test_accuracy_mean test_accuracy_std n_params multiply_adds fitness seeds chosen``; in int8 also
    ``int8_accuracy_mean ... int8_test_accuracy_std``, ``flash`` and ``ram``."""
    rows = sorted((each.row() for each in finalists), key=lambda row: -row["fitness"])
    table = pd.DataFrame(rows)
    spreads = [name for name in table if str(name).endswith(("_mean", "_std"))]
    whole = [name for name in ("flash", "ram") if name in table]
    return table.astype({**dict.fromkeys(spreads, float), **dict.fromkeys(whole, "Int64")})


def assemble(
    trainings: Mapping[Request, Evaluation],
    tests: Mapping[Request, Any],
    chosen: str | None,
    score: Score,
    int8: Mapping[Request, Int8] = MappingProxyType({}),
) -> list[Finalist]:
    """Finalists from all that is known of their trainings.

    Args:
        trainings: outcomes by genome and budget, in order.
        tests: confusion counts on the test set, by genome and budget.
        chosen: the genome that the search ends with, if that is decided.
        score: the fitness, as one number.
        int8: what trainings came to in int8, by genome and budget, where they were scored so.
    """
    shown = {each: int8[each].shown(e) if each in int8 else e for each, e in trainings.items()}
    fitness = {each: _fitness(e, int8.get(each), score) for each, e in trainings.items()}

    def of(genome: str, found: Mapping[Request, Any]) -> dict[str, Any]:
        return {str(budget): each for (text, budget), each in found.items() if text == genome}

    return [
        Finalist(
            genome,
            of(genome, shown),
            of(genome, tests),
            genome == chosen,
            fmean(of(genome, fitness).values()),
            of(genome, {each: int8[each] for each in shown if each in int8}),
        )
        for genome in dict.fromkeys(genome for genome, _ in trainings)
    ]


def _fitness(evaluation: Evaluation, int8: Int8 | None, score: Score) -> float:
    """Of one training; in int8, of what is deployed."""
    if not evaluation.ok or (int8 and int8.reason):
        return 0.0
    return score(int8.deployed(evaluation) if int8 else evaluation)
