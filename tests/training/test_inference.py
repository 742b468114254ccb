"""training.inference: what a search scores with, and what scores a network that is taken home."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from deap_nas import SearchSpace, build_model, parse_genome

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

from deap_nas.evaluation.workers import Workers  # noqa: E402
from deap_nas.report.networks import Studio  # noqa: E402
from deap_nas.training.keras_engine.inference import (  # noqa: E402
    BATCH,
    Scorer,
    save_model,
    trained_model,
)
from deap_nas.training.trainer import ENVIRONMENT  # noqa: E402

SHAPE, N_CLASSES = (12, 12, 1), 10


def images(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise of growing brightness, so that a network tells some from others; any labels."""
    rng = np.random.default_rng(0)
    brightness = np.linspace(0, 1, n).reshape(n, 1, 1, 1)
    x = (rng.integers(0, 256, (n, *SHAPE)) * brightness).astype(np.uint8)
    return x, rng.integers(0, N_CLASSES, n)


def test_the_scorer_counts_what_keras_predicts() -> None:
    genome = SearchSpace(input_shape=SHAPE).sample(random.Random(5))
    x, y = images(2 * BATCH + 3)
    model = build_model(genome, SHAPE, N_CLASSES, seed=1)
    confusion, _ = Scorer(model, N_CLASSES).score(x, y)
    expected = np.argmax(model.predict(x / np.float32(255), verbose=0), 1)
    assert np.array_equal(Scorer(model, N_CLASSES).predict(x), expected)
    assert confusion.sum() == len(x)
    for true in range(N_CLASSES):
        for found in range(N_CLASSES):
            assert confusion[true, found] == np.sum((y == true) & (expected == found))


def test_a_network_from_a_file_answers_as_the_one_that_was_trained(tmp_path: Path) -> None:
    """Asked of the report's own object, in a process of its own."""
    genome = parse_genome("NC 4 3 gelu;RC 4 3 tanh;RC 6 3 tanh;FL tanh")
    rng, x = np.random.default_rng(3), images(BATCH + 1)[0]
    initial = build_model(genome, SHAPE, N_CLASSES, seed=3).get_weights()
    weights = [3 * rng.normal(size=w.shape).astype(np.float32) for w in initial]
    expected = Scorer(trained_model(genome, weights, SHAPE, N_CLASSES), N_CLASSES).predict(x)
    assert len(set(expected.tolist())) > 2, "a network that says one class shows nothing"
    target, path = "deap_nas.report.networks:Networks", tmp_path / "a.keras"
    with Workers(target, (SHAPE, N_CLASSES), environment=ENVIRONMENT) as workers:
        studio = Studio(workers)
        found = studio.predict(str(genome), weights, x)
        # One thread rounds otherwise than these tests; how many labels differ depends on the CPU.
        assert np.mean(found == expected) > 0.9
        studio.write(str(genome), weights, path)
        assert [each.name for each in tmp_path.iterdir()] == ["a.keras"]
        assert np.array_equal(studio.predict_with(path, x), found)


def test_a_file_that_fails_in_writing_leaves_the_one_before(tmp_path: Path) -> None:
    class Half:
        def save(self, path: Path) -> None:
            path.write_text("half")
            raise OSError("disk full")

    (tmp_path / "a.keras").write_text("whole")
    with pytest.raises(OSError, match="disk full"):
        save_model(Half(), tmp_path / "a.keras")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]
