"""Trained networks at work, in a process of their own: predictions, and files to take home."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas.evaluation.workers import Task, Workers
from deap_nas.genome import Gene, parse_genome
from deap_nas.layers.from_keras import import_keras
from deap_nas.runs.record import Record
from deap_nas.training.model import build_model
from deap_nas.training.trainer import ENVIRONMENT, Weights

BATCH = 500  # images at a time, as when scores are taken


class Networks:
    """The worker's side: networks from genomes and weights, on images of one shape."""

    def __init__(self, input_shape: tuple[int, int, int], n_classes: int) -> None:
        self._keras = import_keras()
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)  # sums in the order of training
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self._tf, self._size = tf, (input_shape, n_classes)

    def predict(
        self, genome: Sequence[Gene], weights: Weights, x: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Predicted labels, shape (n,), of images, shape (n, height, width, channels)."""
        return self._labels(self._model(genome, weights), x)

    def predict_with(self, path: str, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The same by a network from a ``.keras`` or an ``.onnx`` file."""
        if path.endswith(".keras"):
            return self._labels(self._keras.models.load_model(path), x)
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        pixels = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x
        labels: np.ndarray[Any, Any] = session.run(None, {name: pixels})[0].argmax(axis=1)
        return labels

    def write(self, genome: Sequence[Gene], weights: Weights, path: str) -> None:
        """Write a network as the path ends, .keras or .onnx, whole or not at all."""
        part = f"{path}.{os.getpid()}.part{Path(path).suffix}"
        model = self._model(genome, weights)
        if path.endswith(".keras"):
            model.save(part)
        else:
            self._write_onnx(model, part)
        os.replace(part, path)

    def _write_onnx(self, model: Any, path: str) -> None:
        for layer in model.layers:
            if getattr(layer, "activation", None) is self._keras.activations.gelu:
                layer.activation = self._gelu  # TensorFlow's own has an operation ONNX lacks, erfc
        model(self._tf.zeros((1, *self._size[0])))  # Keras exports what has been called
        try:
            import onnxruntime  # noqa: F401  (the file is read again)

            model.export(path, format="onnx", verbose=False)
        except ImportError as error:
            raise ImportError(f"{error}; pip install 'deap-nas[onnx]'") from None

    def _gelu(self, x: Any) -> Any:
        return 0.5 * x * (1 + self._tf.math.erf(x / 2**0.5))

    def _model(self, genome: Sequence[Gene], weights: Weights) -> Any:
        model = build_model(genome, *self._size)
        model.set_weights(weights)
        return model

    def _labels(self, model: Any, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        tf = self._tf

        @tf.function(jit_compile=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
        def label(images: Any) -> Any:
            pixels = tf.cast(images, tf.float32) / 255.0 if images.dtype == tf.uint8 else images
            return tf.argmax(model(pixels, training=False), axis=1)

        parts = [x[start : start + BATCH] for start in range(0, len(x), BATCH)]
        return np.concatenate([label(tf.constant(part)).numpy() for part in parts])


class Studio:
    """The parent's side: asks a worker that has TensorFlow; started when first asked."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def predict(self, genome: str, weights: Weights, x: np.ndarray[Any, Any]) -> Any:
        return self._ask("predict", parse_genome(genome), weights, x)

    def predict_with(self, path: Path, x: np.ndarray[Any, Any]) -> Any:
        return self._ask("predict_with", str(path), x)

    def write(self, genome: str, weights: Weights, path: Path) -> None:
        self._ask("write", parse_genome(genome), weights, str(path))

    def _ask(self, method: str, *args: Any) -> Any:
        ((_, outcome),) = self._workers.run([Task(None, method, args)])
        if outcome.status != "ok":
            raise RuntimeError(f"{method}: {outcome.status}, {outcome.reason}")
        return outcome.value


@contextlib.contextmanager
def studio(record: Record) -> Iterator[Studio]:
    """A studio for the networks of a run; its process ends with the block."""
    workers = Workers(
        "deap_nas.report.networks:Networks",
        (record.input_shape, record.n_classes),
        environment=ENVIRONMENT,
    )
    try:
        yield Studio(workers)
    finally:
        workers.close()
