"""Trained networks as int8 models of TensorFlow Lite, quantised after training.

Source: Jacob et al. 2018, *Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference*, section 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def quantise(model: Any, sample: np.ndarray[Any, Any]) -> bytes:
    """Convert a trained network to int8: weights, activations, input and output.

    Args:
        model: a ``keras.Model``.
        sample: training images, float32 in [0, 1], shape (n, height, width, channels); the ranges
            of activations are taken from them.

    Returns:
        The content of a ``.tflite`` file.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in sample)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content
