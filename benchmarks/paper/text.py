"""How the page writes tables, numbers and origins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

NOT_YET = "*Not measured yet.*"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; numbers are written before they come here."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def code(genome: str) -> str:
    return f"`{genome}`"


def percent(share: float, digits: int = 2) -> str:
    return f"{100 * share:.{digits}f} %"


def points(difference: float, digits: int = 1) -> str:
    """A difference of two shares, in percentage points, with its sign."""
    return f"{100 * difference:+.{digits}f}".replace("-", "−")


def plural(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def listed(items: Iterable[str]) -> str:
    """ "a, b and c"; "none" of nothing."""
    *most, last = list(items) or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def origin(made: dict[str, Any], seeds: str = "") -> str:
    """Command, seeds, commit, machine: the line below a table or figure."""
    versions = made["versions"]
    tensorflow = versions.get("tensorflow", versions.get("tensorflow-cpu", "?"))
    commit = f"commit {made['commit']}"
    if made.get("changed_files"):
        commit += f" with {plural(made['changed_files'], 'changed file')}"
    if later := [other for other in made.get("resumed", []) if other != made["commit"]]:
        commit += f", resumed at {listed(later)}"
    parts = (f"`{command(made)}`", seeds, commit, made["machine"]["processor"])
    return f"*{'; '.join(filter(None, parts))}; TensorFlow {tensorflow}; {made['date']}*"


def command(made: dict[str, Any]) -> str:
    """As one types it: ``-m`` where a module was run, which sys.argv names by its file."""
    words = list(made["command"])
    if len(words) > 1 and "/benchmarks/paper/" in words[1]:
        module = words[1].split("/benchmarks/paper/")[1].removesuffix(".py")
        words[1:2] = ["-m", f"benchmarks.paper.{module}"]
    return " ".join(words)
