"""training.trainer in worker processes: exact, honest, Keras's own arithmetic."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import drivers
import numpy as np
import pytest

from deap_nas import count_params, load_dataset, parse_genome
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.layers.cost import count_multiply_adds
from deap_nas.training.evaluator import Saver
from deap_nas.training.recipes import RECIPES, Recipe
from deap_nas.training.trainer import ENVIRONMENT, Stopper, Stopwatch, Trained

TARGET = "deap_nas.training.trainer:Trainer"
N_TRAIN, N_SCORED = 500, 300  # not multiples of the batch: the last one is smaller
GENOMES = [
    parse_genome(text)
    for text in (
        "NC 4 3 gelu;RC 6 3 tanh;RC 8 3 relu;FL swish",
        "RC 4 5 swish;NC 6 3 sigmoid;RC 4 3 gelu;FL relu",
        "RC 8 3 relu;NC 4 4 tanh;RC 8 3 swish;FL tanh",
    )
]
SHORT = replace(RECIPES["fast"], epochs=2, scored="all")
PATIENT = Recipe(
    "patient", 1, "sgd", 0.05, 12, momentum=0.9, scored="all", patience=2, min_delta=0.02,
    best_epoch=True,
)  # fmt: skip


def arrays() -> tuple[Any, ...]:
    data = load_dataset("fashion_mnist_mini")
    return (
        *(data.x_train[:N_TRAIN], data.y_train[:N_TRAIN]),
        *(data.x_val[:N_SCORED], data.y_val[:N_SCORED]),
    )


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """One warm worker."""
    with Workers(TARGET, (*arrays(), 10), environment=ENVIRONMENT) as workers:
        yield workers


def train(workers: Workers, genome: Any, recipe: Recipe, seed: int = 0) -> Trained:
    ((_, outcome),) = workers.run([Task(0, "train", (str(genome), recipe, seed))])
    assert outcome.status == "ok", outcome.reason
    return outcome.value  # type: ignore[no-any-return]


def ask(workers: Workers, method: str, *args: Any) -> Any:
    ((_, outcome),) = workers.run([Task(0, method, args)])
    assert outcome.status == "ok", outcome.reason
    return outcome.value


def exact(one: Trained, other: Trained) -> None:
    """Equal bit for bit, seconds aside."""
    timeless = [
        replace(trained.evaluation, train_seconds=1.0, train_cpu_seconds=1.0)
        for trained in (one, other)
    ]
    assert timeless[0] == timeless[1]
    assert [w.tobytes() for w in one.weights] == [w.tobytes() for w in other.weights]


@pytest.fixture(scope="module")
def warm(workers: Workers) -> list[Trained]:
    """Each genome trained in one warm worker, in this order."""
    return [train(workers, genome, SHORT) for genome in GENOMES]


@pytest.fixture(scope="module")
def patient(workers: Workers) -> Trained:
    return train(workers, GENOMES[0], PATIENT)


# --- exact


def test_equal_in_another_process_and_as_the_nth_genome_of_a_warm_one(warm):
    """The last genome of the warm worker is the first of a fresh one."""
    with Workers(TARGET, (*arrays(), 10), environment=ENVIRONMENT) as fresh:
        exact(train(fresh, GENOMES[2], SHORT), warm[2])
        exact(train(fresh, GENOMES[0], SHORT), warm[0])


def test_equal_when_trained_again(workers, warm):
    exact(train(workers, GENOMES[1], SHORT), warm[1])


def test_the_train_seed_changes_everything(workers, warm):
    other = train(workers, GENOMES[0], SHORT, seed=1)
    assert other.evaluation.curve != warm[0].evaluation.curve
    assert other.weights[0].tobytes() != warm[0].weights[0].tobytes()


# --- honest


@pytest.mark.parametrize(
    ("genome", "rate"), [("CB 3 3 relu;GP", 0.03), ("NC 3 3 relu;FL relu", 0.01)]
)
def test_a_normalised_network_has_the_rate_of_its_own(workers, genome, rate):
    both = Recipe("both", 1, "adam", 0.01, 1, normalised_rate=0.03)
    alone = Recipe("alone", 1, "adam", rate, 1)
    one, other = (train(workers, genome, recipe) for recipe in (both, alone))
    assert all(map(np.array_equal, one.weights, other.weights))


def test_what_is_measured_is_consistent(warm, patient):
    for genome, trained in zip([*GENOMES, GENOMES[0]], [*warm, patient]):
        evaluation = trained.evaluation
        confusion = np.array(evaluation.confusion)
        labels = arrays()[3]
        assert confusion.shape == (10, 10)
        assert confusion.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()
        assert evaluation.accuracy == np.trace(confusion) / N_SCORED
        best = evaluation.curve[evaluation.best_epoch - 1]
        assert evaluation.accuracy == best["val_accuracy"]
        assert evaluation.train_accuracy == best["accuracy"]
        assert [row["epoch"] for row in evaluation.curve] == [*range(1, evaluation.epochs + 1)]
        assert all(math.isfinite(value) for row in evaluation.curve for value in row.values())
        assert evaluation.n_params == count_params(genome) == sum(w.size for w in trained.weights)
        assert evaluation.multiply_adds == count_multiply_adds(genome)
        assert 0 < evaluation.train_seconds < 60
        assert 0 < evaluation.train_cpu_seconds < 60
        assert evaluation.measured_on


def test_it_learns(workers):
    evaluation = train(workers, GENOMES[0], replace(RECIPES["fast"], epochs=25)).evaluation
    assert evaluation.curve[-1]["loss"] < evaluation.curve[0]["loss"] < 3
    assert evaluation.accuracy > 0.5  # of ten classes, from 500 images


def test_kept_weights_score_as_recorded(workers, warm, patient):
    """On the scored images again, from the weights alone; and as plain Keras."""
    _, _, x, y = arrays()
    for genome, trained in zip([*GENOMES, GENOMES[0]], [*warm, patient]):
        confusion = ask(workers, "score", str(genome), trained.weights, x, y)
        assert confusion.tolist() == np.array(trained.evaluation.confusion).tolist()


def test_saved_networks_are_plain_keras_models(warm, tmp_path):
    path = tmp_path / "a.keras"
    with Workers(Saver((28, 28, 1), 10), environment=ENVIRONMENT) as saver:
        ask(saver, "save", str(GENOMES[0]), warm[0].weights, str(path))
    assert [p.name for p in tmp_path.iterdir()] == ["a.keras"]
    code = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
data = np.load(sys.argv[2])
print([type(layer).__module__.split(".")[0] for layer in model.layers])
found = model.predict(data["x"].astype("float32") / 255, verbose=0).argmax(1)
print(float((found == data["y"]).mean()))
"""
    np.savez(tmp_path / "data.npz", x=arrays()[2], y=arrays()[3])
    result = drivers.python(code, path, tmp_path / "data.npz", **ENVIRONMENT)
    modules, accuracy = result.stdout.splitlines()[-2:]
    assert set(json.loads(modules.replace("'", '"'))) == {"keras"}
    assert float(accuracy) == pytest.approx(warm[0].evaluation.accuracy, abs=1 / N_SCORED + 1e-9)


