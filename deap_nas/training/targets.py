"""What a network is asked to answer: how much an image counts, by its class."""

from __future__ import annotations

from typing import Any

import numpy as np

from deap_nas.training.recipes import Recipe

Array = np.ndarray[Any, Any]


def class_weights(recipe: Recipe, labels: Array, n_classes: int) -> Array:
    """How much an image of each class counts in the loss, float32, shape (n_classes,).

    Args:
        recipe: says how; "balanced" is n / (n_classes x count), after King and Zeng 2001.
        labels: of the training images, whole numbers, shape (n,).
        n_classes: classes of the data; one without images has weight 0 where it is balanced.
    """
    if recipe.class_weights == "none":
        return np.ones(n_classes, np.float32)
    counts = np.bincount(labels, minlength=n_classes)
    weights = len(labels) / (n_classes * np.maximum(counts, 1)) * (counts > 0)
    return weights.astype(np.float32)
