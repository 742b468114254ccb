"""Spaces for a device have nothing that TensorFlow Lite Micro lacks, and say so."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from deap_nas import FULL_SPACE, PAPER_SPACE, WIDE_SPACE, SearchSpace, parse_genome
from deap_nas.layers.runtime import unsupported
from deap_nas.layers.tflite import APART, MISSING
from deap_nas.spaces import describe, is_for_device, left_out, supported
from deap_nas.toolbox import make_toolbox

LACKING = {name for name, operators in APART.items() if {*operators} & {*MISSING}}
SPACES = {"paper": PAPER_SPACE, "full": FULL_SPACE, "wide": WIDE_SPACE}


def activations(space: SearchSpace) -> set[str]:
    return {value for rule in space.rules for value in rule.values.get("activation", ())}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_all_but_what_is_lacking_is_left(space):
    assert {"gelu"} == LACKING
    narrow = supported(space)
    assert activations(narrow) == activations(space) - LACKING
    rest = {rule.name: {**rule.values, "activation": None} for rule in space.rules}
    assert {rule.name: {**rule.values, "activation": None} for rule in narrow.rules} == rest
    assert (narrow.depth_range, narrow.limits) == (space.depth_range, space.limits)
    assert supported(narrow) is narrow


def test_no_child_has_it():
    space = supported(replace(WIDE_SPACE, max_flash=16_000))
    rng = random.Random(0)
    toolbox = make_toolbox(space, lambda genome: (1.0,), mutation="mixture", rng=rng)
    population = toolbox.population(n=5)
    for _ in range(40):
        (child,) = toolbox.mutate(toolbox.clone(rng.choice(population)))
        assert child in space
        assert not unsupported(child)


def test_it_is_said():
    layers = {"CB": {"filters": (4, 8), "kernel": 3}}
    whole = SearchSpace(layers=layers, heads="GP", depth=(1, 2))
    space = supported(replace(whole, max_ram=60_000))
    assert left_out(space) == "without activation gelu, which TensorFlow Lite Micro does not have"
    assert f"  {left_out(space)}" in describe(space)
    assert left_out(whole) == "", "for no device"
    assert left_out(replace(whole, max_ram=60_000)) == "", "a run of before has it"
    assert left_out(replace(whole, max_params=900)) == ""


def test_budgets_of_bytes_are_for_a_device():
    assert [
        is_for_device(replace(PAPER_SPACE, **budget))
        for budget in ({}, {"max_params": 5000}, {"max_ram": 50_000}, {"max_flash": 50_000})
    ] == [False, False, True, True]


def test_a_genome_that_has_it_is_told_by_name():
    assert unsupported(parse_genome("CB 4 3 relu;SB 8 3 gelu;SK 3 gelu;GD 16 gelu")) == [
        f"gene {i} of 4, '{gene}': TensorFlow Lite Micro has no GELU; use hard_swish or swish "
        "instead"
        for i, gene in ((2, "SB 8 3 gelu"), (3, "SK 3 gelu"), (4, "GD 16 gelu"))
    ]
    assert unsupported(parse_genome("CB 4 3 relu;MP 2;DO 10;SK 3 hard_swish;GP")) == []


def test_a_layer_with_nothing_else_goes_or_is_refused():
    cb = {"filters": 4, "kernel": 3, "activation": "gelu"}
    sb = {"filters": 4, "kernel": 3, "activation": "relu"}
    space = SearchSpace(layers={"CB": cb, "SB": sb}, heads="GP", depth=(1, 2))
    assert [rule.name for rule in supported(space).rules] == ["SB", "GP"]
    needed = replace(space, layers={"CB": {**cb, "count": 1}, "SB": sb})
    with pytest.raises(ValueError, match="layer CB: TensorFlow Lite Micro can run none"):
        supported(needed)
    with pytest.raises(ValueError, match="layer CB"):
        supported(replace(space, layers={"CB": cb}, depth=1))
