"""An epoch as one graph over any Keras model, with TensorFlow's gradients."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from deap_nas.training.keras_engine.inference import as_input
from deap_nas.training.keras_engine.moves import moved
from deap_nas.training.keras_engine.optimizers import make_step
from deap_nas.training.moves import draw_moves
from deap_nas.training.recipes import Recipe
from deap_nas.training.targets import class_weights


class KerasEpoch:
    """Trains a Keras model, an epoch a call.

    What a layer keeps besides its weights (the statistics of batch normalisation, the state of
    dropout's random numbers) goes through the graph as well, and back into the model.

    Args:
        model: any ``keras.Model``; its weights are where training begins.
        recipe: how it is trained.
        images: a tensor of all training images, uint8 (0..255) or float32 (0..1), shape
            (n, height, width, channels).
        labels: int32, shape (n,).
    """

    def __init__(self, model: Any, recipe: Recipe, images: Any, labels: Any) -> None:
        self._model = model
        step, n_slots = make_step(recipe)
        trained = [tf.constant(v.numpy()) for v in model.trainable_variables]
        flat = tf.concat([tf.reshape(v, [-1]) for v in trained], 0)
        others = tuple(tf.constant(v.numpy()) for v in model.non_trainable_variables)
        self._state = (tf.constant(0.0), flat, (tf.zeros_like(flat),) * n_slots, others)
        losses = _losses(recipe, labels.numpy(), model.output_shape[-1])
        self._run = _compile(model, step, losses, recipe.batch_size, images, labels)
        # No step at all: traces and optimises the graph, so that a clock measures training alone.
        moves = draw_moves(recipe, 0, 0, len(labels))
        self(np.zeros(0, np.int32), np.zeros(0, np.float32), moves)

    def __call__(
        self,
        order: np.ndarray[Any, Any],
        rates: np.ndarray[Any, Any],
        moves: np.ndarray[Any, Any] | None = None,
    ) -> tuple[float, float]:
        """One pass over images; the loss and the accuracy, averaged over them while training.

        Args:
            order: places of images, int32, shape (n,).
            rates: a learning rate a step, float32.
            moves: how each image of the data is moved, as ``draw_moves`` gives it.
        """
        given = [tf.constant(order), tf.constant(rates)]
        given.append(None if moves is None else tf.constant(moves))
        self._state, loss, right = self._run(self._state, *given)
        n = max(1, len(order))
        return float(loss) / n, float(right) / n

    @property
    def weights(self) -> list[np.ndarray[Any, Any]]:
        """The weights by now, in the order of ``model.get_weights()``, which has them too."""
        _, flat, _, others = self._state
        variables = self._model.trainable_variables
        parts = np.split(flat.numpy(), np.cumsum([math.prod(v.shape) for v in variables])[:-1])
        for variable, part in zip(variables, parts):
            variable.assign(part.reshape(variable.shape))
        for variable, value in zip(self._model.non_trainable_variables, others):
            variable.assign(value)
        found: list[np.ndarray[Any, Any]] = self._model.get_weights()
        return found


def _losses(recipe: Recipe, labels: Any, n_classes: int) -> Any:
    """The loss of each image, as a function of labels and logits."""
    weights = tf.constant(class_weights(recipe, labels, n_classes))
    rest = recipe.label_smoothing / n_classes

    def losses(y: Any, logits: Any) -> Any:
        if recipe.label_smoothing:
            targets = tf.one_hot(y, n_classes, 1 - recipe.label_smoothing + rest, rest)
            found = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        else:
            found = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        return found if recipe.class_weights == "none" else found * tf.gather(weights, y)

    return losses


def _compile(model: Any, step: Any, losses_of: Any, size: int, images: Any, labels: Any) -> Any:
    shapes = [tuple(v.shape) for v in model.trainable_variables]
    sizes = [math.prod(shape) for shape in shapes]

    def loss_and_gradient(flat: Any, others: Any, x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(flat)
            weights = [tf.reshape(part, s) for part, s in zip(tf.split(flat, sizes), shapes)]
            with _fused_batch_norm():
                logits, others = model.stateless_call(weights, others, x, training=True)
            losses = losses_of(y, logits)
            mean = tf.reduce_mean(losses)
        right = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), y)
        right = tf.reduce_sum(tf.cast(right, tf.float32))
        return tf.reduce_sum(losses), right, tape.gradient(mean, flat), tuple(others)

    @tf.function(autograph=False, jit_compile=False)  # type: ignore[untyped-decorator]
    def run(state: Any, order: Any, rates: Any, moves: Any) -> Any:
        n = tf.shape(order)[0]

        def body(i: Any, state: Any, loss: Any, right: Any) -> Any:
            number, flat, slots, others = state
            chosen = order[i * size : tf.minimum((i + 1) * size, n)]
            x, y = as_input(tf.gather(images, chosen)), tf.gather(labels, chosen)
            if moves is not None:
                x = moved(x, tf.gather(moves, chosen))
            batch_loss, batch_right, gradient, others = loss_and_gradient(flat, others, x, y)
            flat, slots = step(flat, slots, gradient, rates[i], number + 1)
            state = (number + 1, flat, slots, others)
            return i + 1, state, loss + batch_loss, right + batch_right

        _, state, loss, right = tf.while_loop(
            lambda i, *_: i < tf.shape(rates)[0], body, (0, state, 0.0, 0.0), parallel_iterations=1
        )
        return state, loss, right

    return run


@contextlib.contextmanager
def _fused_batch_norm() -> Iterator[None]:
    """Batch normalisation of feature maps by TensorFlow's fused operation, which computes what
    Keras's chain of small ones does and takes a third of the time on a CPU."""
    cls, plain = keras.layers.BatchNormalization, keras.layers.BatchNormalization.call

    def call(self: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        fusible = training and mask is None and self.trainable and self.scale and self.center
        if not fusible or len(inputs.shape) != 4 or self.axis not in (-1, 3):
            return plain(self, inputs, training=training, mask=mask)
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        n = tf.cast(tf.size(inputs) / inputs.shape[-1], tf.float32)
        variance *= (n - 1) / n  # Keras keeps the batch's own variance, without Bessel's correction
        for kept, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept.assign(kept * self.momentum + new * (1 - self.momentum))
        return y

    cls.call = call
    try:
        yield
    finally:
        cls.call = plain
