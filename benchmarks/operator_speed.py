"""What the genetic algorithm itself costs: each operator beside DEAP's own, and a whole generation.

    python benchmarks/operator_speed.py    # about half a minute

Writes results/operator_speed/operators.csv, generation.csv and run.json. Operators are timed in
turns with DEAP's on the same genomes, clones of which are made outside the clock; a generation is
population 1,000 with a table look-up as evaluator.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
from common import RESULTS, make_parser, provenance, save
from deap import tools

from deap_nas import FULL_SPACE, PAPER_SPACE, count_params, ea_generational, make_toolbox
from deap_nas.operators import (
    cx_one_point,
    cx_one_point_reject,
    mut_gene,
    mut_pool,
    sel_roulette,
)

GENOMES, ROUNDS, GENERATIONS, POPULATION = 1000, 5, 10, 1000


def main() -> None:
    arguments = make_parser(__doc__, RESULTS / "operator_speed").parse_args()
    measured_with = provenance()
    operators = pd.DataFrame(operator_rows())
    generation = pd.DataFrame(
        [{"space": name, **generation_row(space)} for name, space in SPACES.items()]
    )
    save(arguments.out, measured_with, operators=operators, generation=generation)
    print(operators.to_string(index=False), generation.to_string(index=False), sep="\n\n")


SPACES = {"PAPER_SPACE": PAPER_SPACE, "FULL_SPACE": FULL_SPACE}


def operator_rows() -> list[dict[str, Any]]:
    rng = random.Random(0)
    individuals = [FULL_SPACE.sample(rng) for _ in range(GENOMES)]
    for individual in individuals:
        individual.fitness.values = (rng.random(),)
    pool = [gene for individual in individuals for gene in individual[:-1]]
    toolbox = make_toolbox(FULL_SPACE, lambda genome: (0.0,))
    ours: dict[str, tuple[Callable[..., Any], Callable[..., Any], str]] = {
        "cx_one_point": (
            pairs(lambda a, b: cx_one_point(a, b, space=FULL_SPACE, rng=rng)),
            pairs(tools.cxOnePoint),
            "cxOnePoint",
        ),
        "cx_one_point_reject": (
            pairs(lambda a, b: cx_one_point_reject(a, b, space=FULL_SPACE, rng=rng)),
            pairs(tools.cxOnePoint),
            "cxOnePoint",
        ),
        "mut_gene": (
            each(lambda a: mut_gene(a, space=FULL_SPACE, rng=rng)),
            each(lambda a: tools.mutShuffleIndexes(a, indpb=0.2)),
            "mutShuffleIndexes",
        ),
        "mut_pool": (
            each(lambda a: mut_pool(a, space=FULL_SPACE, pool=lambda: pool, rng=rng)),
            each(lambda a: tools.mutShuffleIndexes(a, indpb=0.2)),
            "mutShuffleIndexes",
        ),
        "sel_roulette": (
            lambda inds: sel_roulette(inds, GENOMES, rng=rng),
            lambda inds: tools.selRoulette(inds, GENOMES),
            "selRoulette",
        ),
    }
    rows = []
    for name, (mine, deaps, which) in ours.items():
        seconds: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for side, run in enumerate((mine, deaps)):
                clones = [toolbox.clone(individual) for individual in individuals]
                start = time.perf_counter()
                run(clones)
                seconds[side].append(time.perf_counter() - start)
        ours_us, deaps_us = (1e6 * statistics.median(s) / GENOMES for s in seconds)
        rows.append(
            {
                "operator": name,
                "microseconds_per_individual": ours_us,
                "deap_operator": which,
                "deap_microseconds": deaps_us,
                "ratio": ours_us / deaps_us,
            }
        )
    return rows


def pairs(operator: Callable[..., Any]) -> Callable[..., Any]:
    def run(individuals: list[Any]) -> None:
        for a, b in zip(individuals[::2], individuals[1::2]):
            operator(a, b)

    return run


def each(operator: Callable[..., Any]) -> Callable[..., Any]:
    def run(individuals: list[Any]) -> None:
        for individual in individuals:
            operator(individual)

    return run


def generation_row(space: Any) -> dict[str, Any]:
    """Milliseconds per individual and generation of the whole loop, evaluator included."""
    rng = random.Random(1)
    toolbox = make_toolbox(space, lambda genome: (1e5 / count_params(genome),), rng=rng)
    population = toolbox.population(n=POPULATION)
    start = time.perf_counter()
    ea_generational(population, toolbox, 0.9, 0.2, GENERATIONS, elitism=1, rng=rng)
    milliseconds = 1e3 * (time.perf_counter() - start) / POPULATION / (GENERATIONS + 1)
    return {"population": POPULATION, "milliseconds_per_individual": milliseconds}


if __name__ == "__main__":
    main()
