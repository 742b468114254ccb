"""Nothing outside ``layers/`` names a kind of layer, so that a new one touches one file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import deap_nas
from deap_nas import LAYERS

PACKAGE = Path(deap_nas.__file__).parent
KINDS = {name for name, layer in LAYERS.items() if layer.source is None}
CLASSES = {"Conv", "Head"}  # of the report's genes; ``genome.py`` hands them on
FILES = sorted(path for path in PACKAGE.rglob("*.py") if PACKAGE / "layers" not in path.parents)


def named(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a kind is named, as a text or by the class of its genes: (line, name). An example
    genome in a help text is longer than a name, and so is none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in KINDS:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in CLASSES:
                yield node.lineno, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_kind_is_named(path):
    assert list(named(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('if gene.kind == "RC": pass', [(1, "RC")]),
        ('names = {"GP": 1}', [(1, "GP")]),
        ('f"{x}" in ("CB",)', [(1, "CB")]),
        ("isinstance(gene, Conv)", [(1, "Conv")]),
        ("genome.Head('relu')", [(1, "Head")]),
        ('"""NC then RC."""\nEXAMPLE = "CB 4 3 relu;GP"', []),
    ],
)
def test_it_would_be_found(source, found):
    assert list(named(ast.parse(source))) == found
