"""RAM and flash of int8 models, by hand and against conversions that were run."""

from __future__ import annotations

import csv
import random
from itertools import product
from pathlib import Path

import pytest

from deap_nas import (
    LAYERS,
    WIDE_SPACE,
    Layer,
    LayerError,
    arena_head,
    flash,
    parse_genome,
    peak_ram,
)
from deap_nas.layers.cost import flash_at_most
from deap_nas.layers.operations import Activation, Convolution, Normalisation
from deap_nas.layers.tflite import FILE, LESS, OPERATORS, Graph
from deap_nas.spaces.budgets import COSTS

with (Path(__file__).parent / "conversions.csv").open() as file:
    # By TensorFlow 2.21 and tflite-micro 0.dev20261023182759; that has no GELU, hence no arena.
    # What OPERATORS says was fitted to others.
    CONVERSIONS = list(csv.DictReader(file))


def test_the_arena_is_that_of_the_real_runtime():
    measured = [each for each in CONVERSIONS if each["arena_head"]]
    assert len(measured) > 35
    assert any("SK" in each["genome"] for each in measured)
    for each in measured:
        genome = parse_genome(each["genome"])
        assert peak_ram(genome) == arena_head(genome) == int(each["arena_head"]), each


def test_where_the_planner_leaves_a_gap():
    # Measured. All tensors in the skips are 9x9x60, 4,864 bytes; three live at once, and a fourth
    # place is taken.
    genome = parse_genome("MP 3;SB 60 5 relu;SK 3 relu;SK 5 hard_swish;GP")
    assert arena_head(genome) == 19_456
    assert peak_ram(genome) == 3 * 4864


def test_a_mean_works_in_arrays_of_its_own():
    # Measured. The mean of 5x5x56, 1,408 bytes, gives 64; its sums take 224, its counters 32.
    genome = parse_genome("AP 3;SR 56 5 relu6;GP")
    assert arena_head(genome) == 1728
    assert peak_ram(genome) == 1408 + 64
    genome = parse_genome("DO 10;DO 20;GD 16 tanh")
    assert arena_head(genome, (19, 24, 3)) == 1440


def test_budgets_leave_room_for_real_models():
    cost = COSTS["max_flash"]
    for each in CONVERSIONS:
        counted = cost.total(parse_genome(each["genome"]), (28, 28, 1), 10)
        assert int(each["flash"]) <= cost.limit_for(counted), each


def test_no_plan_needs_less_than_what_lives():
    rng = random.Random(0)
    genomes = [WIDE_SPACE.sample(rng) for _ in range(200)]
    gaps = [arena_head(genome) - peak_ram(genome) for genome in genomes]
    assert min(gaps) == 0 < max(gaps)
    assert sum(gap > 0 for gap in gaps) < 20


@pytest.mark.parametrize("each", CONVERSIONS, ids=lambda each: each["genome"])
def test_flash_is_within_two_percent_of_the_real_model(each):
    measured = int(each["flash"])
    assert flash(parse_genome(each["genome"])) == pytest.approx(measured, rel=0.02, abs=100)


@pytest.mark.parametrize(
    ("text", "live"),
    [
        # On images of 5x7x3: 105 bytes, which take 112 in the arena.
        ("GP", 112 + 16),  # the mean, 3 bytes; dense layers are smaller
        ("DO 10;GP", 112 + 16),
        ("CB 4 3 relu;GP", 112 + 144),  # 140 bytes behind
        ("CB 4 3 tanh;GP", 144 + 144),
        ("CB 4 3 swish;GP", 3 * 144),  # its input, its logistic, their product
        ("SB 4 3 relu;GP", 112 + 144),  # 105 -> 105 -> 140
        ("SK 3 relu;GP", 3 * 112),  # what reached it, and a convolution's input and output
        ("SK 3 swish;GP", 4 * 112),  # what reached it as well
        ("MP 2;GP", 112 + 32),  # 2x3x3
        ("CR 4 3 relu;CB 64 3 relu;GP", 768 + 64),  # 3x4x64, and its mean
        ("RC 8 3 relu;FL relu", 112 + 48),  # padding valid: 2x3x8
        ("MP 5;GD 999 swish", 3 * 1008),  # a head's dense layer
    ],
)
def test_ram_by_hand(text, live):
    assert peak_ram(parse_genome(text), (5, 7, 3), 10) == live


def test_flash_by_hand():
    # 3x3x3x4 = 108 and 4x10 weights, one byte each, with 12 more a multiple of 16; the same of 4
    # and 10 biases of 4 bytes; a scale of 4 bytes a channel; relu and normalisation are folded.
    weights, biases, scales = 128 + 64, 32 + 64, 4 * (4 + 10)
    operators = sum(OPERATORS[name] for name in ("CONV_2D", "MEAN", "FULLY_CONNECTED"))
    expected = FILE + operators + weights + biases + scales
    assert flash(parse_genome("CB 4 3 relu;GP"), (5, 7, 3), 10) == expected


