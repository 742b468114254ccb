"""DO: dropout, by the share of values that it sets to zero while training, in percent.

Source: Srivastava et al. 2014, *Dropout*.
"""

from __future__ import annotations

from typing import Any

from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.operations import Dropout, built_from
from deap_nas.layers.registry import register_layer


def _operations(percent: int, shape: Shape) -> list[Any]:
    return [Dropout(percent / 100)]


DO = register_layer(
    Layer(
        "DO",
        {"percent": range(1, 100)},
        built_from(_operations),
        operations=_operations,
        monotone=("percent",),
        shape=lambda percent, shape: shape,
        params=lambda percent, shape: 0,
        multiply_adds=lambda percent, shape: 0,
        channel_free=True,
    )
)
