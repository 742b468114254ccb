"""Several objectives as data."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from deap_nas.evaluation.fitness import Evaluation, accuracy_and_params, telling
from deap_nas.evaluation.forecast import SCALES
from deap_nas.evaluation.objectives import OBJECTIVES, Objectives
from deap_nas.genome import FITNESS_CLASSES

SOME = Evaluation(
    0.8, 0.7, 1000, 2.0, train_cpu_seconds=3.0, multiply_adds=5000, ram=4096, flash=8000
)


def test_accuracy_and_params_are_the_objectives_of_before() -> None:
    objectives = Objectives(["n_params", "accuracy"])
    assert objectives(SOME) == accuracy_and_params(SOME) == (0.8, 1000.0)
    assert objectives.weights == (1.0, -1.0)
    assert objectives.learned == ("accuracy",)


def test_all_of_them() -> None:
    objectives = Objectives(["accuracy", "n_params", "multiply_adds", "cpu_seconds"])
    assert objectives(SOME) == (0.8, 1000.0, 5000.0, 3.0)
    assert objectives.placed(SOME) == pytest.approx(
        (-math.log(0.2), math.log(1000), math.log(5000), math.log(3))
    )
    assert objectives.learned == ("accuracy", "train_cpu_seconds")
    assert objectives.weights in FITNESS_CLASSES
    objectives = Objectives(["flash", "ram", "accuracy"])
    assert objectives(SOME) == (0.8, 4096.0, 8000.0)
    assert objectives.learned == ("accuracy",)
    assert objectives.int8 == ("ram", "flash")


@pytest.mark.parametrize("other", [name for name in OBJECTIVES if name != "accuracy"])
def test_each_beside_accuracy_is_an_individuals(other: str) -> None:
    assert Objectives(["accuracy", other]).weights in FITNESS_CLASSES


def test_fewer_parameters_than_are_enough_are_no_better() -> None:
    objectives = Objectives(["accuracy", "n_params"], 2000)
    assert objectives(SOME) == (0.8, 2000.0)
    assert objectives.placed(SOME) == pytest.approx((-math.log(0.2), math.log(2000)))
    assert objectives(replace(SOME, n_params=3000)) == (0.8, 3000.0)


def test_what_is_learned_has_a_scale() -> None:
    assert {each.learned for each in OBJECTIVES.values()} - {""} <= {*SCALES}


def test_no_seconds_at_all_have_a_place() -> None:
    assert math.isfinite(Objectives(["accuracy", "cpu_seconds"]).placed(Evaluation(0.5))[1])


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["accuracy", "luck"], "'luck', allowed accuracy, n_params, multiply_adds, cpu_seconds"),
        (["accuracy"], "'accuracy', allowed two or more that differ"),
        (["ram", "flash"], "'ram,flash', allowed accuracy and up to 3 others"),
        ([*OBJECTIVES][:5], "allowed accuracy and up to 3 others"),
        (["n_params", "n_params"], "allowed two or more that differ"),
    ],
)
def test_bad_names(names: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Objectives(names)


def test_what_tells_the_best() -> None:
    assert telling("time_penalised") == "time_penalised"
    assert telling("accuracy_and_params") == "accuracy_per_log_params"
