"""A search at the terminal: its lock, its progress, what it found, its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import filelock

from deap_nas.commands.options import Terminated, UserError, exit_status
from deap_nas.commands.output import say
from deap_nas.commands.terminal import (
    Log,
    ProgressWatcher,
    finals_in_words,
    print_finalists,
    print_result,
    print_tops,
)
from deap_nas.data import Dataset
from deap_nas.evaluation.worker import one_line
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.result import Findings
from deap_nas.runs.search import search
from deap_nas.runs.settings import Settings
from deap_nas.runs.tables import evaluations_table
from deap_nas.runs.watcher import Watcher, Watchers
from deap_nas.spaces import SearchSpace, left_out
from deap_nas.words import counted, noun


def run_session(
    folder: Path,
    settings: Settings,
    dataset: Dataset,
    space: SearchSpace,
    console: Any,
    *,
    watcher: Watcher | None = None,
    report: bool = True,
    client: Any = None,
) -> int:
    """Search in a run's directory, or go on with what is there; returns the exit status.

    Args:
        folder: the run's directory.
        settings: what the search is told.
        dataset: its images.
        space: its rules.
        console: where the progress is shown.
        watcher: is told of the search as well.
        report: make the page at the end.
        client: of the Dask cluster that trains, if one does.
    """
    directory = RunDirectory(folder)
    if directory.finished():
        text = f"{folder} is finished: see {directory.result}"
        console.print(text, highlight=False, soft_wrap=True)
        if report and not directory.page.exists():
            make_page(folder, console)
        return 0
    try:
        lock = filelock.FileLock(directory.lock).acquire(timeout=0)
    except filelock.Timeout:
        raise UserError(
            f"{folder} is in use by a running search: wait for it, or stop it"
        ) from None
    log = Log(directory.log)
    births = (settings.generations, settings.births)
    try:
        progress = ProgressWatcher(
            settings.judge, *births, console, log, finals=settings.finalists > 0
        )
        with lock, progress:
            console.print(f"[dim]{_headline(settings, space)}; into {folder}[/dim]", soft_wrap=True)
            watchers = Watchers(progress, *([watcher] if watcher else []))
            result = search(settings, folder, dataset, space, watcher=watchers, client=client)
            _show(result, settings, dataset, directory, console)
            if report:
                watchers.stage("page")
                make_page(folder, console)
    except ValueError as error:  # the input was good: what follows is the search's own
        raise RuntimeError(f"{one_line(error)}; the run is in {folder}") from error
    except (KeyboardInterrupt, Terminated) as stop:
        console.print(
            f"stopped; go on with: python -m deap_nas.run --resume {folder}", soft_wrap=True
        )
        log(f"stopped by {type(stop).__name__}")
        return exit_status(stop)
    why = "all generations" if result.stopped == "generations" else result.stopped
    console.print(f"\nended after {why}; everything is in {folder}", soft_wrap=True)
    return 0 if result.best else 1


def _show(
    result: Findings, settings: Settings, dataset: Dataset, directory: RunDirectory, console: Any
) -> None:
    print_tops(evaluations_table(result.rows, settings.telling, settings.judge), console)
    if result.best is None:
        text = f"No genome was trained with success: see {directory.evaluations} for the reasons."
        console.print(f"\n{text}", highlight=False, soft_wrap=True)
        return
    if result.finalists:
        print_finalists(result.finalists, settings.make_final_recipe(), console)
    elif settings.finalists:
        console.print("\nNo finalist was trained: the time budget was spent.", soft_wrap=True)
    how = (settings.telling, settings.split, dataset.class_names, console)
    print_result(result.best, result.baseline, *how)


def make_page(folder: Path, console: Any) -> None:
    """The run's page; without it a run is no less done."""
    from deap_nas.report.page import make_report

    try:
        console.print(
            f"\nsee {make_report(folder, tensorflow=False)}", highlight=False, soft_wrap=True
        )
    except Exception as error:
        text = f"no page: {type(error).__name__}: {error}; try: deap-nas report {folder}"
        say(f"warning: {' '.join(text.split())}", error=True)


def _headline(settings: Settings, space: Any) -> str:
    epochs = counted(settings.make_recipe().epochs, "epoch")
    generations = counted(settings.generations, "generation")
    text = (
        f"{settings.dataset}, recipe {settings.recipe}, {epochs}; {settings.algorithm}, population "
        f"{settings.population}, {generations}, in {space.said_size()} legal "
        f"{noun(space.size(), 'genome')}; scored on {settings.split}"
    )
    if settings.finalists:
        text += f"; then {finals_in_words(settings)}"
    text += ", chosen by int8 accuracy" if settings.quantises(space) and settings.finalists else ""
    if lacking := left_out(space):
        text += f"; {lacking}"
    return text + (" (as the report did: optimistic)" if settings.split == "test" else "")
