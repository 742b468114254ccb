"""What kernels can do to a worker costs one genome: faults, and memory that does not suffice."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from typing import Any

import broken_kernels
import drivers
import numpy as np
import pytest
import stubs
from command import snapshot

from deap_nas import RECIPES, parse_genome
from deap_nas.commands import train
from deap_nas.data import Dataset
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.native.network import NativeNetwork
from deap_nas.training.trainer import ENVIRONMENT

RECIPE = replace(RECIPES["fast"], epochs=1, least_steps=0)
GOOD = "NC 2 3 relu;RC 4 3 relu;GP"
BAD = "NC 4 3 relu;RC 4 3 gelu;GP"
LARGE = ";".join(["CB 64 3 gelu"] * 12 + ["GP"])  # a batch of it takes hundreds of MiB


def trainer() -> RecipeTrainer:
    return RecipeTrainer(drivers.tiny_dataset(), RECIPE, "validation", 0, "native")


def train_all(workers: Workers, *genomes: str) -> list[Any]:
    tasks = [Task(i, "train", (genome, 1)) for i, genome in enumerate(genomes)]
    found = {task.key: outcome for task, outcome in workers.run(tasks)}
    return [found[i] for i in range(len(genomes))]


def bits(outcome: Any) -> list[bytes]:
    assert outcome.status == "ok", outcome.reason
    return [weight.tobytes() for weight in outcome.value.weights]


@pytest.mark.parametrize("kind", broken_kernels.ENDS)
def test_a_kernel_that_misbehaves_costs_its_genome_alone(tmp_path, kind):
    if kind == "illegal" and platform.machine() != "x86_64":
        pytest.skip("the illegal instruction is one of x86-64")
    stubs.set_fault(tmp_path, BAD, kind)
    environment = {**ENVIRONMENT, stubs.FAULTS: str(tmp_path)}
    with broken_kernels.workers(trainer(), environment=environment, max_memory=200) as workers:
        before, bad, after = train_all(workers, GOOD, BAD, GOOD)
    status, words = broken_kernels.ENDS[kind]
    assert bad.status == status
    assert words in bad.reason
    assert bits(before) == bits(after)


def test_memory_that_runs_out_leaves_the_worker_as_it_was():
    with Workers(trainer(), max_memory=150, environment=ENVIRONMENT) as workers:
        (before,) = train_all(workers, GOOD)
        (worker,) = drivers.workers_of(os.getpid())
        large, after = train_all(workers, LARGE, GOOD)
        assert drivers.workers_of(os.getpid()) == [worker]
    assert large.status == "oom"
    assert large.reason.startswith("MemoryError: feature maps of a batch of 128 take ")
    assert bits(before) == bits(after)


# Images too large are refused before anything is trained.


def make(genome: str, shape: tuple[int, int, int], batch_size: int = 128) -> NativeNetwork:
    images, labels = np.zeros((0, *shape), np.uint8), np.zeros(0, np.int32)
    recipe = replace(RECIPE, batch_size=batch_size)
    return NativeNetwork(parse_genome(genome), shape, 10, recipe, images, labels)


@pytest.mark.parametrize(
    ("genome", "shape", "batch_size", "words"),
    [
        (GOOD, (6000, 6000, 1), 128, "a feature map has 72,000,000 numbers, allowed 33,554,432"),
        ("NC 1 7 relu;GP", (1, 2**25, 1), 1, "a feature map with its border is too large"),
        ("CB 8 3 relu;GP", (1000, 1000, 3), 2**20, "a batch of 1048576 take [0-9,]{9,} MiB: take"),
    ],
)
def test_what_does_not_fit_into_memory_is_said_at_once(genome, shape, batch_size, words):
    with pytest.raises(MemoryError, match=words):
        make(genome, shape, batch_size)


def test_the_command_says_so_in_one_line(tmp_path, home, capsys):
    data = tmp_path / "large.npz"
    drivers.save_npz(data, large_images())
    before = snapshot(tmp_path)
    arguments = ["--dataset", str(data), "--no-cache", "--max-memory", "200"]
    assert train.main(["CB 32 3 gelu;CB 32 3 gelu;GP", *arguments]) == 1
    out, err = capsys.readouterr()
    last = out.splitlines()[-1]
    assert last.startswith("oom: MemoryError: feature maps of a batch of 16 take ")
    assert last.endswith("MiB: take smaller images or batches")
    assert "epoch" not in out
    assert err == ""
    assert snapshot(tmp_path) == before


def large_images(side: int = 300) -> Dataset:
    return drivers.tiny_dataset(side=side, n=12)
