"""deap_nas.algorithms.table: each loop once, with the settings that it looks at."""

from __future__ import annotations

import inspect
import random
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deap_nas import algorithms
from deap_nas.algorithms import ALGORITHMS, Algorithm
from deap_nas.runs.settings import Settings

COMMON = {"population", "toolbox", "ngen", "mu"}  # which every loop, or the table, gives
LEFT = {"similar", "model"}  # which a search leaves as they are


def parameters(algorithm: Algorithm) -> set[str]:
    rest = {"stop", "stats", "halloffame", "observe", "rng", "verbose"}
    return {*inspect.signature(algorithm.loop).parameters} - rest


def test_every_loop_is_in_the_table():
    assert {each.loop for each in ALGORITHMS.values()} == {
        getattr(algorithms, name) for name in algorithms.__all__ if name.startswith("ea_")
    }
    assert all(name == each.name for name, each in ALGORITHMS.items())


@pytest.mark.parametrize("name", ALGORITHMS)
def test_settings_and_arguments_are_spelt_as_they_are(name):
    algorithm = ALGORITHMS[name]
    assert {*algorithm.settings} <= {each.name for each in fields(Settings)}
    given = {argument for argument in algorithm.settings.values() if argument}
    own = {"select"} if not algorithm.one_objective else set()
    assert given | own == parameters(algorithm) - COMMON - LEFT


def arguments(monkeypatch: pytest.MonkeyPatch, name: str, **values: Any) -> dict[str, Any]:
    """What the loop of a name is called with."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(Algorithm, "loop", lambda *_, **given: seen.update(given))
    settings = vars(Settings(algorithm=name, **values))
    ALGORITHMS[name].run([*range(10)], SimpleNamespace(select=len), 3, settings, rng=random)
    assert (seen.pop("ngen"), seen.pop("rng")) == (3, random)
    return seen


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("preselected", {}, {"cxpb": 0.5, "mutpb": 1.0, "mu": 10, "lambda_": 4}
         | {"candidates": 10, "optimism": 2.0}),
        ("generational", {"elitism": 2}, {"cxpb": 0.5, "mutpb": 1.0, "elitism": 2}),
        ("mu_plus_lambda", {"children": 0}, {"cxpb": 0.5, "mutpb": 1.0, "mu": 10, "lambda_": 10}),
        ("regularized", {"slots": 3}, {"sample": None, "batch": 3}),
        ("regularized", {"sample": 5, "slots": 3}, {"sample": 5, "batch": 3}),
        ("local_search", {"restart_after": 7, "slots": 3}, {"patience": 7, "batch": 3}),
        ("steady_state", {"cxpb": 0.25}, {"cxpb": 0.25, "mutpb": 1.0}),
        ("nsga2", {}, {"cxpb": 0.5, "mutpb": 1.0, "select": len}),
    ],
)  # fmt: skip
def test_what_a_loop_is_called_with(monkeypatch, name, values, expected):
    assert arguments(monkeypatch, name, **values) == expected


def test_births():
    assert ALGORITHMS["preselected"].births(10, 4) == 4
    assert ALGORITHMS["preselected"].births(10, 0) == 10
    assert ALGORITHMS["generational"].births(10, 4) == 10


def test_who_selects():
    assert {name for name, each in ALGORITHMS.items() if not each.selects} == {
        *("regularized", "local_search")
    }


@pytest.mark.parametrize("name", ALGORITHMS)
def test_nobody_else_compares_with_a_name(name):
    """The rest of the package asks the table."""
    package = Path(algorithms.__file__).parents[1]
    others = [path for path in package.rglob("*.py") if path.parent.name != "algorithms"]
    for path in [*others, *package.rglob("*.j2")]:
        assert f'== "{name}"' not in path.read_text(), path
