"""The fitness of a genome before it is trained."""

from __future__ import annotations

import math
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from deap_nas import PAPER_SPACE, WIDE_SPACE, Layer, SearchSpace, parse_genome, register_layer
from deap_nas.evaluation.fitness import FITNESSES, LEARNED, Evaluation
from deap_nas.evaluation.forecast import (
    LOG_OF_ERROR,
    PER_VALUE,
    SCALES,
    Forecast,
    bytes_in,
    cost_in,
    known_in,
    size_in,
)
from deap_nas.evaluation.objectives import Objectives
from deap_nas.layers import LAYERS
from deap_nas.layers.cost import arena_head, count_multiply_adds, count_params, flash


def test_what_is_learned_has_a_scale() -> None:
    assert {*LEARNED} <= {*FITNESSES}
    assert {name for names in LEARNED.values() for name in names} <= {*SCALES}


@pytest.mark.parametrize("name", SCALES)
def test_more_is_better_on_every_scale_and_the_way_back_is_the_inverse(name: str) -> None:
    values = (0.0, 0.1, 0.5, 0.9, 0.999) if name == "accuracy" else (50.0, 2.0, 0.1)
    scale = SCALES[name]
    numbers = [scale.to(value) for value in values]
    assert numbers == sorted(numbers)
    assert [scale.back(number) for number in numbers] == pytest.approx(values)


def test_an_accuracy_is_never_more_than_1_nor_less_than_0_however_optimistic() -> None:
    scale = SCALES["accuracy"]
    assert 0.999 < scale.back(scale.to(1.0) + 3) < 1
    assert scale.back(-1.0) == 0.0
    assert math.isfinite(scale.to(1.0))
    assert math.isfinite(SCALES["train_seconds"].to(0.0))


@pytest.mark.parametrize("space", [PAPER_SPACE, WIDE_SPACE], ids=["paper", "wide"])
@pytest.mark.parametrize("name", LEARNED)
def test_of_what_training_told_the_fitness_itself_is_made(name: str, space: SearchSpace) -> None:
    rng, size = random.Random(0), size_in(space)
    for _ in range(20):
        genome = space.sample(rng)
        n_params, multiply_adds = count_params(genome), count_multiply_adds(genome)
        told = Evaluation(
            rng.random(), 0.0, n_params, rng.uniform(0.1, 9), multiply_adds=multiply_adds
        )
        assert size
        forecast = Forecast(FITNESSES[name], LEARNED[name], lambda _, told=told: told, size)
        assert forecast.known(genome) == (math.log1p(n_params), math.log1p(multiply_adds))
        numbers = forecast.learned(genome)
        assert len(numbers) == len(LEARNED[name])
        assert forecast.combine(genome, numbers) == pytest.approx(FITNESSES[name](told))


def test_where_it_is_not_known_what_tells_the_fitness_it_is_learned_itself() -> None:
    told = Evaluation(0.5, 0.0, 900, confusion=((3, 1), (2, 4)))
    fitness = FITNESSES["macro_f1_per_log_params"]
    forecast = Forecast(fitness, (), lambda _: told, lambda _: (900, 8000))
    assert forecast.known([]) == (math.log1p(900), math.log1p(8000))
    assert forecast.learned([]) == fitness(told)
    assert forecast.combine([], (7.5,)) == (7.5,)


def test_a_layer_without_a_formula_is_not_asked_of_keras() -> None:
    layer = Layer("PL", {}, lambda shape: 1 / 0, shape=lambda shape: shape)
    register_layer(layer)
    try:
        rules = {"CB": {"filters": 4, "kernel": 3, "activation": "relu"}, "PL": {"count": (0, 1)}}
        space = SearchSpace(layers=rules, heads=("GP",), depth=(1, 2))
        assert size_in(space) is None
    finally:
        del LAYERS["PL"]


def test_a_toolbox_gets_the_three_tools() -> None:
    found = SimpleNamespace(register=lambda name, tool: setattr(found, name, tool))
    forecast = Forecast(len, ("accuracy",), len, lambda genome: (1, 2))  # type: ignore[arg-type]
    forecast.register(found)
    assert found.known([]) == (math.log1p(1), math.log1p(2))
    assert callable(found.learned)
    assert callable(found.combine)


def test_a_further_metric_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCALES, "f1", LOG_OF_ERROR)
    told = Evaluation(0.8, metrics={"f1": 0.6})
    forecast = Forecast(
        lambda evaluation: (evaluation.metrics["f1"] + evaluation.accuracy,),
        ("accuracy", "f1"),
        lambda _: told,
        lambda _: (1, 2),
    )
    assert forecast.combine([], forecast.learned([])) == pytest.approx((1.4,))


def test_bytes_are_known_before_training() -> None:
    objectives, genome = (
        Objectives(["accuracy", "ram", "flash"]),
        PAPER_SPACE.sample(random.Random(0)),
    )
    told, size = Evaluation(0.8, n_params=1), size_in(PAPER_SPACE)
    assert size
    forecast = Forecast(
        objectives.placed, objectives.learned, lambda _: told, size, bytes_in(PAPER_SPACE)
    )
    found = forecast.combine(genome, forecast.learned(genome))
    assert found == pytest.approx(
        (-math.log(0.2), math.log(arena_head(genome)), math.log(flash(genome)))
    )


def test_what_training_takes_and_what_is_known_are_counted_by_hand() -> None:
    genome = parse_genome("CB 4 3 relu;MP 2;GP")
    # 28 x 28 x 1, then 28 x 28 x 4, 14 x 14 x 4, and ten outputs.
    maps = (784, 3136, 784)
    multiply_adds = 784 * 4 * 9 + 4 * 10
    assert count_multiply_adds(genome) == multiply_adds
    assert cost_in(WIDE_SPACE)(genome) == multiply_adds + 12 * (sum(maps) + 10)
    expected = (
        math.log1p(count_params(genome)), math.log1p(multiply_adds),
        math.log(4), math.log(196), sum(map(math.log, maps)) / 3,
    )  # fmt: skip
    assert known_in(WIDE_SPACE)(genome) == pytest.approx(expected)


def test_what_a_value_of_a_map_takes_is_what_was_measured() -> None:
    path = Path(__file__).parents[2] / "results" / "estimate" / "seconds.csv"
    table = pd.read_csv(path).query("engine == 'native'")
    costs = {text: cost_in(WIDE_SPACE)(parse_genome(text)) for text in table["genome"]}
    values = (table["genome"].map(costs) - table["multiply_adds"]) / PER_VALUE
    columns = np.column_stack([table["multiply_adds"], values])
    seconds = table["image_seconds"].to_numpy()
    (a, b), *_ = np.linalg.lstsq(columns / seconds[:, None], np.ones(len(seconds)))
    assert b / a == pytest.approx(PER_VALUE, abs=0.5)
