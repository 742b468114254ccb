"""The figures of a run that are charts; ``drawings`` has those that are drawings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.ticker import PercentFormatter

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.report.figure import (
    BLUE,
    COLOUR_MAP,
    CYCLE,
    DASHES,
    GREEN,
    HEIGHT,
    INK,
    MARKERS,
    MUTED,
    ORANGE,
    RED,
    SKY,
    Figure,
    new_canvas,
    params_axis,
    styled,
    whole_axis,
)
from deap_nas.runs.finalists import Finalist
from deap_nas.runs.tables import pareto_front
from deap_nas.words import counted

COSTS = {  # columns of the evaluations, and what they are called
    "ram": "bytes of RAM",
    "flash": "bytes of flash",
    "multiply_adds": "multiply-adds an image",
}
LABELS = {
    "fitness": "fitness",
    "fitness_time": "fitness with time (per second)",
    "own_fitness": "the run's fitness",
}


@styled
def scatter(table: pd.DataFrame, by: str, split: str) -> Figure:
    """Accuracy against parameters, coloured by a fitness (the report's figures 6 and 7)."""
    good, failed = table[table["status"] == "ok"], table[table["status"] != "ok"]
    canvas, ax = new_canvas()
    _accuracy_axis(ax, split)
    if len(good):
        order = good.sort_values(by, kind="stable")  # the best on top
        dots = ax.scatter(order["n_params"], order["accuracy"], c=order[by], gid="dots")
        dots.set(cmap=COLOUR_MAP, sizes=[_size(len(good))], edgecolor=INK, linewidth=0.6)
        bar = canvas.colorbar(dots, ax=ax, label=LABELS[by], pad=0.02)
        bar.solids.set_rasterized(True)
        bar.outline.set_visible(False)
    else:
        ax.set_ylim(0, 1)
    _failed(ax, failed)
    params_axis(ax, table["n_params"].tolist())
    dotted = {"dots": order.index.tolist() if len(good) else [], "failed": failed.index.tolist()}
    best = f"; the brightest dot is {good[by].max():.4f}" if len(good) else ""
    return Figure(
        f"scatter_{by}",
        canvas,
        f"Accuracy against parameters, coloured by {LABELS[by].split(' (')[0]}",
        f"Scatter plot of {counted(len(good), 'network')}{_and_failed(failed)}: {split} accuracy "
        f"against number of parameters, coloured by {LABELS[by]}{best}.",
        dotted,
    )


@styled
def front_figure(
    table: pd.DataFrame,
    front: pd.DataFrame,
    knee: int | None,
    baseline: Evaluation | None,
    split: str,
    finalists: Sequence[Finalist] = (),
) -> Figure:
    """The Pareto front among all networks, its knee marked, the baseline beside it; of finalists
    the mean of their trainings, with a bar of one standard deviation to each side."""
    good = table[table["status"] == "ok"]
    rest = good.drop(front.index)
    canvas, ax = new_canvas()
    _accuracy_axis(ax, split)
    size = _size(len(good))
    ax.scatter(rest["n_params"], rest["accuracy"], s=size, c=MUTED, alpha=0.45, gid="rest")
    ax.step(front["n_params"], front["accuracy"], where="post", c=BLUE, lw=1, alpha=0.6)
    best = ax.scatter(front["n_params"], front["accuracy"], s=size + 14, c=BLUE, gid="front")
    best.set(edgecolor=INK, linewidth=0.6, label="on the front")
    if knee is not None:
        x, y = front.loc[knee, ["n_params", "accuracy"]]
        ax.plot(x, y, "o", ms=13, mfc="none", mec=RED, mew=2, label="knee")
    if baseline and baseline.ok:
        ax.plot(baseline.n_params, baseline.accuracy, "*", ms=13, c=ORANGE, mec=INK, mew=0.6)
        ax.lines[-1].set_label("your baseline")
    if finalists:
        _finalists(ax, finalists)
    if ax.get_legend_handles_labels()[0]:
        columns = 2 if finalists else 3
        where = {"loc": "outside upper left", "ncols": columns}
        canvas.legend(**where, borderaxespad=0, handletextpad=0.3)
    drawn = good["n_params"].tolist()
    params_axis(ax, [*drawn, baseline.n_params] if baseline and baseline.ok else drawn)
    return Figure(
        "front",
        canvas,
        "Pareto front: accuracy against parameters",
        f"The {counted(len(front), 'network')} that no other beats in both {split} accuracy and "
        f"parameters, among {len(good)}, joined by a line; the knee is ringed, the baseline is a "
        "star."
        + (" Squares are the means of finalists, with one standard deviation." * bool(finalists)),
        {"rest": rest.index.tolist(), "front": front.index.tolist()},
    )


@styled
def cost_figure(table: pd.DataFrame, by: str, split: str) -> Figure:
    """Accuracy against another cost than parameters, with the networks that no other beats in
    both.

    Args:
        table: of the run's evaluations.
        by: its column of the cost, one of ``COSTS``.
        split: the images of the accuracy.
    """
    good = table[(table["status"] == "ok") & table[by].notna()].astype({by: float})
    front = pareto_front(good, by)
    rest, size = good.drop(front.index), _size(len(good))
    canvas, ax = new_canvas()
    _accuracy_axis(ax, split)
    ax.scatter(rest[by], rest["accuracy"], s=size, c=MUTED, alpha=0.45, gid="rest")
    ax.step(front[by], front["accuracy"], where="post", c=BLUE, lw=1, alpha=0.6)
    best = ax.scatter(front[by], front["accuracy"], s=size + 14, c=BLUE, gid="front")
    best.set(edgecolor=INK, linewidth=0.6)
    params_axis(ax, good[by].tolist(), COSTS[by])
    return Figure(
        f"front_{by}",
        canvas,
        f"Accuracy against {COSTS[by]}",
        f"Scatter plot of {counted(len(good), 'network')}: {split} accuracy against {COSTS[by]}. "
        f"The {counted(len(front), 'network')} that no other beats in both are joined by a line.",
        {"rest": rest.index.tolist(), "front": front.index.tolist()},
        by=by,
    )


@styled
def convergence(progress: pd.DataFrame, fitness: str) -> Figure:
    """Best, median and spread of the population, generation by generation."""
    canvas, ax = new_canvas()
    x = progress["generation"]
    ax.fill_between(x, progress["q1"], progress["q3"], color=BLUE, alpha=0.22, lw=0)
    ax.collections[-1].set_label("middle half")
    ax.plot(x, progress["best"], "-o", c=BLUE, ms=4, label="best")
    ax.plot(x, progress["median"], "--s", c=GREEN, ms=4, label="median")
    ax.plot(x, progress["worst"], ":", c=MUTED, label="worst")
    ax.set_xlabel("generation")
    ax.set_ylabel(f"{fitness} of the population")
    whole_axis(ax.xaxis)
    canvas.legend(loc="outside upper left", ncols=4, borderaxespad=0, handlelength=1.6)
    return Figure(
        "convergence",
        canvas,
        "Fitness by generation",
        f"Line chart of best, median and worst {fitness} in each of "
        f"{counted(len(progress), 'generation')}, "
        "with the middle half of the population shaded.",
    )


@styled
def best_so_far(outcomes: pd.DataFrame, fitness: str) -> Figure:
    """The best fitness so far, against evaluations and against time."""
    canvas, axes = new_canvas(columns=2, sharey=True)
    longest = outcomes["hours"].max()
    units = {"hours": 1, "minutes": 60, "seconds": 3600}
    unit = next((name for name, n in units.items() if longest * n >= 2), "seconds")
    times = outcomes["hours"] * units[unit]
    for ax, x, label in (
        (axes[0], outcomes["evaluations"], "evaluations"),
        (axes[1], times, f"time ({unit})"),
    ):
        ax.step(x, outcomes["best_so_far"], where="post", c=BLUE)
        ax.set_xlabel(label)
        ax.locator_params(axis="x", nbins=4)
    axes[0].set_ylabel(f"best {fitness} so far")
    return Figure(
        "best_so_far",
        canvas,
        "Best so far, against evaluations and time",
        f"Step chart of the best {fitness} found so far against the number of evaluations, at most "
        f"{len(outcomes)}, and against the time of searching.",
    )


@styled
def hypervolume_figure(progress: pd.DataFrame, reference: int) -> Figure:
    """The area under the front found so far, generation by generation."""
    canvas, ax = new_canvas()
    ax.plot(progress["generation"], progress["hypervolume"], "-o", c=BLUE, ms=4)
    ax.set_xlabel("generation")
    ax.set_ylabel("hypervolume (accuracy × decades)")
    whole_axis(ax.xaxis)
    return Figure(
        "hypervolume",
        canvas,
        "Hypervolume by generation",
        f"Line chart of the hypervolume of the front found so far, reference point accuracy 0 and "
        f"{reference:,} parameters.",
    )


@styled
def curves(networks: dict[str, Evaluation], split: str) -> Figure:
    """Loss and accuracy, epoch by epoch, of each named network."""
    canvas, axes = new_canvas(height=HEIGHT * 1.35, rows=2, sharex=True)
    for (name, evaluation), colour in zip(networks.items(), CYCLE):
        curve = pd.DataFrame(list(evaluation.curve))
        for ax, column in zip(axes, ("loss", "accuracy")):
            ax.plot(curve["epoch"], curve[column], "-o", c=colour, ms=3, label=f"{name}, training")
            if f"val_{column}" in curve:
                scored = curve.dropna(subset=[f"val_{column}"])
                style = {"ls": "--", "marker": "D", "ms": 5, "mfc": "none", "c": colour}
                ax.plot(scored["epoch"], scored[f"val_{column}"], **style)
                ax.lines[-1].set_label(f"{name}, {split}")
    axes[0].set_ylabel("loss (cross-entropy, nats)")
    axes[1].set(ylabel="accuracy", xlabel="epoch")
    axes[1].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    whole_axis(axes[1].xaxis)
    handles = axes[0].get_legend_handles_labels()
    canvas.legend(*handles, loc="outside upper left", ncols=2, borderaxespad=0)
    return Figure(
        "curves",
        canvas,
        "Learning curves",
        f"Loss and accuracy while training, by epoch, of {' and '.join(networks)}; diamonds are "
        f"scores on {split} images, where they were taken.",
    )


@styled
def time_figure(times: pd.DataFrame) -> Figure:
    """Where the workers' time went, and what was saved."""
    canvas, ax = new_canvas(height=2.3)
    looks = [(BLUE, ""), (MUTED, "//"), (GREEN, ".."), (ORANGE, "xx")]
    if len(times) > len(looks):
        looks.insert(1, (SKY, "\\\\"))  # the finalists' row
    colours = [colour for colour, _ in looks]
    bars = ax.barh(times["what"], times["seconds"], color=colours, edgecolor=INK, lw=0.4)
    for bar, (_, hatch) in zip(bars, looks):
        bar.set_hatch(hatch)
    ax.bar_label(bars, [f"{seconds:,.0f} s" for seconds in times["seconds"]], padding=3)
    ax.margins(x=0.22)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.locator_params(axis="x", nbins=4)
    ax.set_xlabel("seconds, all workers added up")
    ax.set_yticks(range(len(times)), [_wrapped(text) for text in times["what"]])
    parts = "; ".join(f"{what} {seconds:,.0f} s" for what, seconds in times.to_numpy())
    return Figure("time", canvas, "Where the time went", f"Bar chart. {parts}.")


@styled
def genes_figure(shares: pd.DataFrame, what: str) -> Figure:
    """How common each choice of one kind was in the population, generation by generation."""
    canvas, ax = new_canvas(height=2.7)
    wide = shares.pivot_table(index="generation", columns="choice", values="share", fill_value=0)
    leading = wide.sum().nlargest(len(CYCLE)).index  # filters have more values than colours
    for i, choice in enumerate(sorted(leading)):
        look = {"c": CYCLE[i], "marker": MARKERS[i], "ls": DASHES[i], "ms": 4}
        ax.plot(wide.index, wide[choice], label=str(choice), **look)
    ax.set_ylim(-0.03, 1.03)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel="generation", ylabel="share")
    whole_axis(ax.xaxis)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.05), handlelength=2.6)
    more = ", the most common" if wide.shape[1] > len(leading) else ""
    return Figure(
        f"genes_{what.replace(' ', '_')}",
        canvas,
        f"{what.capitalize()}{more}",
        f"Line chart of the share of each choice of {what} in the population, by generation; the "
        "numbers are in genes.csv.",
    )


