"""Parameters, shapes and multiply-adds of every built-in layer by formula, against Keras's."""

from __future__ import annotations

import random
from dataclasses import replace
from math import prod

import pytest

from deap_nas import (
    LAYERS,
    WIDE_SPACE,
    build_model,
    count_multiply_adds,
    count_params,
    feature_maps,
    parse_genome,
)
from deap_nas.layers import from_keras
from deap_nas.layers.cost import IMAGES, walk

pytest.importorskip("keras")

BY_HAND = {  # networks that somebody drew, with the parameters that were counted then
    "CR 4 3 relu;SB 8 3 relu;SR 8 3 relu;SB 10 3 relu;GP": 602,
    "CR 6 3 relu;SB 10 3 relu;SR 10 3 relu;SB 12 3 relu;GP": 826,
    "CR 6 3 relu;CB 8 3 relu;CR 10 3 relu;GP": 1364,
    "CR 6 3 relu;SB 12 3 relu;SR 12 3 relu;SB 14 3 relu;SB 14 3 relu;GP": 1384,
    "CR 8 3 relu;SB 16 3 relu;SR 16 3 relu;SB 20 3 relu;GP": 1546,
    "CR 10 3 relu;SB 20 3 relu;SR 24 3 relu;SB 28 3 relu;SB 28 3 relu;GP": 3638,
    "CR 12 3 relu;SB 24 3 relu;SR 32 3 relu;SB 40 3 relu;SB 48 3 relu;GP": 6354,
    "CB 16 3 relu;SR 24 3 relu;SB 32 3 relu;SR 48 3 relu;SB 64 3 relu;GP": 8242,
}
SHAPES = [(28, 28, 1), (12, 40, 3), (8, 8, 1)]
BUILT_IN = [layer for layer in LAYERS.values() if layer.source is None]
FOUND = ("shape", "params", "multiply_adds")


def trainable(model) -> int:
    return sum(prod(weight.shape) for weight in model.trainable_weights)


@pytest.mark.parametrize(("text", "n_params"), BY_HAND.items())
def test_networks_drawn_by_hand_have_the_parameters_that_were_counted(text, n_params):
    genome = parse_genome(text)
    assert count_params(genome) == n_params
    assert trainable(build_model(genome, IMAGES, 10)) == n_params


@pytest.mark.parametrize("shape", SHAPES)
def test_whole_networks_equal_keras(shape):
    space, rng = replace(WIDE_SPACE, input_shape=shape), random.Random(str(shape))
    for _ in range(4):
        genome = space.sample(rng)
        model = build_model(genome, shape, 10)
        assert count_params(genome, shape) == trainable(model), genome
        assert count_multiply_adds(genome, shape) == from_keras.multiply_adds_of(model), genome


@pytest.mark.parametrize(
    "n_genomes",
    [14, pytest.param(334, marks=pytest.mark.slow)],  # the latter: 3 minutes a shape
)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_layer_of_random_genomes_equals_keras(shape, n_genomes):
    """A layer's cost is asked of Keras once, whatever its activation, which costs nothing here."""
    space, rng = replace(WIDE_SPACE, input_shape=shape), random.Random(str(shape))
    kept: dict[object, tuple[object, ...]] = {}
    for _ in range(n_genomes):
        genome = space.sample(rng)
        totals = [0, 0]
        for gene, layer, about, behind in walk(genome, shape):
            plain = layer.gene(*("relu" if isinstance(v, str) else v for v in gene.values))
            key = (plain, about)
            if key not in kept:
                kept[key] = tuple(from_keras.find(what, layer, plain, about) for what in FOUND)
            map_behind, n_params, multiply_adds = kept[key]
            assert behind == map_behind, (gene, about)
            assert layer.count_params(gene, *about) == n_params, (gene, about)
            assert layer.count_multiply_adds(gene, *about) == multiply_adds, (gene, about)
            totals = [totals[0] + n_params, totals[1] + multiply_adds]
        assert [count_params(genome, shape), count_multiply_adds(genome, shape)] == totals
        assert feature_maps(genome, shape)[-1] == about[0]


VALUES = {
    "filters": (5, 16),
    "kernel": (3, 4),
    "activation": ("swish", "relu6"),
    "size": (2, 9),
    "percent": (10, 99),
    "units": (7, 64),
}


@pytest.mark.parametrize("shape", [(12, 40, 3), (8, 7, 4), (3, 3, 2)])
@pytest.mark.parametrize("layer", BUILT_IN, ids=lambda layer: layer.name)
def test_what_is_found_from_keras_equals_the_formulas(layer, shape):
    bare = replace(layer, shape=None, params=None, multiply_adds=None)
    about = (shape, 6) if layer.head else (shape,)
    for i in range(2):
        gene = layer(*(VALUES[name][i] for name in layer.fields))
        behind = layer.shape_behind(gene, *about)
        assert bare.shape_behind(gene, *about) == behind, gene
        if behind:
            assert bare.count_params(gene, *about) == layer.count_params(gene, *about)
            assert bare.count_multiply_adds(gene, *about) == layer.count_multiply_adds(gene, *about)
    assert bare.reduces == layer.reduces


def test_a_layer_that_is_changed_forgets_what_it_knew():
    layer = LAYERS["CB"]
    gene = layer(4, 3, "relu")
    assert layer.count_params(gene, IMAGES) == 9 * 4 + 2 * 4
    assert replace(layer, params=lambda *_: 7).count_params(gene, IMAGES) == 7
