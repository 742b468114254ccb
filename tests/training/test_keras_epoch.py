"""The engine ``keras`` computes what Keras's own training loop computes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from deap_nas import Recipe, build_model, parse_genome

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from deap_nas.training.keras_engine.epoch import KerasEpoch, _fused_batch_norm  # noqa: E402
from deap_nas.training.keras_engine.inference import Scorer, save_model  # noqa: E402

SHAPE = (12, 12, 3)
SGD = Recipe("sgd", 1, "sgd", 0.05, 1, batch_size=32, momentum=0.9)
ADAM = Recipe("adam", 1, "adam", 0.01, 1, batch_size=32)
GENOMES = [
    "CB 4 3 relu;SR 6 3 swish;SK 3 gelu;MP 2;SB 5 3 hard_swish;GP",
    "CR 4 3 tanh;AP 2;SK 5 relu6;GD 8 sigmoid",
    "NC 4 3 tanh;RC 4 3 relu;FL swish",
]
SMALL = "CB 4 3 relu;MP 2;GP"
SMOOTH = Recipe("smooth", 1, "sgd", 0.05, 1, 32, momentum=0.9, label_smoothing=0.2)
BALANCED = Recipe("balanced", 1, "sgd", 0.05, 1, 32, momentum=0.9, class_weights="balanced")
DECAYED = Recipe("decayed", 1, "adam", 0.01, 1, batch_size=32, weight_decay=0.5)
N = 100  # images: three whole batches and one of 4


def data(n=N, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((n, *SHAPE), np.float32), rng.integers(0, 10, n).astype(np.int32)


def engine(text, recipe=SGD, n=N, seed=3):
    model = build_model(parse_genome(text), SHAPE, 10, seed=seed)
    return model, KerasEpoch(model, recipe, *map(tf.constant, data(n)))


def run(epoch, rate=0.05, n=N, batch=32):
    return epoch(np.arange(n, dtype=np.int32), np.full(-(-n // batch), rate, np.float32))


def fitted(model, recipe):
    """Keras's own epoch with the same batches."""
    optimizer = {
        "sgd": lambda: keras.optimizers.SGD(recipe.learning_rate, momentum=recipe.momentum),
        "adam": lambda: keras.optimizers.Adam(
            recipe.learning_rate, weight_decay=recipe.weight_decay or None
        ),
    }[recipe.optimizer]()
    smoothing = {"label_smoothing": recipe.label_smoothing}
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, **smoothing)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    x, y = data()
    weights = None
    if recipe.class_weights == "balanced":
        weights = dict(enumerate(compute_class_weight("balanced", classes=np.arange(10), y=y)))
    settings = {"batch_size": 32, "shuffle": False, "verbose": 0, "class_weight": weights}
    return model.fit(x, np.eye(10)[y], **settings).history