# --- diverging


def test_a_loss_that_is_not_finite_is_diverged_and_has_no_weights(workers):
    absurd = replace(RECIPES["paper"], learning_rate=1e30, epochs=3)
    genome = parse_genome("NC 4 3 swish;RC 4 3 swish;RC 4 3 swish;FL swish")
    trained = train(workers, genome, absurd)
    evaluation = trained.evaluation
    assert (evaluation.status, evaluation.accuracy, trained.weights) == ("diverged", 0.0, [])
    assert evaluation.reason.startswith("loss ")
    assert evaluation.n_params == count_params(genome)
    json.dumps(evaluation.to_dict())


# --- early stopping and the best epoch


def stops_after(val_losses: list[float], recipe: Recipe) -> int:
    """By hand: the first epoch with ``patience`` in a row that are no better by ``min_delta``."""
    best, waited = math.inf, 0
    for epoch, loss in enumerate(val_losses, 1):
        waited = 0 if loss < best - recipe.min_delta else waited + 1
        best = loss if waited == 0 else best
        if waited >= recipe.patience:
            return epoch
    return len(val_losses)


@pytest.mark.parametrize(
    ("losses", "stop"),
    [
        ([1.0, 0.9, 0.8, 0.7, 0.6], 5),  # better each time
        ([1.0, 1.0, 1.0, 0.1, 0.1], 3),  # two in a row that are not
        ([1.0, 0.999, 0.9, 0.898, 0.896, 0.1], 5),  # less than min_delta is nothing
        ([1.0, 1.1, 0.9, 1.1, 0.8, 0.9, 0.9], 7),  # one bad epoch is forgiven
        ([1.0, 0.997, 0.994, 0.991], 4),  # small steps add up: against the best, not the last
    ],
)
def test_stopper_by_hand(losses, stop):
    recipe = replace(RECIPES["paper"], patience=2, min_delta=0.005)
    stopper = Stopper(recipe)
    stopped = [i for i, loss in enumerate(losses, 1) if stopper.stops({"val_loss": loss})]
    assert (stopped or [len(losses)])[0] == stop == stops_after(losses, recipe)


