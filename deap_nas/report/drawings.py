"""The figures of a run that are drawings: a network, a family tree, one step of the search."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from matplotlib.patches import FancyBboxPatch

from deap_nas.genome import parse_genome
from deap_nas.layers import LAYERS
from deap_nas.layers.cost import summary
from deap_nas.report.figure import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    RED,
    WIDTH,
    Figure,
    new_canvas,
    styled,
)
from deap_nas.report.lineage import Birth, Step, origins
from deap_nas.words import counted

ROW = 0.42  # inches of one line of a drawing


@styled
def architecture(genome: str, input_shape: tuple[int, int, int], n_classes: int) -> Figure:
    """A network, layer by layer from the top: shape behind each layer and its parameters."""
    *rows, (_, _, total) = summary(parse_genome(genome), input_shape, n_classes)
    rows = [("input", input_shape, 0), *rows]
    canvas, ax = _canvas(WIDTH, ROW * 1.25 * (len(rows) + 1))
    most = max(n_params for _, _, n_params in rows)
    ax.set(xlim=(0, 10), ylim=(len(rows) + 0.1, -1))
    for x, text in ((2.1, "layer"), (5.9, "shape behind it"), (9.9, "parameters")):
        ax.text(x, -0.6, text, color=MUTED, ha="right" if x > 9 else "center", va="center")
    for i, (layer, shape, n_params) in enumerate(rows):
        _box(ax, 0.1, i - 0.36, 4.0, 0.6, layer, _layer_colour(layer))
        if i < len(rows) - 1:
            arrow = {"arrowstyle": "-|>", "color": MUTED, "lw": 1}
            ax.annotate("", (2.1, i + 0.64), (2.1, i + 0.26), arrowprops=arrow)
        ax.text(5.9, i - 0.06, " × ".join(map(str, shape)), ha="center", va="center")
        if n_params:
            width = 1.3 * n_params / most
            ax.barh(i - 0.06, width, 0.5, left=7.3, color=BLUE, alpha=0.55)
        ax.text(9.9, i - 0.06, f"{n_params:,}", ha="right", va="center")
    ax.text(9.9, len(rows) - 0.15, f"total {total:,}", ha="right", va="center", weight="bold")
    listed = "; ".join(f"{layer}, shape {'×'.join(map(str, shape))}" for layer, shape, _ in rows)
    alt = f"Drawing of the network, from the top: {listed}; {total:,} parameters in all."
    return Figure("architecture", canvas, "The network, layer by layer", alt)


def _layer_colour(layer: str) -> str:
    known = LAYERS.get(layer.split()[0])
    if known is None:
        return MUTED
    return GREEN if known.head else ORANGE if known.reduces else BLUE


@styled
def family_tree(members: Sequence[Birth], accuracy: dict[str, float]) -> Figure:
    """The ancestors of a genome, the first generation on top; numbers as in the family table."""
    place = _layout(members)
    rows = 1 + max(y for _, y in place.values())
    canvas, ax = _canvas(WIDTH, max(1.6, 0.75 * rows))
    ax.set(xlim=(-0.75, 0.75), ylim=(rows - 0.4, -0.6))
    for birth in members:
        x, y = place[birth.number]
        for parent in set(birth.parents) & place.keys():
            style = "-" if len(birth.parents) > 1 else "--"
            ax.plot([x, place[parent][0]], [y, place[parent][1]], c=MUTED, ls=style, lw=1, zorder=1)
    for birth in members:
        x, y = place[birth.number]
        score = f"\n{accuracy[birth.genome]:.1%}" if birth.genome in accuracy else ""
        colour = BLUE if not birth.parents else GREEN if len(birth.parents) > 1 else ORANGE
        label = {"boxstyle": "round,pad=0.25", "fc": PAPER, "ec": colour, "lw": 1.8}
        text = f"#{birth.number}{score}"
        ax.text(x, y, text, ha="center", va="center", fontsize=8, bbox=label, zorder=2)
    keys = ((BLUE, "drawn"), (GREEN, "mated (—)"), (ORANGE, "mutated (- -)"))
    handles = [ax.scatter([], [], marker="s", c=colour, label=text) for colour, text in keys]
    canvas.legend(handles=handles, loc="outside upper left", ncols=3, borderaxespad=0)
    return Figure(
        "family",
        canvas,
        "Family tree of the chosen genome",
        f"Tree of {counted(len(members), 'individual')} that led to #{members[0].number}, oldest "
        "on top; who was mated and what was mutated is in the table below.",
    )


def _layout(members: Sequence[Birth]) -> dict[int, tuple[float, int]]:
    """(x in -0.65..0.65, row) of each member: a row below its lowest parent; within a row in the
    order of the children's places, so that few lines cross."""
    depth: dict[int, int] = {}
    for birth in reversed(members):  # parents have smaller numbers
        known = [depth[parent] for parent in birth.parents if parent in depth]
        depth[birth.number] = 1 + max(known, default=-1)
    children: dict[int, list[int]] = {}
    for birth in members:
        for parent in birth.parents:
            children.setdefault(parent, []).append(birth.number)
    place: dict[int, tuple[float, int]] = {}
    for row in sorted(set(depth.values()), reverse=True):
        middles = {
            number: fmean([place[child][0] for child in children.get(number, [])] or [0.0])
            for number, at in depth.items()
            if at == row
        }
        for i, number in enumerate(sorted(middles, key=lambda n: middles[n]), 1):
            place[number] = (i / (len(middles) + 1) * 1.3 - 0.65, row)
    return place


