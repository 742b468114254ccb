"""Networks for boards: the best in int8 under three budgets of flash and RAM.

    python -m benchmarks.search.boards                  # nine searches of 10 to 28 minutes
    python -m benchmarks.search.boards --only-tables    # of those that are there

Full Fashion-MNIST, the wide space, the fitness accuracy: a budget alone limits the size. Finalists
are scored in int8, and these scores choose. Writes results/device/runs/BUDGET-SEED (a run each,
gone on with where it was stopped); finalists.csv, a row a finalist; and targets.csv: of each
search, the network that it chose, its accuracy on the test set in int8 and in float32, the mean of
its trainings, beside what was aimed at.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from benchmarks.common import RESULTS, write_csv
from benchmarks.search.plan import DATASET, FOREVER
from benchmarks.search.runs import go, read_finalists
from deap_nas.runs.directory import RunDirectory

OUT = RESULTS / "device"
SEEDS = (0, 1, 2)
KIB = 1024


class Budget(NamedTuple):
    """What a network may have, and what is aimed at.

    Args:
        flash: KiB of the int8 model.
        ram: KiB of its tensors.
        aim: test accuracy in int8, in [0, 1].
        minutes: after which a search begins no training.
        changes: settings that fit the time that networks of this size take to train.
    """

    flash: int
    ram: int
    aim: float
    minutes: float
    changes: dict[str, Any]


BUDGETS = {
    "4-4": Budget(
        4, 4, 0.88, 10, {"max_multiply_adds": 600_000, "finalists": 4, "final_epochs": 50}
    ),
    # After fewer epochs, networks that learn fast pass for better ones, the more the larger.
    "16-8": Budget(
        *(16, 8, 0.92, 26),
        {"max_multiply_adds": 800_000, "epochs": 4, "finalists": 3, "final_epochs": 50},
    ),
    "64-32": Budget(
        *(64, 32, 0.935, 28),
        {
            **{"max_multiply_adds": 1_000_000, "epochs": 4, "flips": True},
            **{"label_smoothing": 0.05, "finalists": 2, "final_epochs": 40},
        },
    ),
}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--budget", nargs="+", choices=BUDGETS, default=list(BUDGETS))
    parser.add_argument("--seed", nargs="+", type=int, default=list(SEEDS), metavar="N")
    parser.add_argument("--out", type=Path, default=OUT, help="(default: %(default)s)")
    parser.add_argument("--only-tables", action="store_true", help="of the searches that are there")
    arguments = parser.parse_args(argv)
    for name, seed in itertools.product(arguments.budget, arguments.seed):
        folder = arguments.out / "runs" / f"{name}-{seed}"
        if not arguments.only_tables and (status := go(folder, flags_of(name, seed), page=True)):
            return status
    write_tables(arguments.out)
    return 0


def flags_of(name: str, seed: int) -> dict[str, Any]:
    """Settings of the search under a budget, besides those of the preset."""
    budget = BUDGETS[name]
    about = {"dataset": DATASET, "space": "wide", "seed": seed, "cache": None}
    sizes = {"max_flash": KIB * budget.flash, "max_ram": KIB * budget.ram, "max_params": 10**6}
    fitness = {"fitness": "accuracy", "small_enough": 0}
    # Where cost counts whole, smaller networks than fit are chosen (results/device).
    choice = {"first": "spread", "per_cost": 0.5}
    ends = {"time_budget": 60 * budget.minutes, "generations": FOREVER, "final_seeds": 2}
    return {**about, **sizes, **fitness, **choice, **ends, **budget.changes}


def write_tables(out: Path) -> None:
    """finalists.csv and targets.csv, of the searches that are finished."""
    runs = {
        (name, seed): out / "runs" / f"{name}-{seed}"
        for name, seed in itertools.product(BUDGETS, SEEDS)
    }
    found = [
        finalists(name, seed, folder)
        for (name, seed), folder in runs.items()
        if RunDirectory(folder).finished() and RunDirectory(folder).finalists.exists()
    ]
    if not found:
        print(f"no search with finalists is finished in {out / 'runs'}")
        return
    table = pd.concat(found)
    write_csv(table, out / "finalists.csv")
    chosen = table[table["chosen"]].drop(columns="chosen")
    aims = chosen["budget"].map(lambda name: BUDGETS[name].aim)
    chosen.insert(2, "aim", aims)
    chosen.insert(3, "short_by", aims - chosen["int8_test_accuracy_mean"])
    write_csv(chosen, out / "targets.csv")
    means = ["aim", "int8_test_accuracy_mean", "test_accuracy_mean", "short_by", "seconds"]
    print(chosen.groupby("budget", sort=False)[means].mean().to_string())


def finalists(name: str, seed: int, folder: Path) -> pd.DataFrame:
    """The finalists of a search, and what it was made with."""
    table = read_finalists(folder).drop(columns="fitness")
    table.insert(0, "budget", name)
    table.insert(1, "search_seed", seed)
    return table


if __name__ == "__main__":
    sys.exit(main())
