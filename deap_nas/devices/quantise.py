"""Trained networks as int8 models of TensorFlow Lite, quantised after training.

Source: Jacob et al. 2018, *Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference*, section 2.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np

from deap_nas.devices.compact import compact

SAMPLE = 200  # training images by which the ranges of activations are chosen
SAMPLE_SEED = 0


def draw_sample(images: np.ndarray[Any, Any], n: int = SAMPLE) -> np.ndarray[Any, Any]:
    """Training images for ``quantise``, the same ones each time.

    Args:
        images: uint8 (0..255) or float32 (0..1), shape (images, height, width, channels).
        n: how many; all, where there are fewer.

    Returns:
        float32 in [0, 1], shape (n, height, width, channels).
    """
    rng = np.random.default_rng(SAMPLE_SEED)
    found = images[np.sort(rng.permutation(len(images))[:n])]
    return found.astype(np.float32) / 255 if found.dtype == np.uint8 else found


def quantise(model: Any, sample: np.ndarray[Any, Any]) -> bytes:
    """Convert a trained network to int8: weights, activations, input and output.

    Args:
        model: a ``keras.Model``.
        sample: training images, float32 in [0, 1], shape (n, height, width, channels); the ranges
            of activations are taken from them.

    Returns:
        What goes into flash: see ``compact``; ``expand`` makes a ``.tflite`` file of it.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in sample)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")
        return compact(converter.convert())