@pytest.mark.parametrize(
    ("recipe", "text", "far"),
    [
        *((SGD, text, 5e-6) for text in GENOMES),
        *((ADAM, text, 5e-5) for text in GENOMES),
        *((SMOOTH, GENOMES[0], 5e-6), (BALANCED, GENOMES[0], 5e-6), (DECAYED, GENOMES[0], 5e-5)),
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_an_epoch_equals_keras_fit(text, recipe, far):
    """Weights and moving statistics, after four steps that move them by a hundredth and more: no
    further apart than rounding makes them, which Adam's division by small slopes enlarges."""
    if "sigmoid" in text:  # its slope is so flat that Adam divides rounding by rounding
        far *= 10
    model, epoch = engine(text, recipe)
    before = model.get_weights()
    loss, accuracy = run(epoch, recipe.learning_rate)
    found = epoch.weights
    model.set_weights(before)
    expected = fitted(model, recipe)
    assert loss == pytest.approx(expected["loss"][0], rel=1e-5)
    assert accuracy == pytest.approx(expected["accuracy"][0], abs=1e-6)
    assert max(np.abs(a - b).max() for a, b in zip(found, before)) > 0.01
    for a, b, variable in zip(found, model.get_weights(), model.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=far, err_msg=variable.path)


def test_two_epochs_go_on_from_one_another():
    """Momentum, the number of the step and moving statistics are kept between calls."""
    (_, twice), (_, once) = engine(SMALL, ADAM, n=64), engine(SMALL, ADAM, n=64)
    run(twice, n=64)
    run(twice, n=64)
    both = np.concatenate([np.arange(64, dtype=np.int32)] * 2)
    once(both, np.full(4, 0.05, np.float32))
    assert [a.tobytes() for a in twice.weights] == [a.tobytes() for a in once.weights]


def test_the_order_and_the_last_short_batch_count():
    def weights(order, n_steps):
        _, epoch = engine(SMALL)
        epoch(np.array(order, np.int32), np.full(n_steps, 0.05, np.float32))
        return b"".join(weight.tobytes() for weight in epoch.weights)

    forward = weights(range(100), 4)
    assert weights(range(100), 4) == forward
    assert weights(range(99, -1, -1), 4) != forward
    assert weights([*range(96), 99, 98, 97, 0], 4) != forward
    assert weights(range(96), 3) == weights(range(100), 3), "three steps do not see the last four"


def test_uint8_images_are_scaled_to_unit_range():
    pixels = np.random.default_rng(0).integers(0, 256, (40, *SHAPE), np.uint8)
    losses = []
    for images in (pixels, pixels / np.float32(255)):
        model = build_model(parse_genome(SMALL), SHAPE, 10, seed=0)
        epoch = KerasEpoch(model, SGD, tf.constant(images), tf.constant(data(40)[1]))
        losses.append(run(epoch, n=40))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


# Dropout


def dropped(seed):
    """Losses of three epochs in which no weight moves, and the loss without dropout."""
    model, epoch = engine("CB 4 3 relu;DO 50;GP", seed=seed)
    before = model.trainable_weights[0].numpy().tobytes()
    losses = [run(epoch, rate=0.0)[0] for _ in range(3)]
    assert epoch.weights[0].tobytes() == before
    _, plain = engine("CB 4 3 relu;GP", seed=seed)
    return losses, run(plain, rate=0.0)[0]


def test_dropout_drops_other_values_each_time_and_is_a_function_of_the_seed():
    losses, plain = dropped(3)
    assert len({*losses, plain}) == 4
    assert dropped(3) == (losses, plain)
    assert dropped(4)[0] != losses


def test_dropout_drops_nothing_when_it_is_scored():
    model, epoch = engine("DO 99;GP")
    run(epoch)
    model.set_weights(epoch.weights)
    x, y = data()
    plain = build_model(parse_genome("GP"), SHAPE, 10)
    plain.set_weights(model.get_weights()[:2])
    assert Scorer(model, 10).score(x, y)[1] == Scorer(plain, 10).score(x, y)[1]


# Moving statistics


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # Keras's, while it saves
def test_moving_statistics_are_in_the_weights_and_in_the_saved_model(tmp_path):
    model, epoch = engine(GENOMES[0])
    run(epoch)
    weights = epoch.weights
    assert [w.tobytes() for w in weights] == [w.tobytes() for w in model.get_weights()]
    moved = {variable.path: variable for variable in model.weights}
    means = [v.numpy() for path, v in moved.items() if path.endswith("moving_mean")]
    variances = [v.numpy() for path, v in moved.items() if path.endswith("moving_variance")]
    assert len(means) == len(variances) == 7
    assert all((mean != 0).any() for mean in means)
    assert all((variance != 1).all() for variance in variances)
    save_model(model, tmp_path / "trained.keras")
    loaded = keras.saving.load_model(tmp_path / "trained.keras")
    assert [w.tobytes() for w in loaded.get_weights()] == [w.tobytes() for w in weights]
    confusion, loss = Scorer(model, 10).score(*data(seed=1))
    again, same = Scorer(loaded, 10).score(*data(seed=1))
    assert (confusion.tolist(), loss) == (again.tolist(), same)
    for path in moved:  # they do count: a score is of them
        if path.endswith("moving_mean"):
            moved[path].assign(moved[path] * 0)
    assert Scorer(model, 10).score(*data(seed=1))[1] != loss


@pytest.mark.parametrize("shape", [(32, 7, 5, 6), (4, 1, 1, 3), (1, 1, 1, 3), (1, 2, 1, 1)])
def test_fused_batch_normalisation_equals_keras(shape, monkeypatch):
    fusions, fuse = [], tf.raw_ops.FusedBatchNormV3
    monkeypatch.setattr(
        tf.raw_ops, "FusedBatchNormV3", lambda **given: fusions.append(1) or fuse(**given)
    )
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(0.5, 2, shape), tf.float32)
    slope = tf.constant(rng.normal(0, 1, shape), tf.float32)
    layer = keras.layers.BatchNormalization(momentum=0.9)
    layer.build(shape)
    start = [rng.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()]

    def found():
        layer.set_weights(start)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
        gradients = tape.gradient(y, [x, *layer.trainable_variables], slope)
        return [y, *gradients, *layer.get_weights()]

    plain = found()
    with _fused_batch_norm():
        fused = found()
    for a, b in zip(fused, plain, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5, rtol=2e-5)
    assert len(fusions) == 1, "only inside"


def test_batch_normalisation_is_keras_own_again_afterwards():
    plain = keras.layers.BatchNormalization.call
    with _fused_batch_norm():
        assert keras.layers.BatchNormalization.call is not plain
    assert keras.layers.BatchNormalization.call is plain
    with pytest.raises(ZeroDivisionError), _fused_batch_norm():
        raise ZeroDivisionError
    assert keras.layers.BatchNormalization.call is plain
