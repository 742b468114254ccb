"""What a layer does and costs, found from its Keras layers."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from math import prod
from typing import Any

from deap_nas.extras import REMEDY
from deap_nas.layers.errors import LayerError, one_line
from deap_nas.layers.gene import Gene

VARIABLE, BACKEND = "KERAS_BACKEND", "tensorflow"


def check_installed() -> None:
    """Whether networks can be trained, without the seconds that loading TensorFlow takes.

    Raises:
        ImportError: that says how to install what is missing.
    """
    for name in ("keras", BACKEND):
        if find_spec(name) is None:
            raise _lacking(f"No module named {name!r}")


def import_keras() -> Any:
    """Keras with TensorFlow behind it, or one line that says how to get them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _quiet(), on_tensorflow():
            import keras
            import tensorflow  # noqa: F401
    except ImportError as error:
        raise _lacking(error) from error
    if keras.config.backend() != BACKEND:
        raise ImportError(
            f"this program has Keras on {keras.config.backend()}, and {BACKEND} is needed: set "
            f"KERAS_BACKEND={BACKEND} before it imports Keras"
        )
    return keras


def _lacking(why: object) -> ImportError:
    return ImportError(f"TensorFlow is needed to build and save Keras networks ({why}): {REMEDY}")


@contextlib.contextmanager
def on_tensorflow() -> Iterator[None]:
    """Whatever keras.json or the environment say, Keras that is imported now takes TensorFlow."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = BACKEND
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


@contextlib.contextmanager
def as_in_workers(keras: Any) -> Iterator[None]:
    """Keras's defaults, whatever keras.json or the program around us have set."""
    config = keras.config
    names = ("floatx", "image_data_format", "epsilon", "dtype_policy")
    before = [getattr(config, name)() for name in names]
    defaults = ("float32", "channels_last", 1e-7, "float32")
    try:
        for name, value in zip(names, defaults):
            getattr(config, f"set_{name}")(value)
        yield
    finally:
        for name, value in zip(names, before):
            getattr(config, f"set_{name}")(value)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What TensorFlow's libraries write to standard error as they load is for nobody."""
    if "tensorflow" in sys.modules:
        yield
        return
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    with open(os.devnull, "w") as nowhere:
        try:
            before = os.dup(2)
        except OSError:  # it is closed
            yield
            return
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)


def build_steps(layer: Any, gene: Gene, *about: Any) -> list[Any]:
    """A gene's Keras layers, or functions from tensor to tensor, in order.

    Raises:
        LayerError: naming the file and the layer, if ``build`` raises or returns something else.
    """
    try:
        steps = layer.build(*gene.values, *about)
    except Exception as error:
        raise _broken(layer, gene, about, f"build raises {one_line(error)}") from error
    if not isinstance(steps, Sequence) or not steps or not all(map(callable, steps)):
        raise _broken(layer, gene, about, f"build returns {steps!r}, allowed a list of layers")
    return list(steps)


def follow(layer: Any, gene: Gene, steps: Sequence[Any], x: Any, *about: Any) -> Any:
    """The tensor behind a gene's steps, or what is wrong with them."""
    for step in steps:
        try:
            x = step(x)
        except Exception as error:
            raise _broken(layer, gene, about, one_line(error)) from error
    shape = tuple(getattr(x, "shape", ()))[1:]
    if layer.head:
        good, form = shape == about[1:], f"({about[1]},), one number a class"
    else:
        good, form = len(shape) == 3 and all(shape), "(height, width, channels)"
    if not good:
        raise _broken(layer, gene, about, f"the shape behind it is {shape}, allowed {form}")
    return x


def find(what: str, layer: Any, gene: Gene, about: tuple[Any, ...]) -> Any:
    """The shape behind a gene (None where it cannot be built), its trainable parameters, or its
    multiply-adds, from a network of it alone."""
    keras = import_keras()
    state = random.getstate()  # Keras draws seeds from it; asking must not change who asks next
    try:
        with as_in_workers(keras):
            x = keras.Input(about[0])
            model = keras.Model(x, follow(layer, gene, build_steps(layer, gene, *about), x, *about))
    except LayerError:
        if what == "shape":
            return None
        raise
    finally:
        random.setstate(state)
    if what == "shape":
        return tuple(int(size) for size in model.output_shape[1:])
    if what == "params":
        return sum(prod(weight.shape) for weight in model.trainable_weights)
    return multiply_adds_of(model)


def multiply_adds_of(model: Any) -> int:
    """Multiplications, each with its addition, of convolutions and matrix products that one image
    takes through a Keras model: counted in the graph that TensorFlow runs."""
    import tensorflow as tf

    spec = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    run = tf.function(lambda x: model(x, training=False), jit_compile=False)
    return sum(_work(op) for op in run.get_concrete_function(spec).graph.get_operations())


def _work(op: Any) -> int:
    """Of one operation of a graph. Shapes: kernels (height, width, channels, filters)."""
    if op.type in ("Conv2D", "DepthwiseConv2dNative"):
        kernel = op.inputs[1].shape
        inner = kernel[:3] if op.type == "Conv2D" else kernel[:2]
        return int(prod(op.outputs[0].shape) * prod(inner))
    if op.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
        turned = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        inner = op.inputs[0].shape[-2 if turned else -1]
        return int(prod(op.outputs[0].shape) * inner)
    return 0


def _broken(layer: Any, gene: Gene, about: tuple[Any, ...], what: str) -> LayerError:
    where = f"{layer.source}: " if layer.source else ""
    reached = " x ".join(map(str, about[0]))
    return LayerError(
        f"{where}layer {layer.name}, '{gene}' on a feature map of {reached}: {what}; mend its build"
    )
