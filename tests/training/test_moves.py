"""Training images mirrored and shifted: what is drawn, and that both engines move alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deap_nas import Recipe, build_model, parse_genome
from deap_nas.training.moves import draw_moves
from deap_nas.training.native.network import NativeNetwork

RECIPE = Recipe("moved", 1, "sgd", 0.1, 1, batch_size=32, flips=True, shifts=2)
SHAPE, N = (9, 7, 3), 45  # the last batch is not full, nor is its last group of 16


def moved(images, moves):
    """The plain way."""
    found = np.zeros_like(images)
    for image, to, (mirrored, down, right) in zip(images, found, moves.tolist()):
        image = image[:, ::-1] if mirrored else image
        height, width = image.shape[:2]
        for i in range(height):
            for j in range(width):
                if 0 <= i - down < height and 0 <= j - right < width:
                    to[i, j] = image[i - down, j - right]
    return found


def data(whole, n=N):
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (n, *SHAPE)).astype(np.uint8)
    labels = rng.integers(0, 10, n).astype(np.int32)
    return images if whole else images / np.float32(255), labels


def native(images, labels, text="CB 4 3 swish;GP"):
    return NativeNetwork(parse_genome(text), SHAPE, 10, RECIPE, images, labels, seed=1)


def keras(images, labels, text="CB 4 3 swish;GP"):
    tf = pytest.importorskip("tensorflow")
    from deap_nas.training.keras_engine.epoch import KerasEpoch

    model = build_model(parse_genome(text), SHAPE, 10, seed=1)
    return KerasEpoch(model, RECIPE, tf.constant(images), tf.constant(labels))


# --- what is drawn


def test_nothing_is_drawn_where_nothing_moves():
    assert draw_moves(replace(RECIPE, flips=False, shifts=0), 0, 1, 9) is None


def test_a_move_is_a_function_of_seed_epoch_and_image():
    drawn = draw_moves(RECIPE, 3, 4, 200)
    assert (drawn.dtype, drawn.shape) == (np.int8, (200, 3))
    assert draw_moves(RECIPE, 3, 4, 50).tolist() == drawn[:50].tolist()
    assert (draw_moves(RECIPE, 3, 5, 200) != drawn).mean() > 0.5
    assert (draw_moves(RECIPE, 4, 4, 200) != drawn).mean() > 0.5


def test_each_move_is_as_likely_as_any_other():
    """Chi-squared of 50 cells: 49 degrees of freedom, 85.4 is exceeded once in a thousand."""
    drawn = draw_moves(RECIPE, 0, 1, 50_000).astype(int)
    cells = (drawn[:, 0] * 5 + drawn[:, 1] + 2) * 5 + drawn[:, 2] + 2
    counts = np.bincount(cells, minlength=50)
    assert ((counts - 1000) ** 2 / 1000).sum() < 85.4


@pytest.mark.parametrize(
    ("recipe", "span"), [({"shifts": 0}, (1, 0, 0)), ({"flips": False, "shifts": 3}, (0, 3, 3))]
)
def test_only_what_the_recipe_says_is_drawn(recipe, span):
    drawn = draw_moves(replace(RECIPE, **recipe), 0, 1, 500)
    assert tuple(drawn.max(0)) == span
    assert tuple(-drawn.min(0)) == (0, *span[1:])


# --- what is moved


@pytest.mark.parametrize("engine", [native, keras])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("shifts", [0, 2, 40])  # 40: out of the image, most of them
def test_an_engine_moves_as_the_plain_way_does(engine, whole, shifts):
    (images, labels), rates = data(whole), np.zeros(2, np.float32)
    moves = draw_moves(replace(RECIPE, shifts=shifts), 1, 1, N)
    order = np.random.default_rng(0).permutation(N).astype(np.int32)
    found = engine(images, labels)(order, rates, moves)
    assert found == engine(moved(images, moves), labels)(order, rates)
    assert found != engine(images, labels)(order, rates)


def test_scores_are_of_images_as_they_are():
    network, (images, labels) = native(*data(True)), data(True)
    order, rates = np.arange(N, dtype=np.int32), np.full(2, 0.1, np.float32)
    before = network.score(images, labels)[1]
    network(order, rates * 0, draw_moves(RECIPE, 1, 1, N))
    network.weights = native(images, labels).weights
    assert network.score(images, labels)[1] == before


@pytest.mark.parametrize("wrong", [np.zeros((N, 3)), np.zeros((N - 1, 3), np.int8)])
def test_moves_that_are_none_are_refused(wrong):
    network, order = native(*data(True)), np.arange(N, dtype=np.int32)
    with pytest.raises(ValueError, match=r"moves .*, allowed int8 \(45, 3\)"):
        network(order, np.zeros(2, np.float32), wrong)
