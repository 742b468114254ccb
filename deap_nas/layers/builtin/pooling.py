"""MP and AP: maximum and average pooling, as far apart as they are wide."""

from __future__ import annotations

from typing import Any

from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.operations import Pooling, built_from
from deap_nas.layers.registry import register_layer


def _make(kind: str, largest: bool) -> Layer:
    def operations(size: int, shape: Shape) -> list[Any]:
        return [Pooling(size, largest)]

    return Layer(
        kind,
        {"size": int},
        built_from(operations),
        operations=operations,
        monotone=(),
        shape=lambda size, shape: (shape[0] // size, shape[1] // size, shape[2]),
        params=lambda size, shape: 0,
        multiply_adds=lambda size, shape: 0,
        channel_free=True,
    )


MP = register_layer(_make("MP", largest=True))
AP = register_layer(_make("AP", largest=False))
