"""What a search loses or gains by what its model learns: regret on spaces of which all is known.

    python benchmarks/preselection.py --macro PATH      # 60 seeds; two minutes

Each search is the project's default (population 10, 4 of 40 children a generation) with one thing
changed. Regret is how far the genome in hand is from the best there is, by held-out score (test
images; the mean of three trainings). Scale, noise, weight and the rest were chosen on seeds from
100 on; seeds 0 to 59 report. Writes --out (results/preselection): regret.csv, run.json.
PATH is NAS-Bench-Macro's table (or set DEAP_NAS_MACRO); without it the table alone.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from common import RESULTS, make_parser, provenance, save
from variants.problems import (
    DIGITS,
    MACRO,
    MACRO_VARIABLE,
    TABLE,
    TIMED,
    available,
    find_problem,
    table_of,
)

from deap_nas import (
    Evaluation,
    accuracy_per_log_params,
    ea_preselected,
    make_toolbox,
    time_penalised,
)
from deap_nas.benchmark.problem import TableProblem
from deap_nas.benchmark.statistics import mean_interval, p_better
from deap_nas.evaluation.forecast import Forecast, size_in

BUDGETS = (25, 50, 100)
FITNESS = {
    TABLE: (accuracy_per_log_params, ("accuracy",)),
    TIMED: (time_penalised, ("accuracy", "train_seconds")),
    MACRO: (accuracy_per_log_params, ("accuracy",)),
    DIGITS: (accuracy_per_log_params, ("accuracy",)),
}


class Spent(Exception):
    """All evaluations are used up."""


@dataclass(frozen=True)
class Known:
    """A problem with the Evaluation of each of its genomes.

    Args:
        measure: genome -> Evaluation.
        size: genome -> (parameters, multiply-adds).
    """

    problem: TableProblem
    measure: Callable[[Any], Evaluation]
    size: Callable[[Any], tuple[int, int]]

    @property
    def fitness(self) -> Callable[[Evaluation], tuple[float, ...]]:
        return FITNESS[self.problem.name][0]

    def forecast(self, toolbox: Any) -> None:
        """Tell a toolbox what is known."""
        learned = FITNESS[self.problem.name][1]
        Forecast(self.fitness, learned, self.measure, self.size).register(toolbox)


def find_known(name: str) -> Known:
    problem = find_problem(name)
    if name != MACRO:
        table = table_of(name)
        size = size_in(table.space)
        assert size
        return Known(problem, table.measure, size)
    rows = json.loads(Path(os.environ[MACRO_VARIABLE]).read_text())
    evaluations = {
        tuple(map(int, text)): Evaluation(
            row["test_acc"][0] / 100, n_params=row["params"], multiply_adds=row["flops"]
        )
        for text, row in rows.items()
    }

    def measure(genome: Any) -> Evaluation:
        return evaluations[tuple(genome)]

    def size(genome: Any) -> tuple[int, int]:
        return measure(genome).n_params, measure(genome).multiply_adds

    return Known(problem, measure, size)


def search(known: Known, seed: int, prepare: Callable[[Known, Any], None]) -> list[Any]:
    """The genomes of a search in the order of their evaluation, as many as the greatest budget."""
    found: dict[Any, None] = {}

    def evaluate(genome: Any) -> tuple[float, ...]:
        if tuple(genome) not in found and len(found) == max(BUDGETS):
            raise Spent
        found[tuple(genome)] = None
        return known.fitness(known.measure(genome))

    rng = random.Random(seed)
    random.seed(seed)  # DEAP's own selection draws from the module
    operators = {"crossover": "uniform", "mutation": "mixture", "selection": "tournament"}
    toolbox = make_toolbox(known.problem.space, evaluate, **operators, rng=rng)
    population = toolbox.population(n=10)
    prepare(known, toolbox)
    settings = {"mu": 10, "lambda_": 4, "cxpb": 0.5, "mutpb": 1.0, "ngen": 10**6}
    with contextlib.suppress(Spent):
        ea_preselected(population, toolbox, **settings, rng=rng)
    return list(found)


def regrets(known: Known, found: list[Any]) -> Iterator[tuple[int, float]]:
    """(evaluations, regret) of a search."""
    best, scores = known.problem.optimum, known.problem.scores
    for budget in BUDGETS:
        answer = max(found[:budget], key=lambda genes: scores[genes].seen)
        yield budget, best.held_out - scores[answer].held_out


def nothing(known: Known, toolbox: Any) -> None:
    """The model of before: fitness is learned, from genes as names."""


def measurements(known: Known, toolbox: Any) -> None:
    known.forecast(toolbox)


SEARCHES: dict[str, Callable[[Known, Any], None]] = {
    "fitness": nothing,
    "measurements": measurements,
}


def measure(name: str, title: str, seeds: range) -> list[tuple[int, float]]:
    """(evaluations, regret) of a search on a problem, for each seed."""
    known = find_known(name)
    found = (regrets(known, search(known, seed, SEARCHES[title])) for seed in seeds)
    return [pair for pairs in found for pair in pairs]


def summary(measured: dict[tuple[str, str], list[tuple[int, float]]]) -> pd.DataFrame:
    """Each search at each budget, beside the first one."""
    first, rows = next(iter(SEARCHES)), []
    for (name, title), pairs in measured.items():
        for budget in BUDGETS:
            sample, other = (
                [regret for evaluations, regret in each if evaluations == budget]
                for each in (pairs, measured[name, first])
            )
            rows.append((name, title, budget, len(sample), *mean_interval(sample),
                         p_better(sample, other)))  # fmt: skip
    columns = ("problem", "learns", "evaluations", "seeds", "mean_regret", "low", "high")
    return pd.DataFrame(rows, columns=[*columns, f"p_better_than_{first}"])


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "preselection")
    parser.add_argument("--macro", type=Path, help="NAS-Bench-Macro's table")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    arguments, made = parser.parse_args(), provenance()
    if arguments.macro:
        os.environ[MACRO_VARIABLE] = str(arguments.macro.resolve())
    parts = [(name, title) for name in available() for title in SEARCHES]
    work = [(*part, range(arguments.seeds)) for part in parts]
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        table = summary(dict(zip(parts, pool.starmap(measure, work, chunksize=1))))
    save(arguments.out, made, regret=table)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
