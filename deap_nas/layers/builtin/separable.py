"""SB, SR and SK: a depthwise convolution, then one of kernel 1 across channels, both normalised.

Sources: Howard et al. 2017, *MobileNets*; the skip of SK, He et al. 2016.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from deap_nas.layers.activations import ACTIVATIONS
from deap_nas.layers.builtin.batch_norm import MOMENTUM
from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.operations import (
    Activation,
    Convolution,
    Depthwise,
    Normalisation,
    Skip,
    built_from,
)
from deap_nas.layers.registry import register_layer


def _block(filters: int, kernel: int, activation: str, stride: int) -> list[Any]:
    return [
        Depthwise(kernel, stride),
        Normalisation(MOMENTUM),
        Activation(activation),
        Convolution(filters, 1, bias=False),
        Normalisation(MOMENTUM),
        Activation(activation),
    ]


def _params(filters: int, kernel: int, shape: Shape) -> int:
    channels = shape[2]
    return (kernel**2 + 2) * channels + (channels + 2) * filters


def _multiply_adds(filters: int, kernel: int, shape: Shape, stride: int) -> int:
    channels = shape[2]
    places = ceil(shape[0] / stride) * ceil(shape[1] / stride)
    return places * channels * (kernel**2 + filters)


def _make(kind: str, stride: int) -> Layer:
    def behind(filters: int, kernel: int, activation: str, shape: Shape) -> Shape:
        return ceil(shape[0] / stride), ceil(shape[1] / stride), filters

    def operations(filters: int, kernel: int, activation: str, shape: Shape) -> list[Any]:
        return _block(filters, kernel, activation, stride)

    return Layer(
        kind,
        {"filters": int, "kernel": int, "activation": ACTIVATIONS},
        built_from(operations),
        operations=operations,
        monotone=("filters", "kernel"),
        shape=behind,
        params=lambda filters, kernel, activation, shape: _params(filters, kernel, shape),
        multiply_adds=lambda filters, kernel, activation, shape: _multiply_adds(
            filters, kernel, shape, stride
        ),
        channel_free=True,
    )


def _skip(kernel: int, activation: str, shape: Shape) -> list[Any]:
    return [Skip(_block(shape[2], kernel, activation, 1))]


SB = register_layer(_make("SB", 1))
SR = register_layer(_make("SR", 2))
SK = register_layer(
    Layer(
        "SK",
        {"kernel": int, "activation": ACTIVATIONS},
        built_from(_skip),
        operations=_skip,
        monotone=("kernel",),
        shape=lambda kernel, activation, shape: shape,
        params=lambda kernel, activation, shape: _params(shape[2], kernel, shape),
        multiply_adds=lambda kernel, activation, shape: _multiply_adds(shape[2], kernel, shape, 1),
        channel_free=True,
    )
)
