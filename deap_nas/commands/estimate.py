"""What a search would do, and about how long it would take, before it does it."""

from __future__ import annotations

import random
from statistics import fmean
from typing import Any

from deap_nas.commands.terminal import duration
from deap_nas.data import Dataset
from deap_nas.layers.cost import count_multiply_adds, count_params
from deap_nas.runs.settings import Settings
from deap_nas.spaces import SearchSpace
from deap_nas.training.capacity import default_workers

# Seconds of a worker for an image's forward and backward pass, FIXED + multiply-adds *
# PER_MULTIPLY_ADD: a line through our_epoch_seconds of results/evaluation_throughput/ratios.csv.
FIXED = 2e-5
PER_MULTIPLY_ADD = 1.3e-10
START_UP = 6.0  # a worker's first task waits for TensorFlow
TRACING = 1.0  # building one network's graph
SAMPLES = 200


def explain(settings: Settings, dataset: Dataset, space: SearchSpace) -> str:
    """A paragraph on what would run."""
    x_train = dataset.split(settings.split)[0]
    recipe = settings.make_recipe()
    rng = random.Random(settings.seed)
    genomes = [space.sample(rng) for _ in range(SAMPLES)]
    one = fmean(_seconds(space, genome, len(x_train), recipe.epochs) for genome in genomes)
    most = settings.births(settings.generations)
    most = min(most, settings.max_evaluations or most)
    workers = settings.workers or default_workers(dataset, settings.max_memory)
    lines = [
        f"data:      {settings.dataset} ({dataset.source}), {len(x_train)} images to train on, "
        f"scored on {settings.split}",
        f"recipe:    {recipe.name}, {recipe.optimizer} {recipe.learning_rate:g}, "
        f"{'at most ' if recipe.patience else ''}{recipe.epochs} epochs",
        f"space:     {settings.space}, {space.said_size()} legal genomes; one drawn has "
        f"{fmean(count_params(g, space.input_shape, space.n_classes) for g in genomes):,.0f} "
        "parameters on average",
        f"search:    {settings.algorithm}, population {settings.population}, "
        f"{settings.generations} generations bred: at most {most} trainings, each distinct genome "
        f"once; {workers} workers",
        "breeding:  "
        + ", ".join(f"{name} {getattr(settings, name)}" for name in settings.loop.settings),
        f"time:      about {duration(START_UP + one * most / workers)} at the most (an estimate: "
        f"{duration(one)} a training, from a formula fitted on another machine)",
        "nothing was written",
    ]
    return "\n".join(lines)


def _seconds(space: SearchSpace, genome: Any, images: int, epochs: int) -> float:
    work = count_multiply_adds(genome, space.input_shape, space.n_classes)
    return TRACING + images * epochs * (FIXED + PER_MULTIPLY_ADD * work)
