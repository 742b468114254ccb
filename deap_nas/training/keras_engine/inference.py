"""Trained networks at work: a Keras model's own forward pass, so that a reloaded one scores alike.

Who imports this has TensorFlow; one thread, in the order of training, makes every sum the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from deap_nas.files import whole
from deap_nas.genome import Gene
from deap_nas.training.model import build_model

BATCH = 500  # images at a time
Array = np.ndarray[Any, Any]


class Scorer:
    """The predictions and the loss of one ``keras.Model``, whatever its weights at the time."""

    def __init__(self, model: Any, n_classes: int) -> None:
        self._n_classes = n_classes

        @tf.function(jit_compile=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
        def score(x: Any, y: Any) -> Any:
            # The activated output is what the loss gets. Keras's own loss would look behind a
            # sigmoid, at the values before it, which is not what the report's design says.
            logits = model(as_input(x), training=False)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            return tf.argmax(logits, axis=1, output_type=tf.int32), tf.reduce_sum(losses)

        self._score = score

    def score(self, x: Array, y: Array) -> tuple[Array, float]:
        """Confusion counts, [true class][predicted class], and the mean loss."""
        labels, loss = self._run(x, y.astype(np.int32))
        confusion = np.zeros((self._n_classes, self._n_classes), np.int64)
        np.add.at(confusion, (y, labels), 1)
        return confusion, loss

    def predict(self, x: Array) -> Array:
        """Predicted labels, int32, shape (n,), of images, shape (n, height, width, channels)."""
        labels, _ = self._run(x, np.zeros(len(x), np.int32))
        return labels

    def _run(self, x: Array, y: Array) -> tuple[Array, float]:
        found, total = [], 0.0
        for start in range(0, len(y), BATCH):
            part = slice(start, start + BATCH)
            labels, loss = self._score(tf.constant(x[part]), tf.constant(y[part]))
            found.append(labels.numpy())
            total += float(loss)
        return np.concatenate(found), total / len(y)


def trained_model(
    genome: Sequence[Gene],
    weights: Sequence[Array],
    input_shape: tuple[int, int, int],
    n_classes: int,
) -> Any:
    """The ``keras.Model`` of a genome with its trained weights."""
    model = build_model(genome, input_shape, n_classes)
    model.set_weights(weights)
    return model


def save_model(model: Any, path: str | Path) -> None:
    """Write a plain Keras model, whole or not at all."""
    with whole(Path(path)) as part:
        model.save(part)


def as_input(images: Any) -> Any:
    """What a network is fed: float32 pixels in 0..1."""
    return tf.cast(images, tf.float32) / 255.0 if images.dtype == tf.uint8 else images


def use_one_thread() -> None:
    """Have TensorFlow do its sums in one order; before its first."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
