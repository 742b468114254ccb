"""The figures of a benchmark: anytime regret, mean regret, who beats whom; a panel a problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from deap_nas.report.compare_charts import look
from deap_nas.report.figure import BLUE, HEIGHT, WIDTH, Figure, new_canvas, styled
from deap_nas.words import counted

TICKS = (1, 2, 5, 10, 25, 50, 100, 200, 400, 1000)
FLOOR = 1e-4  # regrets are drawn on a logarithmic axis; none is drawn lower


def _panels(problems: int, height: float, wide: float = WIDTH) -> tuple[Any, Any]:
    canvas, axes = new_canvas(wide * problems, height, 1, problems, squeeze=False)
    return canvas, axes[0]


@styled
def anytime_figure(table: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Mean regret against evaluations, quartiles as bands.

    Args:
        table: as ``courses.anytime`` gives it.
        titles: of the problems, by name.
    """
    names, most = list(table["contestant"].unique()), int(table["evaluations"].max())
    canvas, axes = _panels(len(titles), HEIGHT + 0.22 * len(names))
    for ax, (problem, title) in zip(axes, titles.items()):
        here = table[table["problem"] == problem]
        floor = max(FLOOR, here["mean"].min() / 2)
        for i, name in enumerate(names):
            rows = here[here["contestant"] == name]
            low, high = (rows[c].clip(lower=floor) for c in ("quarter", "three_quarters"))
            style = look(i)
            ax.fill_between(rows["evaluations"], low, high, color=style["c"], alpha=0.12, lw=0)
            line = {"c": style["c"], "ls": style["ls"], "label": name}
            ax.plot(rows["evaluations"], rows["mean"].clip(lower=floor), **line)
        ax.set(xscale="log", yscale="log", title=title, xlabel="distinct evaluations")
        ticks = [tick for tick in TICKS if tick <= most]
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda regret, _: f"{regret:g}"))
        ax.yaxis.set_minor_locator(NullLocator())
    axes[0].set_ylabel("regret")
    handles = axes[0].get_legend_handles_labels()
    canvas.legend(*handles, loc="outside upper left", ncols=max(1, len(titles)))
    return Figure(
        "anytime",
        canvas,
        "Regret against evaluations",
        f"Mean regret of {counted(len(names), 'contestant')} after each number of distinct "
        "evaluations, with quartiles as bands; less is better.",
        wide=len(titles) > 1,
    )


@styled
def regrets_figure(table: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Mean regret of everybody with its interval, the best on top.

    Args:
        table: as ``courses.summary`` gives it, of one number of evaluations.
        titles: of the problems, by name.
    """
    canvas, axes = _panels(len(titles), 1 + 0.24 * table["contestant"].nunique())
    for ax, (problem, title) in zip(axes, titles.items()):
        rows = table[table["problem"] == problem].sort_values("mean_regret", ascending=False)
        places = range(len(rows))
        left = (rows["mean_regret"] - rows["low"], rows["high"] - rows["mean_regret"])
        ax.errorbar(rows["mean_regret"], places, xerr=left, fmt="o", ms=4, lw=1.2, c=BLUE)
        ax.set_yticks(places, rows["contestant"])
        ax.set(title=title, xlabel="mean regret, 95 % interval")
        ax.set_ylim(-0.6, len(rows) - 0.4)
    return Figure(
        "regrets",
        canvas,
        "Mean regret at the end",
        "Mean regret of each contestant with its 95 % interval, the least on top.",
        wide=len(titles) > 1,
    )


@styled
def wins_figure(tables: Mapping[str, pd.DataFrame], titles: Mapping[str, str]) -> Figure:
    """The chance that the row does better than the column.

    Args:
        tables: as ``courses.wins`` gives them, by problem.
        titles: of the problems, by name.
    """
    n = max(map(len, tables.values()))
    size = max(WIDTH, 1.2 + 0.42 * n)
    canvas, axes = _panels(len(tables), size, size)
    for ax, (problem, table) in zip(axes, tables.items()):
        ax.imshow(table, cmap="RdBu", vmin=0, vmax=1)
        ax.set_xticks(range(n), table.columns, rotation=45, ha="right")
        ax.set_yticks(range(n), table.index if ax is axes[0] else [])
        ax.set_title(titles[problem])
        ax.grid(False)
        shares = table.to_numpy(float)
        for i in range(n):
            for j in range(n):
                if i != j:
                    share = shares[i][j]
                    colour = "white" if abs(share - 0.5) > 0.35 else "black"
                    text = f"{100 * share:.0f}"
                    ax.text(j, i, text, ha="center", va="center", color=colour, fontsize=7)
    return Figure(
        "wins",
        canvas,
        "Who beats whom, in percent",
        "Table in colours: the chance, in percent, that a search of the row ends with less regret "
        "than one of the column.",
        wide=len(tables) > 1 or size > WIDTH,
    )
