"""Trained networks in int8: the same bytes each time, and the labels of the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deap_nas import build_model, parse_genome
from deap_nas.devices.int8 import Quantiser
from deap_nas.devices.kernels import as_int8, int8_logits
from deap_nas.devices.quantise import draw_sample, quantise
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.layers.from_keras import import_keras
from deap_nas.training.trainer import ENVIRONMENT

GENOME = "CR 4 3 relu;SK 3 hard_swish;SB 8 3 swish;MP 2;GD 16 tanh"
SHAPE, CLASSES = (14, 14, 1), 3
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (300, *SHAPE), dtype=np.uint8)


def network(seed: int = 0) -> Any:
    return build_model(parse_genome(GENOME), SHAPE, CLASSES, seed=seed)


@pytest.fixture(scope="module")
def content() -> bytes:
    import_keras().backend.clear_session()
    return quantise(network(), draw_sample(IMAGES, 50))


def test_the_sample_is_some_images_once_each_and_the_same_each_time() -> None:
    sample = draw_sample(IMAGES, 50)
    assert sample.shape == (50, *SHAPE)
    assert sample.dtype == np.float32
    np.testing.assert_array_equal(sample, draw_sample(IMAGES, 50))
    whole = IMAGES.astype(np.float32) / 255
    assert len(np.unique(sample.reshape(50, -1), axis=0)) == 50
    assert all((whole == image).all((1, 2, 3)).any() for image in sample)
    np.testing.assert_array_equal(draw_sample(whole, 50), sample)
    assert len(draw_sample(IMAGES, 10_000)) == 300


def test_images_as_the_input_has_them() -> None:
    """A scale of 1/255 and a zero point of -128 is what pixels come to."""
    np.testing.assert_array_equal(
        as_int8(IMAGES, 1 / 255, -128), IMAGES.astype(np.int16) - 128, strict=False
    )
    found = as_int8(np.array([-1.0, 0.5, 9.0], np.float32), 0.1, 3)
    assert found.tolist() == [-7, 8, 93]
    assert as_int8(np.array([99.0], np.float32), 0.1, 0).tolist() == [127]


def test_it_says_what_the_network_says(content: bytes) -> None:
    logits = int8_logits(content, IMAGES)
    assert (logits.dtype, logits.shape) == (np.int8, (300, CLASSES))
    expected = network().predict(IMAGES / 255.0, verbose=0)
    assert (logits.argmax(1) == expected.argmax(1)).mean() > 0.95
    assert np.corrcoef(logits.ravel(), expected.ravel())[0, 1] > 0.9


def test_batches_are_no_matter(content: bytes) -> None:
    whole = int8_logits(content, np.concatenate([IMAGES, IMAGES, IMAGES]))
    np.testing.assert_array_equal(whole[:300], int8_logits(content, IMAGES))
    np.testing.assert_array_equal(whole[601:608], int8_logits(content, IMAGES[1:8]))


def test_the_same_weights_give_the_same_bytes_in_any_process(content: bytes) -> None:
    weights, sample = network().get_weights(), draw_sample(IMAGES, 50)
    labels = int8_logits(content, IMAGES).argmax(1)
    tasks = [Task(i, "quantise", (GENOME, weights, sample)) for i in range(2)]
    with Workers(Quantiser(SHAPE, CLASSES), environment=ENVIRONMENT) as workers:
        found = [outcome for _, outcome in workers.run(tasks)]
        assert [outcome.reason for outcome in found] == ["", ""]
        assert [outcome.value for outcome in found] == [content, content]
        ((_, scored),) = workers.run([Task(None, "score_int8", (content, IMAGES, labels))])
    np.testing.assert_array_equal(scored.value, np.diag(np.bincount(labels, minlength=CLASSES)))
