"""A search from its settings to its run directory."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from deap import tools

from deap_nas.algorithms import sel_crowded_tournament
from deap_nas.data import Dataset, Tell, load_dataset, untold
from deap_nas.devices.int8 import Quantiser
from deap_nas.evaluation.halving import Halving
from deap_nas.genome import FITNESS_CLASSES, Genome, parse_genome
from deap_nas.layers.runtime import unsupported
from deap_nas.runs.checks import SettingsError
from deap_nas.runs.cluster import connect, workers_here
from deap_nas.runs.draws import drawing_from
from deap_nas.runs.finalists import final_budgets
from deap_nas.runs.finals import Finals
from deap_nas.runs.first import first_genomes
from deap_nas.runs.int8 import Quantising
from deap_nas.runs.journal import Journal
from deap_nas.runs.known import make_halving, tell_what_is_known
from deap_nas.runs.rare import warn_of_rare
from deap_nas.runs.result import Findings, find_baseline, find_best, write_result
from deap_nas.runs.scores import Scores
from deap_nas.runs.settings import Settings, data_options
from deap_nas.runs.split import write_split
from deap_nas.runs.tables import evaluations_table, write_tables
from deap_nas.runs.watcher import Watcher
from deap_nas.spaces import (
    SPACES,
    SearchSpace,
    SpaceError,
    find_space,
    is_for_device,
    misfits,
    supported,
)
from deap_nas.toolbox import make_toolbox
from deap_nas.training.capacity import WorkersWarning
from deap_nas.training.evaluator import Evaluator
from deap_nas.words import counted


def make_space(
    settings: Settings, dataset: Dataset, written: SearchSpace | None = None
) -> SearchSpace:
    """The space, by its name or from its file, on the shape and classes of the data, within the
    budgets; where these are of bytes, without what a device's runtime does not have.

    Args:
        settings: name it.
        dataset: the images.
        written: what a run to be resumed has of it: where its file is gone, and where the run is of
            before and has what runtimes lack.

    Raises:
        SpaceError: where the file is none, or no genome of it fits the images.
    """
    space = _named_space(settings, dataset, written)
    if not is_for_device(space) or (written is not None and supported(written) is not written):
        return space
    return supported(space)


def _named_space(settings: Settings, dataset: Dataset, written: SearchSpace | None) -> SearchSpace:
    gone = (
        written is not None and settings.space not in SPACES and not Path(settings.space).exists()
    )
    changes: Any = {"input_shape": dataset.input_shape, "n_classes": dataset.n_classes}
    changes |= settings.budgets
    if written is not None and gone:
        return replace(written, **changes)
    try:
        return find_space(settings.space, **changes)
    except SpaceError as error:
        if settings.space not in SPACES:
            raise
        fitting = [name for name in SPACES if _fits(name, changes)]
        if not fitting:
            raise
        raise SpaceError(f"{error}, or try --space {' or '.join(fitting)}") from None


def _fits(space: str, changes: dict[str, Any]) -> bool:
    """Whether a space has a genome for such images, within such budgets."""
    with contextlib.suppress(SpaceError):
        find_space(space, **changes)
        return True
    return False


def load(
    settings: Settings, written: SearchSpace | None = None, tell: Tell = untold
) -> tuple[Dataset, SearchSpace]:
    """Data and space of a search, with the genomes it was given checked against them.

    Args:
        settings: of the search.
        written: the space as a run to be resumed has it.
        tell: is called with (how many, of how many) as images are decoded.

    Raises:
        DataError, SpaceError, SettingsError: naming what is wrong.
    """
    dataset = load_dataset(settings.dataset, **data_options(vars(settings)), tell=tell)
    space = make_space(settings, dataset, written)
    if settings.cache and Path(settings.cache).exists() and not Path(settings.cache).is_dir():
        raise SettingsError(f"cache {settings.cache} is a file: name a folder, or use --no-cache")
    for genome in settings.initial_genomes():
        if is_for_device(space):
            check_runs("initial genome", genome, space)
        if broken := space.violations(genome):
            raise SettingsError(f"initial genome '{genome}' is illegal: {'; '.join(broken)}")
    _check_objectives(settings, space)
    make_halving(settings, space)  # or say why not
    if settings.baseline:
        check_fit("baseline", parse_genome(settings.baseline), space)
    return dataset, space


def _check_objectives(settings: Settings, space: SearchSpace) -> None:
    if settings.several and settings.front.int8:
        for rule in space.rules:
            if rule.layer.operations is None:
                raise SettingsError(
                    f"objectives {','.join(settings.front.names)} with layer {rule.name}: its "
                    "bytes are unknown without operations; give the layer operations, or leave "
                    f"out {','.join(settings.front.int8)}"
                )


def check_fit(what: str, genome: Genome, space: SearchSpace) -> None:
    """Whether a genome, which need not keep the space's limits, fits the images.

    Raises:
        SettingsError: that begins with ``what``.
    """
    if found := list(misfits(genome, space)):
        raise SettingsError(f"{what} '{genome}' does not fit: {'; '.join(found)}")


def check_runs(what: str, genome: Genome, space: SearchSpace) -> None:
    """Whether a microcontroller's runtime has all that a genome needs.

    Raises:
        SettingsError: that begins with ``what``.
    """
    fits = not list(misfits(genome, space))
    if fits and (found := unsupported(genome, space.input_shape, space.n_classes)):
        raise SettingsError(f"{what} '{genome}' does not run on a device: {'; '.join(found)}")


def search(
    settings: Settings,
    folder: Path,
    dataset: Dataset,
    space: SearchSpace,
    *,
    watcher: Watcher | None = None,
    client: Any = None,
    model: bool = True,
) -> Findings:
    """Run a search in a directory, or go on with the one that is there.

    Every outcome is in the directory's journal before the search goes on, so that calling this
    again with the same settings after any interruption ends as if there had been none.

    Args:
        settings: of the search.
        folder: the directory.
        dataset: its images.
        space: its rules.
        watcher: is told of the search.
        client: of the Dask cluster that trains; one of the settings' own unless given.
        model: write the best network as a Keras model, too, for which TensorFlow starts.
    """
    if client is None and settings.backend == "dask":
        with connect(settings, dataset) as client:
            how: dict[str, Any] = {"watcher": watcher, "client": client, "model": model}
            return search(settings, folder, dataset, space, **how)
    watcher = watcher or Watcher()
    _warn_of_idle(settings, dataset, client)
    warn_of_rare(settings, dataset)
    write_split(dataset, folder)
    rng, halving = random.Random(settings.seed), make_halving(settings, space)
    saver = Quantiser if settings.quantises(space) else None
    with (
        Journal(folder) as journal,
        make_evaluator(
            settings, dataset, journal, client, saver=saver, halving=halving
        ) as evaluator,
    ):
        evaluator.observe = watcher.evaluated
        workers = len(client.nthreads()) if client else workers_here(settings, dataset)
        quantising = None
        if saver:
            quantising = Quantising(evaluator, journal, settings.int8_sample)
        finals = Finals(settings, evaluator, journal, watcher, max(1, workers), quantising)
        evaluator.reserve = finals.reserve
        weights = settings.front.weights if settings.several else (1.0,)
        loop = settings.loop
        toolbox = make_toolbox(
            space,
            evaluator,
            crossover=settings.crossover,
            mutation=settings.mutation,
            selection=sel_crowded_tournament if settings.several else settings.selection,
            weights=weights,
            rng=rng,
        )
        tell_what_is_known(toolbox, settings, space, evaluator)
        # Not by the seed alone: parents would be selected by the very numbers that the first
        # genomes were drawn with.
        own = random.Random(f"{settings.seed}, DEAP's own")
        toolbox.decorate("select", drawing_from(own))
        scores = Scores(settings.judge, settings.several, evaluator)
        initial = [Genome(each, FITNESS_CLASSES[weights]) for each in settings.initial_genomes()]
        drawn = settings.population - len(initial)
        initial += first_genomes(toolbox, drawn, settings.first, space, settings.small_enough)
        history = tools.History()
        history.update(initial)
        toolbox.decorate("individual", _drawn_into(history))
        for name in ("mate", "mutate"):
            toolbox.decorate(name, history.decorator)

        def observe(generation: int, population: list[Genome]) -> None:
            record = make_statistics(scores).compile(population) if population else {}
            texts = [str(genome) for genome in population]
            journal.end_generation(generation, texts, record, **_ancestry(history, population))
            journal.start_generation(generation + 1)
            table = evaluations_table(journal.rows(), settings.telling, settings.judge)
            write_tables(table, folder)
            watcher.generation(generation, record)

        def stop(population: list[Genome]) -> object:
            # What is already in the journal was bred, whatever the clock says now.
            return journal.stops(
                lambda: (
                    _reached(settings.target_fitness, population, scores)
                    or (not evaluator.foretold() and evaluator.spent())
                )
            )

        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            population, logbook = loop.run(
                initial,
                toolbox,
                settings.generations,
                vars(settings),
                stop=stop,
                stats=make_statistics(scores),
                halloffame=scores.halloffame,
                observe=observe,
                rng=rng,
            )
        if logbook[-1]["gen"] == settings.generations and not journal.skipped():
            evaluator.reserve = float  # nothing was left out for the finalists' sake
        stopped = _reached(settings.target_fitness, population, scores) or evaluator.spent()
        early = loop.exhaustible and logbook[-1]["gen"] < settings.generations
        stopped = stopped or ("a generation without a new genome" if early else "generations")
        finalists = finals.run()
        if not finalists:
            watcher.stage("test")
        best = find_best(scores.best(), finalists, evaluator, journal, quantising)
        if settings.baseline and not finalists:
            watcher.stage("baseline")
        result = Findings(
            best,
            find_baseline(settings.baseline, finals.baseline(), evaluator, journal, quantising),
            finalists,
            population,
            logbook,
            journal.rows(),
            stopped,
        )
        write_result(result, evaluator, journal, folder, settings, model, quantising)
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


def _drawn_into(history: Any) -> Any:
    """A decorator: who is drawn in the midst of a search has no parents."""

    def decorate(draw: Any) -> Any:
        def drawn(*args: Any, **settings: Any) -> Genome:
            genome: Genome = draw(*args, **settings)
            history.update([genome])
            return genome

        return drawn

    return decorate


def make_statistics(score: Callable[[Genome], float]) -> Any:
    """Mean, spread and range of the fitness of a generation."""
    statistics = tools.Statistics(score)
    for name in ("max", "median", "mean", "std", "min"):
        statistics.register(name, _statistic, name)
    return statistics


def _statistic(name: str, values: Any) -> float:
    return float(getattr(np, name)(values))


def make_evaluator(
    settings: Settings,
    dataset: Dataset,
    journal: Journal | None = None,
    client: Any = None,
    *,
    saver: Callable[..., Any] | None = None,
    halving: Halving | None = None,
) -> Evaluator:
    """The evaluator that the settings ask for.

    Args:
        settings: of the search.
        dataset: its images.
        journal: takes its outcomes.
        client: of the Dask cluster that trains; None: this machine does.
        saver: as of ``Evaluator``.
        halving: says which trainings are stopped early.
    """
    return Evaluator(
        dataset,
        recipe=settings.make_recipe(),
        fitness=settings.front if settings.several else settings.judge,
        split=settings.split,
        train_seed=settings.train_seed,
        engine=settings.engine,
        accelerator=settings.accelerator,
        cache=True if settings.cache == "" else settings.cache,
        client=client,
        workers=settings.workers,
        max_seconds=settings.max_seconds,
        max_memory=settings.max_memory,
        max_evaluations=settings.max_evaluations,
        time_budget=settings.time_budget,
        max_failures=settings.max_failures,
        slots=settings.slots,
        record=journal,
        budgets=final_budgets(settings),
        saver=saver,
        halving=halving,
    )


def _warn_of_idle(settings: Settings, dataset: Dataset, client: Any) -> None:
    workers = len(client.nthreads()) if client else workers_here(settings, dataset)
    if "slots" in settings.loop.settings and workers > settings.slots:
        warnings.warn(
            f"{workers} workers for {counted(settings.slots, 'slot')}: the others stand idle; a "
            f"new run may have --slots {workers}",
            WorkersWarning,
            stacklevel=3,
        )


def _reached(target: float | None, population: list[Genome], score: Scores) -> str:
    best = max(map(score, [*population, *score.best()]), default=0.0)
    return f"target fitness {target:g}" if target is not None and best >= target else ""
