"""The figures of a comparison: each search has a colour, a marker and a dash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from deap_nas.report.figure import (
    CYCLE,
    DASHES,
    HEIGHT,
    INK,
    MARKERS,
    Figure,
    new_canvas,
    params_axis,
    styled,
    whole_axis,
)
from deap_nas.words import counted


def look(i: int) -> dict[str, Any]:
    """Colour, marker and dash of search ``i``; beyond six they come again in other pairs."""
    return {
        "c": CYCLE[i % len(CYCLE)],
        "marker": MARKERS[(i + i // len(CYCLE)) % len(MARKERS)],
        "ls": DASHES[(i + i // len(CYCLE)) % len(DASHES)],
    }


@styled
def fronts_figure(rows: pd.DataFrame, searches: Sequence[str]) -> Figure:
    """The Pareto front of each run."""
    canvas, ax = new_canvas(height=HEIGHT + 0.22 * len(searches))
    front = rows[rows["front"]]
    dots = {}
    for i, search in enumerate(searches):
        mine = front[front["search"] == search]
        style = look(i)
        for _, run in mine.groupby("run", sort=False):
            run = run.sort_values("n_params")
            line = {"c": style["c"], "ls": style["ls"]}
            ax.step(run["n_params"], run["accuracy"], where="post", lw=1.1, alpha=0.7, **line)
        marks = {"c": style["c"], "marker": style["marker"], "gid": f"search-{i}"}
        ax.scatter(mine["n_params"], mine["accuracy"], s=30, label=search, **marks)
        ax.collections[-1].set(edgecolor=INK, linewidth=0.5)
        dots[f"search-{i}"] = mine.index.tolist()
    ax.set_ylabel("accuracy")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    params_axis(ax, front["n_params"].tolist())
    _legend(canvas)
    return Figure(
        "fronts",
        canvas,
        "Pareto fronts",
        f"Accuracy against parameters: the front of each run, {counted(len(front), 'network')} of "
        f"{counted(len(searches), 'search', 'searches')}.",
        dots,
    )


@styled
def progress_figure(curves: dict[str, list[pd.DataFrame]]) -> Figure:
    """The best fitness so far against evaluations: mean and standard deviation of repeats."""
    canvas, ax = new_canvas(height=HEIGHT + 0.22 * len(curves))
    for i, (search, tables) in enumerate(curves.items()):
        tables = [table for table in tables if len(table)]
        if not tables:
            continue
        n = min(len(table) for table in tables)
        best = np.array([table["best_so_far"].to_numpy()[:n] for table in tables])
        x, mean, style = np.arange(1, n + 1), best.mean(axis=0), look(i)
        ax.plot(x, mean, c=style["c"], ls=style["ls"], label=search, drawstyle="steps-post")
        if len(tables) > 1:
            spread = best.std(axis=0, ddof=1)
            ax.fill_between(
                x, mean - spread, mean + spread, color=style["c"], alpha=0.18, lw=0, step="post"
            )
    ax.set(xlabel="evaluations", ylabel="best fitness so far")
    whole_axis(ax.xaxis)
    _legend(canvas)
    return Figure(
        "best_so_far",
        canvas,
        "Best so far, against evaluations",
        "Line chart of the best fitness so far of each search; of repeats the mean, with one "
        "standard deviation shaded, as far as the shortest of them goes.",
    )


@styled
def volumes_figure(volumes: pd.DataFrame, reference: int) -> Figure:
    """Hypervolume by generation: each run, and the mean of repeats."""
    searches = list(dict.fromkeys(volumes["search"]))
    canvas, ax = new_canvas(height=HEIGHT + 0.22 * len(searches))
    for i, search in enumerate(searches):
        mine, style = volumes[volumes["search"] == search], look(i)
        wide = mine.pivot_table(index="generation", columns="run", values="hypervolume")
        if wide.shape[1] > 1:
            ax.plot(wide.index, wide, c=style["c"], lw=0.7, alpha=0.5)
        mean = wide.dropna().mean(axis=1)
        ax.plot(mean.index, mean, ms=4, lw=1.8, label=search, **style)
    ax.set(xlabel="generation", ylabel="hypervolume (accuracy × decades)")
    whole_axis(ax.xaxis)
    _legend(canvas)
    return Figure(
        "volumes",
        canvas,
        "Hypervolume by generation",
        f"Line chart of the hypervolume of each search, reference point accuracy 0 and "
        f"{reference:,} parameters; thin lines are runs, thick ones the mean of "
        "repeats, as far as the shortest of them goes.",
    )


def _legend(canvas: Any) -> None:
    if canvas.axes[0].get_legend_handles_labels()[0]:
        canvas.legend(loc="outside upper left", ncols=1, borderaxespad=0, handlelength=2.6)
