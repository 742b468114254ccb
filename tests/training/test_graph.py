"""The training graph computes what Keras's layers, loss and optimizers compute."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from deap_nas import (
    FULL_SPACE,
    PAPER_SPACE,
    RECIPES,
    Recipe,
    build_model,
    parse_genome,
)

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from deap_nas.training.graph import (  # noqa: E402
    EpochGraph,
    convolutions,
)
from deap_nas.training.graph.network import loss_and_gradients, plan_of  # noqa: E402
from deap_nas.training.inference import Scorer  # noqa: E402

RMSPROP = Recipe("rmsprop", version=1, optimizer="rmsprop", learning_rate=0.002, epochs=3)
SHAPES = [(28, 28, 1), (9, 12, 1), (11, 10, 3), (8, 8, 2)]


def data(shape, n=20, n_classes=10, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random((n, *shape), np.float32)
    return tf.constant(x), tf.constant(rng.integers(0, n_classes, n), tf.int32)


def by_keras(genome, shape, x, y):
    """Loss and gradients by TensorFlow's own differentiation of the plain Keras model.

    The plain loss, not Keras's, which looks behind a sigmoid.
    """
    model = build_model(genome, shape, 10, seed=1)
    weights = [w + 0.05 * (i % 2) for i, w in enumerate(model.get_weights())]  # biases too
    model.set_weights(weights)
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_mean(losses)
    return weights, float(loss), tape.gradient(loss, model.trainable_variables)


def assert_same_gradients(genome, shape):
    x, y = data(shape)
    weights, loss, expected = by_keras(genome, shape, x, y)
    plans = plan_of(build_model(genome, shape, 10))
    total, right, found = loss_and_gradients(plans, [tf.constant(w) for w in weights], x, y)
    assert float(total) / 20 == pytest.approx(loss, rel=1e-5)
    assert 0 <= float(right) <= 20
    for a, b in zip(found, expected, strict=True):
        scale = max(0.1, float(tf.reduce_max(tf.abs(b))))
        np.testing.assert_allclose(a, b, atol=2e-4 * scale)


@pytest.mark.parametrize("lanes", [8, 16])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_equal_keras_on_random_genomes(shape, lanes, monkeypatch):
    monkeypatch.setattr(convolutions, "LANES", lanes)
    space = replace(FULL_SPACE, input_shape=shape, n_normal=(0, 3), filters=(1, 2, 5, 8, 16, 17))
    rng = random.Random(str(shape))
    for _ in range(4):
        assert_same_gradients(space.sample(rng), shape)


@pytest.mark.parametrize("kernel", range(1, 8))
@pytest.mark.parametrize("size", [13, 14])
def test_every_kernel_on_odd_and_even_maps(kernel, size):
    text = f"NC 3 {kernel} gelu;NC 4 {kernel} swish;RC 5 {kernel} tanh;RC 6 3 sigmoid;FL gelu"
    assert_same_gradients(parse_genome(text), (size, size, 1))


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "swish", "gelu"])
def test_activations_equal_keras_in_value_and_slope(activation):
    from deap_nas.training.graph.activations import ACTIVATIONS

    z = tf.constant(np.linspace(-9, 9, 181, dtype=np.float32))
    with tf.GradientTape() as tape:
        tape.watch(z)
        expected = keras.activations.get(activation)(z)
    found, backward = ACTIVATIONS[activation](z)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    np.testing.assert_allclose(backward(tf.ones_like(z)), tape.gradient(expected, z), atol=2e-6)


@pytest.mark.parametrize("recipe", [*RECIPES.values(), RMSPROP], ids=lambda recipe: recipe.name)
def test_an_epoch_equals_keras_fit_with_the_same_batches(recipe):
    recipe = replace(recipe, batch_size=32, schedule="constant", warmup=0.0)
    genome = parse_genome("NC 4 3 tanh;RC 6 3 gelu;RC 5 3 swish;FL swish")
    x, y = data((12, 12, 1), n=100)
    model = build_model(genome, (12, 12, 1), 10, seed=3)
    epoch = EpochGraph(plan_of(model), recipe, model.get_weights(), x, y)
    optimizer = {
        "sgd": lambda: keras.optimizers.SGD(recipe.learning_rate, momentum=recipe.momentum),
        "adam": lambda: keras.optimizers.Adam(recipe.learning_rate),
        "rmsprop": lambda: keras.optimizers.RMSprop(recipe.learning_rate),
    }[recipe.optimizer]()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    fitted = model.fit(x, y, batch_size=32, epochs=3, shuffle=False, verbose=0).history
    order, rates = np.arange(100, dtype=np.int32), np.full(4, recipe.learning_rate, np.float32)
    for i in range(3):
        found, accuracy = epoch(order, rates)
        assert found == pytest.approx(fitted["loss"][i], rel=1e-4)
        assert accuracy == pytest.approx(fitted["accuracy"][i], abs=0.011)
    for a, b in zip(epoch.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)


def test_the_order_and_the_last_short_batch_count():
    genome = parse_genome("RC 3 3 tanh;RC 3 3 tanh;FL tanh")
    x, y = data((9, 9, 1), n=10)
    model = build_model(genome, (9, 9, 1), 10, seed=0)
    weights, plans = model.get_weights(), plan_of(model)

    def trained(order):
        recipe = replace(RECIPES["paper"], batch_size=4)
        epoch = EpochGraph(plans, recipe, weights, x, y)
        epoch(np.array(order, np.int32), np.full(3, 0.1, np.float32))
        return epoch.weights

    forward, again, backward = trained(range(10)), trained(range(10)), trained(range(9, -1, -1))
    assert all(np.array_equal(a, b) for a, b in zip(forward, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(forward, backward, strict=True))


def test_the_loss_gets_the_activated_output():
    """The report's design: with FL sigmoid the logits are in 0..1, so that no loss over ten classes
    is below ln(1 + 9/e); Keras's own loss would look behind the sigmoid."""
    genome = parse_genome("RC 4 3 tanh;RC 4 3 tanh;FL sigmoid")
    x, y = data((9, 9, 1), n=8)
    model = build_model(genome, (9, 9, 1), 10, seed=0)
    weights, plans = model.get_weights(), plan_of(model)
    epoch = EpochGraph(plans, replace(RECIPES["fast"], batch_size=8), weights, x, y)
    for _ in range(300):
        loss, _ = epoch(np.arange(8, dtype=np.int32), np.full(1, 0.05, np.float32))
    assert 1.46 < loss < 2.0
    model = build_model(genome, (9, 9, 1), 10)
    model.set_weights(epoch.weights)
    _, scored = Scorer(model, 10).score(x.numpy(), y.numpy())
    assert scored == pytest.approx(loss, rel=0.02)


def test_uint8_images_are_scaled_to_unit_range():
    genome = PAPER_SPACE.sample(random.Random(2))
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (30, 28, 28, 1), np.uint8)
    labels = tf.constant(rng.integers(0, 10, 30), tf.int32)
    model = build_model(genome, (28, 28, 1), 10, seed=0)
    weights, plans = model.get_weights(), plan_of(model)
    losses = []
    for images in (tf.constant(pixels), tf.constant(pixels / np.float32(255))):
        epoch = EpochGraph(plans, RECIPES["fast"], weights, images, labels)
        losses.append(epoch(np.arange(30, dtype=np.int32), np.full(1, 0.01, np.float32))[0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
