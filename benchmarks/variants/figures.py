"""The benchmark's pictures: anytime regret, ranks, pairwise wins."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from variants.contests import title_of

COLOURS = plt.get_cmap("tab10").colors


def _save(figure: plt.Figure, path: Path) -> None:
    plt.rcParams["svg.hashsalt"] = "deap_nas"
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    figure.savefig(path.with_suffix(".png"), dpi=110)
    plt.close(figure)


def draw_anytime(table: pd.DataFrame, path: Path) -> None:
    """Mean regret against evaluations, quartiles as bands; a panel a problem."""
    problems, names = list(table["problem"].unique()), list(table["contestant"].unique())
    figure, axes = plt.subplots(
        1, len(problems), figsize=(4.6 * len(problems), 4.4), layout="constrained", squeeze=False
    )
    for axis, problem in zip(axes[0], problems, strict=True):
        floor = max(1e-4, table.loc[table["problem"] == problem, "mean"].min() / 2)
        for colour, name in zip(COLOURS, names, strict=False):
            rows = table[(table["problem"] == problem) & (table["contestant"] == name)]
            low, high = (rows[c].clip(lower=floor) for c in ("quarter", "three_quarters"))
            axis.fill_between(rows["evaluations"], low, high, color=colour, alpha=0.12, lw=0)
            axis.plot(rows["evaluations"], rows["mean"].clip(lower=floor), color=colour, label=name)
        axis.set(xscale="log", yscale="log", title=title_of(problem), xlabel="unique evaluations")
        ticks = [n for n in (10, 25, 50, 100, 200, 400) if n <= table["evaluations"].max()]
        axis.set_xticks(ticks, map(str, ticks))
        axis.minorticks_off()
        axis.set_xlim(5)
    axes[0][0].set_ylabel("regret: mean, and quartiles as a band")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncol=4)
    _save(figure, path)


def draw_ranks(table: pd.DataFrame, path: Path) -> None:
    """Mean regret of every contestant with its interval, best on top; a panel a problem."""
    problems = list(table["problem"].unique())
    names = table["contestant"].nunique()
    figure, axes = plt.subplots(
        1,
        len(problems),
        figsize=(5.4 * len(problems), 0.8 + 0.19 * names),
        layout="constrained",
        squeeze=False,
    )
    for axis, problem in zip(axes[0], problems, strict=True):
        rows = table[table["problem"] == problem].sort_values("mean_regret", ascending=False)
        places = range(len(rows))
        left = (rows["mean_regret"] - rows["low"], rows["high"] - rows["mean_regret"])
        axis.errorbar(rows["mean_regret"], places, xerr=left, fmt="o", ms=3.5, lw=1.2)
        axis.set_yticks(places, rows["contestant"], fontsize=7)
        axis.set(title=title_of(problem), xlabel="mean regret, 95 % interval")
        axis.grid(axis="y", alpha=0.25)
        axis.margins(y=0.01)
    _save(figure, path)


def draw_wins(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """The chance that the row does better than the column; a panel a problem."""
    figure, axes = plt.subplots(
        1, len(tables), figsize=(5.2 * len(tables), 4.8), layout="constrained", squeeze=False
    )
    for place, (axis, (problem, table)) in enumerate(zip(axes[0], tables.items(), strict=True)):
        axis.imshow(table, cmap="RdBu", vmin=0, vmax=1)
        ticks = range(len(table))
        axis.set_xticks(ticks, table.columns, rotation=45, ha="right", fontsize=8)
        axis.set_yticks(ticks, table.index if place == 0 else [], fontsize=8)
        axis.set_title(title_of(problem), fontsize=9)
        for i in ticks:
            for j in ticks:
                if i != j:
                    share = table.iloc[i, j]
                    colour = "white" if abs(share - 0.5) > 0.35 else "black"
                    text = f"{100 * share:.0f}"
                    axis.text(j, i, text, ha="center", va="center", color=colour, fontsize=7)
    _save(figure, path)
