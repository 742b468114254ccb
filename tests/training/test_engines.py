"""Which engine trains a genome, and that any genome's training is exact in worker processes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deap_nas import RECIPES, load_dataset, parse_genome
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.layers import LAYERS, LayerError, LayerFile, own_layers
from deap_nas.layers.operations import Activation, Pooling, Skip
from deap_nas.training.engines import check_engine, engine_of, usual_engine, version_of
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.native import library
from deap_nas.training.native.plan import plan_of
from deap_nas.training.trainer import ENVIRONMENT, Trained, Trainer

SHORT = replace(RECIPES["fast"], epochs=2, scored="all")
WIDE = parse_genome("CB 4 3 relu;SR 6 3 swish;SK 3 hard_swish;DO 20;MP 2;GD 8 relu6")
OTHER = parse_genome("CR 6 3 gelu;DO 50;AP 3;GP")


# Which engine


@pytest.mark.parametrize("name", sorted(set(LAYERS) - {layer.name for layer in own_layers()}))
def test_native_knows_every_built_in_layer(name):
    assert LAYERS[name].operations, f"{name} says not what it computes"


def test_auto_is_native_unless_a_layer_has_no_operations(monkeypatch):
    assert engine_of(str(WIDE)) == engine_of(str(WIDE), "native") == "native"
    assert engine_of(str(WIDE), "keras") == "keras"
    monkeypatch.setitem(LAYERS, "DO", replace(LAYERS["DO"], operations=None))
    assert engine_of(str(WIDE)) == "keras"
    with pytest.raises(ValueError, match=r"no kernels for a layer of 'CB 4 3 relu;.*engine auto"):
        engine_of(str(WIDE), "native")


@pytest.mark.parametrize(
    ("operations", "what"),
    [
        ([Pooling(2, True), Activation("relu")], "activation relu after maximum"),
        ([Skip([Pooling(1, True)])], "a skip that begins with Pooling"),
    ],
)
def test_operations_without_a_kernel_are_refused_and_left_out_keras_trains(
    monkeypatch, operations, what
):
    layer = replace(LAYERS["DO"], operations=lambda percent, shape: operations)
    monkeypatch.setitem(LAYERS, "DO", layer)
    with pytest.raises(LayerError, match=f"no kernel for {what}: leave out the layer's operations"):
        plan_of(parse_genome("DO 10;GP"), (8, 8, 1), 10)
    monkeypatch.setitem(LAYERS, "DO", replace(layer, operations=None))
    assert engine_of("DO 10;GP") == "keras"


def test_a_layer_of_ones_own_without_operations_is_said_once(monkeypatch):
    own = replace(LAYERS["DO"], operations=None, source=LayerFile("mine.py", ""))
    monkeypatch.setitem(LAYERS, "DO", own)
    assert "keras trains what has DO, slower" in check_engine("auto")
    assert check_engine("keras") == check_engine("native") == ""


def test_without_a_library_auto_is_keras_and_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    library._open.cache_clear()
    library._load.cache_clear()
    try:
        assert engine_of(str(WIDE)) == "keras"
        assert usual_engine("auto") == "keras 1"
        assert "install a C++ compiler" in check_engine("auto")
        assert check_engine("keras") == ""
        with pytest.raises(ValueError, match="engine native: its kernels are not built"):
            check_engine("native")
    finally:
        library._open.cache_clear()
        library._load.cache_clear()


def test_a_variant_that_is_none_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("DEAP_NAS_ISA", "mmx")
    with pytest.raises(ValueError, match="DEAP_NAS_ISA=mmx: there is no such variant, allowed bas"):
        check_engine("native")


def test_the_engine_is_part_of_a_key():
    data = load_dataset("fashion_mnist_mini")
    keys = [
        json.loads(RecipeTrainer(data, SHORT, "validation", 0, engine).key(str(WIDE), 2))
        for engine in ("auto", "keras")
    ]
    assert [key.pop("engine") for key in keys] == [version_of("native"), version_of("keras")]
    assert keys[0] == keys[1]


def test_a_named_budget_is_a_recipe_and_a_train_seed_of_its_own():
    """Its key is the one of a trainer that has them, so that runs share what is cached."""
    data, genome = load_dataset("fashion_mnist_mini"), str(WIDE)
    final = replace(RECIPES["final"], epochs=3)
    one = RecipeTrainer(data, SHORT, "validation", 0, budgets={"final": (final, 7)})
    other = RecipeTrainer(data, final, "validation", 7)
    assert one.plan(5) == (replace(SHORT, epochs=5), 0)
    assert one.key(genome, "final") == other.key(genome, 3) != one.key(genome, 3)


# Exact


def arrays() -> tuple[Any, ...]:
    data = load_dataset("fashion_mnist_mini")
    return data.x_train[:300], data.y_train[:300], data.x_val[:200], data.y_val[:200]


@pytest.fixture(scope="module", params=["native", "keras"])
def engine(request) -> Any:
    return request.param


@contextlib.contextmanager
def started(engine: str) -> Iterator[Workers]:
    target, data = "test_engines:make_trainer", (*arrays(), 10, engine)
    with Workers(target, data, environment=ENVIRONMENT) as workers:
        yield workers


def make_trainer(*arguments: Any) -> Trainer:
    return Trainer(*arguments[:-1], engine=arguments[-1])


@pytest.fixture(scope="module")
def workers(engine: str) -> Iterator[Workers]:
    with started(engine) as workers:
        yield workers


def ask(workers: Workers, method: str, *args: Any) -> Any:
    ((_, outcome),) = workers.run([Task(0, method, args)])
    assert outcome.status == "ok", outcome.reason
    return outcome.value


def exact(one: Trained, other: Trained) -> bool:
    """Equal bit for bit, seconds aside."""
    a, b = (replace(t.evaluation, train_seconds=1.0, train_cpu_seconds=1.0) for t in (one, other))
    return a == b and [w.tobytes() for w in one.weights] == [w.tobytes() for w in other.weights]


def test_equal_seeds_train_alike_in_a_warm_and_in_a_fresh_worker(workers, engine):
    first = ask(workers, "train", str(WIDE), SHORT, 0)
    assert first.evaluation.ok
    assert first.evaluation.epochs == 2
    assert all(np.isfinite(weight).all() for weight in first.weights)
    ask(workers, "train", str(OTHER), SHORT, 5)
    assert exact(ask(workers, "train", str(WIDE), SHORT, 0), first), "after another genome"
    other = ask(workers, "train", str(WIDE), SHORT, 1)
    assert other.weights[0].tobytes() != first.weights[0].tobytes()
    with started(engine) as fresh:
        ask(fresh, "train", str(OTHER), SHORT, 0)
        assert exact(ask(fresh, "train", str(WIDE), SHORT, 0), first)
    # What is kept scores as it did when it was trained: moving statistics are among the weights.
    confusion = ask(workers, "score", str(WIDE), first.weights, *arrays()[2:])
    assert tuple(map(tuple, confusion.tolist())) == first.evaluation.confusion
