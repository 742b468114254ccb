"""The benchmarks of what the model learns, and of fronts: equal seeds, and the tables committed."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import fronts  # noqa: E402
import preselection  # noqa: E402
from variants.problems import TABLE  # noqa: E402

RESULTS = BENCHMARKS.parent / "results"


@pytest.mark.parametrize("title", preselection.SEARCHES)
def test_a_search_is_of_so_many_genomes_that_differ_and_regret_never_grows(title):
    known = preselection.find_known(TABLE)
    found = preselection.search(known, 5, preselection.SEARCHES[title])
    assert len(found) == len(set(found)) == max(preselection.BUDGETS)
    assert all(genes in known.problem.scores for genes in found)
    seen = [known.problem.scores[genes].seen for genes in found]
    bests = [max(seen[:budget]) for budget in preselection.BUDGETS]
    assert bests == sorted(bests)
    assert [budget for budget, _ in preselection.regrets(known, found)] == [25, 50, 100]


def test_volume_that_is_missing_shrinks_with_evaluations():
    found = dict(fronts.measure(fronts.SEVERAL, range(5, 6)))
    assert 1 > found[25] >= found[50] >= found[100] >= 0


def test_the_table_of_learning_is_whole_and_says_that_measurements_pay():
    table = pd.read_csv(RESULTS / "preselection" / "regret.csv")
    assert set(table["problem"]) == {"table", "table_timed", "macro"}
    assert set(table["learns"]) == {*preselection.SEARCHES}
    assert (table["seeds"] == 60).all()
    at = table.pivot_table("mean_regret", ["problem", "evaluations"], "learns")
    assert (at["measurements"] <= at["fitness"]).all()


def test_the_table_of_fronts_is_whole_and_says_which_covers_most():
    table = pd.read_csv(RESULTS / "fronts" / "volume.csv")
    assert set(table["search"]) == {fronts.ONE, fronts.NSGA2, fronts.SEVERAL}
    assert (table["seeds"] == 60).all()
    at = table.pivot_table("mean_missing_volume", "evaluations", "search")
    assert (at[fronts.SEVERAL] < at[fronts.NSGA2]).all()
