"""What the genetic algorithm itself costs: each operator beside DEAP's own, and a whole generation.

    python benchmarks/operator_speed.py    # about a minute

Writes results/operator_speed/operators.csv, generation.csv, budgets.csv and run.json. Operators are
timed in turns with DEAP's on the same genomes, clones of which are made outside the clock; a
generation is population 1,000 with a table look-up as evaluator. With budgets, a child is one of
two of a uniform crossover, mutated by the mixture, as in a search; the time is the processor's.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pandas as pd
from common import RESULTS, make_parser, provenance, save
from deap import tools

from deap_nas import (
    ACTIVATIONS,
    FULL_SPACE,
    PAPER_SPACE,
    SearchSpace,
    count_params,
    ea_generational,
    make_toolbox,
)
from deap_nas.operators import (
    cx_one_point,
    cx_one_point_reject,
    cx_uniform,
    mut_gene,
    mut_mixture,
    mut_pool,
    sel_roulette,
)

GENOMES, ROUNDS, GENERATIONS, POPULATION = 1000, 5, 10, 1000
CHILDREN, SHARES = 2000, 2000


def main() -> None:
    arguments = make_parser(__doc__, RESULTS / "operator_speed").parse_args()
    measured_with = provenance()
    operators = pd.DataFrame(operator_rows())
    generation = pd.DataFrame(
        [{"space": name, **generation_row(space)} for name, space in SPACES.items()]
    )
    budgets = pd.DataFrame(map(budget_row, TIGHT))
    save(arguments.out, measured_with, operators=operators, generation=generation, budgets=budgets)
    for table in (operators, generation, budgets):
        print(table.to_string(index=False), end="\n\n")


SPACES = {"PAPER_SPACE": PAPER_SPACE, "FULL_SPACE": FULL_SPACE}


VALUES = {"filters": range(4, 65, 4), "kernel": (3, 5)}
CONVOLUTIONS = SearchSpace(
    layers=dict.fromkeys(("CB", "CR", "SB"), VALUES), heads="GP", depth=(6, 8), reductions=(0, 3)
)
TIGHT = (
    {},
    {"max_params": 1000},
    {"max_multiply_adds": 60_000},
    {"max_ram": 3000, "max_flash": 6_500},
    {"max_multiply_adds": 100_000, "max_params": 1300},
    {"max_multiply_adds": 90_000, "max_params": 1500, "max_ram": 4000, "max_flash": 6_500},
)


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


def budget_row(budgets: dict[str, int]) -> dict[str, Any]:
    """Milliseconds a child, and what share of the draws without budgets is within them."""
    space, rng = replace(CONVOLUTIONS, **budgets), random.Random(1)
    population = [space.sample(rng) for _ in range(CHILDREN // 10)]
    seconds = []
    for _ in range(CHILDREN // 2):
        a, b = map(list, rng.sample(population, 2))
        start = time.process_time()
        for child in cx_uniform(a, b, space=space, rng=rng):
            mut_mixture(child, space=space, rng=rng)
        seconds.append((time.process_time() - start) / 2)
        population[rng.randrange(len(population))] = a
    return {
        "budgets": ", ".join(f"{name} {most}" for name, most in budgets.items()) or "none",
        "share_of_free_draws": share_within(space),
        "milliseconds_per_child": 1e3 * statistics.fmean(seconds),
        "slowest_hundredth": 1e3 * statistics.quantiles(seconds, n=100)[-1],
    }


class Noting(random.Random):
    """Notes how likely it was to draw what it drew."""

    chance = 1.0

    def choice(self, seq: Any) -> Any:
        self.chance /= len(seq)
        return super().choice(seq)

    def choices(self, population: Any, weights: Any) -> Any:  # type: ignore[override]
        (drawn,) = super().choices(population, weights)
        self.chance *= weights[population.index(drawn)] / sum(weights)
        return [drawn]


def share_within(space: SearchSpace) -> float:
    """How likely a draw without budgets is to be within them, by importance: genomes are drawn with
    budgets. Without them all fits in ``CONVOLUTIONS``, and all orders of a depth are as likely."""
    rng, shares = Noting(2), []
    orders = Counter()
    for kinds in (k for n in (6, 7, 8) for k in product((0, 1, 0), repeat=n) if sum(k) <= 3):
        orders[len(kinds)] += 1
    genes = len(VALUES["filters"]) * len(VALUES["kernel"]) * len(ACTIVATIONS)
    for _ in range(SHARES):
        rng.chance = 1.0
        n = len(space.sample(rng)) - 1
        shares.append(1 / len(orders) / orders[n] / genes**n / rng.chance)
    return statistics.fmean(shares)


if __name__ == "__main__":
    main()
