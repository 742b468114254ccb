"""RAM and flash by formula, against TensorFlow Lite's converter and TensorFlow Lite Micro's arena.

pip install -e '.[cpu,test,device]' && python -m pytest -m device
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from deap_nas import WIDE_SPACE, SearchSpace, arena_head, build_model, flash, peak_ram

pytestmark = [pytest.mark.device, pytest.mark.filterwarnings("ignore")]
IMAGES = 4  # by which the converter chooses its scales


def of_the_runtime(rule: dict[str, Any]) -> dict[str, Any]:
    """A layer's rule without GELU, which TensorFlow Lite Micro does not have."""
    return {
        name: tuple(value for value in allowed if value != "gelu")
        for name, allowed in rule.items()
        if name != "count"
    }


SPACE = SearchSpace(
    layers={name: of_the_runtime(rule) for name, rule in WIDE_SPACE.layers.items()},
    heads={name: of_the_runtime(rule) for name, rule in WIDE_SPACE.heads.items()},
    depth=(2, 8),
    reductions=(0, 3),
)
SPACES = {"wide": SPACE, "paper": SearchSpace(activations=("relu", "swish", "tanh", "sigmoid"))}


def converted(genome: Any, shape: tuple[int, ...], rng: np.random.Generator) -> bytes:
    """An int8 model with weights drawn at random."""
    import tensorflow as tf

    tf.keras.backend.clear_session()
    model = build_model(genome, shape, 10)
    for variable in model.variables:
        low = 0.5 if "variance" in variable.path or "gamma" in variable.path else -0.5
        variable.assign(rng.uniform(low, low + 1, variable.shape))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    images = rng.random((IMAGES, 1, *shape), dtype=np.float32)
    converter.representative_dataset = lambda: ([image] for image in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content: bytes = converter.convert()
    return content


def measured_head(content: bytes) -> int:
    """Bytes that the runtime's tensors take, as it says itself, on standard error."""
    from tflite_micro.python.tflite_micro import runtime

    with tempfile.TemporaryFile() as file:
        with standard_error_in(file.fileno()):
            runtime.Interpreter.from_bytes(content).print_allocations()
        file.seek(0)
        (found,) = re.findall(r"Arena allocation head (\d+) bytes", file.read().decode())
    return int(found)


@contextlib.contextmanager
def standard_error_in(file: int) -> Iterator[None]:
    sys.stderr.flush()
    before = os.dup(2)
    os.dup2(file, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


@pytest.mark.parametrize(
    ("n", "seed"), [(6, 0), pytest.param(1000, 1, marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.parametrize("name", SPACES)
def test_of_random_genomes(name, n, seed):
    pytest.importorskip("tflite_micro")
    rng = random.Random(seed)
    for i in range(n):
        genome = SPACES[name].sample(rng)
        shape = (28, 28, 1) if i % 2 else (19, 24, 3)
        content = converted(genome, shape, np.random.default_rng(i))
        assert arena_head(genome, shape) == measured_head(content), genome
        assert peak_ram(genome, shape) <= arena_head(genome, shape)
        assert flash(genome, shape) == pytest.approx(len(content), rel=0.02), genome
