"""Names of classes beside the rows and columns of a figure: wrapped, or numbers in their place."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from deap_nas.report.figure import RC
from deap_nas.report.fonts import OWN, families_for

COLUMNS = 20  # of a line; a Chinese letter takes two
LEADING = 1.25  # of a line, in letters' heights
SMALLEST = 5.0  # points that can be read
UPRIGHT = 18.0  # points of a cell from which slanted names do not touch


class Labels(NamedTuple):
    """How classes are written along an axis.

    ``numbered``: numbers stand for names; ``step``: every so many classes has its text.
    """

    texts: list[str]
    families: list[str]
    size: float
    slanted: bool
    step: int
    numbered: bool

    def style(self) -> dict[str, Any]:
        """What matplotlib is told of each text: that "$" is a letter, too."""
        return {"fontfamily": self.families, "fontsize": self.size, "parse_math": False}


def class_labels(names: Sequence[str], cell: float) -> Labels:
    """The names, if this machine has their letters and there is room; else their numbers.

    Args:
        names: of the classes, in their order.
        cell: height of a row, in points.
    """
    numbers = [str(i) for i in range(len(names))]
    lines = [folded(name) for name in names]
    most = max(map(len, lines))
    size = min(RC["font.size"], cell / (LEADING * most))
    families = families_for(names)
    if list(names) == numbers or families is None or size < SMALLEST:
        return _numbers(numbers, cell, list(names) != numbers)
    texts = ["\n".join(each) for each in lines]
    return Labels(texts, families, size, most == 1 and cell >= UPRIGHT, 1, False)


def _numbers(numbers: list[str], cell: float, numbered: bool) -> Labels:
    size = min(RC["font.size"], max(7.0, cell / LEADING))
    needed = max(LEADING, 0.75 * len(numbers[-1])) * size
    steps = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    step = next(step for step in steps if step * cell >= needed)
    return Labels(numbers, [OWN], size, False, step, numbered)


def folded(text: str) -> list[str]:
    """A text on lines of at most ``COLUMNS``, broken between words where there are any."""
    lines = [""]
    for word in text.split() or [""]:
        if lines[-1] and width(lines[-1]) + 1 + width(word) > COLUMNS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
        while width(lines[-1]) > COLUMNS:
            fits = next(n for n in range(len(lines[-1])) if width(lines[-1][: n + 1]) > COLUMNS)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    return lines


def width(text: str) -> int:
    """Columns that a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
