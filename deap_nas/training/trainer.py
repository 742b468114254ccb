"""Training one genome: the one expensive function.

A result depends on (genome, recipe, data, train seed, engine) alone: weights and batch order come
from the seed, one thread does the sums in one order, and nothing is left over from the genome
before.
"""

from __future__ import annotations

import contextlib
import math
import platform
import time
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from deap_nas.evaluation.fitness import Evaluation, accuracy_of, failed
from deap_nas.evaluation.halving import Floors, stop
from deap_nas.evaluation.trained import Trained as Trained, Weights as Weights
from deap_nas.genome import Gene, format_genes, parse_genome
from deap_nas.layers.cost import count_multiply_adds, count_params
from deap_nas.layers.from_keras import import_keras
from deap_nas.layers.normalised import is_normalised
from deap_nas.training.cards import VISIBLE, Card
from deap_nas.training.engines import engine_of
from deap_nas.training.moves import draw_moves
from deap_nas.training.native import library
from deap_nas.training.native.network import NativeNetwork
from deap_nas.training.recipes import Recipe

TRAINING_VERSION = 1  # change it whenever this file changes what a training gives

# Before TensorFlow is imported. oneDNN is off by default on CPUs without AVX-512.
ENVIRONMENT = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": "/dev/null",  # where no keras.json can be, nor be made
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    VISIBLE: "",
    "LC_ALL": "C.UTF-8",
}
# What a worker has of the user's environment besides. Nothing else: TensorFlow, oneDNN, numpy and
# the C library read more variables, under more prefixes, than anybody lists, and some change sums.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", library.VARIABLE)


NO_FLOORS: Floors = MappingProxyType({})
SCORING = Recipe("scoring", 1, "sgd", 1.0, 1, batch_size=16)  # of a network that is not trained


