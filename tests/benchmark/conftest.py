"""Operators of somebody's, as a file, and a small space that no table knows."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MINE = '''
import random
from dataclasses import dataclass
from functools import partial

from deap import tools
from deap_nas import cx_uniform, mut_gene


@dataclass  # looks its module up
class Rate:
    share: float = 0.5


def cx_mine(a, b, space, rng):
    """As ours, by half."""
    return cx_uniform(a, b, space=space, rng=rng) if rng.random() < Rate().share else (a, b)


sel_four = partial(tools.selTournament, tournsize=4)


def ea_mine(population, toolbox, cxpb, rng=random):
    """Random search from the population's like."""
    while True:
        for individual, values in zip(population, toolbox.map(toolbox.evaluate, population)):
            individual.fitness.values = values
        population = [toolbox.individual() for _ in population]


def helper():
    """No operator by its name."""
'''
BITS = """
    import random
    from deap_nas.genome import Genome


    class Bits:
        def sample(self, rng=random):
            return [rng.randrange(2) for _ in range(12)]

        def __contains__(self, genes):
            return len(genes) == 12 and set(genes) <= {0, 1}

        def kind(self, gene):
            return "bit"

        def replacements(self, genes, i):
            return [1 - genes[i]]

        def insertions(self, genes):
            return []

        def deletions(self, genes):
            return []


    space = Bits()


    def evaluate(genes):
        return sum(genes) - 3.0
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


@pytest.fixture
def bits(tmp_path: Path) -> Path:
    path = tmp_path / "bits.py"
    path.write_text(textwrap.dedent(BITS))
    return path


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """A Python file of these lines."""

    def made(text: str) -> Any:
        path = tmp_path / "written.py"
        path.write_text(textwrap.dedent(text))
        return path

    return made
