"""The page's figures."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.ticker import PercentFormatter

from benchmarks.paper import findings
from benchmarks.paper.evidence import Evidence, Run
from deap_nas.report import charts, drawings
from deap_nas.report.figure import (
    BLUE,
    CYCLE,
    DASHES,
    INK,
    MARKERS,
    MUTED,
    RED,
    Figure,
    new_canvas,
    styled,
    whole_axis,
)
from deap_nas.report.lineage import telling_steps


def all_figures(evidence: Evidence) -> Iterator[Figure]:
    yield published(evidence)
    yield step(evidence.runs["seed-0"])
    for by in ("fitness", "fitness_time"):
        yield scatter(evidence, by)
    yield optimizers(findings.optimizers(evidence))


def step(run: Run) -> Figure:
    """Figure 1, with the chance that the roulette wheel gave each parent."""
    steps = telling_steps(run.record)
    fitness = dict(zip(run.table["genome"], run.table["fitness"]))
    before = next(
        line["population"]
        for line in run.record.generations
        if line["number"] == steps[0].generation - 1
    )
    total = sum(fitness[genome] for genome in before)
    return drawings.one_step(steps, {genome: fitness[genome] / total for genome in before})


def scatter(evidence: Evidence, by: str) -> Figure:
    """Figures 6 and 7: our networks, and those of the report's tables as diamonds."""
    figure = charts.scatter(evidence.pooled, by, "test")
    theirs = evidence.top.drop_duplicates("number")
    return _with_diamonds(figure, theirs)


@styled
def _with_diamonds(figure: Figure, theirs: pd.DataFrame) -> Figure:
    ax = figure.canvas.axes[0]
    ax.scatter(
        theirs["n_params"],
        theirs["test_accuracy"],
        marker="D",
        s=34,
        facecolor="none",
        edgecolor=RED,
        linewidth=1.4,
        label="the report's tables",
    )
    # Above the axes: genomes at chance lie along the whole lower edge.
    figure.canvas.legend(loc="outside upper left", borderaxespad=0, handletextpad=0.3)
    return figure


@styled
def published(evidence: Evidence) -> Figure:
    """The published accuracy of each complete genome among our trainings of it."""
    canvas, ax = new_canvas(height=2.9)
    for i, row in enumerate(evidence.four.itertuples()):
        ours = evidence.scores.loc[evidence.scores["genome"] == row.genome, "test_accuracy"]
        ax.plot([i] * len(ours), ours, "o", ms=6, c=BLUE, mec=INK, mew=0.6, alpha=0.8)
        ax.plot([i - 0.18, i + 0.18], [row.mean_accuracy] * 2, c=BLUE, lw=1.6)
        ax.plot(i, row.published_accuracy, "D", ms=8, mfc="none", mec=RED, mew=1.6)
    for line, label in zip(ax.lines[:3], ("ours, a train seed each", "our mean", "published")):
        line.set_label(label)
    sizes = [f"genome {i}\n{n:,}\nparameters" for i, n in enumerate(evidence.four["n_params"], 1)]
    ax.set_xticks(range(len(sizes)), sizes, fontsize=7.5)
    ax.set_xlim(-0.5, len(sizes) - 0.5)
    ax.set_ylabel("test accuracy")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    canvas.legend(loc="outside upper left", ncols=3, borderaxespad=0, handletextpad=0.3)
    alt = "Dot chart: the test accuracies of four genomes by train seed, and the published ones."
    return Figure("published", canvas, "The four published genomes", alt)


@styled
def optimizers(curves: pd.DataFrame) -> Figure:
    """Test accuracy by epoch: the best rate of each optimizer in colour, the others in grey."""
    canvas, ax = new_canvas(height=4.1)
    shown = curves.groupby("optimizer").head(1).index
    shown = shown.union([findings.reports_own(curves).name])
    for row in curves.drop(shown).itertuples():
        ax.plot(range(1, 1 + len(row.curve)), row.curve, c=MUTED, lw=0.8, alpha=0.5)
    for i, row in enumerate(curves.loc[shown].itertuples()):
        look = {"c": CYCLE[i], "marker": MARKERS[i], "ls": DASHES[i], "ms": 4}
        label = f"{row.optimizer}, rate {row.learning_rate:g}"
        ax.plot(range(1, 1 + len(row.curve)), row.curve, label=label, **look)
    ax.set(xlabel="epoch", ylabel="test accuracy")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    whole_axis(ax.xaxis)
    canvas.legend(loc="outside upper left", ncols=1, borderaxespad=0, handlelength=2.6)
    alt = "Line chart of test accuracy by epoch; the best rate of each optimizer is in colour."
    return Figure("optimizers", canvas, "Optimizers", alt)
