"""The house: a room uses only those below it, and nobody else's private names."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import deap_nas

PACKAGE = Path(deap_nas.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "how-it-works.md"
# Folders and modules of deap_nas/, from bottom to top.
ROOMS = (
    *("words", "extras", "files", "layers", "genome", "operators", "algorithms", "testing"),
    *("spaces", "toolbox", "evaluation", "tabular", "data", "training", "devices", "runs"),
    *("report", "benchmark", "commands", "found", "notebook", "classifier"),
)
# The ways in from outside: the package's own names, which load on first use, and ``python -m``.
DOORS = ("__init__", "__main__", "run", "report.__main__")
TARGET = re.compile(r"deap_nas\.([\w.]+):\w+")  # what a worker is told to import


def modules() -> dict[str, ast.Module]:
    """The modules of the package by their names in it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = ast.parse(path.read_text())
    return found


MODULES = modules()


def imports(module: str) -> Iterator[tuple[str, str]]:
    """What a module takes from the package, wherever it does: (module, name or "")."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: a relative import"
            for alias in node.names:
                whole = inside(f"{node.module}.{alias.name}")
                yield (whole, "") if whole in MODULES else (inside(str(node.module)), alias.name)
        elif isinstance(node, ast.Import):
            yield from ((inside(alias.name), "") for alias in node.names)
        elif isinstance(node, ast.Constant) and (target := TARGET.fullmatch(str(node.value))):
            yield target[1], ""


def inside(path: str) -> str:
    """A module's name in the package; "" for a module of others."""
    if path == "deap_nas":
        return "__init__"
    return path.removeprefix("deap_nas.") if path.startswith("deap_nas.") else ""


def room_of(module: str) -> str:
    return module.partition(".")[0]


def foreign(module: str) -> set[tuple[str, str]]:
    """What it takes from other rooms."""
    taken = {(other, name) for other, name in imports(module) if other}
    return {(other, name) for other, name in taken if room_of(other) != room_of(module)}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


INNER = [name for name in MODULES if name not in DOORS]


def floor(room: str) -> int:
    return ROOMS.index(room) if room in ROOMS else len(ROOMS)


def climbs() -> set[tuple[str, str]]:
    used = {(name, room_of(other)) for name in INNER for other, _ in foreign(name)}
    return {(name, room) for name, room in used if floor(room) >= floor(room_of(name))}


def test_the_order_names_every_room():
    assert {room_of(name) for name in INNER} == set(ROOMS)


def test_the_page_shows_the_rooms_from_top_to_bottom():
    shown = re.findall(r"^\| `(\w+)(?:/|\.py)` \|", PAGE.read_text(), re.MULTILINE)
    assert shown == list(reversed(ROOMS))


def test_nobody_inside_uses_a_door():
    assert not {(name, other) for name in INNER for other, _ in imports(name) if other in DOORS}


def test_a_room_uses_only_rooms_below_it():
    assert climbs() == set()


@pytest.mark.parametrize("module", MODULES)
def test_nothing_reaches_into_another_rooms_private_names(module):
    assert not {
        (other, name)
        for other, name in foreign(module)
        if any(map(is_private, [*other.split("."), name]))
    }
    taken = {(name or other).rpartition(".")[2] for other, name in foreign(module)}
    assert not {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id in taken and is_private(node.attr)
    }


def test_no_import_goes_in_a_circle():
    graph = {name: {other for other, _ in imports(name)} - {name} for name in MODULES}
    graphlib.TopologicalSorter(graph).prepare()
