"""What the values of a search's settings may be, each alone and together.

Every check raises a ``SettingsError``; none writes anything.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from deap_nas.algorithms import ALGORITHMS
from deap_nas.evaluation.fitness import FITNESSES, SINGLE, breeds_front
from deap_nas.evaluation.own_fitness import find_fitness, parts_of
from deap_nas.genome import Genome, GenomeError, parse_genome
from deap_nas.spaces import COSTS, DEVICES, SPACES, SpaceError, budgets_of
from deap_nas.training.cards import ACCELERATORS
from deap_nas.training.recipes import FARTHEST


class SettingsError(ValueError):
    """A setting that is unknown or not allowed; the message names value, limit and remedy."""


class SettingsWarning(UserWarning):
    """A setting that changes nothing, or hardly what is meant; the message is one line."""


def check(settings: Any) -> None:
    """Check all of ``Settings``.

    Raises:
        SettingsError: for the first value that is not allowed.
    """
    for each in fields(settings):
        _check_value(each.name, getattr(settings, each.name), each.type, each.metadata["allowed"])
    for name, low, high in _RANGES:
        value = getattr(settings, name)
        if value is not None and not low <= value <= high:
            limit = f"{low:g} to {high:g}" if high < 1e9 else f"{low:g} or more"
            raise SettingsError(f"{name} {value}, allowed {limit}")
    parse_size(settings.image_size)
    _check_space(settings)
    _check_fitness(settings)
    _check_backend(settings)
    _check_population(settings)
    _check_objectives(settings)
    if settings.halving:
        _check_halving(settings)
    if settings.baseline:
        parse_setting("baseline", settings.baseline)


def _check_space(settings: Any) -> None:
    if settings.space not in SPACES and not settings.space.endswith((".toml", ".json")):
        allowed = ", ".join(SPACES)
        raise SettingsError(
            f"space {settings.space!r}, allowed {allowed}, or a .toml or .json file"
        )
    if settings.device in ACCELERATORS:
        raise SettingsError(
            f"device {settings.device!r}, allowed a board ({', '.join(DEVICES)}); use "
            f"--accelerator {settings.device} to choose what trains"
        )
    try:
        budgets_of(settings.device, {})
    except SpaceError as error:
        raise SettingsError(str(error)) from None


def _check_fitness(settings: Any) -> None:
    if settings.fitness not in FITNESSES and not parts_of(settings.fitness)[0]:
        raise SettingsError(
            f"fitness {settings.fitness!r}, allowed {', '.join(FITNESSES)}, or FILE.py:NAME"
        )
    find_fitness(settings.fitness)  # a user's file is run before anything is written


def _check_backend(settings: Any) -> None:
    if settings.scheduler and settings.backend != "dask":
        raise SettingsError(
            f"scheduler {settings.scheduler} with backend {settings.backend}, allowed with dask "
            "alone; add --backend dask"
        )
    if settings.accelerator != "cpu" and settings.backend != "local":
        raise SettingsError(
            f"accelerator {settings.accelerator} with backend {settings.backend}, allowed with "
            "local alone; leave out --accelerator, or use --backend local"
        )


def _check_population(settings: Any) -> None:
    if settings.elitism >= settings.population:
        raise SettingsError(
            f"elitism {settings.elitism}, allowed less than the population of {settings.population}"
        )
    if len(settings.initial) > settings.population:
        raise SettingsError(
            f"initial has {len(settings.initial)} genomes, allowed at most the population of "
            f"{settings.population}; raise --population"
        )
    if settings.mutation == "pool" and not settings.loop.selects:
        raise SettingsError(
            f"mutation 'pool' with algorithm {settings.algorithm}, allowed any other mutation: its "
            "pool is the genomes that parents are selected from, and here none are selected"
        )


def _check_objectives(settings: Any) -> None:
    if breeds_front(settings.fitness) and not settings.loop.several_objectives:
        able = " or ".join(name for name, each in ALGORITHMS.items() if each.several_objectives)
        raise SettingsError(
            f"fitness {settings.fitness!r} with algorithm {settings.algorithm}, allowed "
            f"{', '.join(SINGLE)}; use --algorithm {able}"
        )
    if settings.objectives and not settings.several:
        raise SettingsError(
            f"objectives {settings.objectives!r} with fitness {settings.fitness}, allowed only "
            "where a front is bred; use --fitness accuracy_and_params"
        )
    if settings.small_enough and settings.fitness not in FITNESSES:
        raise SettingsError(
            f"small_enough {settings.small_enough} with a fitness of your own, allowed 0; leave "
            "out --small-enough"
        )
    try:
        settings.front  # noqa: B018
    except ValueError as error:
        raise SettingsError(f"objectives {error}") from None


def _check_halving(settings: Any) -> None:
    if settings.halving == 1:
        raise SettingsError(f"halving {settings.halving}, allowed 0, or 2 or more")
    if settings.loop.streams:
        raise SettingsError(
            f"halving {settings.halving} with algorithm {settings.algorithm}, which breeds while "
            "others are in training; use --algorithm preselected, or --halving 0"
        )
    if settings.learned != ("accuracy",):
        bred = (
            f"objectives {','.join(settings.front.names)}"
            if settings.several
            else f"fitness {settings.fitness}"
        )
        raise SettingsError(
            f"halving {settings.halving} with {bred}, allowed what looks at accuracy and size "
            "alone; use --halving 0"
        )
    if settings.make_recipe().epochs == 1:
        raise SettingsError(
            f"halving {settings.halving} with 1 epoch, which cannot be stopped early; raise "
            "--epochs, or use --halving 0"
        )


def parse_size(text: str) -> tuple[int, int] | None:
    """(height, width) from a text such as 32x32; None from an empty one.

    Raises:
        SettingsError: for any other text.
    """
    found = re.fullmatch(r"([1-9]\d{0,4})[xX]([1-9]\d{0,4})", text, re.ASCII)
    if text and not found:
        raise SettingsError(f"image_size {text!r}, allowed HEIGHTxWIDTH in pixels, such as 32x32")
    return (int(found[1]), int(found[2])) if found else None


def parse_setting(what: str, text: str) -> Genome:
    """A genome that a setting holds.

    Raises:
        SettingsError: that begins with ``what``.
    """
    try:
        return parse_genome(text)
    except GenomeError as error:
        raise SettingsError(f"{what}: {error}") from None


_RANGES: tuple[tuple[str, float, float], ...] = (
    *((name, 1, 1e18) for name in COSTS),
    ("int8_sample", 1, 1e6),
    ("epochs", 0, 1e9),
    ("shifts", 0, FARTHEST),
    ("label_smoothing", 0, 0.99),
    ("population", 2, 1e9),
    ("generations", 0, 1e9),
    ("cxpb", 0, 1),
    ("mutpb", 0, 1),
    ("elitism", 0, 1e9),
    ("children", 0, 1e9),
    ("candidates", 1, 1e9),
    ("optimism", 0, 1e9),
    ("per_cost", 0, 10),
    ("halving", 0, 1e9),
    ("small_enough", 0, 1e18),
    ("sample", 0, 1e9),
    ("restart_after", 1, 1e9),
    ("slots", 1, 1e4),
    ("seed", 0, 1e18),
    ("train_seed", 0, 1e9),
    ("split_seed", 0, 1e9),
    ("target_fitness", 0, 1e18),
    ("max_evaluations", 1, 1e18),
    ("time_budget", 0.001, 1e18),
    ("max_seconds", 0.001, 1e18),
    ("max_memory", 1, 1e9),
    ("max_failures", 1, 1e9),
    ("workers", 1, 1e4),
    ("finalists", 0, 1e4),
    ("final_seeds", 1, 1e4),
    ("final_epochs", 0, 1e9),
)

_KINDS: dict[str, Any] = {  # of an annotation: what it admits, and in words
    "str": (str, "a text"),
    "int": (int, "a whole number"),
    "float": ((int, float), "a number"),
    "bool": (bool, "true or false"),
    "None": (type(None), "none"),
}


def _check_value(name: str, value: Any, annotation: Any, choices: tuple[str, ...]) -> None:
    parts = [part.strip() for part in str(annotation).split("|")]
    if parts == ["tuple[str, ...]"]:
        allowed = ["a list of genomes"]
        good = isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    else:
        allowed = [_KINDS[part][1] for part in parts]
        good = any(isinstance(value, _KINDS[part][0]) for part in parts)
        good = good and (not isinstance(value, bool) or "bool" in parts)
    if not good:
        raise SettingsError(f"{name} {value!r}, allowed {' or '.join(allowed)}")
    if choices and value not in choices:
        raise SettingsError(f"{name} {value!r}, allowed {', '.join(choices)}")
