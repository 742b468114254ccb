"""Where settings come from: presets, files, and values given by hand.

Defaults, then the preset, then a file, then the command line; the later one wins.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deap_nas.algorithms import ALGORITHMS
from deap_nas.evaluation.fitness import FITNESSES, breeds_front
from deap_nas.files import read_text
from deap_nas.runs.checks import SettingsError
from deap_nas.runs.config import EARLIER
from deap_nas.runs.initial import BestFirst
from deap_nas.runs.settings import Settings

DEFAULT = "quick"  # where no preset is named; the command has "fashion" where it finds its images
PRESETS: dict[str, dict[str, Any]] = {
    # A few minutes on two cores: five without AVX-512, two of them for the finalists.
    "fashion": {
        "dataset": "fashion_mnist",
        "space": "wide",
        "max_multiply_adds": 400_000,
        "fitness": "accuracy_and_params",
        "small_enough": 600,
        "epochs": 3,
        "population": 8,
        "generations": 16,
        "first": "drawn",
        "per_cost": 1.0,
        "finalists": 3,
        "final_epochs": 15,
    },
    # A front to choose from, in ten minutes on two cores: as many generations as fit in what the
    # finalists leave, which is half of the time or more. An epoch of networks of 602, 1,384, 3,638
    # and 8,242 parameters took 0.4, 0.8, 1.8 and 6 s of CPU (results/recipes); the last one has
    # 670,960 multiply-adds, and a finalist of that kind would leave others no second seed.
    "search": {
        "dataset": "fashion_mnist",
        "space": "wide",
        "max_params": 9000,
        "max_multiply_adds": 400_000,
        "fitness": "accuracy_and_params",
        "small_enough": 600,
        "epochs": 3,
        "population": 12,
        "generations": 100,
        "time_budget": 600,
        "first": "drawn",
        "per_cost": 1.0,
        "finalists": 4,
        "final_epochs": 20,
    },
    # For images of one's own, and those that come with the package: few of them, so many epochs.
    "quick": {
        "space": "wide",
        "fitness": "accuracy_and_params",
        "small_enough": 600,
        "epochs": 20,
        "population": 8,
        "generations": 3,
        "finalists": 3,
    },
    "paper": {
        "dataset": "fashion_mnist",
        "split": "test",
        "recipe": "paper",
        "algorithm": "generational",
        "first": "drawn",
        "population": 25,
        "generations": 3,
        "crossover": "one_point_reject",
        "mutation": "pool",
        "selection": "roulette",
        "cxpb": 0.9,
        "mutpb": 0.05,
        "elitism": 0,
        "children": 0,
        "finalists": 0,  # the report had none
    },
}


def make_settings(
    preset: str | None = None,
    file: str | Path | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings from a preset, a TOML or JSON file over it, and values given by hand over both.

    Raises:
        SettingsError: for an unknown preset or key, or a value that is not allowed.
    """
    content = read_settings(Path(file)) if file else {}
    preset = choose_preset(preset, content)
    content.pop("preset", None)
    given = {**content, **(flags or {})}
    values = {"population": Settings.population, **_preset_for(preset, given), **given}
    known = {each.name for each in fields(Settings)}
    for name in values:
        if name not in known:
            raise SettingsError(f"setting {name!r}, allowed {', '.join(sorted(known))}")
    initial = values.get("initial")
    if isinstance(initial, BestFirst) and isinstance(values.get("population"), int):
        values["initial"] = tuple(initial[: max(0, values["population"])])
    elif isinstance(initial, list):
        values["initial"] = tuple(initial)
    if values.get("cache") is False:  # TOML has no word for none
        values["cache"] = None
    return Settings(**values)


def _preset_for(preset: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A preset's values, but for those that do not go with a fitness or a loop given by hand."""
    values = PRESETS[preset]
    fitness = str(given.get("fitness", values.get("fitness", Settings.fitness)))
    loop = ALGORITHMS.get(str(given.get("algorithm", Settings.algorithm)))
    breeds = not loop or (
        loop.several_objectives and (breeds_front(fitness) or not loop.one_objective)
    )
    gone = set() if breeds else {"fitness", "objectives"}
    gone |= set() if fitness in FITNESSES else {"small_enough"}
    return {name: value for name, value in values.items() if name not in gone}


def choose_preset(given: str | None, content: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The preset given by hand, else the one that a file's content names, else ``DEFAULT``."""
    named = content.get("preset", DEFAULT)
    for preset in (named, given or named):
        if not isinstance(preset, str) or preset not in PRESETS:
            raise SettingsError(f"preset {preset!r}, allowed {', '.join(PRESETS)}")
    return given or str(named)


def read_settings(path: Path) -> dict[str, Any]:
    """Settings from a .toml or .json file, or from the configuration that a run wrote."""
    try:
        text = read_text(path)
        content = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise SettingsError(
            f"config {path}: {error.strerror}; give a .toml or .json file"
        ) from None
    except ValueError as error:
        raise SettingsError(f"config {path} is neither TOML nor JSON: {error}") from None
    if not isinstance(content, dict):
        raise SettingsError(f"config {path} holds {type(content).__name__}, allowed a table")
    if "settings" not in content:
        return content
    settings = content["settings"]
    if not isinstance(settings, dict):
        raise SettingsError(f"config {path}: settings {settings!r}, allowed a table")
    if not {"recipe", "repeat"} & content.keys():  # no run's: someone's own table of that name
        return settings
    return {"preset": content.get("preset", DEFAULT), **EARLIER, **settings}
