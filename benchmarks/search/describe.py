"""Tables and figures of the searches that are there: in seconds, from their CSV files and journals.

    python -m benchmarks.search.describe

Of rivals and attribution each, writes results/search/NAME.csv (a row a search), NAME_course.csv
(both measures over time), NAME_compared.csv (ours against each other one), and the figures
NAME_hypervolume and NAME_best_fitness. Of finalists.csv it draws finalists.svg and finalists.png.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common import write_csv
from benchmarks.search import attribution, ours, rivals
from benchmarks.search.measures import MEASURES, compared, course, summary
from benchmarks.search.plan import OUT, REFERENCE, REPORT
from deap_nas.report.figure import (
    CYCLE,
    DASHES,
    RED,
    Figure,
    new_canvas,
    params_axis,
    styled,
    write_figure,
)
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.record import read_run
from deap_nas.words import noun

Found = tuple[dict[str, Any], pd.DataFrame, float]  # about a search, its trials, its seconds
LABELS = {
    "hypervolume": f"hypervolume beyond accuracy {REFERENCE[0]:g}, {REFERENCE[1]:,} parameters",
    "best_fitness": "best validation fitness so far",
}


def of_rivals(out: Path) -> Iterator[Found]:
    """The searches of the contest that ended, ours first."""
    paths = sorted((out / "rivals").glob("*/*.json"))
    there = [(json.loads(path.read_text()), path) for path in paths]
    for made, path in sorted(there, key=lambda each: rivals.WHO.index(each[0]["who"])):
        group = f"{made['space']} space, engine {made['engine']}"
        about = {"group": group, "name": made["who"], "seed": made["seed"]}
        yield about, pd.read_csv(path.with_suffix(".csv")), 60 * made["minutes"]


def of_attribution(out: Path) -> Iterator[Found]:
    """Our searches with one thing changed, with what each took home; none before there is one."""
    found = attribution.searches(out) if (out / "attribution").exists() else ()
    for space, name, seed, folder in found:
        if RunDirectory(folder).finished() and RunDirectory(folder).journal.exists():
            record = read_run(folder)
            about = {"group": f"{space} space", "name": name, "seed": seed}
            home = attribution.taken_home(record)
            yield {**about, **home}, ours.trials(record), float(record.settings["time_budget"])


def describe(name: str, found: list[Found], first: str, out: Path) -> None:
    """Write the tables and figures of some searches.

    Args:
        name: of the files.
        found: the searches.
        first: the name of the one that the others are compared with.
        out: the folder.
    """
    rows = pd.DataFrame([{**about, **summary(t, seconds)} for about, t, seconds in found])
    courses = pd.concat(
        [course(t, seconds).assign(**{k: about[k] for k in KEY}) for about, t, seconds in found]
    )
    write_csv(rows, out / f"{name}.csv")
    write_csv(courses[[*KEY, "seconds", *MEASURES]], out / f"{name}_course.csv")
    write_csv(compared(rows, first), out / f"{name}_compared.csv")
    for measure in MEASURES:
        write_figure(draw(courses, measure, f"{name}_{measure}"), out)


KEY = ["group", "name", "seed"]


@styled
def draw(courses: pd.DataFrame, measure: str, name: str) -> Figure:
    """The median of each search over its seeds, and the range; a panel a group."""
    groups = sorted(set(courses["group"]))
    names = list(dict.fromkeys(courses["name"]))
    size = {"width": 4.7 * len(groups), "height": 3.9, "columns": len(groups)}
    canvas, axes = new_canvas(**size, squeeze=False, sharey=True)
    for ax, group in zip(axes[0], groups):
        for i, each in enumerate(names):
            there = courses[(courses["group"] == group) & (courses["name"] == each)]
            if there.empty:
                continue
            of = there.groupby("seconds")[measure]
            low, middle, high = of.min(), of.median(), of.max()
            look = {"color": CYCLE[i % len(CYCLE)], "ls": DASHES[i // len(CYCLE) % len(DASHES)]}
            label = each if ax is axes[0][0] else None
            ax.plot(middle.index / 60, middle, label=label, lw=1.6, **look)
            ax.fill_between(low.index / 60, low, high, color=look["color"], alpha=0.12, lw=0)
        ax.set(xlabel="minutes", title=group)
    axes[0][0].set(ylabel=measure.replace("_", " "))
    canvas.legend(loc="outside upper left", ncols=4, borderaxespad=0)
    alt = f"Line chart: {LABELS[measure]} over minutes, of {', '.join(names)}."
    return Figure(name, canvas, LABELS[measure], alt, wide=len(groups) > 1)


@styled
def draw_finalists(table: pd.DataFrame) -> Figure:
    """The finalists of all searches, a colour a kind, beside the report's networks."""
    canvas, ax = new_canvas(height=3.6)
    kinds = table["each_size"].gt(0).map({False: "a front", True: "each size"})
    for i, ((space, kind), each) in enumerate(table.groupby(["space", kinds], sort=False)):
        n = each["search_seed"].nunique()
        label = f"{space} space, searches for {kind}, {n} {noun(n, 'seed')}"
        accuracies = 100 * each["test_accuracy_mean"], 100 * each["test_accuracy_std"]
        look = {"fmt": "o", "ms": 4.5, "lw": 1.1, "color": CYCLE[i]}
        ax.errorbar(each["n_params"], accuracies[0], accuracies[1], label=label, **look)
    there = [(each.n_params, 100 * each.accuracy) for each in REPORT]
    ax.plot(*zip(*there), "X", color=RED, ms=7, label="the report's networks")
    params_axis(ax, [*table["n_params"], *(each.n_params for each in REPORT)])
    ax.set(ylabel="test accuracy, %")
    canvas.legend(loc="outside upper left", borderaxespad=0)
    alt = "Scatter chart: test accuracy over parameters of finalists, above the report's networks."
    title = "What the command finds, beside the report"
    return Figure("finalists", canvas, title, alt)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT, help="(default: %(default)s)")
    out = parser.parse_args(argv).out
    parts = {
        "rivals": (list(of_rivals(out)), rivals.OURS),
        "attribution": (list(of_attribution(out)), attribution.WHOLE),
    }
    for name, (found, first) in parts.items():
        if found:
            describe(name, found, first, out)
        print(f"{name}: {len(found)} searches in {out}")
    if (out / "finalists.csv").exists():
        write_figure(draw_finalists(pd.read_csv(out / "finalists.csv")), out)


if __name__ == "__main__":
    main()