def test_without_patience_it_never_stops():
    stopper = Stopper(RECIPES["fast"])
    assert not any(stopper.stops({}) for _ in range(100))


def test_training_stops_where_the_rule_says(patient):
    evaluation = patient.evaluation
    losses = [row["val_loss"] for row in evaluation.curve]
    assert evaluation.epochs == len(losses) == stops_after(losses, PATIENT)


def test_the_best_epoch_is_the_first_of_the_highest_accuracy(patient):
    accuracies = [row["val_accuracy"] for row in patient.evaluation.curve]
    assert patient.evaluation.best_epoch == 1 + accuracies.index(max(accuracies))


def test_without_the_rule_the_last_epoch_counts(workers):
    recipe = replace(PATIENT, best_epoch=False, patience=0, epochs=4, learning_rate=0.3)
    evaluation = train(workers, GENOMES[0], recipe).evaluation
    assert evaluation.best_epoch == evaluation.epochs == 4
    assert evaluation.accuracy == evaluation.curve[-1]["val_accuracy"]


def test_only_scored_epochs_have_scores(workers):
    evaluation = train(workers, GENOMES[0], replace(SHORT, epochs=3, scored="last")).evaluation
    assert ["val_accuracy" in row for row in evaluation.curve] == [False, False, True]


# --- Keras's own arithmetic

FIT = """
import json, os, sys
import numpy as np
import keras
from deap_nas import build_model, parse_genome
from deap_nas.training.native.plan import plan_of
question = json.load(sys.stdin)
data = np.load(question["data"])
x, y = data["x"].astype("float32") / 255, data["y"].astype("int32")
answers = []
for text, recipe in question["cases"]:
    keras.backend.clear_session()
    model = build_model(parse_genome(text), (28, 28, 1), 10)
    model.set_weights(plan_of(parse_genome(text), (28, 28, 1), 10).initial(0))
    if recipe["optimizer"] == "sgd":
        optimizer = keras.optimizers.SGD(recipe["learning_rate"], momentum=recipe["momentum"])
    else:
        optimizer = keras.optimizers.Adam(recipe["learning_rate"])
    model.compile(
        optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"], jit_compile=False,
    )
    shuffle, losses = np.random.default_rng([0, 0xDA7A]), []
    for _ in range(recipe["epochs"]):
        order = shuffle.permutation(len(y))
        history = model.fit(
            x[order], y[order], batch_size=recipe["batch_size"], shuffle=False, verbose=0
        )
        losses.append([history.history["loss"][0], history.history["accuracy"][0]])
    answers.append([losses, [w.tolist() for w in model.get_weights()]])
print(json.dumps(answers))
"""


def test_losses_are_those_of_model_fit(workers, tmp_path):
    """Equal weights and batches in the same order: equal losses within float rounding."""
    sgd = Recipe("s", 1, "sgd", 0.02, 3, momentum=0.9)
    adam = Recipe("a", 1, "adam", 0.003, 3, batch_size=50)
    cases = list(zip(GENOMES, (sgd, adam, sgd)))
    x, y, _, _ = arrays()
    np.savez(tmp_path / "data.npz", x=x, y=y)
    question = {
        "data": str(tmp_path / "data.npz"),
        "cases": [(str(genome), recipe.to_dict()) for genome, recipe in cases],
    }
    result = subprocess.run(
        [sys.executable, "-c", FIT],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        env=drivers.environment(**ENVIRONMENT),
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answers = json.loads(result.stdout.splitlines()[-1])
    for (genome, recipe), (losses, weights) in zip(cases, answers, strict=True):
        ours = train(workers, genome, recipe)
        curve = [[row["loss"], row["accuracy"]] for row in ours.evaluation.curve]
        np.testing.assert_allclose(curve, losses, atol=0.003, err_msg=f"{genome} {recipe.name}")
        for mine, theirs in zip(ours.weights, weights, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=0.005, err_msg=f"{genome} {recipe.name}")


# --- time


def test_a_stopwatch_sums_what_is_inside(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr("time.process_time", lambda: now[0] / 2)
    watch = Stopwatch()
    for seconds in (3, 4):
        with watch:
            now[0] += seconds
        now[0] += 100
    assert (watch.wall, watch.cpu) == (7, 3.5)
