"""Describe what scaling.py and dask_overhead.py found: results/scaling/README.md.

python benchmarks/describe_scaling.py    # at once; reads the committed CSV and JSON files
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from common import RESULTS
from pages import render
from scaling_worlds import TARGET, Measured

from deap_nas.files import write_whole

OUT = RESULTS / "scaling"
Found = dict[str, Any]  # every CSV and JSON file of the results, by its name


def read(scaling: Path = OUT, dask: Path = RESULTS / "dask") -> Found:
    names = {scaling: ("scaling", "check"), dask: ("lookups", "efficiency")}
    return {
        **{n: pd.read_csv(folder / f"{n}.csv") for folder, each in names.items() for n in each},
        "made": json.loads((scaling / "run.json").read_text()),
        "measured": json.loads((dask / "run.json").read_text()),
    }


def build(found: Found) -> str:
    """The page, a pure function of the results."""
    template = Path(__file__).with_suffix(".md.j2")
    return render(template, **found, tables=sys.modules[__name__], numbers=numbers(found))


def numbers(found: Found) -> dict[str, float]:
    """What the page's sentences say."""
    table, ratio, lookups = found["scaling"], found["check"]["ratio"], found["lookups"]
    longest = lookups["began_at"] == lookups["began_at"].mode()[0]
    mib = lookups["parent_mib"][longest]
    one = table[(table["workers"] == 1) & (table["world"] == "calm")].iloc[0]
    training = one["utilisation"] * one["seconds"] / one["trainings"]
    most = table["workers"].max()
    speed = found["efficiency"].groupby("backend")["trainings_a_minute"].median()
    return {
        "most": most,
        "target": TARGET,
        "training": training,
        "longest": Measured().longest,
        "overhead": one["overhead"],
        "limit": training / one["overhead"],
        "lowest_ratio": ratio.min(),
        "highest_ratio": ratio.max(),
        "lookups": lookups["lookups"].max(),
        "lookup": lookups["milliseconds_each"].median(),
        "in_one": 1000 * len(mib),
        "first_mib": mib.iloc[0],
        "last_mib": mib.iloc[-1],
        "efficiency": speed["dask"] / speed["local"],
    }


def share(table: pd.DataFrame, loop: str, workers: int, world: str = "calm") -> float:
    """Of the workers' time that goes into trainings."""
    rows = table.set_index(["loop", "workers", "world"])
    return float(rows.loc[(loop, workers, world), "utilisation"])


def wide(table: pd.DataFrame, values: str, form: str) -> pd.DataFrame:
    """A row a number of workers, a column a world and loop."""
    cells = table.pivot_table(index="workers", columns=["world", "loop"], values=values, sort=False)
    named = cells.sort_index().map(f"{{:{form}}}".format)
    named.columns = [f"{world}, {loop.replace('_', ' ')}" for world, loop in cells.columns]
    return named.reset_index()


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    write_whole(OUT / "README.md", build(read()))
    print(OUT / "README.md")


if __name__ == "__main__":
    main()
