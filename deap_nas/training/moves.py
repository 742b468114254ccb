"""How training images are moved: mirrored and shifted, each anew in every epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from deap_nas.training.counter import counted
from deap_nas.training.recipes import Recipe

STREAM = 2**32  # the first; initial weights have those before


def draw_moves(recipe: Recipe, seed: int, epoch: int, n: int) -> np.ndarray[Any, Any] | None:
    """Moves of ``n`` images: int8, shape (n, 3); None where the recipe moves none.

    A row says whether an image is mirrored (left for right, 0 or 1), and by how many pixels it
    then goes down and to the right. What comes in is 0, which is black.

    Args:
        recipe: says what is drawn.
        seed: the train seed; a move is a function of it, the epoch and the image.
        epoch: from 1.
        n: images of the data.
    """
    if not recipe.flips and not recipe.shifts:
        return None
    draws, span = counted(seed, STREAM + epoch, n), np.uint64(2 * recipe.shifts + 1)
    mirrored = draws >> np.uint64(63) if recipe.flips else np.zeros(n)
    parts = [draws >> np.uint64(at) & np.uint64(0xFFFFFF) for at in (0, 24)]
    down, right = ((part % span).astype(np.int64) - recipe.shifts for part in parts)
    return np.stack([mirrored, down, right], 1).astype(np.int8)
