"""Trained networks at work, in a process of their own: predictions, and files to take home."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas.devices.arena import Arena, measure
from deap_nas.devices.kernels import int8_logits
from deap_nas.devices.model import Int8Model, read_model
from deap_nas.devices.quantise import quantise
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.files import whole
from deap_nas.genome import parse_genome
from deap_nas.layers import LayerFile, files_of, own_layers, run_file
from deap_nas.layers.from_keras import import_keras
from deap_nas.runs.record import Record
from deap_nas.training.trainer import ENVIRONMENT, INHERITED, Weights

Array = np.ndarray[Any, Any]


class Networks:
    """The worker's side: networks from genomes and weights, on images of one shape."""

    def __init__(
        self, input_shape: tuple[int, int, int], n_classes: int, layers: Sequence[LayerFile] = ()
    ) -> None:
        for file in layers:
            run_file(file)
        self._keras = import_keras()
        from deap_nas.training.keras_engine import inference

        inference.use_one_thread()
        self._inference, self._size = inference, (input_shape, n_classes)

    def predict(self, genome: str, weights: Weights, x: Array) -> Array:
        """Predicted labels, shape (n,), of images, shape (n, height, width, channels)."""
        return self._labels(self._model(genome, weights), x)

    def predict_with(self, path: str, x: Array) -> Array:
        """The same by a network from a ``.keras`` or an ``.onnx`` file."""
        if path.endswith(".keras"):
            return self._labels(self._keras.models.load_model(path), x)
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        pixels = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x
        labels: Array = session.run(None, {name: pixels})[0].argmax(axis=1)
        return labels

    def write(self, genome: str, weights: Weights, path: str) -> None:
        """Write a network as the path ends, .keras or .onnx, whole or not at all."""
        model = self._model(genome, weights)
        if path.endswith(".keras"):
            self._inference.save_model(model, path)
        else:
            with whole(Path(path)) as part:
                self._write_onnx(model, str(part))

    def _write_onnx(self, model: Any, path: str) -> None:
        import tensorflow as tf

        def gelu(x: Any) -> Any:
            return 0.5 * x * (1 + tf.math.erf(x / 2**0.5))

        for layer in model.layers:
            if getattr(layer, "activation", None) is self._keras.activations.gelu:
                layer.activation = gelu  # TensorFlow's own has an operation ONNX lacks, erfc
        model(tf.zeros((1, *self._size[0])))  # Keras exports what has been called
        model.export(path, format="onnx", verbose=False)

    def quantise(self, genome: str, weights: Weights, sample: Array) -> Int8Model:
        """A network in int8; see ``devices.quantise`` for the sample."""
        self._keras.backend.clear_session()
        return read_model(quantise(self._model(genome, weights), sample))

    def predict_int8(self, content: bytes, x: Array) -> Array:
        """Predicted labels, shape (n,), by the content of a ``.tflite`` file."""
        labels: Array = int8_logits(content, x).argmax(axis=1)
        return labels

    def measure_arena(self, content: bytes) -> Arena:
        """The RAM that TensorFlow Lite Micro says it needs."""
        return measure(content)

    def _model(self, genome: str, weights: Weights) -> Any:
        return self._inference.trained_model(parse_genome(genome), weights, *self._size)

    def _labels(self, model: Any, x: Array) -> Array:
        labels: Array = self._inference.Scorer(model, self._size[1]).predict(x)
        return labels


class Studio:
    """The parent's side: asks a worker that has TensorFlow; started when first asked."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def predict(self, genome: str, weights: Weights, x: np.ndarray[Any, Any]) -> Any:
        return self._ask("predict", genome, weights, x)

    def predict_with(self, path: Path, x: np.ndarray[Any, Any]) -> Any:
        return self._ask("predict_with", str(path), x)

    def write(self, genome: str, weights: Weights, path: Path) -> None:
        self._ask("write", genome, weights, str(path))

    def quantise(self, genome: str, weights: Weights, sample: Array) -> Int8Model:
        return self._ask("quantise", genome, weights, sample)  # type: ignore[no-any-return]

    def predict_int8(self, content: bytes, x: Array) -> Any:
        return self._ask("predict_int8", content, x)

    def measure_arena(self, content: bytes) -> Arena:
        return self._ask("measure_arena", content)  # type: ignore[no-any-return]

    def _ask(self, method: str, *args: Any) -> Any:
        ((_, outcome),) = self._workers.run([Task(None, method, args)])
        if outcome.status != "ok":
            raise RuntimeError(f"{method}: {outcome.status}, {outcome.reason}")
        return outcome.value


@contextlib.contextmanager
def open_studio(record: Record) -> Iterator[Studio]:
    """A studio for the networks of a run; its process ends with the block."""
    workers = Workers(
        "deap_nas.report.networks:Networks",
        (record.input_shape, record.n_classes, files_of(own_layers())),
        environment=ENVIRONMENT,
        inherit=INHERITED,
    )
    try:
        yield Studio(workers)
    finally:
        workers.close()
