"""Which engine trains a genome, and that any genome's training is exact in worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deap_nas import RECIPES, build_model, load_dataset, parse_genome
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.training.trainer import ENVIRONMENT, Trained

TARGET = "deap_nas.training.trainer:Trainer"
SHORT = replace(RECIPES["fast"], epochs=2, scored="all")
WIDE = parse_genome("CB 4 3 relu;SR 6 3 swish;SK 3 hard_swish;DO 20;MP 2;GD 8 relu6")
OTHER = parse_genome("CR 6 3 gelu;DO 50;AP 3;GP")


# Our own graph trains what it knows; everything else is Keras's.


@pytest.fixture(scope="module")
def plan_of() -> Any:
    pytest.importorskip("tensorflow")
    from deap_nas.training.graph import plan_of

    return plan_of


@pytest.mark.parametrize(
    "text",
    ["NC 4 3 tanh;RC 6 3 gelu;NC 3 4 sigmoid;FL swish", "RC 3 5 relu;FL relu", "FL sigmoid"],
)
def test_our_own_graph_knows_the_reports_genomes(plan_of, text):
    genome = parse_genome(text)
    plans = plan_of(build_model(genome, (16, 16, 1), 10))
    body = [("conv", g.activation, {"NC": 1, "RC": 2}[g.kind], g.kind == "NC") for g in genome[:-1]]
    found = [(plan.what, plan.activation, plan.stride, plan.same) for plan in plans]
    assert found[: len(body)] == body
    assert [plan[:2] for plan in found[len(body) :]] == [
        ("pool", ""),
        *[("dense", genome[-1].activation)] * 2,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "CB 4 3 relu;FL relu",
        "SB 4 3 relu;FL relu",
        "SK 3 relu;FL relu",
        "NC 4 3 relu;MP 2;FL relu",
        "NC 4 3 relu;AP 2;FL relu",
        "NC 4 3 relu;DO 10;FL relu",
        "NC 4 3 relu6;FL relu",
        "NC 4 3 hard_swish;FL relu",
        "NC 4 3 relu;FL relu6",
        "NC 4 3 relu;GP",
        "NC 4 3 relu;GD 8 relu",
    ],
)
def test_it_knows_no_other_layer(plan_of, text):
    assert plan_of(build_model(parse_genome(text), (16, 16, 1), 10)) is None


def known() -> list[Any]:
    from keras import layers

    return [
        layers.Conv2D(4, 3, strides=2, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="tanh"),
    ]


def changed(place: int, kind: str, *args: Any, **settings: Any) -> Any:
    """``known`` with another layer at ``place``."""

    def model() -> Any:
        import keras

        parts = known()
        parts[place] = getattr(keras.layers, kind)(*args, **settings)
        return keras.Sequential([keras.Input((16, 16, 2)), *parts])

    return model


STRANGE = {
    "strided, padding same": changed(
        0, "Conv2D", 4, 3, strides=2, padding="same", activation="relu"
    ),
    "not strided, padding valid": changed(0, "Conv2D", 4, 3, activation="relu"),
    "stride 3": changed(0, "Conv2D", 4, 3, strides=3, activation="relu"),
    "kernel not square": changed(0, "Conv2D", 4, (3, 5), strides=2, activation="relu"),
    "groups": changed(0, "Conv2D", 4, 3, strides=2, groups=2, activation="relu"),
    "dilated": changed(0, "Conv2D", 4, 3, padding="same", dilation_rate=2, activation="relu"),
    "no bias": changed(0, "Conv2D", 4, 3, strides=2, use_bias=False, activation="relu"),
    "linear convolution": changed(0, "Conv2D", 4, 3, strides=2),
    "linear head": changed(2, "Dense", 10),
    "head without bias": changed(2, "Dense", 10, activation="relu", use_bias=False),
    "maximum": changed(1, "GlobalMaxPooling2D"),
    "keeps dimensions": changed(1, "GlobalAveragePooling2D", keepdims=True),
    "flat": changed(1, "Flatten"),
}


def test_it_knows_the_plain_one(plan_of):
    import keras

    model = keras.Sequential([keras.Input((16, 16, 2)), *known()])
    assert [plan.what for plan in plan_of(model)] == ["conv", "pool", "dense"]


@pytest.mark.parametrize("what", STRANGE)
def test_it_knows_no_variant(plan_of, what):
    assert plan_of(STRANGE[what]()) is None


# Exact


def arrays() -> tuple[Any, ...]:
    data = load_dataset("fashion_mnist_mini")
    return data.x_train[:300], data.y_train[:300], data.x_val[:200], data.y_val[:200]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(TARGET, (*arrays(), 10), environment=ENVIRONMENT) as workers:
        yield workers


def ask(workers: Workers, method: str, *args: Any) -> Any:
    ((_, outcome),) = workers.run([Task(0, method, args)])
    assert outcome.status == "ok", outcome.reason
    return outcome.value


def exact(one: Trained, other: Trained) -> bool:
    """Equal bit for bit, seconds aside."""
    a, b = (replace(t.evaluation, train_seconds=1.0, train_cpu_seconds=1.0) for t in (one, other))
    return a == b and [w.tobytes() for w in one.weights] == [w.tobytes() for w in other.weights]


def test_equal_seeds_train_alike_in_a_warm_and_in_a_fresh_worker(workers):
    first = ask(workers, "train", str(WIDE), SHORT, 0)
    assert first.evaluation.ok
    assert first.evaluation.epochs == 2
    assert all(np.isfinite(weight).all() for weight in first.weights)
    ask(workers, "train", str(OTHER), SHORT, 5)
    assert exact(ask(workers, "train", str(WIDE), SHORT, 0), first), "after another genome"
    other = ask(workers, "train", str(WIDE), SHORT, 1)
    assert other.weights[0].tobytes() != first.weights[0].tobytes()
    with Workers(TARGET, (*arrays(), 10), environment=ENVIRONMENT) as fresh:
        ask(fresh, "train", str(OTHER), SHORT, 0)
        assert exact(ask(fresh, "train", str(WIDE), SHORT, 0), first)
    # What is kept scores as it did when it was trained: moving statistics are among the weights.
    confusion = ask(workers, "score", str(WIDE), first.weights, *arrays()[2:])
    assert tuple(map(tuple, confusion.tolist())) == first.evaluation.confusion
