"""How every figure looks, and how it is written: SVG and PNG files, and SVG inside the page."""

from __future__ import annotations

import io
import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib
import matplotlib.figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from deap_nas.files import write_whole

# What it logs of its fonts and folders is no news to who reads a report; logging has it, if asked.
logging.getLogger("matplotlib").addHandler(logging.NullHandler())

P = ParamSpec("P")
T = TypeVar("T")

# In the page these four follow light and dark; see page.css.
INK, MUTED, GRID, PAPER = "#1b1f24", "#59636e", "#d4dae1", "#fffffe"
THEMED = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)", PAPER: "var(--paper)"}
# Okabe and Ito 2008: distinguishable with any colour vision; and never the only difference.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = (
    *("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"),
)
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY)
MARKERS, DASHES = "os^Dvp", ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
COLOUR_MAP = "viridis"
WIDTH, HEIGHT = 4.7, 3.5  # inches: a phone's width at a readable size
DPI = 160

RC: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "deap_nas",
    "font.size": 9.5,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
}


@dataclass(frozen=True)
class Figure:
    """A figure of the report.

    Args:
        name: of its files and of its element in the page.
        canvas: what it is drawn on.
        title: over it, in the page.
        alt: what it shows, for who does not see it.
        dots: for each gid of a scatter, what each of its dots stands for, in drawing order: labels
            of rows of the evaluations table.
        wide: needs more than a phone's width; it scrolls there.
        numbered: classes are numbers in it, since their names cannot be drawn, or take more room.
        by: the column of the evaluations table by which its dots follow one another.
    """

    name: str
    canvas: matplotlib.figure.Figure
    title: str
    alt: str
    dots: Mapping[str, Sequence[int]] = field(default_factory=dict)
    wide: bool = False
    numbered: bool = False
    by: str = "n_params"


def _style() -> Any:
    return {**matplotlib.rcParamsDefault, "backend": "agg", **RC}


def styled(draw: Callable[P, T]) -> Callable[P, T]:
    """Draw in this report's style, whatever the user's matplotlib is set to."""

    @wraps(draw)
    def drawn(*args: P.args, **settings: P.kwargs) -> T:
        with matplotlib.rc_context(_style()):
            return draw(*args, **settings)

    return drawn


def new_canvas(
    width: float = WIDTH, height: float = HEIGHT, rows: int = 1, columns: int = 1, **sharing: Any
) -> tuple[Any, Any]:
    """A canvas (inches) and its axes: one, or an array of them."""
    canvas = matplotlib.figure.Figure((width, height))
    return canvas, canvas.subplots(rows, columns, **sharing)


def params_axis(ax: Any, values: Sequence[float], name: str = "parameters") -> None:
    """The x axis for numbers of parameters, or another cost: logarithmic where they span more than
    threefold."""
    known = [value for value in values if value > 0] or [1000, 10_000]
    low, high = min(known), max(known)
    if high > 3 * low:
        ax.set_xscale("log")
        margin = (high / low) ** 0.06
        ax.set(xlabel=f"{name} (logarithmic)", xlim=(low / margin, high * margin))
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 40 * low else (1,)))
        ax.xaxis.set_minor_locator(NullLocator())
    else:
        margin = max(0.06 * (high - low), 0.02 * high)
        ax.set(xlabel=name, xlim=(low - margin, high + margin))
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def whole_axis(axis: Any) -> None:
    """An axis that counts: whole numbers only."""
    axis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))


def write_figure(figure: Figure, folder: Path) -> str:
    """Write ``name.svg`` and ``name.png``; return the SVG for the page."""
    svg, png = io.BytesIO(), io.BytesIO()
    with matplotlib.rc_context(_style() | {"svg.hashsalt": figure.name}):
        figure.canvas.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.canvas.set_layout_engine("none")  # it is laid out: once is enough
        figure.canvas.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
    write_whole(folder / f"{figure.name}.svg", svg.getvalue())
    write_whole(folder / f"{figure.name}.png", png.getvalue())
    return page_svg(figure, svg.getvalue().decode())


_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"


def page_svg(figure: Figure, text: str) -> str:
    """An SVG as an element of the page: its ids are its own, its dots are numbered, its ink and
    paper follow the page's colours."""
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _LINK)
    root = ET.fromstring(text)
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    groups = {group.get("id"): group for group in root.iter(f"{{{_SVG}}}g")}
    for gid, labels in figure.dots.items():
        if gid in groups:
            for element, label in zip(_marks(groups[gid]), labels):
                element.set("id", f"dot-{label}")
                element.set("class", "dot")
                element.set("data-i", str(label))
    width = float(str(root.attrib.pop("width")).removesuffix("pt"))
    root.attrib.pop("height")
    root.set("style", f"--width: {width:.0f}")
    root.set("role", "group" if figure.dots else "img")
    root.set("aria-label", figure.alt)
    page = ET.tostring(root, encoding="unicode")
    page = page.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    page = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{figure.name}-", page)
    for colour, variable in THEMED.items():
        page = page.replace(colour, variable)
    return page


def _marks(group: ET.Element) -> list[ET.Element]:
    """The drawn marks of a scatter, in order: matplotlib writes each as a use or as a path."""
    hidden = {mark for defs in group.iter(f"{{{_SVG}}}defs") for mark in defs.iter()}
    drawn = (f"{{{_SVG}}}use", f"{{{_SVG}}}path")
    return [element for element in group.iter() if element.tag in drawn and element not in hidden]
