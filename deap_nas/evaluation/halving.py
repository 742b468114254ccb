"""Successive halving: a genome that begins badly is not trained to the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.trained import Trained

Floors = Mapping[int, float]  # the least accuracy with which training goes on, by epoch
Point = tuple[float, ...]
Points = np.ndarray[Any, Any]  # shape (points, objectives)
PRECISION = 2**-20  # of a floor: finer than one of a million images


@dataclass(frozen=True)
class Halving:
    """Which genomes are stopped at a *rung*, an epoch after which not all trainings go on.

    A genome goes on where it is among the best ``1 / eta`` of those that came to the rung: fewer
    than that share of them, itself counted, beat it, by the fitness that they had then. One beats
    another where it is better in an objective, and worse in none.

    That is said beforehand, as the least accuracy with which training goes on: then it depends on
    what was known as the genome was given out, and not on which of two workers is faster.

    Args:
        eta: of so many, about one goes on.
        rungs: epochs, rising.
        place: the fitness of an Evaluation, each objective the better the greater. It grows with
            accuracy; what else it looks at is known before training.
        size: genome, as text -> (parameters, multiply-adds).
        spared: genomes that are always trained to the end.

    Source: Jamieson and Talwalkar 2016, *Non-stochastic Best Arm Identification*; Li et al. 2020,
    *A System for Massively Parallel Hyperparameter Tuning* (ASHA), here as a rule for stopping.
    """

    eta: int
    rungs: tuple[int, ...]
    place: Callable[[Evaluation], Point]
    size: Callable[[str], tuple[int, int]]
    spared: frozenset[str] = frozenset()

    def floors(self, genomes: Sequence[str], seen: Sequence[Evaluation]) -> dict[str, Floors]:
        """The floors of each genome.

        Args:
            genomes: as texts; they are about to be trained.
            seen: all trainings of the search by now.
        """
        there = {rung: self._came_to(rung, seen) for rung in self.rungs}
        return {text: self._floors(text, there) for text in genomes if text not in self.spared}

    def _came_to(self, rung: int, seen: Sequence[Evaluation]) -> Points:
        """Where those that came to a rung were then."""
        reached = [(each, accuracy_after(each, rung)) for each in seen]
        return np.array(
            [
                self.place(replace(each, accuracy=accuracy, status="ok"))
                for each, accuracy in reached
                if accuracy is not None
            ]
        )

    def _floors(self, text: str, there: Mapping[int, Points]) -> Floors:
        n_params, multiply_adds = self.size(text)

        def goes_on(points: Points, accuracy: float) -> bool:
            then = Evaluation(accuracy, n_params=n_params, multiply_adds=multiply_adds)
            return self.eta * _beating(points, self.place(then)) < len(points) + 1

        return {rung: _least(partial(goes_on, points)) for rung, points in there.items()}


def accuracy_after(evaluation: Evaluation, epoch: int) -> float | None:
    """The accuracy after an epoch, on the scored split; None where it was not scored then."""
    rows = (row for row in evaluation.curve if row["epoch"] == epoch)
    return next((row.get("val_accuracy") for row in rows), None)


def stop(evaluation: Evaluation, floor: float) -> Evaluation:
    """An Evaluation as that of a training that ended there, below a floor."""
    reason = (
        f"accuracy {evaluation.accuracy:.4f} after epoch {evaluation.epochs}, below {floor:.4f}"
    )
    return replace(evaluation, status="stopped", reason=reason, confusion=())


def cut(trained: Trained, floors: Floors) -> Trained | None:
    """A training to the end as it would have been with these floors; None where that is not known.
    Its seconds are shared out evenly."""
    whole = trained.evaluation
    if not whole.ok:
        return trained if not floors else None
    for epoch, floor in sorted(floors.items()):
        accuracy = accuracy_after(whole, epoch)
        if accuracy is not None and accuracy < floor:
            share = epoch / whole.epochs
            rows = tuple(row for row in whole.curve if row["epoch"] <= epoch)
            begun = replace(
                whole,
                accuracy=accuracy,
                train_accuracy=rows[-1].get("accuracy", whole.train_accuracy),
                train_seconds=whole.train_seconds * share,
                train_cpu_seconds=whole.train_cpu_seconds * share,
                epochs=epoch,
                best_epoch=epoch,
                curve=rows,
            )
            return Trained(stop(begun, floor))
    return trained


def _beating(points: Points, mine: Point) -> int:
    """How many points are better in an objective, and worse in none."""
    if not len(points):
        return 0
    return int(((points >= mine).all(1) & (points > mine).any(1)).sum())


def _least(good: Callable[[float], bool]) -> float:
    """The least accuracy that is good, or a little less; more than 1 where none is."""
    if not good(1.0):
        return 1.0 + PRECISION
    low, high = 0.0, 1.0
    if good(low):
        return low
    while high - low > PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if good(middle) else (middle, high)
    return low
