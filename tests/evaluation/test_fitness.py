"""What an Evaluation holds and refuses, and the fitness formulas."""

import json
import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from deap_nas import (
    FITNESS_CLASSES,
    FITNESSES,
    Evaluation,
    FitnessMaxMin,
    accuracy_per_log_params,
    time_penalised,
)
from deap_nas.evaluation.fitness import (
    SINGLE,
    STATUSES,
    WEIGHTS,
    accuracy_and_params,
    accuracy_of,
    balanced_accuracy_per_log_params,
    failed,
    macro_f1_per_log_params,
)
from deap_nas.evaluation.own_fitness import find_fitness

FULL = Evaluation(
    0.75,
    0.8,
    1000,
    12.5,
    train_cpu_seconds=20.0,
    multiply_adds=123_456,
    epochs=3,
    best_epoch=2,
    confusion=((5, 1), (2, 4)),
    curve=({"epoch": 1, "loss": 1.5, "accuracy": 0.5}, {"epoch": 2, "loss": 1.2, "accuracy": 0.8}),
    measured_on="a machine",
)


@pytest.mark.parametrize(
    ("accuracy", "n_params", "seconds", "fitness", "fitness_time"),
    [  # the report, section VI
        (0.8063, 3264, 183.51, 9.9658, 0.0543),
        (0.8538, 8768, 143.79, 9.4043, 0.0654),
        (0.7548, 7184, 66.05, 8.5004, 0.1287),
        (0.8413, 5830, 153.03, 9.7027, 0.0634),
    ],
)
def test_published_fitness(accuracy, n_params, seconds, fitness, fitness_time):
    evaluation = Evaluation(accuracy, accuracy, n_params, seconds)
    assert accuracy_per_log_params(evaluation) == (pytest.approx(fitness, abs=5e-5),)
    assert time_penalised(evaluation) == (pytest.approx(fitness_time, abs=5e-5),)


def test_logarithm_is_natural_and_accuracy_in_percent():
    assert accuracy_per_log_params(Evaluation(1.0, 1.0, 100, 1.0)) == (100 / math.log(100),)
    assert time_penalised(Evaluation(1.0, 1.0, 100, 4.0)) == (25 / math.log(100),)
    assert accuracy_per_log_params(Evaluation(0.0, 0.0, 100, 1.0)) == (0.0,)


@pytest.mark.parametrize("name", FITNESSES)
@pytest.mark.parametrize("status", [status for status in STATUSES if status != "ok"])
def test_failed_genomes_have_fitness_zero(name, status):
    values = FITNESSES[name](failed(status, "why", 77))
    assert values[0] == 0.0
    assert len(values) == len(WEIGHTS[name])


def test_accuracy_alone_does_not_look_at_the_size():
    assert FITNESSES["accuracy"](Evaluation(0.75, 0.5, 1, 1.0)) == (75.0,)
    assert FITNESSES["accuracy"](Evaluation(0.75, 0.5, 10**6, 1.0)) == (75.0,)


@pytest.mark.parametrize("name", [name for name in SINGLE if name != "accuracy"])
@pytest.mark.parametrize("n_params", [0, 1])
def test_too_few_parameters_for_a_logarithm(name, n_params):
    with pytest.raises(ValueError, match=f"^n_params {n_params}, allowed 2 or more"):
        FITNESSES[name](Evaluation(0.5, 0.5, n_params, 1.0, confusion=((1, 1), (1, 1))))


@pytest.mark.parametrize("name", FITNESSES)
def test_fewer_parameters_than_are_enough_count_as_so_many(name):
    def of(n_params: int, small_enough: int) -> tuple[float, ...]:
        evaluation = Evaluation(0.5, 0.5, n_params, 2.0, confusion=((1, 1), (1, 1)))
        return find_fitness(name, small_enough)(evaluation)

    assert of(6, 600) == of(600, 600) == of(600, 0)
    assert of(601, 600) == of(601, 0)


def test_no_training_time_to_divide_by():
    with pytest.raises(ValueError, match=r"^train_seconds 0\.0, allowed more than 0"):
        time_penalised(Evaluation(0.5, 0.5, 100, 0.0))


COUNTS = {
    "two classes": ((97, 0), (2, 1)),
    "one is never predicted": ((97, 0), (3, 0)),
    "three": ((5, 1, 2), (0, 7, 1), (3, 3, 4)),
    "one has no images": ((5, 1, 2), (0, 7, 1), (0, 0, 0)),
    "one has none and is never predicted": ((5, 1, 0), (2, 7, 0), (0, 0, 0)),
}


@pytest.mark.parametrize("case", COUNTS)
def test_scores_of_classes_are_scikit_learns(case):
    counts = np.array(COUNTS[case])
    true, predicted = (
        np.repeat(axis, counts.ravel()) for axis in np.indices(counts.shape).reshape(2, -1)
    )
    evaluation = Evaluation(0.1, 0.1, 1000, 1.0, confusion=COUNTS[case])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = f1_score(true, predicted, average="macro", zero_division=0)
        balanced = balanced_accuracy_score(true, predicted)
    log = math.log(1000)
    assert macro_f1_per_log_params(evaluation) == (pytest.approx(100 * f1 / log),)
    assert balanced_accuracy_per_log_params(evaluation) == (pytest.approx(100 * balanced / log),)