class Trainer:
    """Trains genomes on images that it holds in memory once. Genomes come as texts.

    Args:
        x_train, x_scored: uint8 (0..255) or float32 (0..1) images, shape (n, height, width,
            channels); y_train, y_scored: whole-number labels, shape (n,).
        n_classes: classes of the data.
        engine: "auto", "native" or "keras"; TensorFlow is imported when the last has work.
        card: this worker's share of the card that "keras" trains on; None for the CPU.
    """

    def __init__(
        self,
        x_train: np.ndarray[Any, Any],
        y_train: np.ndarray[Any, Any],
        x_scored: np.ndarray[Any, Any],
        y_scored: np.ndarray[Any, Any],
        n_classes: int,
        *,
        engine: str = "auto",
        card: Card | None = None,
    ) -> None:
        height, width, channels = x_train.shape[1:]
        self.input_shape = (int(height), int(width), int(channels))
        self.n_classes, self._engine, self._card = n_classes, engine, card
        self._train_data, self._scored = (x_train, y_train), (x_scored, y_scored)
        self._networks: Any = None

    @property
    def keras(self) -> Any:
        """What makes networks of Keras's."""
        if self._networks is None:
            import_keras()
            from deap_nas.training.keras_engine.network import KerasNetworks

            self._networks = KerasNetworks(*self._train_data, self.n_classes, self._card)
        return self._networks

    def train(
        self, genome: str, recipe: Recipe, train_seed: int = 0, floors: Floors = NO_FLOORS
    ) -> Trained:
        """Train and score. A loss that is not finite gives status ``diverged``, an accuracy below
        a floor ``stopped``; both without weights.

        Args:
            genome: as text.
            recipe: how to train.
            train_seed: initial weights and batch order are a function of it.
            floors: the least accuracy with which training goes on, by epoch; those of the recipe's
                ``rungs`` are looked at.
        """
        with self._blaming():
            try:
                return self._train(parse_genome(genome), recipe, train_seed, floors)
            finally:
                if self._networks:
                    self._networks.forget()

    def make(self, genome: Sequence[Gene], recipe: Recipe, train_seed: int) -> Any:
        """A network that trains an epoch a call, and scores; see ``NativeNetwork``."""
        if engine_of(format_genes(genome), self._engine) == "keras":
            return self.keras.make(genome, recipe, train_seed)
        size = (self.input_shape, self.n_classes)
        return NativeNetwork(genome, *size, recipe, *self._train_data, seed=train_seed)

    def _train(
        self, genome: Sequence[Gene], recipe: Recipe, train_seed: int, floors: Floors
    ) -> Trained:
        n_images = len(self._train_data[1])
        recipe = recipe.for_images(n_images, min(self.input_shape[:2]))
        network = self.make(genome, recipe, train_seed)
        # Only now: of a layer without formulas Keras is asked, which the network sets up.
        normalised = is_normalised(genome, self.input_shape, self.n_classes)
        recipe = recipe.for_network(normalised=normalised)
        steps = math.ceil(n_images / recipe.batch_size)
        shuffle = np.random.default_rng([train_seed, 0xDA7A])
        watch, stopper = Stopwatch(), Stopper(recipe)
        curve: list[dict[str, float]] = []
        best: tuple[float, int, Weights, Any] = (-1.0, 0, [], None)
        for epoch in range(1, recipe.epochs + 1):
            order = shuffle.permutation(n_images).astype(np.int32)
            rates = [
                recipe.rate((epoch - 1) * steps + i, recipe.epochs * steps) for i in range(steps)
            ]
            with watch:
                moves = draw_moves(recipe, train_seed, epoch, n_images)
                loss, right = network(order, np.array(rates, np.float32), moves)
            row = {"epoch": epoch, "loss": loss, "accuracy": right}
            curve.append(row)
            scored = recipe.is_scored(epoch) and math.isfinite(loss)
            if scored:
                confusion, row["val_loss"] = network.score(*self._scored)
                row["val_accuracy"] = accuracy = accuracy_of(confusion)
                if not recipe.best_epoch or accuracy > best[0]:
                    best = (accuracy, epoch, network.weights, confusion)
            for name in ("loss", "val_loss"):
                if not math.isfinite(row.get(name, 0.0)):
                    reason = f"{name} {row[name]} in epoch {epoch}"
                    return Trained(self._diverged(genome, epoch, reason, watch), [])
            if scored and accuracy < floors.get(epoch, 0.0):
                begun = self._evaluation(genome, curve, epoch, confusion, watch)
                return Trained(stop(begun, floors[epoch]))
            if stopper.stops(row):
                break
        _, best_epoch, weights, confusion = best
        return Trained(self._evaluation(genome, curve, best_epoch, confusion, watch), weights)

    def score(
        self, genome: str, weights: Weights, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Confusion counts, [true class][predicted class], of a trained network on other images."""
        with self._blaming():
            return self._scorer(genome, weights).score(x, y)[0]  # type: ignore[no-any-return]

    def predict(
        self, genome: str, weights: Weights, x: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Predicted labels, shape (n,), of a trained network."""
        with self._blaming():
            return self._scorer(genome, weights).predict(x)  # type: ignore[no-any-return]

    @contextlib.contextmanager
    def _blaming(self) -> Iterator[None]:
        """What goes wrong on a card is said in our words."""
        try:
            yield
        except Exception as error:
            if self._networks:
                self._networks.blame(error)
            raise

    def _scorer(self, genome: str, weights: Weights) -> Any:
        genes = parse_genome(genome)
        if engine_of(genome, self._engine) == "keras":
            return self.keras.trained(genes, weights)
        size, data = (self.input_shape, self.n_classes), (self._scored[0][:0], self._scored[1][:0])
        return NativeNetwork(genes, *size, SCORING, *data, weights=weights)

    def _evaluation(
        self,
        genome: Sequence[Gene],
        curve: list[dict[str, float]],
        best_epoch: int,
        confusion: Any,
        watch: Stopwatch,
    ) -> Evaluation:
        return Evaluation(
            curve[best_epoch - 1]["val_accuracy"],
            curve[best_epoch - 1]["accuracy"],
            epochs=len(curve),
            best_epoch=best_epoch,
            confusion=tuple(tuple(map(int, counts)) for counts in confusion),
            curve=tuple(curve),
            **self._measured(genome, watch),
        )

    def _diverged(
        self, genome: Sequence[Gene], epoch: int, reason: str, watch: Stopwatch
    ) -> Evaluation:
        return failed("diverged", reason, epochs=epoch, **self._measured(genome, watch))

    def _measured(self, genome: Sequence[Gene], watch: Stopwatch) -> dict[str, Any]:
        size = (self.input_shape, self.n_classes)
        return {
            "n_params": count_params(genome, *size),
            "multiply_adds": count_multiply_adds(genome, *size),
            "train_seconds": watch.wall,
            "train_cpu_seconds": watch.cpu,
            "measured_on": platform.node(),
        }


class Stopwatch:
    """Wall-clock and CPU seconds of the stretches inside ``with``, summed."""

    wall = cpu = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._start[0]
        self.cpu += time.process_time() - self._start[1]


class Stopper:
    """Early stopping on the scored loss, as ``keras.callbacks.EarlyStopping`` decides."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe, self._best, self._waited = recipe, math.inf, 0

    def stops(self, row: dict[str, float]) -> bool:
        if not self._recipe.patience:
            return False
        if row["val_loss"] < self._best - self._recipe.min_delta:
            self._best, self._waited = row["val_loss"], 0
        else:
            self._waited += 1
        return self._waited >= self._recipe.patience
