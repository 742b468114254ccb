"""What a search would do, and about how long it would take, before it does it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from deap_nas.commands.terminal import duration, finals_in_words
from deap_nas.data import Dataset
from deap_nas.genome import Genome
from deap_nas.layers.cost import count_multiply_adds, count_params
from deap_nas.runs.cluster import workers_here
from deap_nas.runs.settings import Settings
from deap_nas.spaces import SearchSpace
from deap_nas.training.accelerator import choose_card, engine_on
from deap_nas.training.engines import engine_of
from deap_nas.words import counted, noun


class Cost(NamedTuple):
    """Seconds of a worker."""

    start_up: float  # until its first training begins
    building: float  # a network, and scoring it
    image: float  # forward and backward: so much, and for each multiply-add
    multiply_add: float


# All but start_up: costs of results/estimate/run.json (python benchmarks/estimate.py).
COSTS = {"native": Cost(0.5, 0.017, 2.6e-6, 7.6e-11), "keras": Cost(6.0, 0.53, 9.5e-5, 1.5e-10)}
SAMPLES = 200


def explain(settings: Settings, dataset: Dataset, space: SearchSpace) -> str:
    """A paragraph on what would run."""
    x_train = dataset.split(settings.split)[0]
    recipe = settings.make_recipe()
    rng = random.Random(settings.seed)
    genomes = [space.sample(rng) for _ in range(SAMPLES)]
    engine = engine_on(settings.accelerator, settings.engine)
    engines = [engine_of(str(genome), engine) for genome in genomes]
    one = fmean(
        _seconds(space, genome, len(x_train) * recipe.epochs, COSTS[engine])
        for genome, engine in zip(genomes, engines)
    )
    start_up = max(COSTS[engine].start_up for engine in engines)
    most = settings.births(settings.generations)
    most = min(most, settings.max_evaluations or most)
    workers = workers_here(settings, dataset)
    finals = settings.finalists * settings.final_seeds
    finals += settings.final_seeds if finals and settings.baseline else 0
    longer = settings.make_final_recipe().epochs / recipe.epochs
    whole = start_up + one * (most + longer * finals) / workers
    lines = [
        f"data:      {settings.dataset} ({dataset.source}), "
        f"{counted(len(x_train), 'image')} to train on, scored on {settings.split}",
        f"recipe:    {recipe.name}, {recipe.optimizer} {recipe.learning_rate:g}, "
        f"{'at most ' if recipe.patience else ''}{counted(recipe.epochs, 'epoch')}"
        + (f"; halving {settings.halving}, after {_or(recipe.rungs)}" if recipe.rungs else ""),
        f"space:     {settings.space}, {space.said_size()} legal "
        f"{noun(space.size(), 'genome')}; one drawn has "
        f"{fmean(count_params(g, space.input_shape, space.n_classes) for g in genomes):,.0f} "
        "parameters on average",
        f"search:    {settings.algorithm}, population {settings.population}, "
        f"{counted(settings.generations, 'generation')} bred: at most {counted(most, 'training')}, "
        f"each distinct genome once; {counted(workers, 'worker')}",
        "breeding:  "
        + ", ".join(f"{name} {getattr(settings, name)}" for name in settings.loop.settings),
        *([f"finalists: {finals_in_words(settings)}"] if finals else []),
        f"time:      about {duration(whole)} at the most (an estimate: "
        f"{duration(one)} a training by engine {' and '.join(sorted({*engines}))}, from a formula "
        f"fitted on another machine{_on_card(settings)})",
        "nothing was written",
    ]
    return "\n".join(lines)


def _or(epochs: Sequence[int]) -> str:
    return f"epoch {' or '.join(map(str, epochs))}"


def _on_card(settings: Settings) -> str:
    """That the formula knows no card."""
    return ", and on no card" if choose_card(settings.engine, settings.accelerator) else ""


def _seconds(space: SearchSpace, genome: Genome, images: int, cost: Cost) -> float:
    work = count_multiply_adds(genome, space.input_shape, space.n_classes)
    return cost.building + images * (cost.image + cost.multiply_add * work)
