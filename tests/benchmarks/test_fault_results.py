"""results/fault_injection bears out what docs/resuming.md says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from claims import missing, never_false, unsupported

ROOT = Path(__file__).parents[2]


def results() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (ROOT / "results" / "fault_injection" / "counts.json").read_text()
    )
    return content


def count(results: dict[str, Any], scenario: str, what: str = "tried") -> int:
    rows = [row for row in results["counts"] if row["scenario"].startswith(scenario)]
    return sum(row[what] for row in rows)


CLAIMS: dict[str, Callable[[Any], bool]] = {
    "566 faults tried": lambda r: count(r, "total") == 566,
    "0 outcomes lost": lambda r: count(r, "total", "lost") == 0,
    "0 runs that ended otherwise": lambda r: count(r, "total", "differing") == 0,
    "25 kills of real trainings": lambda r: count(r, "real training") == 25,
    "479 kills of searches with a stub": lambda r: count(r, "stub") == 479,
    "20.3 minutes": lambda r: r["minutes"] == 20.3,
    "commit 18b8eff": lambda r: r["commit"] == "18b8eff",
}


def test_the_page_says_what_was_counted():
    assert not missing(CLAIMS, (ROOT / "docs" / "resuming.md").read_text())
    assert not unsupported(CLAIMS, results())


def test_each_claim_could_be_false():
    fewer = {"scenario": "total", "tried": 1, "lost": 1, "differing": 1}
    assert not never_false(CLAIMS, [{"counts": [fewer], "minutes": 1, "commit": ""}])


@pytest.mark.parametrize("what", ["tried", "lost", "differing"])
def test_the_total_is_the_sum(what):
    counted = results()["counts"]
    assert counted[-1]["scenario"] == "total"
    assert sum(row[what] for row in counted[:-1]) == counted[-1][what]
