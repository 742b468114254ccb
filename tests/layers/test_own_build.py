"""What a layer's ``build`` gives: shape, parameters and multiply-adds of it, and what is wrong."""

from __future__ import annotations

import pytest

from deap_nas import (
    LAYERS,
    Layer,
    LayerError,
    SearchSpace,
    build_model,
    count_multiply_adds,
    count_params,
    feature_maps,
    load_layers,
    parse_genome,
    register_layer,
)
from deap_nas.spaces.rules import SpaceError

keras = pytest.importorskip("keras")

SHAPE = (8, 6, 3)


def double(x):
    return x * 2


def convolve(filters, shape):
    return [double, keras.layers.Conv2D(filters, 3, padding="valid"), keras.activations.relu]


@pytest.fixture
def own(tmp_path):
    """Loads a file with one layer, ``XX size``, or a head ``XX``, whose build has this body."""

    def load(body, head=False):
        takes, fields = ("shape, n_classes", {}) if head else ("size, shape", {"size": "int"})
        fields = "{" + ", ".join(f"{name!r}: {value}" for name, value in fields.items()) + "}"
        path = tmp_path / "mine.py"
        path.write_text(
            f"import deap_nas, keras\n\ndef build({takes}):\n    {body}\n\n"
            f"deap_nas.register_layer(deap_nas.Layer('XX', {fields}, build, head={head}))\n"
        )
        load_layers(path)
        return str(path)

    return load


def test_keras_may_be_set_to_anything_meanwhile():
    """As by a keras.json, or by the program that a search runs in."""
    config = keras.config
    before = config.image_data_format(), config.floatx(), config.dtype_policy()
    config.set_image_data_format("channels_first")
    config.set_dtype_policy("float64")
    config.set_floatx("float64")
    try:
        test_functions_among_layers_and_what_is_found_from_keras()
        assert config.image_data_format() == "channels_first"
        assert (config.floatx(), config.dtype_policy().name) == ("float64", "float64")
    finally:
        config.set_image_data_format(before[0])
        config.set_floatx(before[1])
        config.set_dtype_policy(before[2])


def test_functions_among_layers_and_what_is_found_from_keras():
    register_layer(Layer("XX", {"filters": int}, convolve))
    genome = parse_genome("XX 5;GP")
    assert feature_maps(genome, SHAPE) == [(6, 4, 5)]
    assert count_params(genome, SHAPE, 4) == (9 * 3 + 1) * 5 + (5 + 1) * 4
    assert count_multiply_adds(genome, SHAPE, 4) == 6 * 4 * 9 * 3 * 5 + 5 * 4
    model = build_model(genome, SHAPE, 4)
    assert not isinstance(model, keras.Sequential)
    assert model.count_params() == count_params(genome, SHAPE, 4)
    assert model.output_shape == (None, 4)
    assert LAYERS["XX"].reduces


def test_where_nothing_is_left_of_the_feature_map_it_does_not_fit():
    register_layer(Layer("XX", {"filters": int}, convolve))
    gene = parse_genome("XX 5;GP")[0]
    assert LAYERS["XX"].shape_behind(gene, (2, 9, 1)) is None
    with pytest.raises(LayerError, match="does not fit the feature map that reaches it, 2 x 9 x 1"):
        count_params([gene], (2, 9, 1))


def test_keras_is_asked_once():
    built = []

    def build(filters, shape):
        built.append((filters, shape))
        return convolve(filters, shape)

    layer = register_layer(Layer("XX", {"filters": int}, build))
    for _ in range(3):
        for filters in (2, 3):
            gene = layer(filters)
            assert layer.shape_behind(gene, SHAPE) == (6, 4, filters)
            assert layer.count_params(gene, SHAPE) == 28 * filters
            assert layer.count_multiply_adds(gene, SHAPE) == 24 * 27 * filters
    assert sorted(built) == sorted([(2, SHAPE), (3, SHAPE)] * 3), "shape, params, multiply-adds"


