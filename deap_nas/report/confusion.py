"""The confusion matrix as a figure, for two classes or a thousand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from deap_nas.report.class_labels import class_labels
from deap_nas.report.figure import BLUE, INK, MUTED, Figure, new_canvas, styled
from deap_nas.words import counted

MOST = 11.0  # inches of a side
MARGIN = 1.6  # of which the names take so many


@styled
def confusion_figure(confusion: np.ndarray[Any, Any], names: Sequence[str], of: str) -> Figure:
    """Counts of true classes (rows) by predicted classes (columns); shaded by share of the row."""
    n = len(names)
    side = min(MOST, max(4.6, MARGIN + 0.42 * n))
    cell = 72 * (side - MARGIN) / n  # points
    labels = class_labels(names, cell)
    canvas, ax = new_canvas(side, side)
    ax.grid(visible=False)
    _shade(ax, confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True)))
    if cell > 15:  # else no number fits in
        for (i, j), count in np.ndenumerate(confusion):
            look = {"fontsize": min(8, 0.3 * cell), "color": INK if count else MUTED}
            ax.text(j, i, str(count), ha="center", va="center", **look)
    ax.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5))
    ax.set(xlabel="predicted class", ylabel="true class")
    shown = slice(None, None, labels.step)
    slant = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    turned = {"rotation": 0 if labels.texts[0].isdigit() else 90}
    places, texts, style = range(n)[shown], labels.texts[shown], labels.style()
    ax.set_xticks(places, texts, **style, **(slant if labels.slanted else turned))
    ax.set_yticks(places, texts, **style)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    right = int(np.trace(confusion))
    numbered = ", with the names of the classes" if labels.numbered else ""
    return Figure(
        "confusion",
        canvas,
        f"Confusion matrix, {of} images",
        f"Confusion matrix of {counted(confusion.sum(), f'{of} image')} in "
        f"{counted(n, 'class', 'classes')}, {right} right (the diagonal); the "
        f"same counts are in confusion.csv{numbered}.",
        wide=n >= 8,
        numbered=labels.numbered,
    )


def _shade(ax: Any, shares: np.ndarray[Any, Any]) -> None:
    """Each cell by its share; no darker than 0.8: the number over it must stay legible."""
    if len(shares) > 22:  # so many boxes would take long to draw, and to show
        colours = np.zeros((*shares.shape, 4))
        colours[..., :3] = to_rgb(BLUE)
        colours[..., 3] = 0.8 * shares
        ax.imshow(colours, interpolation="nearest", aspect="auto")
        return
    for (i, j), share in np.ndenumerate(shares):
        box = Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=BLUE, alpha=0.8 * share, lw=0)
        ax.add_patch(box)
