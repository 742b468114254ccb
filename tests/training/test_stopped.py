"""A training that goes on at a rung is the one without rungs, bit for bit; one that does not is its
beginning."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from deap_nas import load_dataset
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.halving import cut
from deap_nas.evaluation.trained import Trained
from deap_nas.training.recipes import RECIPES
from deap_nas.training.trainer import Trainer

GENOME = "CB 4 3 relu;DO 20;CR 8 3 relu;GP"  # what it keeps besides weights: moments, statistics
RECIPE = replace(RECIPES["fast"], epochs=4)
RUNGS = replace(RECIPE, rungs=(1, 2))


def trainer(engine: str) -> Trainer:
    data = load_dataset("fashion_mnist_mini")
    images = data.x_train[:300], data.y_train[:300], data.x_val[:100], data.y_val[:100]
    return Trainer(*images, data.n_classes, engine=engine)


def timeless(evaluation: Evaluation) -> Evaluation:
    return replace(evaluation, train_seconds=0.0, train_cpu_seconds=0.0)


def scored(evaluation: Evaluation) -> dict[int, float]:
    return {int(r["epoch"]): r["val_accuracy"] for r in evaluation.curve if "val_accuracy" in r}


@pytest.mark.parametrize("engine", ["native", pytest.param("keras", marks=pytest.mark.slow)])
def test_going_on_is_training_at_once_and_stopping_is_its_beginning(engine: str) -> None:
    able = trainer(engine)
    at_once, went_on = able.train(GENOME, RECIPE), able.train(GENOME, RUNGS)
    assert [w.tobytes() for w in went_on.weights] == [w.tobytes() for w in at_once.weights]
    rows = [
        {k: v for k, v in r.items() if k in at_once.evaluation.curve[0]} for r in curve(went_on)
    ]
    assert rows == [{k: v for k, v in r.items() if k in rows[0]} for r in curve(at_once)]
    for name in ("accuracy", "train_accuracy", "epochs", "best_epoch", "confusion", "n_params"):
        assert getattr(went_on.evaluation, name) == getattr(at_once.evaluation, name)
    assert scored(at_once.evaluation).keys() == {4}
    assert scored(went_on.evaluation).keys() == {1, 2, 4}
    for rung in RUNGS.rungs:
        ended = able.train(GENOME, RUNGS, floors={rung: math.inf})
        assert ended.weights == []
        assert ended.evaluation.status == "stopped"
        assert ended.evaluation.epochs == rung == len(ended.evaluation.curve)
        assert ended.evaluation.accuracy == scored(went_on.evaluation)[rung]
        expected = cut(went_on, {rung: math.inf})
        assert expected
        assert timeless(ended.evaluation) == timeless(expected.evaluation)


def curve(trained: Trained) -> tuple[dict[str, Any], ...]:
    return trained.evaluation.curve


def test_the_floor_itself_is_enough() -> None:
    able = trainer("native")
    accuracy = scored(able.train(GENOME, RUNGS).evaluation)[1]
    assert able.train(GENOME, RUNGS, floors={1: accuracy}).evaluation.ok
    assert able.train(GENOME, RUNGS, floors={1: accuracy + 1e-6}).evaluation.stopped


def test_floors_are_looked_at_where_the_recipe_scores() -> None:
    assert trainer("native").train(GENOME, RECIPE, floors={1: math.inf}).evaluation.ok
