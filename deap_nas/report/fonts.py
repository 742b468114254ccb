"""Which fonts of this machine have the letters of a text."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

OWN = "DejaVu Sans"  # comes with matplotlib
PLAIN = ("Regular", "Book", "Roman", "Normal")
MOST = 3  # families beside our own


def families_for(texts: Iterable[str]) -> list[str] | None:
    """Families, in order, that together have every letter; None where this machine has not.

    Args:
        texts: what is to be drawn.
    """
    letters = {letter for text in texts for letter in text if not letter.isspace()}
    missing = frozenset(map(ord, letters)) - _letters(font_manager.findfont(OWN))
    more = _families_with(missing)
    return None if more is None else [OWN, *more]


@cache
def _families_with(missing: frozenset[int]) -> list[str] | None:
    """Families of this machine that together have these letters."""
    families: list[str] = []
    while missing and len(families) < MOST:
        found = min(map(_rank(missing), system_fonts()), default=None)
        if found is None or found[0] == 0:
            return None
        path = found[-1]
        font_manager.fontManager.addfont(path)
        families.append(FT2Font(path).family_name)
        missing -= _letters(path)
    return None if missing else families


def _rank(missing: frozenset[int]) -> Any:
    """The more of the letters the better; then a plain face, then one without serifs."""

    def rank(path: str) -> tuple[Any, ...]:
        covered = len(missing & _letters(path))
        if not covered:
            return (0, True, True, path)
        font = FT2Font(path)
        return (-covered, font.style_name not in PLAIN, "Sans" not in font.family_name, path)

    return rank


def system_fonts() -> list[str]:
    """Files of fonts, as they are now: matplotlib's own list may be older than a font."""
    return sorted(font_manager.findSystemFonts())


@cache
def _letters(path: str) -> frozenset[int]:
    """What a font can draw; nothing where it is broken, has pictures only, or is a stand-in."""
    if "lastresort" in Path(path).stem.lower():  # of boxes
        return frozenset()
    with contextlib.suppress(RuntimeError, OSError, ValueError):
        font = FT2Font(path)
        if font.scalable:
            return frozenset(font.get_charmap())
    return frozenset()