def test_a_formula_is_used_where_there_is_one():
    layer = Layer("XX", {"filters": int}, convolve, params=lambda filters, shape: 7)
    assert layer.count_params(layer(2), SHAPE) == 7
    assert layer.shape_behind(layer(2), SHAPE) == (6, 4, 2)


def test_matrix_products_are_counted():
    def attend(units, shape):
        def look(x):
            rows = keras.layers.Reshape((48, 3))(x)
            seen = keras.ops.matmul(
                keras.ops.matmul(rows, keras.ops.transpose(rows, (0, 2, 1))), rows
            )
            return keras.layers.Reshape((8, 6, 3))(seen)

        return [look]

    layer = Layer("XX", {"units": int}, attend)
    assert layer.count_multiply_adds(layer(1), SHAPE) == 2 * 48 * 48 * 3


IMPOSSIBLE = "allowed (height, width, channels); mend its build"
BROKEN = {
    "raise RuntimeError('no\\nluck')": "build raises RuntimeError: no luck; mend its build",
    "return nonesuch": "build raises NameError: name 'nonesuch' is not defined; mend its build",
    "pass": "build returns None, allowed a list of layers; mend its build",
    "return []": "build returns [], allowed a list of layers; mend its build",
    "return 'relu'": "build returns 'relu', allowed a list of layers; mend its build",
    "return [3]": "build returns [3], allowed a list of layers; mend its build",
    "return [keras.layers.Flatten()]": f"the shape behind it is (144,), {IMPOSSIBLE}",
    "return [lambda x: x[:, :0]]": f"the shape behind it is (0, 6, 3), {IMPOSSIBLE}",
    "return [keras.layers.Cropping2D(((0, 8), (0, 0)))]": "mend its build",
    "return [lambda x: None]": f"the shape behind it is (), {IMPOSSIBLE}",
    "return [lambda x: x.nonesuch]": "has no attribute 'nonesuch'; mend its build",
}


@pytest.mark.parametrize("body", BROKEN)
def test_a_build_that_is_broken(own, body):
    path = own(body)
    one = f"{path}: layer XX, 'XX 2' on a feature map of 8 x 6 x 3: "
    with pytest.raises(LayerError) as caught:
        build_model(parse_genome("XX 2;GP"), SHAPE, 4)
    assert str(caught.value).isprintable(), "one line, and no colours of Keras's"
    assert str(caught.value).startswith(one)
    assert str(caught.value).endswith(BROKEN[body])
    with pytest.raises(SpaceError) as caught:
        SearchSpace(layers={"XX": {"count": 1, "size": 2}}, heads=("GP",), input_shape=SHAPE)
    assert str(caught.value).startswith(f"{path}: layer XX, 'XX 4' on a feature map of ")


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("return [keras.layers.Conv2D(n_classes, 3)]", (6, 4, 4)),
        ("return [keras.layers.Flatten(), keras.layers.Dense(7)]", (7,)),
        ("return [keras.layers.Flatten(), keras.layers.Reshape((-1, 4))]", (24, 4)),
    ],
)
def test_a_head_that_gives_no_number_a_class(own, body, shape):
    path = own(body, head=True)
    told = f"the shape behind it is {shape}, allowed (4,), one number a class; mend its build"
    with pytest.raises(LayerError) as caught:
        build_model(parse_genome("CB 2 3 relu;XX"), (8, 6, 3), 4)
    assert str(caught.value) == f"{path}: layer XX, 'XX' on a feature map of 8 x 6 x 2: {told}"
    with pytest.raises(SpaceError, match=r"mine\.py: layer XX, .* one number a class; mend"):
        SearchSpace(layers={"CB": {"count": 1, "filters": 3, "kernel": 3, "activation": "relu"}},
                    heads=("XX",), input_shape=SHAPE, n_classes=4)  # fmt: skip


def test_a_head_of_ones_own(own):
    own("return [keras.layers.Flatten(), keras.layers.Dense(n_classes)]", head=True)
    genome = parse_genome("MP 2;XX")
    assert count_params(genome, SHAPE, 4) == (4 * 3 * 3 + 1) * 4
    assert build_model(genome, SHAPE, 4).output_shape == (None, 4)
