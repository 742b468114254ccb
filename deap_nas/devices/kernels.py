"""int8 models at work: by TensorFlow Lite's reference kernels, or by a microcontroller's runtime.

Whoever asks for the first has ai-edge-litert (the extra ``device``) or TensorFlow; for the second,
tflite-micro (the same extra). The reference kernels round as those of TensorFlow Lite Micro do; the
fast ones for this machine (XNNPACK) are another step away here and there.
"""

from __future__ import annotations

import warnings
from importlib import metadata
from typing import Any

import numpy as np

from deap_nas.devices.arena import ROOM
from deap_nas.devices.compact import expand

BATCH = 500  # images at a time
Array = np.ndarray[Any, Any]


def int8_logits(content: bytes, images: Array, *, micro: bool = False) -> Array:
    """Run an int8 model.

    Args:
        content: of the model, ``compact`` or as a ``.tflite`` file.
        images: uint8 (0..255) or float32 (0..1), shape (n, height, width, channels).
        micro: by TensorFlow Lite Micro itself, image by image.

    Returns:
        What the model gives for each class, int8, shape (n, classes): the more, the likelier.

    Raises:
        ImportError: without the package that has the kernels.
    """
    return (_by_micro if micro else _by_lite)(content, images)


def kernels() -> str:
    """The package, with its version, whose kernels ``int8_logits`` takes."""
    for name in ("ai-edge-litert", "tensorflow-cpu", "tensorflow"):
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    raise ModuleNotFoundError("No module named 'ai_edge_litert'", name="ai_edge_litert")


def as_int8(images: Array, scale: float, zero_point: int) -> Array:
    """Images as the model's input has them.

    Args:
        images: uint8 (0..255) or float32 (0..1).
        scale: of the input: what one step of int8 stands for.
        zero_point: what stands for 0.
    """
    pixels = images.astype(np.float32) / 255 if images.dtype == np.uint8 else images
    return np.clip(np.round(pixels / scale) + zero_point, -128, 127).astype(np.int8)


def _by_lite(content: bytes, images: Array) -> Array:
    interpreter = _interpreter(expand(content))
    (given,), (found,) = interpreter.get_input_details(), interpreter.get_output_details()
    inputs, outputs = as_int8(images, *given["quantization"]), []
    for start in range(0, len(inputs), BATCH):
        part = inputs[start : start + BATCH]
        if start == 0 or len(part) < BATCH:
            interpreter.resize_tensor_input(given["index"], part.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(given["index"], part)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(found["index"]))
    return np.concatenate(outputs)


def _interpreter(content: bytes) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError:
        import tensorflow as tf

        Interpreter, OpResolverType = tf.lite.Interpreter, tf.lite.experimental.OpResolverType
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated")
        return Interpreter(
            model_content=content,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        )


def _by_micro(content: bytes, images: Array) -> Array:
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(content, arena_size=ROOM)
    about = interpreter.get_input_details(0)["quantization_parameters"]
    inputs = as_int8(images, float(about["scales"][0]), int(about["zero_points"][0]))
    outputs = []
    for i in range(len(inputs)):
        interpreter.set_input(inputs[i : i + 1], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).copy())
    return np.concatenate(outputs)
