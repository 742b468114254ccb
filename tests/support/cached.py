"""Trainings to keep and to find again, and how often they were trained."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import stubs

from deap_nas.evaluation.trained import Trained
from deap_nas.genome import parse_genome
from deap_nas.training.evaluator import Evaluator

GENOMES = [
    parse_genome(f"NC {n} 3 relu;RC 4 3 {a};RC 4 3 relu;FL tanh")
    for n, a in ((2, "relu"), (4, "gelu"), (6, "tanh"), (8, "relu"))
]
DATA = drivers.tiny_dataset()
KEY = '{"genome": "NC 2 3 relu;FL relu"}'


def trained(i: int = 0) -> Trained:
    rng = random.Random(i)
    return Trained(stubs.evaluation(rng), stubs.weights(rng))


def same(one: Trained, other: Trained) -> bool:
    arrays = zip(one.weights, other.weights, strict=True)
    equal = all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in arrays)
    return equal and one.evaluation == other.evaluation


def files(folder: Path, name: str = "*") -> list[Path]:
    return sorted(p for p in folder.rglob(name) if p.is_file())


def evaluate(
    genomes: Any, cache: Path | None, trainings: drivers.Trainings, **settings: Any
) -> list[int]:
    """Map over genomes with a new evaluator; how often each distinct one was trained."""
    before = trainings.counts()
    data = settings.pop("data", DATA)
    with Evaluator(data, cache=cache, workers=settings.pop("workers", 1), **settings) as evaluator:
        values = evaluator.map(evaluator, genomes)
        again = evaluator.map(evaluator, genomes)
        assert values == again == [evaluator(genome) for genome in genomes]
    after = trainings.counts()
    return [after[str(g)] - before[str(g)] for g in genomes]
