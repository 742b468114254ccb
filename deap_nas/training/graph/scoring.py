"""Scoring a Keras model: its own forward pass, so that a reloaded model scores the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from deap_nas.training.graph.epoch import as_input

BATCH = 500  # images at a time


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

    def score(
        self, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], float]:
        """Confusion counts, [true class][predicted class], and the mean loss."""
        labels, loss = self._run(x, y.astype(np.int32))
        confusion = np.zeros((self._n_classes, self._n_classes), np.int64)
        np.add.at(confusion, (y, labels), 1)
        return confusion, loss

    def predict(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Predicted labels, int32, shape (n,)."""
        labels, _ = self._run(x, np.zeros(len(x), np.int32))
        return labels

    def _run(
        self, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
    ) -> tuple[np.ndarray[Any, Any], float]:
        found, total = [], 0.0
        for start in range(0, len(y), BATCH):
            part = slice(start, start + BATCH)
            labels, loss = self._score(tf.constant(x[part]), tf.constant(y[part]))
            found.append(labels.numpy())
            total += float(loss)
        return np.concatenate(found), total / len(y)
