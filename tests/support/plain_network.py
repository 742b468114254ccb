"""A network in plain numpy, double precision, forward and back: what the kernels must compute.

It is written from ``layers.operations`` alone, one image's number at a time in the reader's mind:
maps are [image, row, column, channel], and each operation gives its numbers and the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy import special

from deap_nas.layers import LAYERS, operations as made_of

Array = Any
Back = Callable[[Array], Array]

EPSILON = 1e-3  # of normalisation, Keras's


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def gelu_slope(z: Array) -> Array:
    return (1 + special.erf(z / 2**0.5)) / 2 + z * np.exp(-z * z / 2) / (2 * np.pi) ** 0.5


ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "linear": (lambda z: z, np.ones_like),
    "relu": (lambda z: np.maximum(z, 0), lambda z: z > 0),
    "relu6": (lambda z: np.clip(z, 0, 6), lambda z: (z > 0) & (z < 6)),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "swish": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
    "gelu": (lambda z: z * (1 + special.erf(z / 2**0.5)) / 2, gelu_slope),
    "hard_swish": (
        lambda z: z * np.clip(z + 3, 0, 6) / 6,
        lambda z: np.clip(z + 3, 0, 6) / 6 + ((z > -3) & (z < 3)) * z / 6,
    ),
}
KINKS = {"relu": (0,), "relu6": (0, 6), "hard_swish": (-3, 3)}


class PlainNetwork:
    """Of a genome and its weights, in the order of ``model.get_weights()``; for one batch.

    ``moving`` is what normalisation keeps, after the batch, in that order too. ``margin``: how
    close a number came to a kink of its activation, or to another in a maximum, as a share of the
    largest: rounding may take one on the other side.
    """

    def __init__(
        self, genome: Sequence[Any], shape: Any, n_classes: int, weights: Any, training: bool
    ) -> None:
        self._weights: Iterator[Array] = iter([w.astype(np.float64) for w in weights])
        self._genome, self._about, self._training = genome, (tuple(shape), n_classes), training
        self._gradients: list[tuple[int, Array]] = []
        self.moving: list[Array] = []
        self.margin = np.inf
        self._n = 0

    def forward(self, x: Array) -> tuple[Array, Back]:
        """The logits of images, and the way back from their gradient."""
        shape, n_classes = self._about
        steps = []
        for gene in self._genome:
            layer = LAYERS[gene.kind]
            about = (shape, n_classes) if layer.head else (shape,)
            steps += layer.operations(*gene.values, *about)
            shape = layer.shape_behind(gene, *about)
        y, back = self._chain(steps, x.astype(np.float64))
        return y.reshape(len(x), -1), lambda d: back(d.reshape(y.shape))

    def gradient(self, x: Array, labels: Array, **of: Any) -> tuple[float, list[Array]]:
        """The mean loss of a batch, and its gradient by each trainable weight; ``of`` as in
        ``cross_entropy``."""
        logits, back = self.forward(x)
        loss, slope = cross_entropy(logits, labels, **of)
        back(slope)
        return loss, [slope for _, slope in sorted(self._gradients, key=lambda each: each[0])]

    def _chain(self, steps: Sequence[Any], x: Array) -> tuple[Array, Back]:
        backs = []
        for step in steps:
            x, back = getattr(self, f"_{type(step).__name__.lower()}")(step, x)
            backs.append(back)

        def all_back(d: Array) -> Array:
            for back in reversed(backs):
                d = back(d)
            return d

        return x, all_back

    def _take(self) -> tuple[Array, Callable[[Array], None]]:
        """The next weight, and what keeps its gradient."""
        place = self._n = self._n + 1
        return next(self._weights), lambda slope: self._gradients.append((place, slope))

    def _convolution(self, o: made_of.Convolution, x: Array) -> tuple[Array, Back]:
        kernel, keep = self._take()
        return self._correlation(o, x, kernel, keep, o.same, "nijc,cf->nijf")

    def _depthwise(self, o: made_of.Depthwise, x: Array) -> tuple[Array, Back]:
        kernel, keep = self._take()
        return self._correlation(o, x, kernel[..., 0], keep, True, "nijc,c->nijc")

    def _correlation(
        self, o: Any, x: Array, kernel: Array, keep: Any, same: bool, product: str
    ) -> tuple[Array, Back]:
        k, s = o.kernel, o.stride
        sizes = x.shape[1:3]
        behind = [-(-n // s) if same else (n - k) // s + 1 for n in sizes]
        lack = [max(0, (m - 1) * s + k - n) if same else 0 for n, m in zip(sizes, behind)]
        edges = [(0, 0), *((each // 2, each - each // 2) for each in lack), (0, 0)]
        padded = np.pad(x, edges)
        taps = [
            (u, v, (slice(None), slice(u, u + s * behind[0], s), slice(v, v + s * behind[1], s)))
            for u in range(k)
            for v in range(k)
        ]
        y = sum(np.einsum(product, padded[at], kernel[u, v]) for u, v, at in taps)
        bias, keep_bias = self._take() if getattr(o, "bias", False) else (0.0, None)
        y, back_activation = self._activated(getattr(o, "activation", "linear"), y + bias)
        a, b, c = product.replace("->", ",").split(",")

        def back(d: Array) -> Array:
            d = back_activation(d)
            slopes, dx = np.zeros_like(kernel), np.zeros_like(padded)
            for u, v, at in taps:
                slopes[u, v] = np.einsum(f"{a},{c}->{b}", padded[at], d)
                dx[at] += np.einsum(f"{c},{b}->{a}", d, kernel[u, v])
            keep(slopes if product.endswith("f") else slopes[..., None])
            if keep_bias:
                keep_bias(d.sum((0, 1, 2)))
            (top, bottom), (left, right) = edges[1:3]
            return dx[:, top : dx.shape[1] - bottom, left : dx.shape[2] - right]

        return y, back

    def _dense(self, o: made_of.Dense, x: Array) -> tuple[Array, Back]:
        (kernel, keep), (bias, keep_bias) = self._take(), self._take()
        y, back_activation = self._activated(o.activation, x @ kernel + bias)

        def back(d: Array) -> Array:
            d = back_activation(d)
            keep(np.einsum("nijc,nijf->cf", x, d))
            keep_bias(d.sum((0, 1, 2)))
            return d @ kernel.T

        return y, back

    def _normalisation(self, o: made_of.Normalisation, x: Array) -> tuple[Array, Back]:
        (gamma, keep_gamma), (beta, keep_beta) = self._take(), self._take()
        mean, variance = next(self._weights), next(self._weights)
        if self._training:
            seen = x.mean((0, 1, 2)), x.var((0, 1, 2))
            share = 1 - o.momentum
            self.moving += [a + (b - a) * share for a, b in zip((mean, variance), seen)]
            mean, variance = seen
        deviation = np.sqrt(variance + EPSILON)
        z = (x - mean) / deviation

        def back(d: Array) -> Array:
            keep_gamma((d * z).sum((0, 1, 2)))
            keep_beta(d.sum((0, 1, 2)))
            d = d * gamma / deviation
            return d - d.mean((0, 1, 2)) - z * (d * z).mean((0, 1, 2))

        return z * gamma + beta, back

    def _activation(self, o: made_of.Activation, x: Array) -> tuple[Array, Back]:
        return self._activated(o.name, x)

    def _activated(self, name: str, z: Array) -> tuple[Array, Back]:
        f, slope = ACTIVATIONS[name]
        for kink in KINKS.get(name, ()):
            self._came(np.abs(z - kink), z)
        return f(z), lambda d: d * slope(z)

    def _came(self, near: Array, z: Array) -> None:
        near = near[near > 0]
        if near.size:
            self.margin = min(self.margin, near.min() / max(np.abs(z).max(), 1e-30))

    def _pooling(self, o: made_of.Pooling, x: Array) -> tuple[Array, Back]:
        n, height, width, channels = x.shape
        i, j = height // o.size, width // o.size
        inside = x[:, : i * o.size, : j * o.size]
        tiles = inside.reshape(n, i, o.size, j, o.size, channels).transpose(0, 1, 3, 5, 2, 4)
        tiles = tiles.reshape(n, i, j, channels, o.size**2)
        shares = np.full(tiles.shape, 1 / o.size**2)
        if o.largest:  # the first of several
            shares = np.arange(o.size**2) == tiles.argmax(-1)[..., None]
            self._came(tiles.max(-1)[..., None] - tiles, tiles)

        def back(d: Array) -> Array:
            dx = np.zeros_like(x)
            each = (d[..., None] * shares).reshape(n, i, j, channels, o.size, o.size)
            each = each.transpose(0, 1, 4, 2, 5, 3)
            dx[:, : i * o.size, : j * o.size] = each.reshape(inside.shape)
            return dx

        return (tiles * shares).sum(-1), back

    def _globalpooling(self, o: made_of.GlobalPooling, x: Array) -> tuple[Array, Back]:
        share = 1 / (x.shape[1] * x.shape[2])
        y = x.mean((1, 2), keepdims=True)
        return y, lambda d: np.broadcast_to(d * share, x.shape)

    def _skip(self, o: made_of.Skip, x: Array) -> tuple[Array, Back]:
        y, back = self._chain(o.operations, x)
        return x + y, lambda d: d + back(d)


def cross_entropy(
    logits: Array, labels: Array, smoothing: float = 0.0, balanced: bool = False
) -> tuple[float, Array]:
    """Softmax cross-entropy, the mean, and its gradient by the logits.

    Args:
        logits: shape (n, classes).
        labels: whole numbers, shape (n,).
        smoothing: share of a label that all classes have alike.
        balanced: images count so that each class among them counts the same.
    """
    shifted = logits - logits.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    n, n_classes = logits.shape
    wanted = np.eye(n_classes)[labels] * (1 - smoothing) + smoothing / n_classes
    counts = np.bincount(labels, minlength=n_classes)
    weight = n / n_classes / counts[labels] if balanced else np.ones(n)
    slope = (np.exp(logs) - wanted) * weight[:, None] / n
    return float(-((logs * wanted).sum(1) * weight).mean()), slope
