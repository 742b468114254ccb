"""The problems of this project's benchmark: our table, twice, NAS-Bench-Macro, and the digits."""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from deap_nas import Evaluation, Genome
from deap_nas.benchmark.problem import Measured, Score, TableProblem, table_problem
from deap_nas.evaluation.fitness import FITNESSES, LEARNED
from deap_nas.spaces import find_space
from deap_nas.tabular import Table, load_table


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
DIGITS = "digits"  # nothing of the default search was chosen on it
FITNESS = "accuracy_per_log_params"
PROBLEMS = (TABLE, TIMED, MACRO, DIGITS)
MACRO_VARIABLE = "DEAP_NAS_MACRO"
# As build_table.py leaves it: digits.csv.gz, and the space digits.toml.
DIGITS_TABLE = Path(__file__).parents[2] / "results" / "digits_table" / "digits.csv.gz"


@cache
def find_problem(name: str) -> TableProblem:
    """A problem by its name; the same in every process, since the environment says where from."""
    if name == MACRO:
        return macro(Path(os.environ[MACRO_VARIABLE]))
    what = "digits" if name == DIGITS else "table"
    title = f"{what}, accuracy / ln(parameters){' / seconds' if name == TIMED else ''}"
    fitness = "time_penalised" if name == TIMED else FITNESS
    problem = table_problem(table_of(name), name, title, FITNESSES[fitness], LEARNED[fitness])
    return restricted(problem) if name == SHALLOW else problem


def trainings(problem: TableProblem) -> Measured:
    """What the trainings of a problem told: there is that of every one of ``PROBLEMS``."""
    assert problem.measured
    return problem.measured


def table_of(name: str) -> Table:
    """The trainings that a problem of ours is looked up in."""
    if name != DIGITS:
        return load_table()
    space = find_space(str(DIGITS_TABLE.with_name("digits.toml")))
    return load_table(DIGITS_TABLE, space)


def available() -> list[str]:
    """The problems that can be looked up here."""
    there = {MACRO: bool(os.environ.get(MACRO_VARIABLE)), DIGITS: DIGITS_TABLE.exists()}
    return [name for name in PROBLEMS if there.get(name, True)]


def macro(path: Path) -> TableProblem:
    """NAS-Bench-Macro (Su et al. 2021): accuracy in percent / ln(parameters), searched on the first
    of its three trainings, judged by their mean."""
    rows = json.loads(path.read_text())

    def score(row: dict[str, Any]) -> Score:
        scale = math.log(row["params"])
        return Score(row["test_acc"][0] / scale, row["mean_acc"] / scale)

    def evaluation(row: dict[str, Any]) -> Evaluation:
        accuracy = row["test_acc"][0] / 100
        return Evaluation(accuracy, n_params=row["params"], multiply_adds=row["flops"])

    of = {tuple(map(int, text)): row for text, row in rows.items()}
    scores = {genes: score(row) for genes, row in of.items()}
    evaluations = {genes: evaluation(row) for genes, row in of.items()}
    measured = Measured(evaluations, FITNESSES[FITNESS], LEARNED[FITNESS])
    title = "NAS-Bench-Macro, accuracy / ln(parameters)"
    return TableProblem(MACRO, title, MacroSpace(), scores, measured=measured)


def restricted(problem: TableProblem) -> TableProblem:
    """The same with the least depth only: still judged by the best of the whole space."""
    space = replace(problem.space, n_normal=(problem.space.n_normal[0],) * 2)
    return replace(
        problem,
        name=SHALLOW,
        title=f"{problem.title}, one NC only",
        space=space,
        reachable=tuple(key for key in problem.scores if key in space),
    )
