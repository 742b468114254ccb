"""Would another search have found as good ones? True means of what searches took home.

    python -m benchmarks.search.repeated           # half an hour; gone on with where it was stopped

Each finalist of the searches in results/search/runs (``benchmarks.search.targets``) is trained ten
times more by its search's recipe for finalists, with train seeds that no search had, and scored on
the test set. Writes means.csv, a row a finalist, as the trainings end; and apart.csv: for each two
searches of a space, how far their fronts are apart, in accuracy, where they have sizes in common.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.common import gone_on, provenance, read, save
from benchmarks.search.plan import OUT, SPACES
from benchmarks.tested import make_workers
from deap_nas import load_dataset
from deap_nas.evaluation.workers import Task
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.presets import make_settings
from deap_nas.runs.settings import data_options

FIRST_SEED = 100  # finalists have 1000, 2000, ..., and a search has 0
SIZES = 50  # at which two fronts are compared


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="trainings of each (default 10)")
    parser.add_argument("--runs", type=Path, default=OUT / "runs", help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT / "repeated", help="(default: %(default)s)")
    arguments = parser.parse_args(argv)
    made = gone_on(arguments.out, provenance())
    rows = read(arguments.out / "means.csv")
    done = {(row["space"], row["search_seed"], row["genome"]) for row in rows}
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.seeds)
    for space, search_seed, folder in searches(arguments.runs):
        for genome, n_params in finalists(folder):
            if (space, search_seed, genome) in done:
                continue
            accuracies = trained(folder, genome, seeds)
            rows.append(
                {
                    **{"space": space, "search_seed": search_seed},
                    **{"genome": genome, "n_params": n_params, "seeds": len(accuracies)},
                    "test_accuracy_mean": fmean(accuracies),
                    "test_accuracy_std": stdev(accuracies),
                }
            )
            means = pd.DataFrame(rows)
            save(arguments.out, made, means=means, apart=apart(means))
            print(space, search_seed, genome, f"{rows[-1]['test_accuracy_mean']:.4f}", flush=True)
    return 0


def searches(runs: Path) -> Iterator[tuple[str, int, Path]]:
    """Those for a front that are finished: space, seed and folder."""
    for space in SPACES:
        for path in sorted(runs.glob(f"{space}-[0-9]")):
            if RunDirectory(path).finished():
                yield space, int(path.name.rpartition("-")[2]), path


def finalists(folder: Path) -> list[tuple[str, int]]:
    """Genome and parameters of each, from small to large."""
    table = pd.read_csv(RunDirectory(folder).finalists).sort_values("n_params")
    return list(zip(map(str, table["genome"]), map(int, table["n_params"])))


def trained(folder: Path, genome: str, seeds: Iterable[int]) -> list[float]:
    """Test accuracies of a genome trained as the run's finalists were."""
    settings = make_settings(None, RunDirectory(folder).config)
    recipe = settings.make_final_recipe()
    dataset = load_dataset(settings.dataset, **data_options(vars(settings)))
    tasks = [Task((genome, seed), "train_tested", (genome, recipe, seed)) for seed in seeds]
    with make_workers(dataset, settings.split) as workers:
        outcomes = [outcome for _, outcome in workers.run(tasks)]
    return [outcome.value[1] for outcome in outcomes if outcome.status == "ok"]


def apart(means: pd.DataFrame) -> pd.DataFrame:
    """How far two searches' fronts are apart, at sizes that both have: between two networks of a
    front, accuracy grows with the logarithm of the parameters."""
    rows = []
    for space, each in means.groupby("space", sort=False):
        fronts = {seed: front(found) for seed, found in each.groupby("search_seed")}
        for (a, one), (b, other) in itertools.combinations(fronts.items(), 2):
            low, high = max(one[0][0], other[0][0]), min(one[0][-1], other[0][-1])
            if low < high:
                at = np.linspace(low, high, SIZES)
                gaps = np.abs(np.interp(at, *one) - np.interp(at, *other))
                about = {"space": space, "one": a, "other": b, "from_params": math.exp(low)}
                gap = {"mean_gap": gaps.mean(), "largest_gap": gaps.max()}
                rows.append({**about, "to_params": math.exp(high), **gap})
    return pd.DataFrame(rows)


def front(found: pd.DataFrame) -> tuple[Any, Any]:
    """Logarithms of parameters, and the best mean accuracy of at most so many."""
    ordered = found.sort_values("n_params")
    return np.log(ordered["n_params"].to_numpy(float)), np.maximum.accumulate(
        ordered["test_accuracy_mean"].to_numpy(float)
    )


if __name__ == "__main__":
    sys.exit(main())
