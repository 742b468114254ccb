"""What TensorFlow Lite makes of operations: the operators of an int8 model, their RAM and flash.

Its converter folds a normalisation into the convolution before it, fuses relu and relu6, and drops
dropout. Learned from conversions by TensorFlow 2.21, which ``tests/devices`` repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from math import ceil, prod
from typing import Any

from deap_nas.layers.operations import (
    LINEAR,
    Activation,
    Convolution,
    Dense,
    Depthwise,
    Dropout,
    GlobalPooling,
    Normalisation,
    Pooling,
    Skip,
)

ALIGNMENT = 16  # bytes, of each tensor in the arena and of each array of weights in the file
FUSED = (LINEAR, "relu", "relu6")
APART = {  # activations that are operators of their own
    "sigmoid": ("LOGISTIC",),
    "tanh": ("TANH",),
    "hard_swish": ("HARD_SWISH",),
    "swish": ("LOGISTIC", "MUL"),
    "gelu": ("GELU",),
}
MISSING = {"GELU": "hard_swish or swish"}
"""Operators that TensorFlow Lite Micro does not have, and what to use instead."""

# Bytes of a model (devices.compact): what the first operator of a kind takes, besides weights, and
# how much less each other one. Fitted to 500 conversions of networks of the wide space.
OPERATORS = {
    "ADD": 85,
    "AVERAGE_POOL_2D": 127,
    "CONV_2D": 228,
    "DEPTHWISE_CONV_2D": 315,
    "FULLY_CONNECTED": 193,
    "GELU": 155,
    "HARD_SWISH": 118,
    "LOGISTIC": 103,
    "MAX_POOL_2D": 135,
    "MEAN": 0,  # each network has one; it is in FILE
    "MUL": 130,
    "TANH": 98,
}
LESS = {
    "ADD": 61,
    "DEPTHWISE_CONV_2D": 91,
    "HARD_SWISH": 39,
    "LOGISTIC": 39,
    "MAX_POOL_2D": 9,
    "MUL": 25,
    "TANH": 29,
}
ARRAY = 12  # of an array of weights, besides its bytes
NUMBER = 4  # a bias, or a scale
FILE = 560  # whatever is in it
PLACES = (16, 8)  # bytes in which a mean counts over its axes; with these it has sums of 32 bits


class Unknown(ValueError):
    """What operations become is not known; the message names them."""


@dataclass(slots=True)
class Operator:
    """One operator: the numbers of its tensors, and its bytes in the file."""

    name: str
    inputs: tuple[int, ...]
    output: int
    flash: int


class Graph:
    """The operators that operations become, in the order that they run.

    Args:
        operations: of a layer.
        shape: of the tensor that reaches it, which has number 0.
    """

    def __init__(self, operations: Sequence[Any], shape: Sequence[int]) -> None:
        self.shape = tuple(shape)  # of the tensor ``last``
        self.last = 0
        self.operators: list[Operator] = []
        self._sizes = [_aligned(prod(self.shape))]
        self._scratch: list[tuple[int, int]] = []  # bytes that an operator works in, its number
        self.follow(operations)

    def follow(self, operations: Sequence[Any]) -> None:
        """Add what one operation after the other becomes."""
        before: Any = None
        for operation in operations:
            _add(operation, self, before)
            before = before if isinstance(operation, Normalisation) else operation

    def add(
        self,
        name: str,
        *inputs: int,
        weights: int = 0,
        channels: int = 0,
        scratch: Sequence[int] = (),
    ) -> None:
        """An operator that gives a tensor of the present shape; it takes the last, or ``inputs``.

        Args:
            name: as TensorFlow Lite calls it.
            inputs: numbers of tensors.
            weights: one byte each.
            channels: of the weights, each with a bias and scales.
            scratch: bytes of each array that TensorFlow Lite Micro's kernel works in.
        """
        self._scratch += [(_aligned(size), len(self.operators)) for size in scratch]
        flash = OPERATORS[name]
        if weights:
            flash += _array(weights) + _array(NUMBER * channels) + NUMBER * channels
        self._sizes.append(_aligned(prod(self.shape)))
        output = len(self._sizes) - 1
        self.operators.append(Operator(name, inputs or (self.last,), output, flash))
        self.last = output

    def activate(self, name: str) -> None:
        """An activation: folded into the last operator, or operators of its own."""
        if name in APART:
            reached = self.last
            for i, operator in enumerate(APART[name]):
                self.add(operator, *((reached, self.last) if i else ()))

    @property
    def flash(self) -> int:
        """Bytes that they add to a model's file."""
        return sum(operator.flash for operator in self.operators)

    @property
    def ram(self) -> int:
        """Bytes of the tensors that live at once, at most: each from the operator that gives it to
        the last that takes it."""
        last_use = self._last_use()
        most, live = 0, self._sizes[0]
        for i, operator in enumerate(self.operators):
            live += self._sizes[operator.output]
            most = max(most, live)
            live -= sum(
                self._sizes[tensor] for tensor in set(operator.inputs) if last_use[tensor] == i
            )
        return most

    @property
    def arena(self) -> int:
        """Bytes that TensorFlow Lite Micro's planner lays the same tensors out in, and what its
        kernels work in: the largest first, later ones before earlier ones, each as low as those
        allow that live with it.

        Source: its GreedyMemoryPlanner, whose gaps now and then cost a tensor more than ``ram``.
        """
        dies = self._last_use()
        born = {0: 0, **{each.output: i for i, each in enumerate(self.operators)}}
        sizes = [*self._sizes, *(size for size, _ in self._scratch)]
        for i, (_, operator) in enumerate(self._scratch, len(self._sizes)):
            born[i] = dies[i] = operator
        laid: list[tuple[int, int, int]] = []  # offset, end, tensor
        for tensor in sorted(born, key=lambda t: (-sizes[t], -t)):
            offset, size = 0, sizes[tensor]
            for start, end, other in sorted(laid):
                together = born[other] <= dies[tensor] and born[tensor] <= dies[other]
                if together and start - offset >= size:
                    break
                offset = max(offset, end) if together else offset
            laid.append((offset, offset + size, tensor))
        return max((end for _, end, _ in laid), default=0)

    def _last_use(self) -> dict[int, int]:
        """The number of the operator that each tensor lives until; the last lives on."""
        found = {self.last: len(self.operators)}
        for i, operator in enumerate(self.operators):
            for tensor in operator.inputs:
                found[tensor] = max(i, found.get(tensor, 0))
        return found


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _array(size: int) -> int:
    """Bytes of a file that an array of so many takes."""
    return _aligned(size + ARRAY)


