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
from deap_nas.evaluation.workers import cores
from deap_nas.runs.presets import EARLIER
from deap_nas.runs.settings import FREE, Settings
from deap_nas.spaces.space import SearchSpace
from deap_nas.training.trainer import TRAINING_VERSION

PACKAGES = ("deap-nas", "deap", "numpy", "tensorflow", "tensorflow-cpu", "keras", "joblib")


def describe(settings: Settings, dataset: Dataset, space: SearchSpace) -> dict[str, Any]:
    """The whole configuration of a run: settings, recipe, space, data, versions, machine."""
    return {
        "settings": settings.to_dict(),
        "recipe": settings.make_recipe().to_dict(),
        "space": {**space.__getstate__(), "size": space.size()},
        "data": {"source": dataset.source, "fingerprint": dataset.fingerprint},
        "program": {"training_version": TRAINING_VERSION},
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"node": platform.node(), "system": platform.platform(), "cores": cores()},
        "command": sys.argv,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two configurations that a result depends on, as sentences.

    A setting that the old one does not know is as it was then: by default, but for ``EARLIER``.
    """
    defaults = {each.name: each.default for each in fields(Settings)}
    old = {"program": {"training_version": 1}, **old}  # a run that is older than this part
    old = {**old, "settings": {**defaults, **EARLIER, **old["settings"]}}
    found = []
    for part in ("settings", "recipe", "space", "data", "program"):
        for name, value in new[part].items():
            before = old[part].get(name)
            same = json.dumps(before, default=str) == json.dumps(value, default=str)
            if not same and name not in (*FREE, "source"):
                found.append(f"{name} {before!r} in the run, {value!r} now")
    return found
