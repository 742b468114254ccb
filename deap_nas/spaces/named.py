"""The spaces that have a name, and those that are read from a file."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from deap_nas.files import read_text
from deap_nas.layers import LAYERS, REPORT
from deap_nas.spaces.rules import SpaceError
from deap_nas.spaces.space import SearchSpace

PAPER_SPACE = SearchSpace()
"""Section IV of the report: 1 to 3 NC, filters 2, 4, ..., 16, kernels 3 to 5."""

FULL_SPACE = SearchSpace(n_normal=(0, 6), filters=tuple(range(1, 65)), kernels=tuple(range(1, 8)))
"""Section II of the report made finite: 0 to 6 NC, filters 1 to 64, kernels 1 to 7."""

WIDE_VALUES = {
    "filters": tuple(range(4, 65, 4)),
    "kernel": (3, 5),
    "size": (2, 3),
    "percent": (10, 20, 30),
    "units": (16, 32, 64),
}


def _wide(*, head: bool) -> dict[str, dict[str, Any]]:
    """Every built-in layer but the report's, with the values of ``WIDE_VALUES``."""
    return {
        name: {field: WIDE_VALUES[field] for field in layer.fields if field in WIDE_VALUES}
        for name, layer in LAYERS.items()
        if layer.head is head and layer.source is None and name not in REPORT
    }


WIDE_SPACE = SearchSpace(
    layers=_wide(head=False), heads=_wide(head=True), depth=(2, 8), reductions=(0, 3)
)
"""All built-in layers but the report's: 2 to 8 of them before the head, at most three reductions,
filters 4, 8, ..., 64, kernels 3 and 5."""

SPACES = {"paper": PAPER_SPACE, "full": FULL_SPACE, "wide": WIDE_SPACE}


def find_space(name: str, **changes: Any) -> SearchSpace:
    """A space by its name, or from a TOML or JSON file (``SearchSpace.from_dict``).

    Args:
        name: the name, or the file.
        changes: ``input_shape``, ``n_classes`` and budgets, where they are others than its own.

    Raises:
        SpaceError: naming what is wrong with it.
    """
    path = Path(name)
    if name not in SPACES and path.suffix not in (".toml", ".json"):
        raise SpaceError(f"space {name!r}, allowed {', '.join(SPACES)}, or a .toml or .json file")
    try:
        if name in SPACES:
            return replace(SPACES[name], **changes)
        return SearchSpace.from_dict({**_read(path), **changes})
    except SpaceError as error:
        raise SpaceError(f"space {name}: {error}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        text = read_text(path)
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise SpaceError(f"{error.strerror}; give a .toml or .json file") from None
    except ValueError as error:
        raise SpaceError(f"neither TOML nor JSON: {error}") from None
    if not isinstance(content, dict) or not content:
        what = type(content).__name__ if not isinstance(content, dict) else "nothing"
        raise SpaceError(f"holds {what}, allowed a table with layers and heads")
    return content