@singledispatch
def _add(operation: Any, graph: Graph, before: Any) -> None:
    raise Unknown(f"{type(operation).__name__} in int8 is unknown")


@_add.register
def _(operation: Convolution, graph: Graph, before: Any) -> None:
    height, width, channels = graph.shape
    stride, less = operation.stride, 0 if operation.same else operation.kernel - 1
    graph.shape = (ceil((height - less) / stride), ceil((width - less) / stride), operation.filters)
    weights = operation.kernel**2 * channels * operation.filters
    graph.add("CONV_2D", weights=weights, channels=operation.filters)
    graph.activate(operation.activation)


@_add.register
def _(operation: Depthwise, graph: Graph, before: Any) -> None:
    height, width, channels = graph.shape
    graph.shape = (ceil(height / operation.stride), ceil(width / operation.stride), channels)
    weights = operation.kernel**2 * channels
    graph.add("DEPTHWISE_CONV_2D", weights=weights, channels=channels)


@_add.register
def _(operation: Normalisation, graph: Graph, before: Any) -> None:
    if not isinstance(before, Convolution | Depthwise) or _apart(before):
        raise Unknown("a normalisation that follows no convolution is unknown in int8")


@_add.register
def _(operation: Activation, graph: Graph, before: Any) -> None:
    if operation.name in FUSED and not isinstance(before, Convolution | Depthwise | Dense):
        raise Unknown(f"{operation.name} that follows no convolution is unknown in int8")
    graph.activate(operation.name)


@_add.register
def _(operation: Pooling, graph: Graph, before: Any) -> None:
    height, width, channels = graph.shape
    graph.shape = (height // operation.size, width // operation.size, channels)
    graph.add("MAX_POOL_2D" if operation.largest else "AVERAGE_POOL_2D")


@_add.register
def _(operation: Dropout, graph: Graph, before: Any) -> None:
    """Nothing is left of it."""


@_add.register
def _(operation: GlobalPooling, graph: Graph, before: Any) -> None:
    graph.shape = graph.shape[2:]
    graph.add("MEAN", scratch=(*PLACES, NUMBER * graph.shape[0]))


@_add.register
def _(operation: Dense, graph: Graph, before: Any) -> None:
    weights = graph.shape[0] * operation.units
    graph.shape = (operation.units,)
    graph.add("FULLY_CONNECTED", weights=weights, channels=operation.units)
    graph.activate(operation.activation)


@_add.register
def _(operation: Skip, graph: Graph, before: Any) -> None:
    reached = graph.last
    graph.follow(operation.operations)
    graph.add("ADD", reached, graph.last)


def _apart(operation: Any) -> bool:
    return getattr(operation, "activation", LINEAR) != LINEAR
