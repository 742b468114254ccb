"""Pages of results: a Markdown template holds what a person wrote, numbers and tables fill it.

What a page claims of its results is written by hand in the template; a test in tests/benchmarks
holds each claim to the committed files, so that new results do not leave an old sentence standing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd


def render(template: Path, **values: Any) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    for written in (code, listed, number, origin, percent, points, small, table):
        environment.filters[written.__name__] = written
    return environment.get_template(template.name).render(values)


def table(frame: pd.DataFrame) -> str:
    """A Markdown table. Text stays as it is; of a number its first four digits are written."""

    def cell(value: Any) -> str:
        if isinstance(value, float):
            return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
        return str(value)

    lines = [frame.columns, ["---"] * len(frame.columns), *frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def shown(
    frame: pd.DataFrame, columns: dict[str, tuple[str, str | Callable[[Any], str]]]
) -> pd.DataFrame:
    """``columns`` of a table as text: header to column and how it is written (a format, say)."""
    found = {}
    for header, (column, how) in columns.items():
        found[header] = frame[column].map(f"{{:{how}}}".format if isinstance(how, str) else how)
    return pd.DataFrame(found)


def code(genome: str) -> str:
    return f"`{genome}`"


def number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}"


def percent(share: float, digits: int = 2) -> str:
    return f"{100 * share:.{digits}f} %"


def points(difference: float, digits: int = 1) -> str:
    """A difference of two shares, in percentage points, with its sign."""
    return f"{100 * difference:+.{digits}f}".replace("-", "−")


def small(p: float) -> str:
    """A p-value."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def listed(items: Iterable[Any]) -> str:
    """ "a, b and c"."""
    *most, last = map(str, items)
    return f"{', '.join(most)} and {last}" if most else last


def origin(made: dict[str, Any], seeds: str = "") -> str:
    """Command, seeds, commit, machine: the line below a table or figure."""
    versions = made["versions"]
    tensorflow = versions.get("tensorflow", versions.get("tensorflow-cpu", "?"))
    commit = f"commit {made['commit']}"
    if changed := made.get("changed_files"):
        commit += f" with {changed} changed file{'s' * (changed > 1)}"
    if later := [other for other in made.get("resumed", []) if other != made["commit"]]:
        commit += f", resumed at {listed(later)}"
    parts = (f"`{command(made)}`", seeds, commit, made["machine"]["processor"])
    return f"*{'; '.join(filter(None, parts))}; TensorFlow {tensorflow}; {made['date']}*"


def command(made: dict[str, Any]) -> str:
    """As one types it: ``-m`` where a module was run, which sys.argv names by its file; of files
    outside the repository the name alone."""
    words = list(made["command"])
    if len(words) > 1 and (found := re.search(r"/benchmarks/(\w+)/(\w+)\.py$", words[1])):
        words[1:2] = ["-m", f"benchmarks.{found[1]}.{found[2]}"]
    return " ".join(Path(word).name if word.startswith(("/", "..")) else word for word in words)
