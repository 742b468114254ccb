"""Counts as a person reads them: "1 epoch", wherever there may be one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import deap_nas
from deap_nas.words import counted, noun

PACKAGE = Path(deap_nas.__file__).parent
PLURALS = (
    *("classes", "columns", "cores", "epochs", "evaluations", "failures", "files", "genes"),
    *("generations", "genomes", "individuals", "networks", "runs", "searches", "seeds"),
    *("slots", "times", "trainings", "workers"),
)
BEHIND_A_NUMBER = re.compile(rf"^ ({'|'.join(PLURALS)})\b")
IN_A_TEMPLATE = re.compile(rf"\}}\}} ({'|'.join(PLURALS)})\b")
# Never 1: so many, or more.
NEVER_ONE = {
    ("evaluation/workers", "workers"),  # that died at their start: a constant
    ("training/capacity", "workers"),  # more than there is room for
    ("runs/search", "workers"),  # more than slots
    ("runs/checks", "genomes"),  # more than the population
    ("spaces/forms", "genes"),  # the end of a range
    ("spaces/legality", "genes"),  # more than there may be
    ("data/folder", "classes"),  # two or more
    ("commands/terminal", "times"),  # said where there are several
    ("testing/selection", "individuals"),  # a constant
    ("commands/space", "genomes"),  # a constant
    ("commands/terminal", "trainings"),  # a minute: a rate
    ("compare.html.j2", "runs"),  # shown where there are several
}


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 classes"), (1, "1 class"), (2, "2 classes"), (1234, "1,234 classes")],
)
def test_a_number_and_its_word(number, said):
    assert counted(number, "class", "classes", ",") == said
    assert noun(number, "epoch") == ("epoch" if number == 1 else "epochs")


def spelt() -> Iterator[tuple[str, str]]:
    """Plurals behind a number that may be 1, in what the package says: (module, word)."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = str(path.relative_to(PACKAGE).with_suffix(""))
        for node in ast.walk(ast.parse(path.read_text())):
            parts = node.values if isinstance(node, ast.JoinedStr) else []
            for number, text in pairwise(parts):
                told = getattr(text, "value", "") if isinstance(number, ast.FormattedValue) else ""
                if found := BEHIND_A_NUMBER.search(str(told)):
                    yield module, found[1]
    for path in sorted(PACKAGE.rglob("*.j2")):
        for found in IN_A_TEMPLATE.finditer(path.read_text()):
            yield path.name, found[1]


def test_nobody_spells_a_plural_behind_a_number_that_may_be_1():
    assert set(spelt()) - NEVER_ONE == set()


def test_what_is_never_1_is_there():
    assert set(spelt()) >= NEVER_ONE
