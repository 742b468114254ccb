"""Operators beside ours: who searches, what is found again, what the page and verdicts say."""

from __future__ import annotations

import gzip
import math
from importlib import resources

import pandas as pd
import pytest
from deap import base

from deap_nas.benchmark import BenchmarkError, compare, load_function, problem, write_page
from deap_nas.benchmark.comparison import (
    OURS,
    contestants,
    default_problem,
    of_settings,
)
from deap_nas.benchmark.own import load_operators
from deap_nas.runs.settings import Settings
from deap_nas.spaces import PAPER_SPACE
from deap_nas.tabular import FILE, TableError

SMALL = {"seeds": 4, "evaluations": 15, "workers": 1}


def test_ours_is_the_default_search_and_theirs_differs_in_one_thing(mine):
    ours, drawn, *theirs = contestants(load_operators(mine))
    assert ours == of_settings(OURS, Settings())
    assert (ours.loop, ours.population, ours.optimism) == ("preselected", 10, 2.0)
    assert drawn.loop == "random"
    for each, field in zip(theirs, ("crossover", "selection", "loop"), strict=True):
        changed = {k for k, v in each.definition().items() if v != ours.definition()[k]}
        assert changed == {field}


def test_others_are_ours_of_the_same_kinds(mine):
    operators = {"sel_four": load_operators(mine)["sel_four"]}
    names = [each.name for each in contestants(operators, "generational", others=True)]
    assert names[:3] == [OURS, "random", "sel_four"]
    assert names[3:] == [
        f"selection {name}" for name in ("roulette", "rank_roulette", "sus", "best", "random")
    ] + ["selection lexicase"]


def test_a_comparison_goes_on_where_it_was_stopped(mine, tmp_path):
    first = compare(mine, folder=tmp_path, **SMALL)
    kept = sorted((tmp_path / "searches").iterdir())
    assert len(kept) == 5 * 4
    kept[3].unlink()
    before = {path: path.stat().st_mtime_ns for path in kept if path.exists()}
    again = compare(mine, folder=tmp_path, **SMALL)
    pd.testing.assert_frame_equal(first.table, again.table)
    assert sorted((tmp_path / "searches").iterdir()) == kept
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_changed_file_is_searched_anew_and_ours_is_not(mine, tmp_path):
    compare(mine, folder=tmp_path, **SMALL)
    mine.write_text(mine.read_text() + "\n# changed\n")
    compare(mine, folder=tmp_path, **SMALL)
    assert len(list((tmp_path / "searches").iterdir())) == 5 * 4 + 3 * 4


def test_the_table_says_who_is_better(mine, tmp_path):
    found = compare(mine, folder=tmp_path, **{**SMALL, "evaluations": 40, "seeds": 6})
    table = found.table.set_index("contestant")
    assert set(table.index) == {OURS, "random", "cx_mine", "sel_four", "ea_mine"}
    assert table["mean_regret"].is_monotonic_increasing
    assert table.loc["ea_mine", "mean_regret"] > table.loc[OURS, "mean_regret"]
    assert table.loc["ea_mine", "a12"] < 0.5
    assert table["mean_place"].sum() == pytest.approx(1 + 2 + 3 + 4 + 5)
    assert len(found.verdicts()) == 4
    (verdict,) = [each for each in found.verdicts() if each.startswith("ea_mine")]
    assert "ours" in verdict
    assert "worse" in verdict or "no difference is shown" in verdict


def test_a_function_of_theirs_in_two_processes(mine, bits, tmp_path):
    problem = load_function(bits)
    found = compare(mine, problem, folder=tmp_path, **{**SMALL, "workers": 2})
    assert found.problem.optimum.held_out <= 9.0
    assert min(c.regret(15) for courses in found.courses.values() for c in courses) == 0.0
    assert "median_rank" not in found.table


def test_a_function_that_gives_no_number_is_one_line(mine, bits, tmp_path):
    bits.write_text(bits.read_text() + "\n\ndef evaluate(genes):\n    return float('nan')\n")
    with pytest.raises(BenchmarkError, match="the function bits gave no number in any search"):
        compare(mine, load_function(bits), folder=tmp_path, **SMALL)


def test_the_page_has_figures_tables_and_words(mine, tmp_path):
    found = compare(mine, folder=tmp_path, **SMALL)
    page = write_page(found, tmp_path).read_text()
    for verdict in found.verdicts():
        assert verdict.partition(";")[0] in page
    names = {path.name for path in (tmp_path / "benchmark").iterdir()}
    figures = {
        f"{name}.{kind}" for name in ("anytime", "regrets", "wins") for kind in ("svg", "png")
    }
    assert names == figures | {"anytime.csv", "contestants.csv", "wins.csv"}
    written = pd.read_csv(tmp_path / "benchmark" / "contestants.csv")
    assert list(written["contestant"]) == list(found.table["contestant"])
    assert page.count("<svg") == 3
    assert "4</data> times" in page


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"seeds": 1}, "seeds 1, allowed 2 or more"),
        ({"evaluations": 0}, "evaluations 0, allowed 1 or more"),
        ({"algorithm": "nsga2"}, "algorithm 'nsga2', allowed preselected"),
    ],
)
def test_bad_numbers_are_named_and_nothing_is_written(mine, tmp_path, settings, words):
    with pytest.raises(BenchmarkError, match=words):
        compare(mine, folder=tmp_path / "out", **{**SMALL, **settings})
    assert not (tmp_path / "out").exists()


def test_another_table_must_hold_its_space(tmp_path):
    source = resources.files("deap_nas") / "data" / "files" / FILE
    lines = gzip.decompress(source.read_bytes()).splitlines(keepends=True)
    few = tmp_path / "few.csv.gz"
    few.write_bytes(gzip.compress(b"".join(lines[:5])))
    with pytest.raises(BenchmarkError, match="holds 4 genomes of 3,456 of its space"):
        default_problem(few)
    whole = tmp_path / "whole.csv.gz"
    whole.write_bytes(source.read_bytes())
    assert default_problem(whole).fingerprint == default_problem().fingerprint
    assert default_problem(whole).name == "whole"
    with pytest.raises(BenchmarkError, match="of its space: give a table and a space"):
        default_problem(whole, PAPER_SPACE)
    with pytest.raises(TableError):
        default_problem(tmp_path / "none.csv.gz")


def test_of_a_space_without_formulas_the_sizes_in_the_table_are_known(monkeypatch):
    with_formulas = default_problem().measured
    monkeypatch.setattr(problem, "size_in", lambda _: None)
    monkeypatch.setattr(problem, "known_in", None)  # asks Keras there
    measured = default_problem().measured
    toolbox = base.Toolbox()
    measured.register(toolbox)
    genes = next(iter(measured.evaluations))
    assert toolbox.known(genes) == tuple(map(math.log1p, measured.size(genes)))
    assert with_formulas.known[genes][:2] == pytest.approx(toolbox.known(genes))
