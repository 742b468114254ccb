"""A layer as data, without Keras: names, fields, formulas."""

from __future__ import annotations

import pytest

from deap_nas import LAYERS, Layer, LayerError, register_layer
from deap_nas.layers import own_layers


def build(*_):
    raise AssertionError("nothing is built here")


@pytest.mark.parametrize("name", ["", "two words", "a;b", "2D", "é", "class", "_x", None, 5])
def test_a_name_is_a_word(name):
    with pytest.raises(LayerError) as caught:
        Layer(name, {}, build)
    assert str(caught.value) == f"layer name {name!r}, allowed a word of letters and digits"


@pytest.mark.parametrize("name", ["", "two words", "kind", "values", "count", "class", "_x", 3])
def test_a_field_has_a_name_that_is_free(name):
    with pytest.raises(LayerError) as caught:
        Layer("XX", {name: int}, build)
    assert str(caught.value) == f"layer 'XX': field {name!r}, allowed another name"


@pytest.mark.parametrize(
    "values", [(), "relu", str, float, 3, None, (2, 2), (2, "2"), ("a b",), ("a;b",), ("",)]
)
def test_a_field_has_values(values):
    with pytest.raises(LayerError) as caught:
        Layer("XX", {"size": values}, build)
    assert str(caught.value) == (
        f"layer 'XX': field 'size' is {values!r}, allowed int, or a list of distinct values "
        "without blanks and semicolons"
    )


@pytest.mark.parametrize("thing", [None, [], "build"])
def test_build_is_a_function(thing):
    with pytest.raises(LayerError, match=r"layer 'XX': build .*, allowed a function"):
        Layer("XX", {}, thing)


def test_fields_are_kept_in_their_order_and_read_from_text():
    layer = Layer("XX", {"size": int, "share": (0.25, 0.5), "how": ["up", "down"]}, build)
    assert layer.form == "XX size share how"
    assert layer.fields == {"size": int, "share": (0.25, 0.5), "how": ("up", "down")}
    gene = layer.read(["3", "0.5", "down"])
    assert gene == layer(3, 0.5, "down")
    assert str(gene) == "XX 3 0.5 down"
    for values, words in [
        ((3, 0.75, "up"), "share 0.75, allowed 0.25, 0.5"),
        ((3, 0.5, "left"), "how 'left', allowed up, down"),
        ((3, 0.5), "2 fields after the kind, allowed 'XX size share how'"),
    ]:
        with pytest.raises(LayerError) as caught:
            layer(*values)
        assert str(caught.value) == words


def test_formulas_are_asked_once_for_each_gene_and_map():
    asked = []

    def params(size, shape):
        asked.append((size, shape))
        return size

    layer = Layer("XX", {"size": int}, build, params=params)
    for _ in range(3):
        assert layer.count_params(layer(3), (8, 8, 1)) == 3
        assert layer.count_params(layer(4), (8, 8, 1)) == 4
        assert layer.count_params(layer(3), (8, 8, 2)) == 3
    assert asked == [(3, (8, 8, 1)), (4, (8, 8, 1)), (3, (8, 8, 2))]


def test_a_shape_that_does_not_fit_is_none():
    def shape(size, before):
        if size > before[0]:
            raise ValueError("too large")
        return (before[0] - size, *before[1:])

    layer = Layer("XX", {"size": int}, build, shape=shape)
    assert layer.shape_behind(layer(3), (8, 8, 1)) == (5, 8, 1)
    assert layer.shape_behind(layer(8), (8, 8, 1)) is None
    assert layer.shape_behind(layer(9), (8, 8, 1)) is None
    assert layer.map_behind(layer(8), (8, 8, 1)) == (0, 8, 1)
    assert layer.reduces


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_which_layers_reduce(kind):
    assert LAYERS[kind].reduces is (kind in ("RC", "CR", "SR", "MP", "AP"))


# The registry


def test_a_layer_is_known_once_it_is_registered():
    layer = register_layer(Layer("XX", {}, build))
    assert LAYERS["XX"] is layer
    assert own_layers() == [layer]
    assert layer.source.path == __file__
    assert register_layer(Layer("XX", {}, build)) is LAYERS["XX"], "the same file, unchanged"


def test_a_name_of_a_built_in_layer_is_taken():
    before = dict(LAYERS)
    with pytest.raises(LayerError) as caught:
        register_layer(Layer("CB", {}, build))
    assert str(caught.value) == (
        "layer name 'CB' is taken by a built-in layer; choose another name"
    )
    assert before == LAYERS


@pytest.mark.parametrize("thing", [None, "CB", build])
def test_only_layers_are_registered(thing):
    with pytest.raises(LayerError, match="give a Layer"):
        register_layer(thing)
