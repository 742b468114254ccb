"""What is searched: every genome of a space with its score, so that regret and rank are exact."""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from deap_nas import (
    Genome,
    accuracy_per_log_params,
    time_penalised,
)
from deap_nas.tabular import load_table

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Problem:
    """A space of which everything is known.

    Args:
        scores: what a search sees, of every genome of the space; more is better.
        held_out: what its answer is judged by: other images, or a mean over trainings.
        reachable: the genomes that are legal, if not all that have scores.
    """

    name: str
    title: str
    space: Any
    scores: Mapping[Key, float]
    held_out: Mapping[Key, float]
    reachable: tuple[Key, ...] = ()

    @cached_property
    def optimum(self) -> float:
        return max(self.held_out.values())

    @cached_property
    def keys(self) -> list[Key]:
        return list(self.scores)

    @cached_property
    def index(self) -> dict[Key, int]:
        """The place of a genome in ``keys``."""
        return {key: i for i, key in enumerate(self.keys)}

    @cached_property
    def ranks(self) -> dict[Key, int]:
        """1 is the best by held-out score; equal scores share the better rank."""
        ranks: dict[Key, int] = {}
        ordered = sorted(self.held_out, key=lambda key: -self.held_out[key])
        for place, key in enumerate(ordered, 1):
            before = ordered[place - 2] if place > 1 else None
            tied = before is not None and self.held_out[before] == self.held_out[key]
            ranks[key] = ranks[before] if tied and before is not None else place
        return ranks

    @cached_property
    def regrets(self) -> tuple[dict[Key, float], dict[Key, float]]:
        """How far a genome is from the best there is: as seen by a search, and held out."""
        seen, held_out = (
            {key: max(scores.values()) - score for key, score in scores.items()}
            for scores in (self.scores, self.held_out)
        )
        return seen, held_out

    @cached_property
    def fingerprint(self) -> str:
        """Changes when any score does."""
        digest = hashlib.sha256(self.name.encode())
        for key in self.keys:
            digest.update(f"{key} {self.scores[key]!r} {self.held_out[key]!r}\n".encode())
        return digest.hexdigest()[:16]


class MacroSpace:
    """NAS-Bench-Macro's: eight places, each 0 (identity), 1 (MB3_K3) or 2 (MB6_K5)."""

    length, values = 8, (0, 1, 2)

    def __contains__(self, genes: Any) -> bool:
        return len(genes) == self.length and all(gene in self.values for gene in genes)

    def kind(self, gene: Any) -> str:
        return "MB"

    def replacements(self, genes: Sequence[int], i: int) -> Sequence[int]:
        return [value for value in self.values if value != genes[i]]

    def insertions(self, genes: Sequence[int]) -> Sequence[tuple[int, int]]:
        return []

    def deletions(self, genes: Sequence[int]) -> Sequence[int]:
        return []

    def sample(self, rng: random.Random | Any = random) -> Genome:
        return Genome(rng.choice(self.values) for _ in range(self.length))

    def size(self) -> int:
        return len(self.values) ** self.length


TABLE, TIMED, MACRO, SHALLOW = "table", "table_timed", "macro", "table_shallow"
PROBLEMS = (TABLE, TIMED, MACRO)
MACRO_VARIABLE = "DEAP_NAS_MACRO"


@cache
def find_problem(name: str) -> Problem:
    """A problem by its name; the same in every process, since the environment says where from."""
    if name == MACRO:
        return macro(Path(os.environ[MACRO_VARIABLE]))
    table = load_table()
    if name == TIMED:
        title = "table, accuracy / ln(parameters) / seconds"
        return table_problem(table, name, title, time_penalised)
    problem = table_problem(
        table, name, "table, accuracy / ln(parameters)", accuracy_per_log_params
    )
    return restricted(problem) if name == SHALLOW else problem


def available() -> list[str]:
    """The problems that can be looked up here."""
    return [name for name in PROBLEMS if name != MACRO or os.environ.get(MACRO_VARIABLE)]


def macro(path: Path) -> Problem:
    """NAS-Bench-Macro (Su et al. 2021): accuracy in percent / ln(parameters), searched on the first
    of its three trainings, judged by their mean."""
    rows = json.loads(path.read_text())
    seen, mean = (
        {
            tuple(map(int, text)): accuracy(row) / math.log(row["params"])
            for text, row in rows.items()
        }
        for accuracy in (lambda row: row["test_acc"][0], lambda row: row["mean_acc"])
    )
    return Problem(MACRO, "NAS-Bench-Macro, accuracy / ln(parameters)", MacroSpace(), seen, mean)


def table_problem(table: Any, name: str, title: str, fitness: Callable[..., Any]) -> Problem:
    """A fitness over the table: searched on validation accuracy, judged by test accuracy."""
    seen: dict[Key, float] = {}
    held_out: dict[Key, float] = {}
    for genome, evaluation in table.items():
        key = tuple(genome)
        seen[key] = fitness(evaluation)[0]
        held_out[key] = fitness(replace(evaluation, accuracy=table.test_accuracy(genome)))[0]
    return Problem(name, title, table.space, seen, held_out)


def restricted(problem: Problem) -> Problem:
    """The same with the least depth only: still judged by the best of the whole space."""
    space = replace(problem.space, n_normal=(problem.space.n_normal[0],) * 2)
    return replace(
        problem,
        name=SHALLOW,
        title=f"{problem.title}, one NC only",
        space=space,
        reachable=tuple(key for key in problem.scores if key in space),
    )
