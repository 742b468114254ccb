"""A search from its settings to its run directory."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import platform
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from deap import tools

from deap_nas.algorithms import ea_generational
from deap_nas.data import Dataset, load_dataset
from deap_nas.evaluator import Evaluator, cores
from deap_nas.files import write_whole
from deap_nas.fitness import Evaluation
from deap_nas.genome import Genome, parse_genome
from deap_nas.journal import Journal
from deap_nas.report.tables import evaluations_table, write_tables
from deap_nas.settings import FREE, Settings, SettingsError
from deap_nas.space import SPACES, SearchSpace
from deap_nas.toolbox import make_toolbox

RECORDED_PACKAGES = ("deap-nas", "deap", "numpy", "tensorflow", "tensorflow-cpu", "keras", "joblib")


class Watcher:
    """Told of a search as it goes; does nothing. Subclass it to show progress."""

    def evaluated(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        """An outcome is known: trained now, or ``cached`` from before."""

    def generation(self, number: int, record: dict[str, Any]) -> None:
        """A generation is complete; ``record`` is its line in the logbook."""


class Watchers(Watcher):
    """Several watchers as one, told in this order."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def evaluated(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        for watcher in self._watchers:
            watcher.evaluated(genome, evaluation, cached)

    def generation(self, number: int, record: dict[str, Any]) -> None:
        for watcher in self._watchers:
            watcher.generation(number, record)


@dataclass(frozen=True)
class Finding:
    """A network and its scores: of the search's split, and of the test set, once, at the end."""

    genome: str
    evaluation: Evaluation
    test_accuracy: float | None
    test_confusion: tuple[tuple[int, ...], ...] = ()  # [true class][predicted class]

    def to_dict(self) -> dict[str, Any]:
        return {
            "genome": self.genome,
            "test_accuracy": self.test_accuracy,
            "test_confusion": self.test_confusion,
            **self.evaluation.to_dict(),
        }


@dataclass(frozen=True)
class Result:
    """What a search found. ``best`` is None where every genome failed."""

    best: Finding | None
    baseline: Finding | None
    population: list[Genome]
    logbook: Any
    rows: list[dict[str, Any]]
    stopped: str


def make_space(settings: Settings, dataset: Dataset) -> SearchSpace:
    """The named space on the shape and classes of the data."""
    space = SPACES[settings.space]
    return replace(space, input_shape=dataset.input_shape, n_classes=dataset.n_classes)


def load(settings: Settings) -> tuple[Dataset, SearchSpace]:
    """Data and space of a search, with the genomes it was given checked against them.

    Raises:
        DataError, SpaceError, SettingsError: naming what is wrong.
    """
    dataset = load_dataset(
        settings.dataset, data_dir=settings.data_dir or None, split_seed=settings.split_seed
    )
    space = make_space(settings, dataset)
    if settings.cache and Path(settings.cache).exists() and not Path(settings.cache).is_dir():
        raise SettingsError(f"cache {settings.cache} is a file: name a folder, or use --no-cache")
    for genome in settings.initial_genomes():
        if broken := space.violations(genome):
            raise SettingsError(f"initial genome '{genome}' is illegal: {'; '.join(broken)}")
    if settings.baseline:  # it need not keep the space's limits, but must fit the images
        loose = replace(space, n_normal=(0, 1000), filters=(1,), kernels=(1,))
        genome = parse_genome(settings.baseline)
        misfits = [text for text in loose.violations(genome) if "feature map" in text]
        if misfits:
            raise SettingsError(f"baseline '{genome}' does not fit: {'; '.join(misfits)}")
    return dataset, space


def search(
    settings: Settings,
    folder: Path,
    dataset: Dataset,
    space: SearchSpace,
    *,
    watcher: Watcher | None = None,
) -> Result:
    """Run a search in a directory, or go on with the one that is there.

    Every outcome is in the directory's journal before the search goes on, so that calling this
    again with the same settings after any interruption ends as if there had been none.
    """
    watcher = watcher or Watcher()
    rng = random.Random(settings.seed)
    with Journal(folder) as journal, make_evaluator(settings, dataset, journal) as evaluator:
        evaluator.observe = watcher.evaluated
        toolbox = make_toolbox(
            space,
            evaluator,
            crossover=settings.crossover,
            mutation=settings.mutation,
            selection=settings.selection,
            rng=rng,
        )
        halloffame = tools.HallOfFame(1)
        initial = settings.initial_genomes()
        initial += toolbox.population(n=settings.population - len(initial))
        history = tools.History()
        history.update(initial)
        for name in ("mate", "mutate"):
            toolbox.decorate(name, history.decorator)

        def observe(generation: int, population: list[Genome]) -> None:
            record = make_statistics().compile(population) if population else {}
            texts = [str(genome) for genome in population]
            journal.end_generation(generation, texts, record, **_ancestry(history, population))
            journal.start_generation(generation + 1)
            write_tables(evaluations_table(journal.rows()), folder)
            watcher.generation(generation, record)

        with _module_random(settings.seed):
            population, logbook = ea_generational(
                initial,
                toolbox,
                settings.cxpb,
                settings.mutpb,
                settings.generations,
                elitism=settings.elitism,
                # A generation that is already in the journal was bred, whatever the clock says now.
                stop=lambda population: (
                    not journal.closed() and (_reached(settings, population) or evaluator.spent())
                ),
                stats=make_statistics(),
                halloffame=halloffame,
                observe=observe,
                rng=rng,
            )
        stopped = _reached(settings, population) or evaluator.spent() or "generations"
        result = Result(
            _best(halloffame, evaluator, journal),
            _baseline(settings, evaluator, journal),
            population,
            logbook,
            journal.rows(),
            stopped,
        )
        _write(result, evaluator, journal, folder)
    return result


