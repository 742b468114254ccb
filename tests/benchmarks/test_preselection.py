"""The benchmarks of what the model learns, and of fronts: equal seeds, and the tables committed."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import fronts  # noqa: E402
import preselection  # noqa: E402
from variants.problems import TABLE  # noqa: E402

RESULTS = BENCHMARKS.parent / "results"


def test_regrets_are_of_searches_that_differ_and_never_grow(tmp_path):
    preselection.main(["--seeds", "2", "--jobs", "1", "--out", str(tmp_path)])
    table = pd.read_csv(tmp_path / "regret.csv")
    table = table[table["problem"] == TABLE]
    at = table.pivot_table("mean_regret", "contestant", "evaluations")
    assert list(at) == list(preselection.BUDGETS)
    assert {*at.index} == {each.name for each in preselection.SEARCHES}
    assert (at.diff(axis=1).iloc[:, 1:] <= 0).all(axis=None)
    assert at.nunique().max() == len(at), "each search has another course"


def test_volume_that_is_missing_shrinks_with_evaluations():
    found = dict(fronts.measure(fronts.SEVERAL, range(5, 6)))
    assert 1 > found[25] >= found[50] >= found[100] >= 0


def test_the_table_of_learning_is_whole_and_says_that_measurements_pay():
    table = pd.read_csv(RESULTS / "preselection" / "regret.csv")
    assert set(table["problem"]) == {"table", "table_timed", "macro", "digits"}
    assert set(table["contestant"]) == {each.name for each in preselection.SEARCHES}
    assert (table["seeds"] == 60).all()
    at = table.pivot_table("mean_regret", ["problem", "evaluations"], "contestant")
    chosen_on = at.drop(index="digits")
    assert (chosen_on[preselection.DEFAULT] <= chosen_on["learns fitness"]).all()
    # Of the digits only what the search was told: the images that judge are few.
    seen = table.pivot_table("mean_seen_regret", ["problem", "evaluations"], "contestant")
    told = seen.loc["digits"].loc[[50, 100]]
    assert (told[preselection.DEFAULT] < told["learns fitness"]).all()


def test_the_table_of_fronts_is_whole_and_says_which_covers_most():
    table = pd.read_csv(RESULTS / "fronts" / "volume.csv")
    assert set(table["search"]) == {fronts.ONE, fronts.NSGA2, fronts.SEVERAL}
    assert (table["seeds"] == 60).all()
    at = table.pivot_table("mean_missing_volume", "evaluations", "search")
    assert (at[fronts.SEVERAL] < at[fronts.NSGA2]).all()
