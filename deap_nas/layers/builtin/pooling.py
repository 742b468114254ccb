"""MP and AP: maximum and average pooling, as far apart as they are wide."""

from __future__ import annotations

from typing import Any

from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.registry import register_layer


def _make(kind: str, pooling: str) -> Layer:
    def build(size: int, shape: Shape) -> list[Any]:
        import keras

        return [getattr(keras.layers, pooling)(size)]

    return Layer(
        kind,
        {"size": int},
        build,
        shape=lambda size, shape: (shape[0] // size, shape[1] // size, shape[2]),
        params=lambda size, shape: 0,
        multiply_adds=lambda size, shape: 0,
        channel_free=True,
    )


MP = register_layer(_make("MP", "MaxPooling2D"))
AP = register_layer(_make("AP", "AveragePooling2D"))