def _accuracy_axis(ax: Any, split: str) -> None:
    ax.set_ylabel(f"{split} accuracy")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))


def _finalists(ax: Any, finalists: Sequence[Finalist]) -> None:
    rows = [each.row() for each in finalists]
    spread = [row["accuracy_std"] or 0.0 for row in rows]
    x, y = ([row[name] for row in rows] for name in ("n_params", "accuracy_mean"))
    bars = {"yerr": spread, "capsize": 3, "elinewidth": 1.2}
    look = {"fmt": "s", "ms": 5, "c": GREEN, "mec": INK, "mew": 0.6}
    ax.errorbar(x, y, label="finalists, mean ± 1 sd", **bars, **look)


def _size(n: int) -> float:
    """Area of a dot in square points: the more dots the smaller."""
    return 36.0 if n < 200 else 16.0 if n < 1000 else 9.0


def _failed(ax: Any, failed: pd.DataFrame) -> None:
    """Failed genomes have no accuracy: crosses along the bottom."""
    if len(failed):
        bottom = [0.03] * len(failed)
        place = {"transform": ax.get_xaxis_transform(), "gid": "failed"}
        ax.scatter(failed["n_params"], bottom, marker="x", s=26, c=RED, label="failed", **place)
        ax.legend(loc="lower right", borderaxespad=1.5)


def _and_failed(failed: pd.DataFrame) -> str:
    return f" and {len(failed)} that failed (crosses at the bottom)" if len(failed) else ""


def _wrapped(text: str) -> str:
    head, _, tail = text.partition(", " if ", " in text else " not ")
    joint = "," if ", " in text else ""
    return f"{head}{joint}\n{'' if joint else 'not '}{tail}" if tail else text