@pytest.mark.parametrize("fitness", [macro_f1_per_log_params, balanced_accuracy_per_log_params])
def test_without_counts_there_are_no_classes(fitness):
    with pytest.raises(ValueError, match="no confusion counts"):
        fitness(Evaluation(0.5, 0.5, 100, 1.0))


def test_two_objectives_are_accuracy_and_parameters():
    assert accuracy_and_params(FULL) == (0.75, 1000.0)
    assert WEIGHTS["accuracy_and_params"] == FitnessMaxMin.weights


def test_every_fitness_has_weights_that_a_genome_can_have():
    assert WEIGHTS.keys() == FITNESSES.keys()
    assert set(WEIGHTS.values()) <= set(FITNESS_CLASSES)
    assert (
        *("accuracy_per_log_params", "time_penalised"),
        *("macro_f1_per_log_params", "balanced_accuracy_per_log_params", "accuracy"),
    ) == SINGLE


def test_fitnesses_by_name():
    assert FITNESSES["accuracy_per_log_params"] is accuracy_per_log_params
    assert FITNESSES["time_penalised"] is time_penalised


def test_metrics_of_a_classifier_and_of_anything_else():
    assert FULL.metrics == {"accuracy": 0.75, "train_accuracy": 0.8}
    assert "metrics" not in FULL.to_dict()
    assert replace(FULL, accuracy=0.5).metrics == {"accuracy": 0.5, "train_accuracy": 0.8}
    other = Evaluation(metrics={"error": 3, "parts": np.float32(0.5)})
    assert (other.metrics, other.ok) == ({"error": 3.0, "parts": 0.5}, True)
    assert (other.accuracy, other.train_accuracy, other.n_params) == (None, None, 0)
    assert other.to_dict()["metrics"] == other.metrics
    assert not {"accuracy", "train_accuracy"} & other.to_dict().keys()
    both = Evaluation(metrics={"accuracy": 0.5, "size": 7})
    assert both.accuracy == 0.5
    for evaluation in (other, both, replace(other, status="diverged")):
        assert Evaluation.from_dict(json.loads(json.dumps(evaluation.to_dict()))) == evaluation
    with pytest.raises(ValueError, match=r"accuracy 1\.5, allowed 0 to 1"):
        Evaluation(metrics={"accuracy": 1.5})
    with pytest.raises(ValueError, match="could not convert"):
        Evaluation(metrics={"name": "x"})


def test_metrics_are_a_copy():
    given = {"error": 1.0}
    evaluation = Evaluation(metrics=given)
    given["error"] = 2.0
    assert evaluation.metrics == {"error": 1.0}


@pytest.mark.parametrize("make", [list, np.array])
def test_accuracy_of_a_confusion_matrix(make):
    assert accuracy_of(make([[3, 1], [0, 2]])) == 5 / 6
    counts = np.random.default_rng(0).integers(0, 1000, (10, 10))
    assert accuracy_of(make(counts)) == np.trace(counts) / counts.sum()
    assert type(accuracy_of(make(counts))) is float


def test_failed_is_zero_with_a_reason():
    evaluation = failed("timeout", "took over 60 s", 3264, train_seconds=60.0)
    assert (evaluation.accuracy, evaluation.train_accuracy) == (0.0, 0.0)
    assert (evaluation.status, evaluation.reason) == ("timeout", "took over 60 s")
    assert (evaluation.n_params, evaluation.train_seconds) == (3264, 60.0)
    assert not evaluation.ok
    assert FULL.ok


@pytest.mark.parametrize("evaluation", [FULL, Evaluation(1, 0, 2, 0), failed("oom", "1900 MiB")])
def test_dict_and_json_round_trip(evaluation):
    assert Evaluation.from_dict(evaluation.to_dict()) == evaluation
    assert Evaluation.from_dict(json.loads(json.dumps(evaluation.to_dict()))) == evaluation


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"accuracy": 1.01}, "accuracy 1.01, allowed 0 to 1"),
        ({"accuracy": 80.63}, "accuracy 80.63, allowed 0 to 1"),
        ({"accuracy": math.nan}, "accuracy nan, allowed 0 to 1"),
        ({"train_accuracy": -0.1}, "train_accuracy -0.1, allowed 0 to 1"),
        ({"n_params": -1}, "n_params -1, allowed finite and 0 or more"),
        ({"train_seconds": math.inf}, "train_seconds inf, allowed finite and 0 or more"),
        ({"train_seconds": -1.0}, "train_seconds -1.0, allowed finite and 0 or more"),
        ({"train_cpu_seconds": math.nan}, "train_cpu_seconds nan, allowed finite and 0 or more"),
        (
            {"status": "lost"},
            "status 'lost', allowed ok, stopped, diverged, error, oom, timeout, killed",
        ),
    ],
)
def test_impossible_measurements_are_refused(values, message):
    measured = {"accuracy": 0.5, "train_accuracy": 0.5, "n_params": 100, "train_seconds": 1.0}
    with pytest.raises(ValueError, match="allowed") as error:
        Evaluation(**{**measured, **values})
    assert str(error.value) == message
