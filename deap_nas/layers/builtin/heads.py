"""GP and GD: global average pooling, then a linear layer to the classes; GD has a dense layer
between them.

Source: Lin, Chen and Yan 2014, *Network in Network*.
"""

from __future__ import annotations

from typing import Any

from deap_nas.layers.activations import ACTIVATIONS
from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.operations import Dense, GlobalPooling, built_from
from deap_nas.layers.registry import register_layer


def _pooled(shape: Shape, n_classes: int) -> list[Any]:
    return [GlobalPooling(), Dense(n_classes)]


def _pooled_dense(units: int, activation: str, shape: Shape, n_classes: int) -> list[Any]:
    return [GlobalPooling(), Dense(units, activation), Dense(n_classes)]


GP = register_layer(
    Layer(
        "GP",
        {},
        built_from(_pooled),
        operations=_pooled,
        monotone=(),
        shape=lambda shape, n_classes: (n_classes,),
        params=lambda shape, n_classes: (shape[2] + 1) * n_classes,
        multiply_adds=lambda shape, n_classes: shape[2] * n_classes,
        head=True,
        channel_free=True,
    )
)
GD = register_layer(
    Layer(
        "GD",
        {"units": int, "activation": ACTIVATIONS},
        built_from(_pooled_dense),
        operations=_pooled_dense,
        monotone=("units",),
        shape=lambda units, activation, shape, n_classes: (n_classes,),
        params=lambda units, activation, shape, n_classes: (
            (shape[2] + 1) * units + (units + 1) * n_classes
        ),
        multiply_adds=lambda units, activation, shape, n_classes: units * (shape[2] + n_classes),
        head=True,
        channel_free=True,
    )
)
