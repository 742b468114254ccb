"""The command as it is, against what was aimed at: three search seeds, two spaces.

    python -m benchmarks.search.targets               # six searches of ten minutes, for a front
    python -m benchmarks.search.targets --each-size   # 27 for the best network of one size
    python -m benchmarks.search.targets --only-tables # of those that are there

Writes results/search/runs/SPACE-SEED, and SPACE-SIZE-SEED of the others (a run each, gone on with
where it was stopped); finalists.csv, a row a finalist, on the test set the mean of its trainings;
and targets.csv: of a search, or of those of each size together, the best finalist of at most so
many parameters (the best on validation images), beside the target, the report, and what was drawn
by hand.
"""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common import write_csv
from benchmarks.search.plan import (
    BEST_FITNESS,
    MINUTES,
    OF_A_SIZE,
    OUT,
    REPORT,
    SEEDS,
    SIZES,
    SPACES,
    TARGETS,
    Target,
    search_flags,
)
from benchmarks.search.runs import go, make_parser, minutes_of, read_finalists
from deap_nas.runs.directory import RunDirectory

SEARCHES = SEEDS[:3]


def main(argv: list[str] | None = None) -> int:
    parser = make_parser(__doc__, OUT, SEARCHES, SPACES)
    parser.add_argument("--each-size", action="store_true", help="a search of each size alone")
    parser.add_argument("--only-tables", action="store_true", help="of the searches that are there")
    arguments = parser.parse_args(argv)
    minutes = minutes_of(parser, arguments)
    for seed, space in itertools.product(arguments.seed, arguments.space):
        found = searches(space, seed, minutes, each_size=arguments.each_size)
        for name, flags in {} if arguments.only_tables else found.items():
            folder, flags = arguments.out / "runs" / name, {**flags, **arguments.changes}
            if status := go(folder, flags, page=not arguments.quick):
                return status
    write_tables(arguments.out)
    return 0


def searches(
    space: str, seed: int, minutes: float = MINUTES, *, each_size: bool
) -> dict[str, dict[str, Any]]:
    """What searches are told, by the names of their folders: one for a front, or one of each size
    that there is a target of."""
    if not each_size:
        return {front_of(Path(), space, seed).name: search_flags(space, seed, minutes)}
    sizes = [target.n_params for target in TARGETS if space in target.aims]
    return {
        f"{space}-{n}-{seed}": search_flags(space, seed, SIZES[n], max_params=n, **OF_A_SIZE)
        for n in sizes
    }


def front_of(out: Path, space: str, seed: int) -> Path:
    """The folder of a search for a front."""
    return out / "runs" / f"{space}-{seed}"


def write_tables(out: Path) -> None:
    """finalists.csv and targets.csv, of the searches that are finished."""
    kinds = itertools.product(SPACES, SEEDS, (False, True))
    found = [finalists(out, *kind) for kind in kinds]
    found = [table for table in found if len(table)]
    if not found:
        print(f"no search with finalists is finished in {out / 'runs'}")
        return
    write_csv(pd.concat(found).drop(columns="accuracy_mean"), out / "finalists.csv")
    table = pd.concat(map(against, found))
    write_csv(table, out / "targets.csv")
    print(table.to_string(index=False))


def finalists(out: Path, space: str, seed: int, each_size: bool) -> pd.DataFrame:
    """The finalists of a search, or of those of each size, that are finished: ``space genome
    n_params test_accuracy_mean test_accuracy_std seeds``, how they did on validation images, and
    what the searches were made with; ``each_size`` as a number of parameters, 0 for a front."""
    there = [out / "runs" / name for name in searches(space, seed, each_size=each_size)]
    tables = [
        read_finalists(path).assign(each_size=int(each_size and path.name.split("-")[1]))
        for path in there
        if RunDirectory(path).finished() and RunDirectory(path).finalists.exists()
    ]
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables).assign(space=space, search_seed=seed)
    columns = ["space", "genome", "n_params", "test_accuracy_mean", "test_accuracy_std", "seeds"]
    columns += ["chosen", "accuracy_mean", "search_seed", "each_size", "minutes"]
    return table[[*columns, "command", "commit", "machine", "seconds"]]


def against(table: pd.DataFrame) -> pd.DataFrame:
    """A search's finalists against the targets: a row each, and two more: the best fitness, and the
    report's networks, of which all four should be dominated."""
    space = str(table["space"].iloc[0])
    about = {name: table[name].iloc[0] for name in ("space", "search_seed")}
    by_size = table.groupby("each_size")["minutes"].first()
    about |= {"searches": len(by_size), "minutes": by_size.sum()}
    rows = [_row(space, target, best_below(table, target.n_params)) for target in TARGETS]
    by_fitness = table.assign(fitness=_fitness(table, "accuracy_mean"))
    best = by_fitness.loc[by_fitness["fitness"].idxmax()]
    reached = float(_fitness(best.to_frame().T, "test_accuracy_mean").iloc[0])
    rows.append({**_row(space, BEST_FITNESS, best, reached), "what": "best fitness"})
    n = sum(bool(dominates(table, each)) for each in REPORT)
    last = {"what": "of the report's networks dominated", "target": len(REPORT), "reached": n}
    rows.append({**last, "short_by": len(REPORT) - n})
    return pd.DataFrame([{**about, **row} for row in rows])


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


def _row(space: str, target: Target, best: Any, reached: float | None = None) -> dict[str, Any]:
    """``short_by`` is 0 or less where the target is met; empty where there is none."""
    if best is not None and reached is None:
        reached = float(best["test_accuracy_mean"])
    aim = target.aims.get(space)
    missing = aim is None or reached is None
    return {
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
