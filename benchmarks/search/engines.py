"""What trains a rival's suggestion: our kernels, or Keras's own ``fit``. Both are told the same
recipe, and can go on from weights, or stop, after any epoch."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from deap_nas import Evaluation, Recipe, build_model, count_multiply_adds, count_params
from deap_nas.evaluation.fitness import accuracy_of
from deap_nas.evaluation.machine import cores
from deap_nas.evaluation.trained import Trained as ForEvaluator
from deap_nas.genome import parse_genome
from deap_nas.layers.from_keras import import_keras
from deap_nas.layers.normalised import is_normalised
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.moves import draw_moves
from deap_nas.training.native.network import NativeNetwork

SEED = 0  # of every training
# What ``fit`` does not do by a few lines of anybody's.
APART = (
    *("label_smoothing", "class_weights", "flips", "shifts", "weight_decay"),
    *("patience", "best_epoch"),
)
Watch = Callable[[int, Callable[[], float]], bool]  # epoch, how to score -> whether to stop here


@dataclass(frozen=True)
class Stretch:
    """The epochs of a training, or a part of them.

    Args:
        first: from 1; its rate is where the recipe's schedule has it.
        last: of these.
        weights: after the epoch before the first; None where it begins.
    """

    first: int
    last: int
    weights: Sequence[Any] | None = None


@dataclass(frozen=True)
class Trained:
    """What a training came to.

    Args:
        accuracy: of the last epoch on the scored images, in [0, 1]; 0 of what failed.
        epochs: the last epoch.
        status: "ok", or as an Evaluation has it.
        reason: one line on a failure.
        train_accuracy: averaged over the last epoch, in [0, 1].
        weights: in the order of ``model.get_weights()``.
    """

    accuracy: float
    epochs: int
    status: str = "ok"
    reason: str = ""
    train_accuracy: float = 0.0
    weights: Sequence[Any] = field(default=(), repr=False)


class Engine(ABC):
    """Trains on images that it holds.

    Args:
        x_train, x_scored: images, shape (n, height, width, channels), uint8 in 0..255 or floats in
            0..1; y_train, y_scored: labels, shape (n,).
        n_classes: classes of the data.
    """

    jobs = 1  # trainings at once that use all cores

    def __init__(
        self, x_train: Any, y_train: Any, x_scored: Any, y_scored: Any, n_classes: int
    ) -> None:
        self._data, self._scored = (x_train, y_train), (x_scored, y_scored)
        self.size = (tuple(map(int, x_train.shape[1:])), n_classes)

    def train(
        self, genome: Sequence[Any], recipe: Recipe, stretch: Stretch, watch: Watch
    ) -> Trained:
        """Train a network; whatever goes wrong is a status.

        Args:
            genome: the network.
            recipe: how to train it.
            stretch: which epochs.
            watch: is asked after each epoch, with a function that scores, whether to stop.
        """
        try:
            recipe = recipe.for_images(len(self._data[1]), min(self.size[0][:2]))
            recipe = recipe.for_network(normalised=is_normalised(genome, *self.size))
            return self._train(genome, recipe, stretch, watch)
        except Exception as error:
            out_of_memory = isinstance(error, MemoryError) or "Exhausted" in type(error).__name__
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
            return Trained(0.0, stretch.first, "oom" if out_of_memory else "error", reason)

    @abstractmethod
    def _train(self, *about: Any) -> Trained:
        """As ``train``; may raise."""

    def _rates(self, recipe: Recipe, first: int, last: int) -> Any:
        """The rate of each step of some epochs."""
        steps = math.ceil(len(self._data[1]) / recipe.batch_size)
        numbers = range((first - 1) * steps, last * steps)
        return np.array([recipe.rate(i, recipe.epochs * steps) for i in numbers], np.float32)


def ended(epoch: int, loss: float, right: float, score: Callable[[], float], net: Any) -> Trained:
    """What is known after the last epoch."""
    if not math.isfinite(loss):
        return Trained(0.0, epoch, "diverged", f"loss {loss} in epoch {epoch}")
    return Trained(score(), epoch, train_accuracy=right, weights=net())


class Native(Engine):
    """Our kernels, as a search of ours trains: to the last bit, where nothing stops it."""

    jobs = cores()

    def _train(
        self, genome: Sequence[Any], recipe: Recipe, stretch: Stretch, watch: Watch
    ) -> Trained:
        given = {"seed": SEED, "weights": stretch.weights}
        network = NativeNetwork(genome, *self.size, recipe, *self._data, **given)
        shuffle, n = np.random.default_rng([SEED, 0xDA7A]), len(self._data[1])
        for epoch in range(1, stretch.last + 1):
            order = shuffle.permutation(n).astype(np.int32)
            if epoch < stretch.first:
                continue
            moves = draw_moves(recipe, SEED, epoch, n)
            loss, right = network(order, self._rates(recipe, epoch, epoch), moves)
            score = cache(lambda: accuracy_of(network.score(*self._scored)[0]))
            if not math.isfinite(loss) or watch(epoch, score):
                break
        return ended(epoch, loss, right, score, lambda: network.weights)


class Fit(Engine):
    """Stock Keras: ``compile`` and ``fit`` as one writes them, with all cores for one network."""

    def __init__(self, *data: Any) -> None:
        import_keras()
        x, y, x_scored, y_scored, n_classes = data
        super().__init__(_floats(x), y, _floats(x_scored), y_scored, n_classes)

    def _train(
        self, genome: Sequence[Any], recipe: Recipe, stretch: Stretch, watch: Watch
    ) -> Trained:
        import keras

        keras.backend.clear_session()
        model = build_model(genome, *self.size, seed=SEED)
        if stretch.weights is not None:
            model.set_weights(stretch.weights)
        model.compile(
            _optimizer(recipe, self._rates(recipe, stretch.first, stretch.last)),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        keras.utils.set_random_seed(SEED)

        def score() -> float:
            return float(model.evaluate(*self._scored, batch_size=500, verbose=0)[1])

        told = _Told(watch, score)
        history = model.fit(
            *self._data,
            batch_size=recipe.batch_size,
            initial_epoch=stretch.first - 1,
            epochs=stretch.last,
            callbacks=[keras.callbacks.TerminateOnNaN(), told.callback()],
            verbose=0,
        )
        last = {name: values[-1] for name, values in history.history.items()}
        return ended(
            told.epoch, last["loss"], last["accuracy"], told.scored, lambda: model.get_weights()
        )


ENGINES: dict[str, type[Engine]] = {"native": Native, "fit": Fit}


class _Told:
    """Asks the watch after each epoch of ``fit``; the score of an epoch is kept."""

    epoch = 0

    def __init__(self, watch: Watch, score: Callable[[], float]) -> None:
        self._watch, self._score = watch, score

    def callback(self) -> Any:
        import keras

        told = self

        class Callback(keras.callbacks.Callback):  # type: ignore[misc]
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                told.epoch, told.scored = epoch + 1, cache(told._score)
                if told._watch(told.epoch, told.scored):
                    self.model.stop_training = True

        return Callback()


def _optimizer(recipe: Recipe, rates: Any) -> Any:
    """Keras's own, with the recipe's rates.

    Raises:
        ValueError: for a recipe that ``fit`` does not follow by these few lines.
    """
    import keras
    import tensorflow as tf

    if apart := [name for name in APART if getattr(recipe, name) not in (0, "none")]:
        raise ValueError(f"recipe {recipe.name} has {', '.join(apart)}: take another for fit")
    given = tf.constant(rates)

    class Rates(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: Any) -> Any:
            return tf.gather(given, tf.cast(step, tf.int32))

    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(Rates(), momentum=recipe.momentum)
    kinds = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    return kinds[recipe.optimizer](Rates())


def _floats(images: Any) -> Any:
    return images.astype("float32") / 255 if images.dtype == np.uint8 else images


class FitTrainer(RecipeTrainer):
    """In place of a ``RecipeTrainer``, in a worker: our own search with stock ``fit``."""

    def start(self) -> None:
        data = self.data
        super().start()
        self._fit = Fit(*data)

    def train(
        self, genome: str, budget: int | str, floors: Mapping[int, float] = MappingProxyType({})
    ) -> ForEvaluator:
        """Floors, where a search gives them: the least accuracy to go on with, by epoch."""
        recipe, _ = self.plan(budget)
        genes, began = parse_genome(genome), time.perf_counter()
        curve: list[dict[str, float]] = []

        def below(epoch: int, score: Callable[[], float]) -> bool:
            if not recipe.is_scored(epoch):
                return False
            curve.append({"epoch": epoch, "val_accuracy": score()})
            return score() < floors.get(epoch, 0.0)

        found = self._fit.train(genes, recipe, Stretch(1, recipe.epochs), below)
        early = found.status == "ok" and found.epochs < recipe.epochs
        evaluation = Evaluation(
            found.accuracy,
            found.train_accuracy,
            count_params(genes, *self._fit.size),
            time.perf_counter() - began,
            multiply_adds=count_multiply_adds(genes, *self._fit.size),
            epochs=found.epochs,
            best_epoch=found.epochs,
            curve=tuple(curve),
            status="stopped" if early else found.status,
            reason=found.reason,
        )
        return ForEvaluator(evaluation, [] if early else list(found.weights))
