"""RAM and flash by formula, against TensorFlow Lite's converter and TensorFlow Lite Micro's arena;
int8 labels of its kernels against those of ai-edge-litert.

pip install -e '.[cpu,test,device]' && python -m pytest -m device
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deap_nas import (
    PAPER_SPACE,
    WIDE_SPACE,
    arena_head,
    build_model,
    flash,
    load_dataset,
    parse_genome,
    peak_ram,
)
from deap_nas.devices.arena import measure
from deap_nas.devices.kernels import int8_logits
from deap_nas.devices.quantise import draw_sample, quantise
from deap_nas.spaces import supported
from deap_nas.spaces.budgets import COSTS

pytestmark = [pytest.mark.device, pytest.mark.filterwarnings("ignore")]
GENOME = "CR 8 3 relu;SK 3 swish;SB 16 3 hard_swish;MP 2;GD 16 tanh"
IMAGES = 4  # by which the converter chooses its scales


SPACES = {"wide": supported(WIDE_SPACE), "paper": supported(PAPER_SPACE)}


def genomes(name: str, n: int, seed: int) -> Iterator[tuple[Any, tuple[int, int, int]]]:
    """Random genomes of a space, and the images that each is for."""
    rng = random.Random(seed)
    for i in range(n):
        shape = (28, 28, 1) if i % 2 else (19, 24, 3)
        yield replace(SPACES[name], input_shape=shape).sample(rng), shape


def converted(genome: Any, shape: tuple[int, ...], rng: np.random.Generator) -> bytes:
    """An int8 model with weights drawn at random."""
    import tensorflow as tf

    tf.keras.backend.clear_session()
    model = build_model(genome, shape, 10)
    for variable in model.variables:
        low = 0.5 if "variance" in variable.path or "gamma" in variable.path else -0.5
        variable.assign(rng.uniform(low, low + 1, variable.shape))
    return quantise(model, rng.random((IMAGES, *shape), dtype=np.float32))


# A thousand of the wide space by all seeds, which may be run side by side.
MANY = [*(("wide", 250, seed) for seed in range(1, 5)), ("paper", 100, 1)]


@pytest.mark.parametrize(
    ("name", "n", "seed"),
    [*((name, 6, 0) for name in SPACES), *(pytest.param(*m, marks=pytest.mark.slow) for m in MANY)],
)
def test_of_random_genomes(name, n, seed):
    pytest.importorskip("tflite_micro")
    for i, (genome, shape) in enumerate(genomes(name, n, seed)):
        content = converted(genome, shape, np.random.default_rng(i))
        assert arena_head(genome, shape) == measure(content).head, genome
        assert peak_ram(genome, shape) <= arena_head(genome, shape)
        cost = COSTS["max_flash"]
        assert len(content) <= cost.limit_for(cost.total(genome, shape, 10)), genome
        assert flash(genome, shape) == pytest.approx(len(content), rel=0.02, abs=128), genome


@pytest.mark.parametrize("n", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_both_runtimes_give_the_same_labels(n):
    """But for where a network can hardly tell two classes: here and there one of them rounds a sum
    to the next step of int8 (there are 256), whichever operators a network has."""
    pytest.importorskip("tflite_micro")
    images, labels, content = trained_on_clothes()
    images, labels = images[:n], labels[:n]
    lite, micro = (int8_logits(content, images, micro=micro).astype(int) for micro in (False, True))
    assert np.abs(lite - micro).max() <= 2
    assert (lite != micro).mean() < 0.02
    other = lite.argmax(1) != micro.argmax(1)
    second, first = np.sort(micro[other], axis=1)[:, -2:].T
    assert (first - second <= 2).all()
    right = [float((each.argmax(1) == labels).mean()) for each in (lite, micro)]
    print(f"{n} images: accuracy {right[0]:.4f} and {right[1]:.4f}, {other.sum()} labels differ")
    assert right[0] == pytest.approx(right[1], abs=0.005 + 1 / n)  # or one label
    assert right[0] > 0.4


def trained_on_clothes() -> tuple[Any, Any, bytes]:
    """Test images, their labels, and the int8 model of a network that knows something of them."""
    import tensorflow as tf

    dataset = load_dataset("fashion_mnist")
    tf.keras.utils.set_random_seed(0)
    model = build_model(parse_genome(GENOME), (28, 28, 1), 10, seed=0)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf.keras.optimizers.Adam(0.01), loss)
    model.fit(dataset.x_train[:5000] / 255, dataset.y_train[:5000], epochs=4, verbose=0)
    return dataset.x_test, dataset.y_test, quantise(model, draw_sample(dataset.x_train))
