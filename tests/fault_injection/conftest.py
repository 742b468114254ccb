"""Counts of the fault-injection suite: printed, and saved in results/fault_injection/."""

from __future__ import annotations

import csv
import json
import os
import platform
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import drivers
import pytest

RESULTS = drivers.ROOT / "results" / "fault_injection"
COLUMNS = ("scenario", "tried", "lost", "differing")


class Counts:
    """How many faults were tried in each scenario, and what they cost.

    ``lost``: outcomes that were on disk before the fault and not after the resumption;
    ``differing``: runs that ended otherwise than the undisturbed one.
    """

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = defaultdict(
            lambda: {"tried": 0, "lost": 0, "differing": 0}
        )
        self.started = time.time()

    def add(self, scenario: str, *, lost: int = 0, differing: int = 0, tried: int = 1) -> None:
        for name, number in (("tried", tried), ("lost", lost), ("differing", differing)):
            self._counts[scenario][name] += number

    def rows(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = [{"scenario": s, **c} for s, c in self._counts.items()]
        total = {name: sum(c[name] for c in self._counts.values()) for name in COLUMNS[1:]}
        return [*rows, {"scenario": "total", **total}]

    def save(self) -> None:
        RESULTS.mkdir(parents=True, exist_ok=True)
        rows = self.rows()
        with (RESULTS / "counts.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        content = {
            "counts": rows,
            "command": "python -m pytest -m faults tests/fault_injection",
            "commit": _git("rev-parse", "--short", "HEAD"),
            "machine": f"{os.cpu_count()} cores, {platform.platform()}",
            "python": platform.python_version(),
            "minutes": round((time.time() - self.started) / 60, 1),
        }
        (RESULTS / "counts.json").write_text(json.dumps(content, indent=2) + "\n")

    def table(self) -> str:
        lines = [f"{'scenario':<44}{'tried':>8}{'lost':>8}{'differing':>11}"]
        for row in self.rows():
            lines.append(
                f"{row['scenario']:<44}{row['tried']:>8}{row['lost']:>8}{row['differing']:>11}"
            )
        return "\n".join(lines)


_counts = Counts()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(drivers.ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@pytest.fixture(scope="session")
def counts() -> Counts:
    return _counts


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder where waiting for the disk costs nothing, if there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        dir=memory if os.access(memory, os.W_OK) else None, prefix="faults-"
    ) as folder:
        yield Path(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if len(_counts.rows()) > 1:
        terminalreporter.write_line(f"\n{_counts.table()}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only a whole suite's counts are saved: a part would pass for it."""
    options = session.config.option
    folders = all(Path(argument).is_dir() for argument in session.config.args)
    if len(_counts.rows()) > 1 and folders and not options.keyword and not options.collectonly:
        _counts.save()
