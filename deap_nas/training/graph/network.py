"""A network of plain convolutions and dense layers as forward passes and backward passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from deap_nas.training.graph.activations import ACTIVATIONS, Activation, Backward
from deap_nas.training.graph.convolutions import convolve, convolve_first


@dataclass(frozen=True)
class Plan:
    """A layer as this graph knows it: ``conv`` (stride, and padding same or not), ``pool`` or
    ``dense``, with the name of its activation."""

    what: str
    activation: str = ""
    stride: int = 1
    same: bool = True


def plan_of(model: Any) -> list[Plan] | None:
    """The layers of a Keras model; None if there is one that this graph does not know."""
    plans = [_plan(layer) for layer in model.layers if type(layer).__name__ != "InputLayer"]
    known = [plan for plan in plans if plan is not None]
    whats = [plan.what for plan in known]
    convs = whats.count("conv")
    # convolutions, pooling, dense layers: anything else is Keras's
    ordered = whats == [*["conv"] * convs, "pool", *["dense"] * (len(whats) - convs - 1)]
    return known if len(known) == len(plans) and ordered and "dense" in whats else None


def _plan(layer: Any) -> Plan | None:
    activation = getattr(getattr(layer, "activation", None), "__name__", "")
    activation = {"silu": "swish"}.get(activation, activation)
    kind = type(layer).__name__
    if kind == "GlobalAveragePooling2D" and not layer.keepdims:
        return Plan("pool")
    if activation not in ACTIVATIONS or not getattr(layer, "use_bias", False):
        return None
    if kind == "Dense":
        return Plan("dense", activation)
    plain = kind == "Conv2D" and layer.groups == 1 and layer.dilation_rate == (1, 1)
    if not plain or len({*layer.kernel_size}) > 1:
        return None
    known = {((1, 1), "same"): (1, True), ((2, 2), "valid"): (2, False)}
    way = known.get((tuple(layer.strides), layer.padding))
    return Plan("conv", activation, *way) if way else None


def loss_and_gradients(
    plans: Sequence[Plan], weights: Sequence[Any], images: Any, labels: Any
) -> tuple[Any, Any, list[Any]]:
    """Summed loss, number of right answers, and the gradients of the mean loss.

    Args:
        plans: the layers.
        weights: in the order of ``model.get_weights()``, as are the gradients.
        images: float32, shape (n, height, width, channels).
        labels: int32, shape (n,).
    """
    logits, backwards = forward(plans, weights, images)
    losses, d = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=labels)
    d /= tf.cast(tf.shape(labels)[0], tf.float32)
    gradients: list[Any] = []
    for backward in reversed(backwards):
        d, of_layer = backward(d)
        gradients = of_layer + gradients
    right = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), labels)
    return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(right, tf.float32)), gradients


def forward(
    plans: Sequence[Plan], weights: Sequence[Any], images: Any
) -> tuple[Any, list[Backward]]:
    """Logits, shape (n, classes), and the backward pass of each layer, first to last."""
    x = images
    backwards: list[Backward] = []
    pairs = iter(zip(weights[::2], weights[1::2]))
    for plan in plans:
        if plan.what == "conv":
            w, b = next(pairs)
            layer = (x, w, b, ACTIVATIONS[plan.activation], plan.stride, plan.same)
            if backwards:
                x, backward = convolve(*layer)
            elif x.shape[3] == 1:
                x, backward = convolve_first(*layer)
            else:
                x, backward = convolve(*layer, first=True)
            backwards.append(backward)
        elif plan.what == "pool":
            x, backward = pool(x)
            backwards.append(backward)
        else:
            w, b = next(pairs)
            x, backward = dense(x, w, b, ACTIVATIONS[plan.activation])
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