@styled
def one_step(steps: Sequence[Step], shares: dict[str, float]) -> Figure:
    """Selection, crossover and mutation on genomes of the run (the report's figure 1).

    Args:
        steps: pairs of parents and what became of them, drawn below each other.
        shares: the chance that the roulette wheel, or what was used, gave each parent.
    """
    longest = max(
        text.count(";") + 1
        for step in steps
        for text in (*step.parents, *step.children, *step.after)
    )
    canvas, ax = _canvas(max(WIDTH, 1.06 * longest + 0.9), ROW * 9.9 * len(steps))
    ax.set(xlim=(-0.85, longest), ylim=(9.9 * len(steps), -0.2))
    for i, step in enumerate(steps):
        top = 9.9 * i
        _stage(ax, top, f"pair {i + 1}: selected in generation {step.generation - 1}")
        for j, parent in enumerate(step.parents):
            _genome_row(ax, top + 1 + j, parent, [j] * (parent.count(";") + 1))
            if parent in shares:
                ax.text(-0.08, top + 1 + j, f"{shares[parent]:.1%}", ha="right", va="center")
        _stage(ax, top + 3.2, "crossover: each child has genes of both parents")
        traces = [origins(child, *step.parents) for child in step.children]
        for j, (child, trace) in enumerate(zip(step.children, traces)):
            _genome_row(ax, top + 4.2 + j, child, trace)
        happened = "the outlined gene is new" if any(step.mutated) else "none in this pair"
        _stage(ax, top + 6.4, f"mutation: {happened}")
        for j, (after, child, trace) in enumerate(zip(step.after, step.children, traces)):
            same = after.count(";") == child.count(";")
            genes = list(zip(after.split(";"), child.split(";"))) if same else []
            marks: list[int | None] = [
                origin if gene == old else None for (gene, old), origin in zip(genes, trace)
            ]
            _genome_row(ax, top + 7.4 + j, after, marks or [None] * (after.count(";") + 1))
    alt = "; ".join(
        f"{' and '.join(s.parents)} become {' and '.join(s.children)}, after mutation "
        f"{' and '.join(s.after)}"
        for s in steps
    )
    return Figure(
        "step",
        canvas,
        "One step of the search",
        f"Two parents, crossover, mutation: {alt}.",
        wide=True,
    )


def _stage(ax: Any, y: float, text: str) -> None:
    ax.text(-0.8, y + 0.2, text, va="center", color=INK, weight="bold", fontsize=9)


def _genome_row(ax: Any, y: float, genome: str, sources: Sequence[int | None]) -> None:
    """Genes as boxes: of the first parent, of the second (hatched), or new (a thick outline)."""
    for x, (gene, source) in enumerate(zip(genome.split(";"), sources)):
        colour = RED if source is None else (BLUE, ORANGE)[source]
        box = _box(
            ax, x + 0.03, y - 0.38, 0.94, 0.76, gene, colour, size=7.5 if len(gene) < 15 else 6.2
        )
        if source is None:
            box.set_linewidth(2.4)
        if source == 1:
            box.set_linestyle((0, (3, 1.5)))


def _canvas(width: float, height: float) -> tuple[Any, Any]:
    canvas, ax = new_canvas(width, height)
    ax.set_axis_off()
    return canvas, ax


def _box(
    ax: Any,
    x: float,
    y: float,
    width: float,
    height: float,
    text: str,
    colour: str,
    size: float = 9,
) -> Any:
    style = "round,pad=0,rounding_size=0.08"
    box = FancyBboxPatch((x, y), width, height, style, fc=_tint(colour), ec=colour, lw=1.1)
    ax.add_patch(box)
    ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=size)
    return box


def _tint(colour: str) -> tuple[str, float]:
    """A fill on which ink is readable, on light paper and on dark."""
    return (colour, 0.18)
