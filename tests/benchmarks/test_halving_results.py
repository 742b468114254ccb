"""The benchmark of successive halving: its searches, and what is committed of them."""

from __future__ import annotations

import sys
from itertools import takewhile
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import halving  # noqa: E402
from variants.problems import TABLE, find_problem  # noqa: E402

from deap_nas.runs.presets import PRESETS  # noqa: E402
from deap_nas.runs.settings import Settings  # noqa: E402

RESULTS = BENCHMARKS.parent / "results" / "halving"


@pytest.mark.parametrize("eta", [0, 2])
def test_a_search_spends_the_epochs_and_never_ends_with_who_was_stopped(
    eta: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halving, "BUDGETS", (60, 120))
    problem = find_problem(TABLE)
    found = halving.search(problem, 5, eta)
    assert {e.epochs for e in found.values()} == ({2, 4} if eta else {4})
    assert all(e.stopped == (e.epochs == 2) for e in found.values())
    assert 120 <= sum(e.epochs for e in found.values()) < 120 + halving.EPOCHS
    (first, last) = halving.answers(problem, found)
    assert first.regret >= last.regret >= 0
    assert (last.stopped > 0) == (eta > 0)
    assert list(takewhile(lambda e: e.ok, found.values())), "the first genomes go on"


def test_the_table_does_not_say_that_it_pays_and_so_it_is_off() -> None:
    table = pd.read_csv(RESULTS / "regret.csv")
    assert (table["seeds"] == 60).all()
    assert set(table["halving"]) == {0, 2, 3, 4}
    assert (table.loc[table["halving"] > 0, "p_better_than_0"] > 0.1).all()
    assert Settings().halving == 0
    assert not any("halving" in preset for preset in PRESETS.values())


def test_an_early_epoch_says_little_of_who_is_best() -> None:
    rungs = pd.read_csv(RESULTS / "rungs.csv").pivot_table(
        "rank_correlation", "best_at_the_end", "rung"
    )
    everybody = rungs.index.max()
    assert rungs.loc[everybody, 1] > 0.85
    assert rungs.loc[1000, 1] < 0.4 < 0.65 < rungs.loc[1000, 2]
    assert rungs.loc[100].max() < 0.5
