"""With the engine native neither a worker nor the search loads TensorFlow; a worker is small."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import drivers
import pytest

from deap_nas import RECIPES
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.trainer import ENVIRONMENT

GENOME = "CB 4 3 relu;SR 6 3 swish;SK 3 hard_swish;DO 20;MP 2;GD 8 relu6"
HEAVY = ("tensorflow", "keras", "pandas", "matplotlib", "sklearn", "scipy", "joblib")
RECIPE = replace(RECIPES["fast"], epochs=1)


class Telling(RecipeTrainer):
    """Says what its process has loaded."""

    def loaded(self) -> list[str]:
        return [name for name in HEAVY if name in sys.modules]


def test_a_worker_that_trained_scored_and_predicted_has_loaded_nothing_heavy():
    data = drivers.tiny_dataset()
    trainer = Telling(data, RECIPE, "validation", 0, "native")

    def ask(method: str, *args: Any) -> Any:
        ((_, outcome),) = workers.run([Task(None, method, args)])
        assert outcome.status == "ok", outcome.reason
        return outcome.value

    with Workers(trainer, environment=ENVIRONMENT) as workers:
        weights = ask("train", GENOME, 1).weights
        assert ask("score", GENOME, weights, data.x_test, data.y_test).sum() == 12
        assert len(ask("predict", GENOME, weights, data.x_test)) == 12
        assert ask("loaded") == []


SEARCH = """
import sys
from deap_nas.commands import run
status = run.main(sys.argv[1:])
print(status, [name for name in ("tensorflow", "keras") if name in sys.modules])
"""


def test_a_whole_search_leaves_its_own_process_without_tensorflow(tmp_path):
    """The test of the winner and its .keras file included."""
    data = drivers.save_npz(tmp_path / "data.npz", drivers.tiny_dataset())
    folder = tmp_path / "run"
    settings = ("--population", 2, "--generations", 1, "--epochs", 1, "--workers", 1)
    where = ("--dataset", data, "--out", folder, "--no-cache", "--no-report")
    done = drivers.python(SEARCH, *where, *settings, "--engine", "native")
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr
    assert (folder / "best.keras").exists()


def test_a_worker_does_not_grow_from_genome_to_genome():
    """Of other sizes, again and again: what one took is given back, or serves the next."""
    genomes = [f"NC {n} 3 gelu;MP 2;CB {n} 3 relu;GP" for n in (16, 4, 12, 8, 2)]
    trainer = RecipeTrainer(drivers.tiny_dataset(), RECIPE, "validation", 0, "native")
    with Workers(trainer, recycle_after=1000, environment=ENVIRONMENT) as workers:

        def resident() -> float:
            tasks = [Task(None, "train", (genome, 1)) for genome in genomes * 4]
            assert {outcome.status for _, outcome in workers.run(tasks)} == {"ok"}
            (worker,) = drivers.workers_of(os.getpid())
            return worker.memory_info().rss / 2**20

        first = resident()
        for _ in range(9):
            last = resident()
    # A network that is not given back has 3 MiB; what the kernel rounds up came to 6 MiB once.
    assert last - first < 10, f"{first:.1f} MiB after 20 genomes, {last:.1f} after 200"


@pytest.mark.skipif(
    not Path("/usr/share/datasets/fashion-mnist").exists(), reason="full Fashion-MNIST is not here"
)
def test_a_worker_with_all_of_fashion_mnist_is_below_250_mib():
    from deap_nas import load_dataset

    trainer = RecipeTrainer(load_dataset("fashion_mnist"), RECIPE, "validation", 0, "native")
    with Workers(trainer, environment=ENVIRONMENT) as workers:
        list(workers.run([Task(None, "key", (GENOME, 1))]))
        (worker,) = drivers.workers_of(os.getpid())
        assert worker.memory_info().rss < 250 * 2**20
