"""Gradients, moving statistics and answers of the kernels against Keras's in double precision.

The judge is TensorFlow's automatic differentiation of the Keras model in float64. Measured against
it, as a share of the largest entry of an array, the worst of all cases here: gradients 3.3e-5,
where Keras's own in float32 are 6.5e-5; moving statistics 1.8e-7, and Keras's 3.7e-7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from native_networks import Drawn, moving

from deap_nas import ACTIVATIONS, build_model, parse_genome

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

SHAPE, N_CLASSES, N = (9, 8, 3), 4, 21
LAYERS = (  # each behind another, so that the gradient by what reaches it counts too
    *("NC 5 4", "RC 5 3", "CB 5 3", "CR 5 4", "SB 5 3", "SR 5 2", "SK 3"),
)
HEADS = ("GD 5", "FL")
PLAIN = ("MP 2", "MP 3", "AP 2", "AP 3")
GENOMES = (
    *(f"NC 3 3 tanh;{layer} {activation};GP" for layer in LAYERS for activation in ACTIVATIONS),
    *(f"NC 3 3 tanh;{head} {activation}" for head in HEADS for activation in ACTIVATIONS),
    *(f"NC 3 3 tanh;{layer};GP" for layer in PLAIN),
    "SK 3 relu;SK 2 swish;MP 2;GP",
)


@pytest.fixture
def precise() -> Iterator[None]:
    """Keras makes networks in double precision."""
    policy, floats = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx(floats)
        keras.config.set_dtype_policy(policy)


def judged(drawn: Drawn) -> tuple[list[Any], list[Any], Any]:
    """Gradients by weights, moving statistics behind the batch, and logits before it."""
    model = build_model(parse_genome(drawn.genome), drawn.shape, drawn.n_classes)
    model.set_weights(drawn.weights)
    x = tf.cast(drawn.images, keras.config.floatx())
    logits = model(x, training=False).numpy()
    with tf.GradientTape() as tape:
        found = model(x, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(drawn.labels, found)
        loss = tf.reduce_mean(losses)
    slopes = [slope.numpy() for slope in tape.gradient(loss, model.trainable_variables)]
    return slopes, [v.numpy() for v in model.non_trainable_variables], logits


def shares(found: list[Any], expected: list[Any]) -> list[float]:
    """How far arrays are apart, as a share of the largest entry of each."""
    return [
        float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(found, expected, strict=True)
    ]


@pytest.mark.parametrize("genome", GENOMES)
def test_a_layer_with_an_activation(genome, precise):
    drawn = Drawn(genome, SHAPE, N_CLASSES, N, seed=3)
    slopes, kept, logits = judged(drawn)
    network = drawn.native()
    answers, loss = network.predict(drawn.images), network.score(drawn.images, drawn.labels)[1]
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(drawn.labels, logits)
    assert loss == pytest.approx(float(tf.reduce_mean(losses)), rel=1e-6)
    top, second = np.sort(logits, 1)[:, -1], np.sort(logits, 1)[:, -2]
    clear = top - second > 1e-5
    assert clear.mean() > 0.5
    assert answers[clear].tolist() == logits.argmax(1)[clear].tolist()
    assert max(shares(network.gradient(drawn.order), slopes)) < 1e-4
    assert max([0, *shares(moving(network), kept)]) < 1e-6
