"""Models as they go into flash: fewer bytes, the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deap_nas import build_model, parse_genome
from deap_nas.devices import quantise as quantising
from deap_nas.devices.compact import compact, expand
from deap_nas.devices.kernels import int8_logits
from deap_nas.devices.model import read_model
from deap_nas.layers.from_keras import import_keras

SHAPE, CLASSES = (12, 12, 2), 5
IMAGES = np.random.default_rng(0).random((40, *SHAPE), dtype=np.float32)
GENOMES = [
    "CB 8 3 relu;SK 3 hard_swish;SB 16 3 swish;MP 2;GD 16 tanh",
    "CR 8 5 gelu;SK 3 relu6;AP 2;GP",  # an operator whose code takes more than 7 bits
    "CB 1 3 relu;SK 3 tanh;GP",  # of one channel
]


@pytest.fixture(params=GENOMES, ids=range(len(GENOMES)))
def converted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """As TensorFlow's converter writes it."""
    monkeypatch.setattr(quantising, "compact", lambda content: content)
    import_keras().backend.clear_session()
    model: Any = build_model(parse_genome(request.param), SHAPE, CLASSES, seed=3)
    return quantising.quantise(model, IMAGES)


def test_it_computes_the_same_in_fewer_bytes(converted: bytes) -> None:
    small = compact(converted)
    assert len(small) < 0.6 * len(converted)
    found, expected = int8_logits(small, IMAGES), int8_logits(converted, IMAGES)
    assert len(np.unique(expected)) > 3
    np.testing.assert_array_equal(found, expected)


def test_on_a_microcontroller_s_runtime_too(converted: bytes) -> None:
    pytest.importorskip("tflite_micro")
    if "GELU" in read_model(converted).operators:
        pytest.skip("TensorFlow Lite Micro has no GELU")
    expected = int8_logits(converted, IMAGES, micro=True)
    for content in (compact(converted), expand(compact(converted))):
        np.testing.assert_array_equal(int8_logits(content, IMAGES, micro=True), expected)


@pytest.mark.filterwarnings("ignore:(?s).*tf.lite.Interpreter is deprecated")
def test_a_file_that_other_machines_read(converted: bytes) -> None:
    """TensorFlow Lite wants a zero point of each channel."""
    from tensorflow.lite.python.interpreter import Interpreter

    small = compact(converted)
    file = expand(small)
    assert len(small) < len(file) < len(converted)
    with pytest.raises(ValueError, match="Must have same number"):
        Interpreter(model_content=small).allocate_tensors()
    interpreter = Interpreter(model_content=file)
    interpreter.allocate_tensors()
    assert compact(file) == compact(small) == small
    assert expand(file) == file


def test_what_it_says_of_itself_stays(converted: bytes) -> None:
    before, after = read_model(converted), read_model(compact(converted))
    for name in ("operators", "nodes", "tensors", "input_shape", "n_classes", "input", "output"):
        assert getattr(before, name) == getattr(after, name)


def test_weights_lie_where_the_schema_wants_them(converted: bytes) -> None:
    """At multiples of 16, from the beginning of the file."""
    from tensorflow.lite.python import schema_py_generated as schema

    content = compact(converted)
    model = schema.Model.GetRootAs(content)
    arrays = [model.Buffers(i).DataAsNumpy() for i in range(1, model.BuffersLength())]
    assert len(arrays) > 3
    start = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    places = [array.__array_interface__["data"][0] - start for array in arrays]
    assert all(place % 16 == 0 for place in places)