def _ancestry(history: Any, population: list[Genome]) -> dict[str, Any]:
    """Who is new since the last call, as [number, its parents' numbers, genome]; the numbers of the
    population. Two parents were mated, a single one was mutated (DEAP's History)."""
    births = [
        [number, list(history.genealogy_tree[number]), str(genome)]
        for number, genome in history.genealogy_history.items()
    ]
    history.genealogy_history.clear()  # written from here on; a long search keeps no copies
    members = [getattr(genome, "history_index", None) for genome in population]
    return {"births": births, "members": members}


def make_statistics() -> Any:
    """Mean, spread and range of the fitness of a generation."""
    statistics = tools.Statistics(lambda genome: genome.fitness.values[0])
    for name in ("max", "median", "mean", "std", "min"):
        statistics.register(name, _statistic, name)
    return statistics


def _statistic(name: str, values: Any) -> float:
    return float(getattr(np, name)(values))


def make_evaluator(
    settings: Settings, dataset: Dataset, journal: Journal | None = None
) -> Evaluator:
    """The evaluator that the settings ask for."""
    return Evaluator(
        dataset,
        recipe=settings.make_recipe(),
        fitness=settings.fitness,
        split=settings.split,
        train_seed=settings.train_seed,
        cache=True if settings.cache == "" else settings.cache,
        workers=settings.workers,
        max_seconds=settings.max_seconds,
        max_memory=settings.max_memory,
        max_evaluations=settings.max_evaluations,
        time_budget=settings.time_budget,
        max_failures=settings.max_failures,
        record=journal,
    )


@contextlib.contextmanager
def _module_random(seed: int) -> Iterator[None]:
    """DEAP's own operators draw from the random module: seeded here, then put back."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _reached(settings: Settings, population: list[Genome]) -> str:
    target = settings.target_fitness
    best = max((genome.fitness.values[0] for genome in population), default=0.0)
    return f"target fitness {target:g}" if target is not None and best >= target else ""


def _best(halloffame: Any, evaluator: Evaluator, journal: Journal) -> Finding | None:
    return _finding(halloffame[0], evaluator, journal) if halloffame else None


def _baseline(settings: Settings, evaluator: Evaluator, journal: Journal) -> Finding | None:
    if not settings.baseline:
        return None
    evaluator.max_evaluations = evaluator.time_budget = None
    journal.start_generation(None)
    return _finding(parse_genome(settings.baseline), evaluator, journal)


def _finding(genome: Genome, evaluator: Evaluator, journal: Journal) -> Finding:
    """The one place where a search touches the test set: for a network already chosen."""
    evaluation = evaluator.measure(genome)
    if evaluator.split == "test":
        return Finding(str(genome), evaluation, evaluation.accuracy if evaluation.ok else None)
    weights = journal.weights(str(genome)) or evaluator.weights(genome)
    if not weights:
        return Finding(str(genome), evaluation, None)
    confusion = evaluator.test(genome, weights)
    accuracy = float(np.trace(confusion) / confusion.sum())
    return Finding(str(genome), evaluation, accuracy, tuple(map(tuple, confusion.tolist())))


def _write(result: Result, evaluator: Evaluator, journal: Journal, folder: Path) -> None:
    write_tables(evaluations_table(result.rows), folder)
    lines = io.StringIO()
    writer = csv.DictWriter(lines, result.logbook.header)
    writer.writeheader()
    writer.writerows(result.logbook)
    write_whole(folder / "logbook.csv", lines.getvalue())
    if result.best and (weights := journal.weights(result.best.genome)):
        evaluator.save(parse_genome(result.best.genome), weights, folder / "best.keras")
        with contextlib.suppress(RuntimeError):  # for the report's images; nothing depends on it
            labels = evaluator.predict(parse_genome(result.best.genome), weights)
            write_whole(folder / "test_labels.json", json.dumps(labels.tolist()))
    content = {
        "stopped": result.stopped,
        "scored_on": evaluator.split,
        "best": result.best.to_dict() if result.best else None,
        "baseline": result.baseline.to_dict() if result.baseline else None,
        "seconds": round(journal.elapsed(), 1),
    }
    write_whole(folder / "result.json", json.dumps(content, indent=2))
    if journal.end is None:
        journal.append("end", stopped=result.stopped)


def describe(settings: Settings, dataset: Dataset, space: SearchSpace) -> dict[str, Any]:
    """The whole configuration of a run: settings, recipe, space, data, versions, machine."""
    return {
        "settings": settings.to_dict(),
        "recipe": settings.make_recipe().to_dict(),
        "space": {**space.__getstate__(), "size": space.size()},
        "data": {"source": dataset.source, "fingerprint": dataset.fingerprint},
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"node": platform.node(), "system": platform.platform(), "cores": cores()},
        "command": sys.argv,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in RECORDED_PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two configurations that a result depends on, as sentences."""
    found = []
    for part in ("settings", "recipe", "space", "data"):
        for name, value in new[part].items():
            before = old[part].get(name)
            same = json.dumps(before, default=str) == json.dumps(value, default=str)
            if not same and name not in (*FREE, "source"):
                found.append(f"{name} {before!r} in the run, {value!r} now")
    return found
