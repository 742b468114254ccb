"""The command as it is, against what was aimed at: three search seeds, two spaces.

    python -m benchmarks.search.targets                 # six searches of ten minutes
    python -m benchmarks.search.targets --only-tables   # of those that are there

Writes results/search/runs/SPACE-SEED (a run each, gone on with where it was stopped);
finalists.csv, a row a finalist, on the test set the mean of its trainings; and targets.csv: of each
search, the best finalist of at most so many parameters (the best on validation images), beside the
target, the report, and what was drawn by hand.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common import write_csv
from benchmarks.pages import command
from benchmarks.search.plan import (
    BEST_FITNESS,
    OUT,
    REPORT,
    SEEDS,
    SPACES,
    TARGETS,
    Target,
    search_flags,
)
from benchmarks.search.runs import go, make_parser, minutes_of
from deap_nas.runs.directory import RunDirectory

SEARCHES = SEEDS[:3]


def main(argv: list[str] | None = None) -> int:
    parser = make_parser(__doc__, OUT, SEARCHES, SPACES)
    parser.add_argument("--only-tables", action="store_true", help="of the searches that are there")
    arguments = parser.parse_args(argv)
    minutes = minutes_of(parser, arguments)
    for seed, space in itertools.product(arguments.seed, arguments.space):
        flags = search_flags(space, seed, minutes, **arguments.changes)
        folder = folder_of(arguments.out, space, seed)
        if not arguments.only_tables and (status := go(folder, flags, page=not arguments.quick)):
            return status
    write_tables(arguments.out)
    return 0


def folder_of(out: Path, space: str, seed: int) -> Path:
    return out / "runs" / f"{space}-{seed}"


def write_tables(out: Path) -> None:
    """finalists.csv and targets.csv, of the searches that are finished."""
    there = [
        (space, int(path.name.rpartition("-")[2]), path)
        for space in SPACES
        for path in sorted((out / "runs").glob(f"{space}-*"))
        if RunDirectory(path).finished() and RunDirectory(path).finalists.exists()
    ]
    found = {(space, seed): finalists(space, seed, path) for space, seed, path in there}
    if not found:
        print(f"no search with finalists is finished in {out / 'runs'}")
        return
    columns = [name for name in next(iter(found.values())) if name != "accuracy_mean"]
    write_csv(pd.concat(found.values())[columns], out / "finalists.csv")
    table = pd.concat([against(space, seed, each) for (space, seed), each in found.items()])
    write_csv(table, out / "targets.csv")
    print(table.to_string(index=False))


def finalists(space: str, seed: int, folder: Path) -> pd.DataFrame:
    """The finalists of a search: ``space genome n_params test_accuracy_mean test_accuracy_std
    seeds``, how they did on validation images, and what the search was made with."""
    directory = RunDirectory(folder)
    made = json.loads((folder / "run.json").read_text())
    result = json.loads(directory.result.read_text())
    table = pd.read_csv(directory.finalists).assign(space=space)
    columns = ["space", "genome", "n_params", "test_accuracy_mean", "test_accuracy_std", "seeds"]
    return table[[*columns, "chosen", "accuracy_mean"]].assign(
        search_seed=seed,
        command=command(made),
        commit=made["commit"],
        machine=made["machine"]["processor"],
        seconds=result["seconds"],
    )


def against(space: str, seed: int, table: pd.DataFrame) -> pd.DataFrame:
    """A search's finalists against the targets: a row each, and two more: the best fitness, and the
    report's networks, of which all four should be dominated."""
    rows = [_row(space, seed, target, best_below(table, target.n_params)) for target in TARGETS]
    by_fitness = table.assign(fitness=_fitness(table, "accuracy_mean"))
    best = by_fitness.loc[by_fitness["fitness"].idxmax()]
    reached = float(_fitness(best.to_frame().T, "test_accuracy_mean").iloc[0])
    rows.append({**_row(space, seed, BEST_FITNESS, best, reached), "what": "best fitness"})
    n = sum(bool(dominates(table, each)) for each in REPORT)
    last = {"what": "of the report's networks dominated", "target": len(REPORT), "reached": n}
    rows.append({"space": space, "search_seed": seed, **last, "short_by": len(REPORT) - n})
    return pd.DataFrame(rows)


def best_below(table: pd.DataFrame, n_params: int) -> pd.Series[Any] | None:
    """The finalist of at most so many parameters that is best on validation images."""
    small = table[table["n_params"] <= n_params]
    return small.loc[small["accuracy_mean"].idxmax()] if len(small) else None


def dominates(table: pd.DataFrame, network: Any) -> bool:
    """Whether some finalist is as small and as accurate on test images as a network of the report,
    and better in one of these."""
    small = table["n_params"] <= network.n_params
    good = table["test_accuracy_mean"] >= network.accuracy
    more = table["test_accuracy_mean"] > network.accuracy
    return bool((small & good & (more | (table["n_params"] < network.n_params))).any())


def _fitness(table: pd.DataFrame, column: str) -> pd.Series[float]:
    sizes = table["n_params"].astype(float).map(math.log)
    return 100 * table[column].astype(float) / sizes


def _row(
    space: str, seed: int, target: Target, best: Any, reached: float | None = None
) -> dict[str, Any]:
    """``short_by`` is 0 or less where the target is met; empty where there is none."""
    if best is not None and reached is None:
        reached = float(best["test_accuracy_mean"])
    aim = target.aims.get(space)
    missing = aim is None or reached is None
    return {
        "space": space,
        "search_seed": seed,
        "what": f"accuracy, at most {target.n_params} parameters",
        "report": target.report,
        "by_hand": target.by_hand,
        "target": aim,
        "reached": reached,
        "short_by": None if missing else aim - reached,
        "n_params": None if best is None else int(best["n_params"]),
        "genome": None if best is None else best["genome"],
    }


if __name__ == "__main__":
    sys.exit(main())
