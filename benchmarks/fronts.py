"""Which search covers the front: hypervolume on the table of which every network is known.

    python benchmarks/fronts.py            # 60 seeds; two minutes

Preselection with two objectives, accuracy and parameters, beside NSGA-II and preselection with one
number (accuracy / ln parameters), with equal first genomes. The volume is of accuracy times ln
parameters, between what was evaluated and the table's worst accuracy and most parameters; what is
missing is a share of what the whole table covers. Seeds from 100 on chose; 0 to 59 report. Writes
--out (results/fronts): volume.csv, run.json.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import random
from dataclasses import replace
from typing import Any

import moocore
import numpy as np
import pandas as pd
from common import RESULTS, make_parser, provenance, save
from variants.problems import TABLE, find_problem, trainings

from deap_nas import accuracy_per_log_params, ea_nsga2, ea_preselected, make_toolbox
from deap_nas.algorithms import sel_crowded_tournament
from deap_nas.benchmark.problem import TableProblem
from deap_nas.benchmark.statistics import mean_interval, p_better
from deap_nas.evaluation.fitness import LEARNED
from deap_nas.evaluation.objectives import Objectives
from deap_nas.runs.first import spread

BUDGETS = (25, 50, 100)
FRONT = Objectives(["accuracy", "n_params"])
ONE, NSGA2, SEVERAL = "one number", "nsga2", "front"


class Spent(Exception):
    """All evaluations are used up."""


def search(problem: TableProblem, seed: int, kind: str) -> list[Any]:
    """The genomes of a search in the order of their evaluation."""
    several = kind != ONE
    fitness = FRONT if several else accuracy_per_log_params
    measured, found = trainings(problem), dict[Any, None]()

    def evaluate(genome: Any) -> tuple[float, ...]:
        if tuple(genome) not in found and len(found) == max(BUDGETS):
            raise Spent
        found[tuple(genome)] = None
        return fitness(measured.measure(genome))

    rng = random.Random(seed)
    random.seed(seed)  # DEAP's own selections draw from the module
    toolbox = make_toolbox(
        problem.space,
        evaluate,
        crossover="uniform",
        mutation="mixture",
        selection=sel_crowded_tournament if several else "tournament",
        weights=FRONT.weights if several else (1.0,),
        rng=rng,
    )
    combine, learned = (
        (FRONT.placed, FRONT.learned)
        if several
        else (accuracy_per_log_params, LEARNED["accuracy_per_log_params"])
    )
    replace(measured, fitness=combine, learned=learned).register(toolbox)
    first, rates = spread(toolbox.individual, 10, measured.size), {"cxpb": 0.5, "mutpb": 1.0}
    with contextlib.suppress(Spent):
        if kind == NSGA2:
            ea_nsga2(first, toolbox, **rates, ngen=10**4, rng=rng)
        else:
            ea_preselected(first, toolbox, 10, 4, **rates, ngen=10**4, rng=rng)
    return list(found)


def points(problem: TableProblem, genomes: Any) -> Any:
    """(-accuracy, ln parameters) of genomes: less is better."""
    evaluations = [trainings(problem).measure(genome) for genome in genomes]
    return np.array([(-each.accuracy, math.log(each.n_params)) for each in evaluations])


def measure(kind: str, seeds: range) -> list[tuple[int, float]]:
    """(evaluations, share of the volume that is missing) of a search, for each seed."""
    problem = find_problem(TABLE)
    everything = points(problem, problem.scores)
    worst = everything.max(0)
    whole, found = moocore.hypervolume(everything, ref=worst), []
    for seed in seeds:
        course = points(problem, search(problem, seed, kind))
        for budget in BUDGETS:
            share = float(moocore.hypervolume(course[:budget], ref=worst) / whole)
            found.append((budget, 1 - share))
    return found


def summary(measured: dict[str, list[tuple[int, float]]]) -> pd.DataFrame:
    """Each search at each budget, beside the others."""
    rows = []
    for kind, pairs in measured.items():
        for budget in BUDGETS:
            sample, *others = (
                [missing for evaluations, missing in each if evaluations == budget]
                for each in (pairs, measured[NSGA2], measured[ONE])
            )
            better = [p_better(sample, other) for other in others]
            rows.append((kind, budget, len(sample), *mean_interval(sample), *better))
    columns = ("search", "evaluations", "seeds", "mean_missing_volume", "low", "high")
    return pd.DataFrame(rows, columns=[*columns, "p_better_than_nsga2", "p_better_than_one_number"])


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "fronts")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    arguments, made = parser.parse_args(), provenance()
    work = [(kind, range(arguments.seeds)) for kind in (ONE, NSGA2, SEVERAL)]
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        found = pool.starmap(measure, work, chunksize=1)
    table = summary(dict(zip((ONE, NSGA2, SEVERAL), found)))
    save(arguments.out, made, volume=table)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
