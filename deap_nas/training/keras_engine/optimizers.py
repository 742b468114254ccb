"""Keras's optimizers as pure functions of flat parameters.

``step(weights, slots, gradient, rate, number) -> (weights, slots)``; ``number`` counts from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from deap_nas.training.recipes import Recipe

Step = Callable[[Any, tuple[Any, ...], Any, Any, Any], tuple[Any, tuple[Any, ...]]]

# The defaults of keras.optimizers.Adam and RMSprop
BETA_1, BETA_2, RHO, EPSILON = 0.9, 0.999, 0.9, 1e-7


def make_step(recipe: Recipe) -> tuple[Step, int]:
    """The step of a recipe's optimizer, and how many slots, each as long as the weights, it has."""
    step, n_slots = _plain_step(recipe)

    def decayed(weights: Any, slots: Any, gradient: Any, rate: Any, number: Any) -> Any:
        return step(weights - weights * recipe.weight_decay * rate, slots, gradient, rate, number)

    return (decayed if recipe.weight_decay else step), n_slots


def _plain_step(recipe: Recipe) -> tuple[Step, int]:
    if recipe.optimizer == "sgd":

        def sgd(weights: Any, slots: Any, gradient: Any, rate: Any, number: Any) -> Any:
            momentum = slots[0] * recipe.momentum - gradient * rate
            return weights + momentum, (momentum,)

        return sgd, 1
    return (adam, 2) if recipe.optimizer == "adam" else (rmsprop, 1)


def adam(weights: Any, slots: Any, gradient: Any, rate: Any, number: Any) -> Any:
    """Kingma and Ba 2015, in the form of section 2's last paragraph, as Keras has it."""
    m, v = slots
    m += (gradient - m) * (1 - BETA_1)
    v += (tf.square(gradient) - v) * (1 - BETA_2)
    alpha = rate * tf.sqrt(1 - tf.pow(BETA_2, number)) / (1 - tf.pow(BETA_1, number))
    return weights - m * alpha / (tf.sqrt(v) + EPSILON), (m, v)


def rmsprop(weights: Any, slots: Any, gradient: Any, rate: Any, number: Any) -> Any:
    """Tieleman and Hinton 2012, lecture 6.5, without momentum, as Keras has it."""
    v = slots[0] * RHO + tf.square(gradient) * (1 - RHO)
    return weights - rate * gradient * tf.math.rsqrt(v + EPSILON), (v,)
