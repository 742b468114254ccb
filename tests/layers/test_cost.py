"""Parameters, feature maps and multiply-adds by formula, against Keras's."""

import random
from dataclasses import replace
from itertools import product
from math import prod

import pytest

from deap_nas import (
    FULL_SPACE,
    Conv,
    build_model,
    count_multiply_adds,
    count_params,
    feature_maps,
    parse_genome,
)

PUBLISHED = {  # the report, section VI: the four genomes that it prints whole
    "NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish": 3264,
    "NC 16 4 gelu;RC 10 4 relu;NC 8 4 gelu;NC 16 4 tanh;RC 4 5 tanh;FL swish": 8768,
    "NC 10 4 relu;RC 14 4 tanh;RC 14 4 relu;FL tanh": 7184,
    "NC 14 3 relu;NC 8 3 gelu;RC 12 3 tanh;RC 12 4 gelu;FL gelu": 5830,
}


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.mark.parametrize(("text", "n_params"), PUBLISHED.items())
def test_published_parameters(text, n_params):
    assert count_params(parse_genome(text)) == n_params


def test_by_hand():
    genome = parse_genome("NC 2 3 relu;RC 4 5 tanh;FL gelu")
    # 8x10x3 -> NC 8x10x2 -> RC (8-5)//2+1 = 2, (10-5)//2+1 = 3: 2x3x4 -> pooled 4 -> 64 -> 7
    shape, n_classes = (8, 10, 3), 7
    assert feature_maps(genome, shape) == [(8, 10, 2), (2, 3, 4)]
    convs = (9 * 3 + 1) * 2 + (25 * 2 + 1) * 4
    assert count_params(genome, shape, n_classes) == convs + (4 + 1) * 64 + (64 + 1) * 7
    multiplied = 80 * 9 * 3 * 2 + 6 * 25 * 2 * 4 + 4 * 64 + 64 * 7
    assert count_multiply_adds(genome, shape, n_classes) == multiplied


def test_head_alone_sees_the_channels_of_the_image():
    genome = parse_genome("FL relu")
    assert feature_maps(genome) == []
    assert count_params(genome) == (1 + 1) * 64 + 65 * 10
    assert count_params(genome, (5, 5, 3), 2) == (3 + 1) * 64 + 65 * 2
    assert count_multiply_adds(genome, (5, 5, 3), 2) == 3 * 64 + 64 * 2


def test_a_kernel_that_does_not_fit_leaves_no_map():
    genome = parse_genome("RC 4 5 relu;RC 4 1 relu;NC 4 3 relu;FL relu")
    assert feature_maps(genome, (4, 6, 1)) == [(0, 1, 4), (0, 1, 4), (0, 1, 4)]


@pytest.mark.parametrize(
    ("seed", "n_genomes"), [(1, 100), pytest.param(2, 1000, marks=pytest.mark.slow)]
)
def test_equals_keras_on_random_genomes(keras, seed, n_genomes):
    rng = random.Random(seed)
    for i in range(n_genomes):
        space = FULL_SPACE
        if i % 2:  # every other one for images of another shape
            shape = (rng.randint(4, 40), rng.randint(4, 40), rng.randint(1, 4))
            space = replace(FULL_SPACE, input_shape=shape, n_classes=rng.randint(2, 100))
        genome, settings = space.sample(rng), (space.input_shape, space.n_classes)
        model = build_model(genome, *settings)
        convs = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
        assert count_params(genome, *settings) == model.count_params()
        assert feature_maps(genome, settings[0]) == [conv.output.shape[1:] for conv in convs]
        assert count_multiply_adds(genome, *settings) == sum(
            prod(layer.output.shape[1:-1]) * prod(layer.kernel.shape)
            for layer in model.layers
            if layer.weights
        )
        if i % 100 == 99:
            keras.utils.clear_session()


def test_a_kernel_fits_exactly_where_keras_says_so(keras):
    for width, kernel in product(range(1, 10), repeat=2):
        layer = keras.layers.Conv2D(2, kernel, strides=2, padding="valid")
        try:
            _, *there = layer.compute_output_shape((None, width, width, 1))
        except ValueError:
            there = [0, 0, 2]
        assert feature_maps([Conv("RC", 2, kernel, "relu")], (width, width, 1)) == [tuple(there)]
