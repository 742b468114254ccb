"""A genome as a list of steps for the kernels, and the weights that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, NoReturn

import numpy as np

from deap_nas.genome import Gene
from deap_nas.layers import LAYERS, LayerError, Shape, operations as made_of
from deap_nas.training.counter import counted
from deap_nas.training.model import does_not_fit
from deap_nas.training.native.library import Step

Array = np.ndarray[Any, Any]

# As in kernels/network.h and kernels/functions.h
WHATS = (
    *("convolution", "depthwise", "normalisation", "maximum", "average"),
    *("dropout", "global", "save", "add", "dense"),
)
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "swish", "gelu", "relu6", "hard_swish")


class Weight(NamedTuple):
    """An array of ``model.get_weights()``: how it begins, and whether training moves it by its
    gradient or it follows what is seen (``moving``)."""

    shape: tuple[int, ...]
    start: float = 0.0
    fans: int = 0  # inputs and outputs of a kernel, which Glorot's limit needs; 0: ``start``
    moving: bool = False


@dataclass
class Plan:
    """A network: steps and weights, both in order; ``largest``: numbers of a feature map."""

    steps: list[dict[str, Any]]
    weights: list[Weight]
    largest: int = 0

    def as_array(self) -> Any:
        rows = [
            Step(
                **{
                    **step,
                    "what": WHATS.index(step["what"]),
                    "activation": ACTIVATIONS.index(step.get("activation", "linear")),
                }
            )
            for step in self.steps
        ]
        return (Step * len(rows))(*rows)

    def initial(self, seed: int) -> list[Array]:
        """Weights to begin with, a function of the seed: Glorot's, ones and zeros, as in Keras.

        Source: Glorot and Bengio 2010, eq. 16.
        """
        return [
            _uniform(seed, i, each.shape) * np.float32(np.sqrt(6 / each.fans))
            if each.fans
            else np.full(each.shape, each.start, np.float32)
            for i, each in enumerate(self.weights)
        ]


def plan_of(genome: Sequence[Gene], input_shape: Shape, n_classes: int) -> Plan:
    """The steps of a genome whose layers all have ``operations``.

    Raises:
        GenomeError: for a genome that does not fit the images.
    """
    shape: Any = tuple(input_shape)
    plan = Plan([], [], prod(shape))
    for i, gene in enumerate(genome, 1):
        layer = LAYERS[gene.kind]
        about = (shape, n_classes) if layer.head else (shape,)
        behind = layer.shape_behind(gene, *about)
        if behind is None:
            does_not_fit(genome, i, shape)
        assert layer.operations
        channels = shape[2]
        for operation in layer.operations(*gene.values, *about):
            channels = _add(plan, operation, channels)
        shape = behind
        plan.largest = max(plan.largest, prod(shape), prod((*shape[:2], channels)))
    return plan


def _add(plan: Plan, operation: Any, channels: int) -> int:
    """Append an operation's steps and weights; the channels behind it."""
    if isinstance(operation, made_of.Skip):
        first = operation.operations[0]
        if not isinstance(first, made_of.Convolution | made_of.Depthwise):
            _refuse(f"a skip that begins with {type(first).__name__}")
        plan.steps.append({"what": "save"})
        for each in operation.operations:
            channels = _add(plan, each, channels)
        plan.steps.append({"what": "add"})
        return channels
    if isinstance(operation, made_of.Activation):
        _activate(plan.steps, operation.name)
        return channels
    step, weights, channels = STEPS[type(operation)](operation, channels)
    plan.steps.append(step)
    plan.weights += weights
    return channels


def _activate(steps: list[dict[str, Any]], name: str) -> None:
    """An activation is part of the step before it, if that has none."""
    before = steps[-1] if steps else {"what": ""}
    able = ("convolution", "depthwise", "normalisation", "dense")
    if before["what"] not in able or before.get("activation", "linear") != "linear":
        _refuse(f"activation {name} after {before['what'] or 'nothing'}")
    before["activation"] = name


def _refuse(what: str) -> NoReturn:
    raise LayerError(
        f"engine native has no kernel for {what}: leave out the layer's operations, and the engine "
        "keras trains it"
    )


def _convolution(o: made_of.Convolution, channels: int) -> Any:
    area = o.kernel**2
    kernel = Weight((o.kernel, o.kernel, channels, o.filters), 0, area * (channels + o.filters))
    about = {"filters": o.filters, "kernel": o.kernel, "stride": o.stride}
    step = {"what": "convolution", **about, "same": o.same, "bias": o.bias}
    step["activation"] = o.activation
    return step, [kernel, *([Weight((o.filters,))] if o.bias else [])], o.filters


def _depthwise(o: made_of.Depthwise, channels: int) -> Any:
    step = {"what": "depthwise", "kernel": o.kernel, "stride": o.stride, "same": True}
    fans = o.kernel**2 * (channels + 1)
    return step, [Weight((o.kernel, o.kernel, channels, 1), 0, fans)], channels


def _normalisation(o: made_of.Normalisation, channels: int) -> Any:
    gamma, beta = Weight((channels,), 1), Weight((channels,))
    kept = [Weight((channels,), start, moving=True) for start in (0, 1)]
    return {"what": "normalisation", "number": o.momentum}, [gamma, beta, *kept], channels


def _pooling(o: made_of.Pooling, channels: int) -> Any:
    return {"what": "maximum" if o.largest else "average", "kernel": o.size}, [], channels


def _dense(o: made_of.Dense, channels: int) -> Any:
    weights = [Weight((channels, o.units), 0, channels + o.units), Weight((o.units,))]
    step = {"what": "dense", "filters": o.units, "bias": True, "activation": o.activation}
    return step, weights, o.units


STEPS: dict[type, Callable[[Any, int], tuple[dict[str, Any], list[Weight], int]]] = {
    made_of.Convolution: _convolution,
    made_of.Depthwise: _depthwise,
    made_of.Normalisation: _normalisation,
    made_of.Pooling: _pooling,
    made_of.Dropout: lambda o, channels: ({"what": "dropout", "number": o.rate}, [], channels),
    made_of.GlobalPooling: lambda o, channels: ({"what": "global"}, [], channels),
    made_of.Dense: _dense,
}


def _uniform(seed: int, place: int, shape: tuple[int, ...]) -> Array:
    """Numbers in -1..1, the same on every machine, with every numpy."""
    draws = counted(seed, place, prod(shape)) >> np.uint64(40)
    numbers = draws.astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    result: Array = numbers.reshape(shape)
    return result
