"""A run that is given more: generations, evaluations, time, finalists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import filelock

from deap_nas.algorithms import ALGORITHMS
from deap_nas.files import write_whole
from deap_nas.runs.checks import SettingsError
from deap_nas.runs.config import read_config
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.journal import Journal

LIMITS = (
    *("generations", "max_evaluations", "time_budget", "target_fitness"),
    *("finalists", "final_seeds"),
)
FINAL = ("final_seeds", "final_recipe", "final_epochs", "int8", "int8_sample")


def is_raised(before: float | None, now: float | None) -> bool:
    """Whether a limit allows more than it did; None is no limit."""
    return before is not None and (now is None or now > before)


def raised(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The limits among the settings that allow more than they did; with the first finalists, how
    they are trained."""
    found = {
        name: new[name] for name in LIMITS if name in new and is_raised(old.get(name), new[name])
    }
    if "finalists" in found and not old["finalists"]:
        found |= {name: new[name] for name in FINAL if name in new}
    return found


def extend(folder: Path, limits: dict[str, Any]) -> None:
    """Let a run, finished or not, go on as if its limits had been these from the start.

    Nothing that was trained is lost: the search is done again from its journal. After a crash
    between any two of these steps the run is resumed to where it was, or to where it will be.

    Args:
        folder: of the run.
        limits: settings that allow more than they did.

    Raises:
        SettingsError: where a search is running there, or the time is spent anyway.
    """
    directory, config = RunDirectory(folder), read_config(folder)
    settings = {**config["settings"], **limits}
    try:
        lock = filelock.FileLock(directory.lock).acquire(timeout=0)
    except filelock.Timeout:
        raise SettingsError(
            f"{folder} is in use by a running search: wait for it, or stop it"
        ) from None
    with lock, Journal(folder) as journal:
        budget = settings.get("time_budget")
        if budget is not None and journal.elapsed() >= budget:
            raise SettingsError(
                f"time_budget {budget:g}, allowed more than the {journal.elapsed():.1f} s that the "
                "run has taken; raise it"
            )
        directory.result.unlink(missing_ok=True)
        journal.extend(streams=ALGORITHMS[settings["algorithm"]].streams)
        text = json.dumps({**config, "settings": settings}, indent=2, default=str)
        write_whole(directory.config, text)
