"""Weights after 50 steps of the kernels against the engine ``keras``, in the same order.

Activations are smooth and rates small: a kink that one engine meets a bit earlier, or Adam's
division by slopes near 0, would tell rounding from rounding. Both engines are in float32.
"""

from __future__ import annotations

import numpy as np
import pytest

from deap_nas import Recipe, build_model, parse_genome
from deap_nas.training.moves import draw_moves
from deap_nas.training.native.network import NativeNetwork

tf = pytest.importorskip("tensorflow")

from deap_nas.training.keras_engine.epoch import KerasEpoch  # noqa: E402

SHAPE, N, BATCH, EPOCHS = (10, 9, 1), 150, 32, 10  # five steps an epoch, the last of 22 images
GENOMES = (
    "NC 4 3 tanh;RC 5 3 swish;FL tanh",
    "CB 4 3 swish;SK 3 tanh;AP 2;GD 6 gelu",
)
RECIPES = (
    Recipe("sgd", 1, "sgd", 0.01, EPOCHS, BATCH, momentum=0.9),
    Recipe("adam", 1, "adam", 1e-4, EPOCHS, BATCH),
    Recipe("rmsprop", 1, "rmsprop", 1e-4, EPOCHS, BATCH),
    Recipe("smooth", 1, "sgd", 0.01, EPOCHS, BATCH, momentum=0.9, label_smoothing=0.2),
    Recipe("balanced", 1, "adam", 1e-4, EPOCHS, BATCH, class_weights="balanced"),
    Recipe("moved", 1, "adam", 1e-4, EPOCHS, BATCH, flips=True, shifts=2),
    Recipe("decayed", 1, "adam", 1e-4, EPOCHS, BATCH, weight_decay=20.0),
)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("text", GENOMES)
def test_fifty_steps_equal_keras(text, recipe):
    rng, genome = np.random.default_rng(1), parse_genome(text)
    x, y = rng.random((N, *SHAPE), np.float32), rng.integers(0, 10, N).astype(np.int32)
    model = build_model(genome, SHAPE, 10, seed=2)
    start = model.get_weights()
    native = NativeNetwork(genome, SHAPE, 10, recipe, x, y, weights=start)
    keras = KerasEpoch(model, recipe, tf.constant(x), tf.constant(y))
    steps = -(-N // BATCH)
    for epoch in range(EPOCHS):
        order = rng.permutation(N).astype(np.int32)
        rates = [recipe.rate(epoch * steps + i, EPOCHS * steps) for i in range(steps)]
        given = order, np.array(rates, np.float32), draw_moves(recipe, 2, epoch, N)
        ours, theirs = (each(*given) for each in (native, keras))
        assert ours == pytest.approx(theirs, rel=1e-5)
    far = [np.abs(a - b).max() for a, b in zip(native.weights, keras.weights, strict=True)]
    assert np.abs(native.weights[0] - start[0]).max() > 1e-3, "they did move"
    assert max(far) < 1e-6
