"""What layers are made of: each operation is data, and knows its Keras layer.

A layer whose ``operations`` are given can be trained by engines that are not Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LINEAR = "linear"


@dataclass(frozen=True)
class Convolution:
    """Of kernel x kernel, over all channels; padding "same", or "valid"."""

    filters: int
    kernel: int
    stride: int = 1
    same: bool = True
    bias: bool = True
    activation: str = LINEAR

    def keras(self, layers: Any) -> Any:
        return layers.Conv2D(
            self.filters,
            self.kernel,
            strides=self.stride,
            padding="same" if self.same else "valid",
            use_bias=self.bias,
            activation=self.activation,
        )


@dataclass(frozen=True)
class Depthwise:
    """A convolution of each channel alone, without bias, padding "same"."""

    kernel: int
    stride: int = 1

    def keras(self, layers: Any) -> Any:
        return layers.DepthwiseConv2D(
            self.kernel, strides=self.stride, padding="same", use_bias=False
        )


@dataclass(frozen=True)
class Normalisation:
    """Batch normalisation over images and places, with Keras's epsilon."""

    momentum: float

    def keras(self, layers: Any) -> Any:
        return layers.BatchNormalization(momentum=self.momentum)


@dataclass(frozen=True)
class Activation:
    name: str

    def keras(self, layers: Any) -> Any:
        return layers.Activation(self.name)


@dataclass(frozen=True)
class Pooling:
    """The maximum or the average of size x size, as far apart."""

    size: int
    largest: bool

    def keras(self, layers: Any) -> Any:
        return (layers.MaxPooling2D if self.largest else layers.AveragePooling2D)(self.size)


@dataclass(frozen=True)
class Dropout:
    """``rate`` is the share that is set to zero, 0 to 1."""

    rate: float

    def keras(self, layers: Any) -> Any:
        return layers.Dropout(self.rate)


@dataclass(frozen=True)
class GlobalPooling:
    """The average of each channel."""

    def keras(self, layers: Any) -> Any:
        return layers.GlobalAveragePooling2D(name="pool")


@dataclass(frozen=True)
class Dense:
    units: int
    activation: str = LINEAR

    def keras(self, layers: Any) -> Any:
        return layers.Dense(self.units, activation=self.activation)


@dataclass(frozen=True)
class Skip:
    """What reaches it is added to what its operations make of it."""

    operations: Sequence[Any]

    def keras(self, layers: Any) -> Any:
        inner = [each.keras(layers) for each in self.operations]

        def add(x: Any) -> Any:
            y = x
            for layer in inner:
                y = layer(y)
            return layers.Add()([x, y])

        return add


def built_from(operations: Callable[..., Sequence[Any]]) -> Callable[..., list[Any]]:
    """A layer's ``build``, from its ``operations``."""

    def build(*values: Any) -> list[Any]:
        from keras import layers

        return [each.keras(layers) for each in operations(*values)]

    return build
