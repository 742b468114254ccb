"""training.model: networks of any layers as plain Keras models, and what their seed gives."""

from __future__ import annotations

import random
import subprocess
import sys

import drivers
import numpy as np
import pytest

from deap_nas import LAYERS, Layer, build_model, parse_genome
from deap_nas.training.trainer import ENVIRONMENT

keras = pytest.importorskip("keras")

SHAPE = (12, 12, 3)
EVERY = [  # each built-in kind
    "NC 4 3 relu;RC 4 3 tanh;FL swish",
    "CB 4 3 relu;CR 6 3 relu6;GP",
    "SB 4 3 relu;SR 6 5 hard_swish;GD 8 gelu",
    "SK 3 relu;MP 2;DO 20;SK 5 swish;AP 2;GP",
]


def built(text, seed=None):
    return build_model(parse_genome(text), SHAPE, 10, seed=seed)


def bits(model):
    return [weight.tobytes() for weight in model.get_weights()]


def names(text):
    return [layer.name for layer in built(text).layers if layer.name != "input_layer"]


def test_every_built_in_kind_is_among_them():
    kinds = {gene.kind for text in EVERY for gene in parse_genome(text)}
    assert kinds == {layer.name for layer in LAYERS.values() if layer.source is None}


@pytest.mark.parametrize(
    "text",
    [
        "NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish",
        "NC 4 3 relu;RC 4 3 relu;FL tanh",
        "FL relu",
    ],
)
def test_layers_of_the_reports_genomes_are_named_by_kind_and_place(text):
    body = [f"{gene.kind.lower()}_{i}" for i, gene in enumerate(parse_genome(text)[:-1], 1)]
    assert names(text) == [*body, "pool", "fl_1", "fl_2"]


def test_layers_of_other_genomes_tell_their_place_too():
    assert names("CB 4 3 relu;MP 2;DO 10;GD 8 relu") == [
        *("cb_1_1", "cb_1_2", "cb_1_3", "mp_2", "do_3"),
        *("pool", "gd_1", "gd_2"),
    ]


@pytest.mark.parametrize("text", EVERY)
def test_initial_weights_are_a_function_of_the_seed(text):
    one, again, other = (bits(built(text, seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


@pytest.mark.parametrize("kind", ["NC", "RC", "CB", "CR", "SB", "SR", "SK"])
def test_each_kernel_is_drawn_anew_with_another_seed(kind):
    values = {"filters": 4, "kernel": 3, "activation": "relu"}
    gene = LAYERS[kind](*(values[name] for name in LAYERS[kind].fields))
    one, other = (built(f"{gene};{gene};GP", seed) for seed in (1, 2))
    kernels = [
        (a.numpy(), b.numpy(), a.path)
        for a, b in zip(one.trainable_weights, other.trainable_weights, strict=True)
        if "kernel" in a.path
    ]
    assert len(kernels) == {"S": 5}.get(kind[0], 3)
    assert all((a != b).any() for a, b, _ in kernels)
    shapes = [(a.shape, a.tobytes()) for a, _, _ in kernels]
    assert len(set(shapes)) == len(shapes), "no two layers of a network begin alike"


def test_the_random_module_is_left_as_it_was():
    random.seed(5)
    state = random.getstate()
    one = bits(built(EVERY[3], seed=1))
    assert random.getstate() == state
    random.seed(6)
    assert bits(built(EVERY[3], seed=1)) == one, "and means nothing to the weights"


def test_the_random_module_is_left_as_it_was_by_a_build_that_raises(monkeypatch):
    def build(shape):
        random.random()
        raise RuntimeError("no luck")

    monkeypatch.setitem(LAYERS, "XX", Layer("XX", {}, build, shape=lambda shape: shape))
    state = random.getstate()
    with pytest.raises(ValueError, match=r"layer XX, .* build raises RuntimeError: no luck"):
        built("XX;GP", seed=1)
    assert random.getstate() == state


@pytest.mark.parametrize("text", EVERY)
def test_sequential_where_nothing_branches(text):
    model = built(text)
    assert isinstance(model, keras.Sequential) is ("SK" not in text)
    assert isinstance(model, keras.Model)
    assert (model.input_shape, model.output_shape) == ((None, *SHAPE), (None, 10))
    assert model(np.zeros((2, *SHAPE), np.float32)).shape == (2, 10)


@pytest.mark.parametrize("text", EVERY[1:])
def test_batch_normalisation_remembers_a_tenth_of_each_batch(text):
    norms = [
        layer for layer in built(text).layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    many = {"CB": 1, "CR": 1, "SB": 2, "SR": 2, "SK": 2}
    assert len(norms) == sum(many.get(gene.kind, 0) for gene in parse_genome(text))
    assert all(norm.momentum == 0.9 for norm in norms)


def test_what_reached_a_skip_is_added_to_what_it_gives():
    """With no gain in the second normalisation, the block gives nothing but act(0) = 0."""
    model = built("SK 3 relu;GP", seed=1)
    inner = keras.Model(model.inputs[0], model.get_layer(index=-3).output)
    x = np.random.default_rng(0).random((2, *SHAPE), np.float32)
    assert (inner(x) != x).numpy().any()
    last = [la for la in model.layers if isinstance(la, keras.layers.BatchNormalization)][-1]
    last.gamma.assign(last.gamma * 0)
    np.testing.assert_array_equal(inner(x), x)


LOAD = """
import sys, keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
assert not any(name.startswith("deap_nas") for name in sys.modules)
model.predict(np.load(sys.argv[2]), verbose=0).tofile(sys.argv[3])
"""


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # Keras's, while it saves
def test_a_saved_network_with_a_skip_needs_nothing_of_ours(tmp_path):
    model = built(EVERY[3], seed=1)
    x = np.random.default_rng(0).random((3, *SHAPE), np.float32)
    files = [str(tmp_path / name) for name in ("model.keras", "x.npy", "y")]
    model.save(files[0])
    np.save(files[1], x)
    environment = drivers.environment(**ENVIRONMENT)
    result = subprocess.run(
        [sys.executable, "-c", LOAD, *files], capture_output=True, text=True, env=environment
    )
    assert result.returncode == 0, result.stderr
    y = np.fromfile(files[2], np.float32).reshape(3, 10)
    np.testing.assert_allclose(y, model(x), atol=1e-6)
