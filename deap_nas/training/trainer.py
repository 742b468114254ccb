"""Training one genome: the one expensive function.

A result depends on (genome, recipe, data, train seed) alone: weights and batch order come from the
seed, one thread does the sums in one order, and nothing is left over from the genome before.
"""

from __future__ import annotations

import gc
import math
import platform
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from deap_nas.evaluation.fitness import Evaluation, accuracy_of, failed
from deap_nas.evaluation.trained import Trained as Trained, Weights as Weights
from deap_nas.genome import Gene, parse_genome
from deap_nas.layers.cost import count_multiply_adds, count_params
from deap_nas.layers.from_keras import import_keras
from deap_nas.training.model import build_model
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
    "CUDA_VISIBLE_DEVICES": "",
    "LC_ALL": "C.UTF-8",
}
# What a worker has of the user's environment besides. Nothing else: TensorFlow, oneDNN, numpy and
# the C library read more variables, under more prefixes, than anybody lists, and some change sums.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR")


class Trainer:
    """Trains genomes on images that it holds in memory once. Genomes come as texts.

    Args:
        x_train, x_scored: uint8 (0..255) or float32 (0..1) images, shape (n, height, width,
            channels); y_train, y_scored: whole-number labels, shape (n,).
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
    ) -> None:
        self._keras = import_keras()
        import tensorflow as tf

        from deap_nas.training import graph, inference
        from deap_nas.training.keras_epoch import KerasEpoch

        self._graph, self._inference, self._keras_epoch = graph, inference, KerasEpoch
        inference.use_one_thread()
        height, width, channels = x_train.shape[1:]
        self.input_shape = (int(height), int(width), int(channels))
        self.n_classes, self._engine_name = n_classes, engine
        # uint8 stays uint8: 47 MiB of Fashion-MNIST, not 188
        self.tensors = tf.constant(x_train), tf.constant(y_train.astype(np.int32))
        self._scored = (x_scored, y_scored)
        gc.freeze()  # TensorFlow's million objects: no collection needs to look at them again

    def train(self, genome: str, recipe: Recipe, train_seed: int = 0) -> Trained:
        """Train and score; a loss that is not finite gives status ``diverged``, and no weights."""
        self._keras.utils.set_random_seed(train_seed)  # for what a user's layer draws on its own
        try:
            return self._train(parse_genome(genome), recipe, train_seed)
        finally:
            # What Keras keeps for a model's sake; without this a warm worker grows by each genome.
            self._keras.backend.clear_session()
            gc.collect()

    def _train(self, genome: Sequence[Gene], recipe: Recipe, train_seed: int) -> Trained:
        model = build_model(genome, self.input_shape, self.n_classes, seed=train_seed)
        run_epoch = self.make_epoch(model, recipe)
        n_images = len(self.tensors[1])
        scorer = self._make_scorer(model)
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
                loss, right = run_epoch(order, np.array(rates, np.float32))
            row = {"epoch": epoch, "loss": loss, "accuracy": right}
            curve.append(row)
            scored = recipe.is_scored(epoch) and math.isfinite(loss)
            if scored:
                model.set_weights(run_epoch.weights)
                confusion, row["val_loss"] = scorer.score(*self._scored)
                row["val_accuracy"] = accuracy = accuracy_of(confusion)
                if not recipe.best_epoch or accuracy > best[0]:
                    best = (accuracy, epoch, run_epoch.weights, confusion)
            for name in ("loss", "val_loss"):
                if not math.isfinite(row.get(name, 0.0)):
                    reason = f"{name} {row[name]} in epoch {epoch}"
                    return Trained(self._diverged(genome, epoch, reason, watch), [])
            if stopper.stops(row):
                break
        accuracy, best_epoch, weights, confusion = best
        evaluation = Evaluation(
            accuracy,
            curve[best_epoch - 1]["accuracy"],
            epochs=len(curve),
            best_epoch=best_epoch,
            confusion=tuple(tuple(map(int, counts)) for counts in confusion),
            curve=tuple(curve),
            **self._measured(genome, watch),
        )
        return Trained(evaluation, weights)

    def make_epoch(self, model: Any, recipe: Recipe) -> Any:
        """What trains a model an epoch a call: our own graph where it knows every layer."""
        plans = self._graph.plan_of(model) if self._engine_name == "auto" else None
        if plans:
            return self._graph.EpochGraph(plans, recipe, model.get_weights(), *self.tensors)
        return self._keras_epoch(model, recipe, *self.tensors)

    def score(
        self, genome: str, weights: Weights, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Confusion counts, [true class][predicted class], of a trained network on other images."""
        return self._scorer(genome, weights).score(x, y)[0]  # type: ignore[no-any-return]

    def predict(
        self, genome: str, weights: Weights, x: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Predicted labels, shape (n,), of a trained network."""
        return self._scorer(genome, weights).predict(x)  # type: ignore[no-any-return]

    def save(self, genome: str, weights: Weights, path: str) -> None:
        """Write a trained network as a plain Keras model, whole or not at all."""
        self._inference.save_model(self._model(genome, weights), path)

    def _scorer(self, genome: str, weights: Weights) -> Any:
        return self._make_scorer(self._model(genome, weights))

    def _make_scorer(self, model: Any) -> Any:
        return self._inference.Scorer(model, self.n_classes)

    def _model(self, genome: str, weights: Weights) -> Any:
        size = (self.input_shape, self.n_classes)
        return self._inference.trained_model(parse_genome(genome), weights, *size)

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
