"""A genome's network as forward passes and backward passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from deap_nas.genome import Conv, Gene, Head
from deap_nas.training.graph.activations import ACTIVATIONS, Activation, Backward
from deap_nas.training.graph.convolutions import convolve, convolve_first


def loss_and_gradients(
    genome: Sequence[Gene], weights: Sequence[Any], images: Any, labels: Any
) -> tuple[Any, Any, list[Any]]:
    """Summed loss, number of right answers, and the gradients of the mean loss.

    Args:
        weights: in the order of ``model.get_weights()``, as are the gradients.
        images: float32, shape (n, height, width, channels); labels: int32, shape (n,).
    """
    logits, backwards = forward(genome, weights, images)
    losses, d = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=labels)
    d /= tf.cast(tf.shape(labels)[0], tf.float32)
    gradients: list[Any] = []
    for backward in reversed(backwards):
        d, of_layer = backward(d)
        gradients = of_layer + gradients
    right = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels)
    return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.float32)), gradients


def forward(
    genome: Sequence[Gene], weights: Sequence[Any], images: Any
) -> tuple[Any, list[Backward]]:
    """Logits, shape (n, classes), and the backward pass of each layer, first to last."""
    x = images
    backwards: list[Backward] = []
    pairs = iter(zip(weights[::2], weights[1::2]))
    for gene in genome:
        activation = ACTIVATIONS[gene.activation]
        if isinstance(gene, Conv):
            w, b = next(pairs)
            layer = (x, w, b, activation, 1 if gene.kind == "NC" else 2, gene.kind == "NC")
            if backwards:
                x, backward = convolve(*layer)
            elif x.shape[3] == 1:
                x, backward = convolve_first(*layer)
            else:
                x, backward = convolve(*layer, first=True)
            backwards.append(backward)
        elif isinstance(gene, Head):
            x, backward = pool(x)
            backwards.append(backward)
            for w, b in pairs:
                x, backward = dense(x, w, b, activation)
                backwards.append(backward)
    return x, backwards


def pool(x: Any) -> tuple[Any, Backward]:
    """Global average pooling."""
    _, h, w, _ = x.shape
    share = np.full((1, h, w, 1), 1 / (h * w), np.float32)
    return tf.reduce_mean(x, [1, 2]), lambda dy: (dy[:, None, None] * share, [])


def dense(x: Any, w: Any, b: Any, activation: Activation) -> tuple[Any, Backward]:
    """A dense layer of images that are vectors, shape (n, inputs)."""
    y, act_back = activation(tf.nn.bias_add(tf.matmul(x, w), b))

    def backward(dy: Any) -> Any:
        dz = act_back(dy)
        gradients = [tf.matmul(x, dz, transpose_a=True), tf.reduce_sum(dz, 0)]
        return tf.matmul(dz, w, transpose_b=True), gradients

    return y, backward
