"""Training images that are moved, as a graph."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def moved(images: Any, moves: Any) -> Any:
    """Images mirrored, then shifted; what comes in is 0.

    Args:
        images: shape (n, height, width, channels).
        moves: int8, shape (n, 3), as ``draw_moves`` gives them.
    """
    mirrored, down, right = tf.unstack(tf.cast(moves, tf.int32), axis=1)
    images = tf.where(mirrored[:, None, None, None] == 1, images[:, :, ::-1], images)
    images = _shifted(images, down)
    return tf.transpose(_shifted(tf.transpose(images, (0, 2, 1, 3)), right), (0, 2, 1, 3))


def _shifted(images: Any, by: Any) -> Any:
    """Each image's rows, moved down by as many as is said of it."""
    n = images.shape[1]
    rows = tf.range(n)[None] - by[:, None]
    there = (rows >= 0) & (rows < n)
    found = tf.gather(images, tf.clip_by_value(rows, 0, n - 1), batch_dims=1)
    return tf.where(there[:, :, None, None], found, tf.zeros_like(found))
