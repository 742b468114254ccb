"""The simulated workers of benchmarks/scaling.py: their sums add up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "benchmarks")]

import scaling  # noqa: E402

from deap_nas.evaluation.backend import Task, run  # noqa: E402

GENOMES = [f"CB {filters} 3 relu;GP" for filters in range(4, 68, 4)]
TASKS = [Task(genome, "train", (genome, None)) for genome in GENOMES]
SECONDS = [scaling.TRAINER.train(genome).train_seconds for genome in GENOMES]


def simulated(workers: int, world: scaling.World, overhead: float = 0.0) -> scaling.Simulated:
    backend = scaling.Simulated(scaling.TRAINER, workers, world, overhead)
    assert sorted(task.key for task, _ in run(backend, TASKS)) == sorted(GENOMES)
    return backend


def test_one_worker_takes_the_sum_and_the_parent_its_share() -> None:
    backend = simulated(1, scaling.World(), overhead=0.25)
    assert backend.now == pytest.approx(sum(SECONDS) + 0.25 * len(GENOMES))
    assert backend.busy == pytest.approx(sum(SECONDS))


def test_a_worker_for_each_takes_the_longest() -> None:
    assert simulated(len(GENOMES), scaling.World()).now == pytest.approx(max(SECONDS))


def test_stragglers_and_failures_cost_time_and_arrivals_wait() -> None:
    calm = simulated(2, scaling.World()).now
    assert simulated(2, scaling.World(stragglers=0.5)).now > calm
    assert simulated(2, scaling.World(lifetime=4 * max(SECONDS))).now > calm
    late = simulated(2, scaling.World(arrival=1e6)).now
    assert late == pytest.approx(sum(SECONDS))


@pytest.mark.parametrize("loop", scaling.LOOPS)
def test_a_search(loop: str) -> None:
    row = scaling.simulate(loop, 16, "calm", 0.0)
    assert row["trainings"] > 200
    assert 0.3 < row["utilisation"] <= 1


def test_who_waits_for_stragglers_stands_idle() -> None:
    one, other = (scaling.simulate(loop, 16, "stragglers", 0.0) for loop in scaling.LOOPS)
    assert one["utilisation"] < other["utilisation"]