def test_the_second_operator_of_a_kind_takes_less():
    one, two = (parse_genome(f"{layers};GP") for layers in ("MP 2", "MP 2;MP 2"))
    assert flash_at_most(two) - flash_at_most(one) == OPERATORS["MAX_POOL_2D"]
    assert flash(two) - flash(one) == OPERATORS["MAX_POOL_2D"] - LESS["MAX_POOL_2D"]
    assert flash(one) == flash_at_most(one)


def test_operators_in_their_order():
    genes = parse_genome("SK 3 swish;AP 2;RC 4 2 hard_swish;GD 8 sigmoid")
    names, shape = [], (8, 8, 2)
    for gene in genes:
        layer = LAYERS[gene.kind]
        about = (shape, 5) if layer.head else (shape,)
        graph = layer.graph(gene, *about)
        assert graph.shape == layer.shape_behind(gene, *about)
        names += [each.name for each in graph.operators]
        shape = graph.shape
    block = ["LOGISTIC", "MUL"]
    assert names == [
        *("DEPTHWISE_CONV_2D", *block, "CONV_2D", *block, "ADD", "AVERAGE_POOL_2D"),
        *("CONV_2D", "HARD_SWISH", "MEAN", "FULLY_CONNECTED", "LOGISTIC", "FULLY_CONNECTED"),
    ]


@pytest.mark.parametrize("cost", [peak_ram, arena_head, flash])
@pytest.mark.parametrize(
    ("operations", "words"),
    [
        (None, "unknown without its operations; give the layer operations"),
        ([Normalisation(0.9)], "normalisation that follows no convolution"),
        ([Convolution(4, 3, activation="tanh"), Normalisation(0.9)], "normalisation that"),
        ([Activation("relu")], "relu that follows no convolution"),
        (["a thing"], "str in int8 is unknown"),
    ],
)
def test_what_is_not_known_is_said(monkeypatch, cost, operations, words):
    made = operations and (lambda shape: operations)
    layer = Layer("ZZ", {}, lambda shape: [], shape=lambda shape: shape, operations=made)
    monkeypatch.setitem(LAYERS, "ZZ", layer)
    with pytest.raises(LayerError, match=f"layer ZZ, 'ZZ': .*{words}"):
        cost([layer(), LAYERS["GP"]()])


# Monotone layers

VALUES = {
    **{"filters": (1, 2, 5, 16), "kernel": (1, 2, 3, 5), "units": (1, 2, 17), "size": (1, 2, 3)},
    **{"percent": (10, 20), "activation": ("relu", "gelu")},
}
BUILT_IN = [layer for layer in LAYERS.values() if layer.source is None]


def costs(layer, gene, about):
    return [layer.ask(what, gene, *about) for what in ("params", "multiply_adds", "ram", "flash")]


@pytest.mark.parametrize("layer", BUILT_IN, ids=lambda layer: layer.name)
def test_layers_are_as_monotone_as_they_say(layer):
    others = ("relu", "gelu")
    fields = [
        VALUES.get(name, others if layer.fields[name] is not int else (1, 9))
        for name in layer.fields
    ]
    fields = [(10, 20) if name == "percent" else each for name, each in zip(layer.fields, fields)]
    assert set(layer.monotone) <= set(layer.fields)
    for values in product(*fields):
        for shape in ((9, 8, 1), (9, 8, 3), (9, 8, 16)):
            gene, about = layer(*values), (shape, 10) if layer.head else (shape,)
            behind = layer.shape_behind(gene, *about)
            if behind is None:
                continue
            smaller = [(gene, (9, 8, max(1, shape[2] - 1)))]
            for i, name in enumerate(layer.fields):
                if name in layer.monotone and values[i] > fields[i][0]:
                    less = fields[i][fields[i].index(values[i]) - 1]
                    smaller.append((layer(*values[:i], less, *values[i + 1 :]), shape))
            for other, reached in smaller:
                other_about = (reached, *about[1:])
                there = layer.shape_behind(other, *other_about)
                assert there is not None
                assert there[:2] == behind[:2]
                assert there[-1] <= behind[-1]
                pairs = zip(costs(layer, other, other_about), costs(layer, gene, about))
                assert all(a <= b for a, b in pairs), (other, gene)


def test_a_graph_of_nothing_needs_nothing():
    graph = Graph([], (4, 4, 2))
    assert (graph.ram, graph.flash, graph.shape) == (0, 0, (4, 4, 2))
