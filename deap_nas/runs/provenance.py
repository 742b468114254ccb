"""What a run was made with: settings, recipe, space, data, versions, machine."""

from __future__ import annotations

import contextlib
import json
import platform
import sys
import time
from dataclasses import fields
from importlib import metadata
from typing import Any

from deap_nas.data import Dataset
from deap_nas.evaluation.machine import cores, memory
from deap_nas.evaluation.own_fitness import OwnFitness, find_fitness, parts_of
from deap_nas.layers import own_layers
from deap_nas.runs.cluster import workers_here
from deap_nas.runs.config import FREE
from deap_nas.runs.extend import LIMITS, raised
from deap_nas.runs.settings import Settings
from deap_nas.spaces import SearchSpace
from deap_nas.training.accelerator import choose_card, engine_on, kind_of
from deap_nas.training.engines import usual_engine
from deap_nas.training.recipes import LATER
from deap_nas.training.trainer import TRAINING_VERSION

PACKAGES = ("deap-nas", "deap", "numpy", "tensorflow", "tensorflow-cpu", "keras", "joblib")


def describe(settings: Settings, dataset: Dataset, space: SearchSpace) -> dict[str, Any]:
    """The whole configuration of a run: settings, recipe, space, data, versions, machine."""
    return {
        "settings": settings.to_dict(),
        "recipe": settings.make_recipe().to_dict(),
        "space": {**space.to_dict(), "size": space.size()},
        "data": {
            "source": dataset.source,
            "fingerprint": dataset.fingerprint,
            "class_names": dataset.class_names,
        },
        "program": _program(settings),
        "fitness": _own_fitness(settings.fitness),
        "layers": {layer.name: layer.source.sha256 for layer in own_layers()},
        "versions": versions(),
        "machine": {
            "node": platform.node(),
            "system": platform.platform(),
            "cores": cores(),
            "memory": memory(),
            "workers": workers_here(settings, dataset),
        },
        "command": sys.argv,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _program(settings: Settings) -> dict[str, Any]:
    """What trains."""
    return {
        "training_version": TRAINING_VERSION,
        "engine": usual_engine(engine_on(settings.accelerator, settings.engine)),
        "accelerator": kind_of(choose_card(settings.engine, settings.accelerator)),
    }


def _own_fitness(fitness: str) -> dict[str, str]:
    """The file's hash, of a user's own."""
    own = find_fitness(fitness)
    return {own.name: own.sha256} if isinstance(own, OwnFitness) else {}


def versions(*others: str) -> dict[str, str]:
    """Of Python and of the packages that results depend on, those that are installed.

    Args:
        others: more packages.
    """
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, *others):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _placeless(settings: dict[str, Any]) -> dict[str, Any]:
    """A user's own fitness by its name alone: its file is told by a hash, wherever it lies."""
    fitness = settings["fitness"]
    return {**settings, "fitness": parts_of(fitness)[1] or fitness}


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two configurations that a result depends on, as sentences.

    A setting that the old one does not know is as by default; a limit may be raised.
    """
    defaults = {each.name: each.default for each in fields(Settings)}
    # Of runs without this part, or with less of it.
    before = {"training_version": 1, "engine": "a graph that is gone", "accelerator": "cpu"}
    old = {**old, "program": {**before, **old.get("program", {})}}
    old = {**old, "settings": {**defaults, **old["settings"]}, "recipe": {**LATER, **old["recipe"]}}
    old = {**old, "settings": _placeless(old["settings"])}
    new = {**new, "settings": _placeless(new["settings"]), "recipe": {**LATER, **new["recipe"]}}
    found, given = [], raised(old["settings"], new["settings"])
    for part in ("settings", "recipe", "space", "data", "program"):
        for name, value in new[part].items():
            before = old[part].get(name)
            same = json.dumps(before, default=str) == json.dumps(value, default=str)
            free = (*FREE, *given) if part == "settings" else ("source", "class_names")
            if not same and name not in free:
                more = ", allowed more" if part == "settings" and name in LIMITS else ""
                found.append(f"{name} {before!r} in the run, {value!r} now{more}")
    for kind, part in (("layer", "layers"), ("fitness", "fitness")):
        files = old.get(part, {})
        for name in sorted({*files, *new[part]}):
            if files.get(name) != new[part].get(name):
                text = f"{kind} {name}: its file is another than the run's (which keeps a copy)"
                found.append(text)
    return found
