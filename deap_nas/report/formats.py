"""The formats that a trained network can be taken home in."""

from __future__ import annotations

FORMATS = {
    "keras": "a Keras model",
    "onnx": "for the ONNX Runtime",
    "tflite": "int8, for TensorFlow Lite",
    "c": "int8 as C, for TensorFlow Lite Micro",
}
INT8 = ("tflite", "c")
PACKAGES = {"onnx": ("onnx", "onnxruntime", "tf2onnx")}  # that one needs besides TensorFlow
# Of accuracy: what reads a file rounds in other places than what trained the network.
TOLERANCE = {"keras": 0.0005, "onnx": 0.002}
