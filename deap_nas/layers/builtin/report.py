"""The report's three: NC and RC, convolutions with an activation, and the head FL (section II)."""

from __future__ import annotations

from typing import Any

from deap_nas.layers.activations import ACTIVATIONS
from deap_nas.layers.gene import Conv, Head
from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.operations import Convolution, Dense, GlobalPooling, built_from
from deap_nas.layers.registry import register_layer

HEAD_UNITS = 64  # of the head's first dense layer


def _make(kind: str, stride: int, same: bool, shape: Any) -> Layer:
    def operations(filters: int, kernel: int, activation: str, shape: Shape) -> list[Any]:
        return [Convolution(filters, kernel, stride, same, activation=activation)]

    def params(filters: int, kernel: int, activation: str, shape: Shape) -> int:
        return (kernel**2 * shape[2] + 1) * filters

    def multiply_adds(filters: int, kernel: int, activation: str, before: Shape) -> int:
        height, width, _ = shape(filters, kernel, activation, before)
        return int(height * width * kernel**2 * before[2] * filters)

    return Layer(
        kind,
        {"filters": int, "kernel": int, "activation": ACTIVATIONS},
        built_from(operations),
        operations=operations,
        monotone=("filters", "kernel") if same else ("filters",),
        shape=shape,
        params=params,
        multiply_adds=multiply_adds,
        channel_free=True,
        gene=lambda filters, kernel, activation: Conv(kind, filters, kernel, activation),
    )


def _same(filters: int, kernel: int, activation: str, shape: Shape) -> Shape:
    return *shape[:2], filters


def _halved(filters: int, kernel: int, activation: str, shape: Shape) -> Shape:
    """Padding valid: nothing is left where the kernel exceeds the map."""
    height, width = (max(0, (size - kernel) // 2 + 1) for size in shape[:2])
    return height, width, filters


NC = register_layer(_make("NC", 1, True, _same))
RC = register_layer(_make("RC", 2, False, _halved))


def _head(activation: str, shape: Shape, n_classes: int) -> list[Any]:
    return [
        GlobalPooling(),
        Dense(HEAD_UNITS, activation),
        Dense(n_classes, activation),  # activated too: it is what the loss gets
    ]


FL = register_layer(
    Layer(
        "FL",
        {"activation": ACTIVATIONS},
        built_from(_head),
        operations=_head,
        monotone=(),
        shape=lambda activation, shape, n_classes: (n_classes,),
        params=lambda activation, shape, n_classes: (
            (shape[2] + 1) * HEAD_UNITS + (HEAD_UNITS + 1) * n_classes
        ),
        multiply_adds=lambda activation, shape, n_classes: (
            shape[2] * HEAD_UNITS + HEAD_UNITS * n_classes
        ),
        head=True,
        channel_free=True,
        gene=Head,
    )
)


def report_rules(
    n_normal: tuple[int, int],
    n_reduction: int,
    filters: tuple[int, ...],
    kernels: tuple[int, ...],
    activations: tuple[str, ...],
    head_activations: tuple[str, ...],
) -> dict[str, Any]:
    """The report's rules (sections II and IV) as a space has them: ``layers heads depth``."""
    values = {"filters": filters, "kernel": kernels, "activation": activations}
    return {
        "layers": {
            NC.name: {"count": n_normal, **values},
            RC.name: {"count": (n_reduction, n_reduction), **values},
        },
        "heads": {FL.name: {"activation": head_activations or activations}},
        "depth": (n_normal[0] + n_reduction, n_normal[1] + n_reduction),
    }


REPORT = (NC.name, RC.name, FL.name)
