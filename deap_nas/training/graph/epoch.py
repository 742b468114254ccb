"""A whole epoch as one graph: no Python between two steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from deap_nas.training.graph.network import Plan, loss_and_gradients
from deap_nas.training.graph.optimizers import make_step
from deap_nas.training.inference import as_input
from deap_nas.training.recipes import Recipe


class EpochGraph:
    """Trains one network's weights, an epoch a call.

    Args:
        plans: its layers.
        recipe: how it is trained.
        weights: the initial ones, in the order of ``model.get_weights()``.
        images: a tensor of all training images, uint8 (0..255) or float32 (0..1), shape
            (n, height, width, channels); labels: int32, shape (n,).
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        recipe: Recipe,
        weights: Sequence[np.ndarray[Any, Any]],
        images: Any,
        labels: Any,
    ) -> None:
        self._shapes = [w.shape for w in weights]
        step, n_slots = make_step(recipe)
        flat = tf.constant(np.concatenate([w.ravel() for w in weights]))
        self._state = (tf.constant(0.0), flat, (tf.zeros_like(flat),) * n_slots)
        self._run = _compile(plans, self._shapes, step, recipe.batch_size, images, labels)
        # No step at all: traces and optimises the graph, so that a clock measures training alone.
        self(np.zeros(0, np.int32), np.zeros(0, np.float32))

    def __call__(
        self, order: np.ndarray[Any, Any], rates: np.ndarray[Any, Any]
    ) -> tuple[float, float]:
        """One pass over the images in ``order`` (int32), with a learning rate (float32) a step.

        Returns the loss and the accuracy, averaged over the images while training, as
        ``keras.Model.fit`` reports them.
        """
        self._state, loss, right = self._run(self._state, tf.constant(order), tf.constant(rates))
        n = max(1, len(order))
        return float(loss) / n, float(right) / n

    @property
    def weights(self) -> list[np.ndarray[Any, Any]]:
        """The weights by now, in the order of ``model.get_weights()``."""
        ends = np.cumsum([math.prod(shape) for shape in self._shapes])[:-1]
        parts = np.split(self._state[1].numpy(), ends)
        return [part.reshape(shape) for part, shape in zip(parts, self._shapes)]


def _compile(
    plans: Sequence[Plan], shapes: Sequence[Any], step: Any, size: int, images: Any, labels: Any
) -> Any:
    sizes = [math.prod(shape) for shape in shapes]

    @tf.function(autograph=False, jit_compile=False)  # type: ignore[untyped-decorator]
    def run(state: Any, order: Any, rates: Any) -> Any:
        n = tf.shape(order)[0]

        def body(i: Any, state: Any, loss: Any, right: Any) -> Any:
            number, flat, slots = state
            chosen = order[i * size : tf.minimum((i + 1) * size, n)]
            x, y = as_input(tf.gather(images, chosen)), tf.gather(labels, chosen)
            weights = [tf.reshape(part, s) for part, s in zip(tf.split(flat, sizes), shapes)]
            batch_loss, batch_right, gradients = loss_and_gradients(plans, weights, x, y)
            gradient = tf.concat([tf.reshape(g, [-1]) for g in gradients], 0)
            flat, slots = step(flat, slots, gradient, rates[i], number + 1)
            return i + 1, (number + 1, flat, slots), loss + batch_loss, right + batch_right

        _, state, loss, right = tf.while_loop(
            lambda i, *_: i < tf.shape(rates)[0], body, (0, state, 0.0, 0.0), parallel_iterations=1
        )
        return state, loss, right

    return run
