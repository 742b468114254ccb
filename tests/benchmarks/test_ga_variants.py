"""The benchmark of variants: counting, repeatability, statistics, and the files it writes."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import ga_variants  # noqa: E402
import restriction  # noqa: E402
from variants import contests, problems, rivals, variants as data  # noqa: E402

from deap_nas.benchmark.courses import Course  # noqa: E402
from deap_nas.benchmark.memo import Memo  # noqa: E402
from deap_nas.runs.settings import Settings  # noqa: E402


def answer(contestant, seed=0, budget=30):
    memo = Memo(problems.find_problem(problems.TABLE), budget)
    contestant.search(memo, seed)
    return memo


# --- counting


@pytest.mark.parametrize("variant", data.variants(), ids=lambda v: v.name)
def test_every_variant_spends_its_budget_and_no_more(variant):
    memo = answer(variant)
    assert len(memo.found) == 30 or memo.capped
    assert memo.found.keys() <= memo.problem.scores.keys()


def test_names_are_unique():
    names = [variant.name for variant in data.variants()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("variant", [data.BEST, data.REPORT, data.AGING], ids=lambda v: v.name)
def test_equal_seeds_equal_searches(variant):
    first = answer(variant, 3)
    random.seed(99)  # nothing may come from the module's state
    assert list(answer(variant, 3).found) == list(first.found)
    assert list(answer(variant, 4).found) != list(first.found)


def test_the_default_of_a_search_is_the_variant_that_the_benchmark_calls_ours():
    def told(variant):
        apart = ("elitism", "restart_after", "optimism", "candidates")
        return {key: value for key, value in variant.definition().items() if key not in apart}

    settings = Settings()
    ours = data.of_settings("", settings)
    assert told(ours) == told(data.BEST)
    assert (settings.candidates, settings.optimism) == (data.BEST.candidates, data.BEST.optimism)


def made_up(name, seed, *steps, evaluations=400):
    problem = problems.find_problem(problems.TABLE)
    ordered = sorted(problem.scores.values(), key=lambda score: -score.held_out)
    told = tuple((when, *ordered[place]) for when, place in steps)
    return Course(name, problem, seed, 9, evaluations, told)


def test_evaluations_needed_are_counts_that_were_there():
    report = [
        made_up(data.REPORT.name, 0, (1, 50), (90, 10)),
        made_up(data.REPORT.name, 1, (1, 40)),
    ]
    quick = [made_up("quick", 0, (1, 300), (7, 5)), made_up("quick", 1, (1, 300), (12, 5))]
    courses = {
        (problems.TABLE, data.REPORT.name): report,
        (problems.TABLE, "quick"): quick,
    }
    table = contests.needed(courses, 400).set_index("contestant")
    assert table.loc["quick", "regret"] == report[1].regret(100)
    assert table.loc["quick", "median_evaluations"] == 12
    assert table.loc[data.REPORT.name, "median_evaluations"] == 90


def test_draws_of_looser_spaces_are_compared_with_the_reports():
    fitness = {name: [5.0 + place / 100 for place in range(24)] for name in restriction.SPACES}
    fitness["the report's section II"] = [1.0] * 24
    scores = pd.DataFrame(
        [
            {"space": name, "accuracy": 0.5, "fitness": value, "train_cpu_seconds": 1.0}
            for name, values in fitness.items()
            for value in values
        ]
    )
    found = restriction.summarise(scores).set_index("space")
    assert found.loc["the report's section II", "a12"] == 1.0
    assert found.loc["the report's section II", "p_holm"] < 1e-6
    assert found.loc["0 to 6 NC", ["a12", "p_holm"]].tolist() == [0.5, 1.0]


def test_what_is_shown_is_compared():
    assert set(ga_variants.SHOWN) <= {variant.name for variant in data.variants()}


# --- runs


def setting(tmp_path, jobs=1):
    return contests.Setting(tmp_path / "cache", jobs, (problems.TABLE,), 4)


def test_serial_parallel_and_resumed_are_equal(tmp_path):
    chosen = [data.BEST, data.RANDOM]
    runs = [
        contests.run(setting(tmp_path / name, jobs), chosen, [problems.TABLE], range(12), 15, name)
        for name, jobs in (("one", 1), ("two", 2))
    ]
    assert runs[0] == runs[1]
    kept = sorted((tmp_path / "one" / "cache").iterdir())
    assert len(kept) == 4  # two contestants, seeds in blocks of ten
    changed = json.loads(kept[0].read_text())
    kept[1].unlink()
    kept[0].write_text(json.dumps([{**row, "asks": 77} for row in changed]))
    again = contests.run(
        setting(tmp_path / "one"), chosen, [problems.TABLE], range(12), 15, "resumed"
    )
    asks = {course.asks for courses in again.values() for course in courses}
    assert 77 in asks, "what is kept is not run again"
    assert sum(len(courses) for courses in again.values()) == 24


def test_a_small_run_writes_every_file(tmp_path, monkeypatch):
    few = [data.RANDOM, data.REPORT, data.PLUS, data.BEST, *data.changed(data.BASE)[:2]]
    monkeypatch.setattr(contests, "variants", lambda: few)
    monkeypatch.setattr(contests, "BUDGETS", (25, 100))
    monkeypatch.setattr(contests, "SPLITS", (5, 10))
    ga_variants.run_variants(setting(tmp_path), tmp_path)
    written = {path.name for path in tmp_path.iterdir()} - {"cache"}
    committed = {path.name for path in ga_variants.OUT.iterdir()}
    assert written == {
        name for name in committed if not name.startswith(("rivals", "run", "README"))
    }
    table = pd.read_csv(tmp_path / "variants.csv")
    assert set(table["contestant"]) == {variant.name for variant in few}
    assert set(table["evaluations"]) == {25, 100}


def test_bad_seeds_are_one_line():
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "ga_variants.py", "--seeds", "7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--seeds 7, allowed even numbers from 4 to 200" in done.stderr


# --- rivals


@pytest.mark.parametrize(
    ("words", "expected"),
    [((), ["variants"]), (("too",), ["variants", "rivals"]), (("only",), ["rivals"])],
)
def test_variants_and_rivals_run_apart_or_together(tmp_path, monkeypatch, words, expected):
    done = []
    monkeypatch.setattr(ga_variants, "run_variants", lambda *_: done.append("variants"))
    monkeypatch.setattr(ga_variants, "run_contest", lambda *_: done.append("rivals"))
    monkeypatch.setattr(ga_variants, "versions", dict)
    words = ("--rivals", *words) if words else ()
    monkeypatch.setattr(sys, "argv", ["ga_variants.py", "--out", str(tmp_path), *words])
    ga_variants.main()
    assert done == expected
    names = {"variants": "run.json", "rivals": "rivals_run.json"}
    assert {path.name for path in tmp_path.iterdir()} == {names[each] for each in expected}


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("Optuna TPE", "optuna"),
        ("Optuna NSGA-II", "optuna"),
        ("pymoo GA", "pymoo"),
        ("Nevergrad", "nevergrad"),
    ],
)
def test_each_rival_spends_its_budget_and_repeats(name, package):
    pytest.importorskip(package)
    for rival in rivals.rivals()[name][:2]:
        memo = answer(rival, budget=20)
        assert len(memo.found) == 20 or memo.capped
        assert list(answer(rival, budget=20).found) == list(memo.found)


def test_each_rival_has_as_many_configurations():
    assert {len(several) for several in rivals.rivals().values()} == {rivals.CONFIGURATIONS}


def test_results_of_more_seeds_are_not_replaced(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ga_variants.py", "--seeds", "20"])
    with pytest.raises(SystemExit, match="2"):
        ga_variants.main()
    assert "holds results of 200 seeds, which --seeds 20 would replace" in capsys.readouterr().err
