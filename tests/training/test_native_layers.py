"""Dropout and the largest of equals in the kernels: what no comparison of gradients shows."""

from __future__ import annotations

import numpy as np
import pytest

from deap_nas import Recipe, build_model, parse_genome
from deap_nas.training.native.network import NativeNetwork

CHANNELS = 400  # images of one pixel, each channel a number that is dropped or not


def dropping(percent, *, n=1, seed=7, batch_size=64):
    """Images of ones, image i of class i, and weights of zero: every class is as likely."""
    genome = parse_genome(f"DO {percent};GP")
    x = np.ones((n, 1, 1, CHANNELS), np.float32)
    y = np.arange(n, dtype=np.int32)
    recipe = Recipe("dropping", 1, "sgd", 0.1, 1, batch_size)
    weights = [np.zeros((CHANNELS, n + 1), np.float32), np.zeros(n + 1, np.float32)]
    return NativeNetwork(genome, x.shape[1:], n + 1, recipe, x, y, seed=seed, weights=weights)


def seen(network):
    """What each image is behind dropout, [image][channel], from the gradient of the dense layer:
    the sum over images of number times (1 / classes - 1 where it is of the class) / n."""
    n = network.weights[1].size - 1
    slopes = (1 / (n + 1) - np.eye(n, n + 1)) / n
    kernel, _ = network.gradient(np.arange(n, dtype=np.int32))
    return np.linalg.lstsq(slopes.T, kernel.T.astype(np.float64), rcond=None)[0]


def step(network):
    """To the next step, without moving a weight."""
    network(np.zeros(1, np.int32), np.zeros(1, np.float32))


@pytest.mark.parametrize("percent", [1, 30, 50, 99])
def test_dropout_drops_its_share_and_scales_the_rest(percent):
    found = seen(dropping(percent, n=40))
    dropped = np.abs(found) < 1e-3
    np.testing.assert_allclose(found[~dropped], 1 / (1 - percent / 100), rtol=1e-3)
    rate = percent / 100
    deviation = (rate * (1 - rate) / found.size) ** 0.5
    assert abs(dropped.mean() - rate) < 4 * deviation
    for axis in (0, 1):  # and no image or channel more than another
        shares = dropped.mean(axis)
        spread = (rate * (1 - rate) / found.shape[axis]) ** 0.5
        assert 0.7 * spread < shares.std() < 1.3 * spread


def test_dropout_is_a_function_of_seed_and_step_and_image():
    network = dropping(50, n=18)
    first = seen(network)
    assert np.array_equal(first, seen(network)), "no step in between"
    step(network)
    second = seen(network)
    again = dropping(50, n=18)
    assert np.array_equal(first, seen(again))
    step(again)
    assert np.array_equal(second, seen(again))
    masks = [*first, *second, *seen(dropping(50, n=18, seed=8))]
    alike = [np.isclose(a, b).mean() for i, a in enumerate(masks) for b in masks[:i]]
    assert 0.35 < min(alike) < max(alike) < 0.65


def test_two_dropouts_of_a_network_drop_other_numbers():
    """Were they the same, one after the other would drop no more than one."""
    x, recipe = np.ones((1, 1, 1, CHANNELS), np.float32), Recipe("two", 1, "sgd", 0.1, 1)
    weights = [np.zeros((CHANNELS, 2), np.float32), np.zeros(2, np.float32)]
    genome, labels = parse_genome("DO 50;DO 50;GP"), np.zeros(1, np.int32)
    network = NativeNetwork(genome, x.shape[1:], 2, recipe, x, labels, weights=weights)
    assert (np.abs(seen(network)) < 1e-3).mean() == pytest.approx(0.75, abs=0.1)


def test_dropout_drops_nothing_when_it_is_scored():
    rng = np.random.default_rng(0)
    x, y = rng.random((20, 6, 5, 2), np.float32), rng.integers(0, 4, 20)
    recipe = Recipe("scored", 1, "sgd", 0.1, 1)
    with_it, without = (
        NativeNetwork(parse_genome(text), x.shape[1:], 4, recipe, x, y, seed=1)
        for text in ("NC 3 3 relu;DO 90;GP", "NC 3 3 relu;GP")
    )
    without.weights = with_it.weights
    assert with_it.score(x, y)[1] == without.score(x, y)[1]
    assert np.array_equal(with_it.predict(x), without.predict(x))


@pytest.mark.parametrize("size", [2, 3])
def test_the_gradient_goes_to_the_first_of_several_largest_as_in_keras(size):
    """The convolution passes pixels of three levels on, so that most maxima are shared; what lies
    around each, which the gradient of its other taps sees, differs."""
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (30, 9, 8, 1)).astype(np.float32)
    y = rng.integers(0, 3, 30).astype(np.int32)
    genome = parse_genome(f"NC 2 3 swish;MP {size};GP")
    model = build_model(genome, x.shape[1:], 3, seed=1)
    weights = model.get_weights()
    weights[0] = np.zeros_like(weights[0])
    weights[0][1, 1] = 1
    model.set_weights(weights)
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, model(x, training=True))
        loss = tf.reduce_mean(losses)
    expected = [slope.numpy() for slope in tape.gradient(loss, model.trainable_variables)]
    recipe = Recipe("ties", 1, "sgd", 0.1, 1)
    network = NativeNetwork(genome, x.shape[1:], 3, recipe, x, y, weights=weights)
    for a, b in zip(network.gradient(np.arange(30, dtype=np.int32)), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


# What the kernels are never asked: they look at nothing, and would read elsewhere


@pytest.fixture
def network():
    recipe = Recipe("asked", 1, "sgd", 0.1, 1, batch_size=4)
    x, y = np.zeros((9, 5, 6, 1), np.float32), np.zeros(9, np.int32)
    return NativeNetwork(parse_genome("CB 2 3 relu;GP"), (5, 6, 1), 3, recipe, x, y)


@pytest.mark.parametrize("place", [-1, 9])
def test_an_image_that_is_not_there(network, place):
    with pytest.raises(ValueError, match=f"image {place}, allowed 0 to 8"):
        network(np.array([0, place]), np.zeros(1))
    with pytest.raises(ValueError, match=f"image {place}, allowed 0 to 8"):
        network.gradient(np.array([place]))


def test_too_few_rates_and_too_large_a_batch(network):
    with pytest.raises(ValueError, match="2 learning rates, allowed one for each of 3 steps"):
        network(np.arange(9), np.zeros(2))
    with pytest.raises(ValueError, match="a batch of 5 images, allowed 4"):
        network.gradient(np.arange(5))


def test_images_of_another_shape(network):
    other = np.zeros((3, 6, 5, 1), np.uint8)
    for ask in (network.predict, lambda x: network.score(x, np.zeros(3, np.int32))):
        with pytest.raises(ValueError, match=r"images of shape \(6, 5, 1\), allowed \(5, 6, 1\)"):
            ask(other)


def test_labels_without_images_and_images_without_labels(network):
    x = np.zeros((3, 5, 6, 1), np.uint8)
    with pytest.raises(ValueError, match="2 labels of 3 images"):
        network.score(x, np.zeros(2, np.int32))
