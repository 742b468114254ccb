"""Training a genome and scoring the network on the test images as well, in one go."""

from __future__ import annotations

from typing import Any

from deap_nas import Evaluation, Recipe
from deap_nas.data import Dataset
from deap_nas.evaluation.fitness import accuracy_of
from deap_nas.evaluation.workers import Workers, cores
from deap_nas.training.trainer import ENVIRONMENT, Trainer


class TestedTrainer(Trainer):
    """A ``Trainer`` that scores what it trained on the test set, from which nothing is chosen."""

    __test__ = False

    def __init__(self, *args: Any, test: tuple[Any, Any]) -> None:
        super().__init__(*args)
        self._test = test

    def train_tested(
        self, genome: str, recipe: Recipe, train_seed: int
    ) -> tuple[Evaluation, float]:
        """The Evaluation, and the test accuracy of the weights that it is of."""
        trained = self.train(genome, recipe, train_seed)
        if not trained.weights:
            return trained.evaluation, 0.0
        return trained.evaluation, accuracy_of(self.score(genome, trained.weights, *self._test))


def make_trainer(*args: Any) -> TestedTrainer:
    """What a worker is made of; the last two arguments are the test images and their labels."""
    return TestedTrainer(*args[:-2], test=args[-2:])


def make_workers(dataset: Dataset, split: str, count: int | None = None, **options: Any) -> Workers:
    """Processes that hold a split of the data, and the test set."""
    data = (*dataset.split(split), dataset.n_classes, dataset.x_test, dataset.y_test)
    options = {"environment": ENVIRONMENT, **options}
    return Workers(f"{__name__}:make_trainer", data, count=count or cores(), **options)
