"""results/memory bears out what docs/performance.md says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from claims import missing, never_false, unsupported

ROOT = Path(__file__).parents[2]


def results() -> dict[str, pd.DataFrame]:
    folder = ROOT / "results" / "memory"
    return {name: pd.read_csv(folder / f"{name}.csv") for name in ("memory", "starts")}


def after(memory: pd.DataFrame, n: int) -> float:
    return round(memory["worker_mib"].iloc[n - 1])


CLAIMS: dict[str, Callable[[Any], bool]] = {
    "1,000 genomes on full Fashion-MNIST": lambda r: len(r["memory"]) == 1001,
    "the parent 140 MiB": lambda r: round(r["memory"]["parent_mib"].max()) == 140,
    "a worker 75 MiB when it is ready": lambda r: round(r["starts"]["mib"].max()) == 75,
    "84 at most": lambda r: round(r["memory"]["worker_mib"].max()) == 84,
    "83 after 100 genomes and after 1,000": lambda r: (
        {after(r["memory"], n) for n in (100, 1000)} == {83}
    ),
    "ready within 0.36 s": lambda r: round(r["starts"]["seconds"].median(), 2) == 0.36,
    "the most 0.44": lambda r: round(r["starts"]["seconds"].max(), 2) == 0.44,
}


def test_the_page_says_what_was_measured():
    assert not missing(CLAIMS, (ROOT / "docs" / "performance.md").read_text())
    assert not unsupported(CLAIMS, results())


def test_each_claim_could_be_false():
    numbers = {name: table.select_dtypes("number") for name, table in results().items()}
    others = {name: pd.concat([table, table]) + 1 for name, table in numbers.items()}
    assert not never_false(CLAIMS, [others])


def test_a_worker_stays_flat_and_below_its_goal():
    memory = results()["memory"]["worker_mib"]
    assert memory.max() < 250
    assert memory[900:1000].mean() - memory[:100].mean() < 2
