"""CB and CR: a convolution without bias, batch normalisation, an activation.

Source: Ioffe and Szegedy 2015, *Batch Normalization*, for convolution before the activation.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from deap_nas.layers.activations import ACTIVATIONS
from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.operations import Activation, Convolution, Normalisation, built_from
from deap_nas.layers.registry import register_layer

MOMENTUM = 0.9  # Keras's 0.99 remembers more steps than a short training has


def _make(kind: str, stride: int) -> Layer:
    def operations(filters: int, kernel: int, activation: str, shape: Shape) -> list[Any]:
        return [
            Convolution(filters, kernel, stride, bias=False),
            Normalisation(MOMENTUM),
            Activation(activation),
        ]

    def behind(filters: int, kernel: int, activation: str, shape: Shape) -> Shape:
        return ceil(shape[0] / stride), ceil(shape[1] / stride), filters

    def params(filters: int, kernel: int, activation: str, shape: Shape) -> int:
        return kernel**2 * shape[2] * filters + 2 * filters

    def multiply_adds(filters: int, kernel: int, activation: str, shape: Shape) -> int:
        height, width, _ = behind(filters, kernel, activation, shape)
        return height * width * kernel**2 * shape[2] * filters

    return Layer(
        kind,
        {"filters": int, "kernel": int, "activation": ACTIVATIONS},
        built_from(operations),
        operations=operations,
        monotone=("filters", "kernel"),
        shape=behind,
        params=params,
        multiply_adds=multiply_adds,
        channel_free=True,
    )


CB = register_layer(_make("CB", 1))
CR = register_layer(_make("CR", 2))
