"""Convolutions for few channels on one core: forward and backward passes.

A vector register holds ``LANES`` floats, and oneDNN pads output channels to a multiple of it, so
that six filters cost as much as sixteen. Hence *grouping*: ``g`` neighbouring output columns become
channels of one wider output pixel, computed by a kernel of k rows and k + stride (g - 1) columns;
the result is the ordinary tensor after a reshape.

Shapes: images (n, height, width, channels); kernels (k, k, channels, filters); biases (filters,).
Each function returns ``(y, backward)``; ``backward(dL/dy)`` is (dL/dx or None, [dL/dw, dL/db]).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from deap_nas.training.graph.activations import Activation, Backward

MOST_COLUMNS = 64  # of a grouped first convolution's matrix


def _lanes() -> int:
    if os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper().startswith(("AVX2", "SSE")):
        return 8
    try:
        return 16 if "avx512f" in Path("/proc/cpuinfo").read_text() else 8
    except OSError:
        return 8


LANES = _lanes()


def convolve_first(
    x: Any, w: Any, b: Any, activation: Activation, stride: int, same: bool
) -> tuple[Any, Backward]:
    """Convolution of one-channel images (n, height, width, 1), as patches times a matrix."""
    k, f = w.shape[0], w.shape[3]
    h, width = x.shape[1:3]
    low, high = _padding(k, same)
    oh, ow = _outputs(h, k, stride, low + high), _outputs(width, k, stride, low + high)
    g = _first_group(k, f, ow, stride)
    t, n = k + stride * (g - 1), ow // g
    # A product with zeros and ones picks the columns; it beats strided copies.
    columns = tf.matmul(tf.reshape(x, [-1, width]), _picker(width, n, t, g * stride, low))
    columns = tf.reshape(columns, [-1, h, n, t])
    columns = tf.pad(columns, [[0, 0], [low, high], [0, 0], [0, 0]])
    rows = [columns[:, u : u + (oh - 1) * stride + 1 : stride] for u in range(k)]
    patches = tf.reshape(tf.concat(rows, 3), [-1, k * t])
    kernel = tf.reshape(_group_kernel(w, stride, g), [k * t, g * f])
    y, act_back = activation(tf.nn.bias_add(tf.matmul(patches, kernel), tf.tile(b, [g])))

    def backward(dy: Any) -> Any:
        dz = act_back(tf.reshape(dy, [-1, g * f]))
        dw = tf.reshape(tf.matmul(patches, dz, transpose_a=True), [k, t, 1, g * f])
        db = tf.reduce_sum(tf.reshape(_sum_rows(dz), [g, f]), 0)
        return None, [_ungroup_gradient(dw, k, stride, g), db]

    return tf.reshape(y, [-1, oh, ow, f]), backward


def convolve(
    x: Any, w: Any, b: Any, activation: Activation, stride: int, same: bool, first: bool = False
) -> tuple[Any, Backward]:
    """Any other convolution; the ``first`` of a network needs no gradient of its input."""
    k, f = w.shape[0], w.shape[3]
    h, width = x.shape[1:3]
    low, high = _padding(k, same)
    oh, ow = _outputs(h, k, stride, low + high), _outputs(width, k, stride, low + high)
    g = 2 if stride == 1 and _pairs_pay(k, f, ow) else 1
    pads = [[0, 0], [low, high], [low, high], [0, 0]] if same else "VALID"
    kernel = _group_kernel(w, 1, g) if g > 1 else w
    z = tf.nn.conv2d(x, kernel, [stride, stride * g], pads)
    y, act_back = activation(tf.nn.bias_add(z, tf.tile(b, [g])))

    def backward(dy: Any) -> Any:
        dz = act_back(tf.reshape(dy, [-1, oh, ow // g, f * g]))
        dz = tf.reshape(dz, [-1, oh, ow, f])
        gradients = _kernel_gradient(x, dz, k, stride, same)
        if first:
            return None, gradients
        dx = _input_gradient(dz, w, low, high) if stride == 1 else _parities(dz, w, h, width)
        return dx, gradients

    return tf.reshape(y, [-1, oh, ow, f]), backward


def _kernel_gradient(x: Any, dz: Any, k: int, stride: int, same: bool) -> list[Any]:
    c, f = x.shape[3], dz.shape[3]
    padding = "SAME" if same else "VALID"
    if stride == 1 and f * _vectors(c) < c * _vectors(f):
        # The same correlation with image and gradient exchanged: the lanes then hold the input
        # channels, and fewer of them are padding.
        padded = dz
        if k % 2 == 0:  # "same" would pad the wrong side
            low, high = _padding(k, True)
            padded = tf.pad(dz, [[0, 0], [high, low], [high, low], [0, 0]])
            padding = "VALID"
        dw = tf.raw_ops.Conv2DBackpropFilter(
            input=padded,
            filter_sizes=[k, k, f, c],
            out_backprop=x,
            strides=[1, 1, 1, 1],
            padding=padding,
        )
        return [tf.transpose(dw[::-1, ::-1], [0, 1, 3, 2]), _bias_gradient(dz)]
    dw = tf.raw_ops.Conv2DBackpropFilter(
        input=x,
        filter_sizes=[k, k, c, f],
        out_backprop=dz,
        strides=[1, stride, stride, 1],
        padding=padding,
    )
    # oneDNN sums the bias gradient in the same pass when the graph has exactly this pair.
    return [dw, tf.raw_ops.BiasAddGrad(out_backprop=dz)]


def _input_gradient(dz: Any, w: Any, low: int, high: int) -> Any:
    """Stride 1: a convolution with the kernel turned around."""
    k, _, c, _ = w.shape
    turned = tf.transpose(w[::-1, ::-1], [0, 1, 3, 2])
    g = 2 if _pairs_pay(k, c, dz.shape[2]) else 1
    kernel = _group_kernel(turned, 1, g) if g > 1 else turned
    dx = tf.nn.conv2d(dz, kernel, [1, g], [[0, 0], [high, low], [high, low], [0, 0]])
    return tf.reshape(dx, [-1, *dz.shape[1:3], c])


def _parities(dz: Any, w: Any, h: int, width: int) -> Any:
    """Stride 2, padding valid: one convolution of stride 1 gives the four parities of the input's
    rows and columns as 4 c channels; TensorFlow's own gradient is several times slower."""
    k, _, c, f = w.shape
    m = (k + 1) // 2
    w = tf.pad(w, [[0, 2 * m - k], [0, 2 * m - k], [0, 0], [0, 0]])
    w = tf.reshape(w, [m, 2, m, 2, c, f])[::-1, :, ::-1]
    w = tf.reshape(tf.transpose(w, [0, 2, 5, 1, 3, 4]), [m, m, f, 4 * c])
    h2, w2 = -(-h // 2), -(-width // 2)
    pads = [[0, 0], [m - 1, h2 - dz.shape[1]], [m - 1, w2 - dz.shape[2]], [0, 0]]
    dx = tf.reshape(tf.nn.conv2d(dz, w, 1, pads), [-1, h2, w2, 2, 2 * c])
    dx = tf.transpose(dx, [0, 1, 3, 2, 4])
    return tf.reshape(dx, [-1, 2 * h2, 2 * w2, c])[:, :h, :width]


def _bias_gradient(dz: Any) -> Any:
    h, width, f = dz.shape[1:]
    m = width * (h if width * f < 64 else 1)
    return tf.reduce_sum(tf.reshape(_sum_rows(tf.reshape(dz, [-1, m * f])), [m, f]), 0)


def _sum_rows(dz: Any) -> Any:
    """Column sums of (m, f): a product with ones is several times faster than reduce_sum."""
    return tf.reshape(tf.matmul(tf.ones([1, tf.shape(dz)[0]]), dz), [-1])


def _padding(k: int, same: bool) -> tuple[int, int]:
    return ((k - 1) // 2, k // 2) if same else (0, 0)


def _outputs(size: int, k: int, stride: int, padding: int) -> int:
    return (size + padding - k) // stride + 1


def _vectors(channels: int) -> int:
    return -(-channels // LANES)


def _pairs_pay(k: int, f: int, width: int) -> bool:
    """Whether two output columns at once waste fewer lanes than one."""
    return width % 2 == 0 and (k + 1) / k * _vectors(2 * f) / 2 < 0.9 * _vectors(f)


def _first_group(k: int, f: int, ow: int, stride: int) -> int:
    """Columns at once in the first convolution: least multiply-adds in vectors, plus the cost of
    writing and reading the patches."""

    def cost(g: int) -> float:
        return (k + stride * (g - 1)) * (_vectors(g * f) * LANES / 16 + 2.5) / g

    groups = [g for g in range(1, ow + 1) if ow % g == 0 and g * f <= MOST_COLUMNS]
    return min(groups, key=cost, default=1)


def _picker(width: int, n: int, t: int, step: int, low: int) -> np.ndarray[Any, Any]:
    """Zeros and ones, shape (width, n t): column i of group j is input column j step + i - low."""
    pick = np.zeros((width, n, t), np.float32)
    for j in range(n):
        for i in range(t):
            if 0 <= j * step + i - low < width:
                pick[j * step + i - low, j, i] = 1
    return pick.reshape(width, n * t)


def _shifts(k: int, stride: int, g: int) -> np.ndarray[Any, Any]:
    """Where each of g copies of a kernel row stands in the wide one: (k + stride (g - 1), g, k)."""
    shifts = np.zeros((k + stride * (g - 1), g, k), np.float32)
    for i in range(g):
        shifts[stride * i + np.arange(k), i, np.arange(k)] = 1
    return shifts


def _group_kernel(w: Any, stride: int, g: int) -> Any:
    """(k, k, c, f) -> (k, k + stride (g - 1), c, g f)"""
    k, _, c, f = w.shape
    wide = tf.einsum("tiv,uvcf->utcif", _shifts(k, stride, g), w)
    return tf.reshape(wide, [k, -1, c, g * f])


def _ungroup_gradient(dw: Any, k: int, stride: int, g: int) -> Any:
    _, t, c, gf = dw.shape
    wide = tf.reshape(dw, [k, t, c, g, gf // g])
    return tf.einsum("tiv,utcif->uvcf", _shifts(k, stride, g), wide)
