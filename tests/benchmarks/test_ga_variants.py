"""The benchmark of variants: counting, repeatability, statistics, and the files it writes."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import ga_variants  # noqa: E402
import restriction  # noqa: E402
from variants import (  # noqa: E402
    contests,
    parts,
    problems,
    rivals,
    searching,
    statistics,
    variants as data,
)
from variants.memo import Memo, Spent  # noqa: E402

from deap_nas.runs.settings import Settings  # noqa: E402


def answer(contestant, seed=0, budget=30):
    memo = Memo(problems.find_problem(problems.TABLE), budget)
    contestant.search(memo, seed)
    return memo


# --- counting


def test_duplicates_are_free_and_the_budget_is_kept():
    problem = problems.find_problem(problems.TABLE)
    memo = Memo(problem, 2)
    first, second, third = problem.keys[:3]
    assert [memo(first), memo(first), memo(second)] == [
        problem.scores[first],
        problem.scores[first],
        problem.scores[second],
    ]
    with pytest.raises(Spent):
        memo(third)
    assert list(memo.found) == [first, second]


def test_asks_are_capped_at_ten_times_the_budget():
    problem = problems.find_problem(problems.TABLE)
    memo = Memo(problem, 3)
    for _ in range(30):
        memo(problem.keys[0])
    with pytest.raises(Spent):
        memo(problem.keys[0])
    assert memo.asks == 30
    assert memo.capped


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
        apart = ("elitism", "patience", "optimism", "candidates")
        return {key: value for key, value in variant.definition().items() if key not in apart}

    settings = Settings()
    ours = data.of_settings("", settings)
    assert told(ours) == told(data.BEST)
    assert (settings.candidates, settings.optimism) == (data.BEST.candidates, data.BEST.optimism)


# --- statistics, against numbers worked out by hand


def test_a12_and_holm():
    assert statistics.a12([1, 2], [3, 4]) == 1.0
    assert statistics.a12([1, 3], [2, 3]) == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.p_better([1] * 5, [1] * 5) == 1.0


def test_a_course_tells_regret_rank_and_when():
    problem = problems.find_problem(problems.TABLE)
    ordered = sorted(problem.keys, key=lambda key: -problem.held_out[key])
    steps = tuple((when, problem.index[ordered[place]]) for when, place in ((1, 9), (4, 3), (7, 0)))
    course = contests.Course("someone", problems.TABLE, 0, 9, 7, steps)
    assert course.regret(100) == 0.0
    assert course.rank(6) == problem.ranks[ordered[3]]
    assert course.regret(3) == pytest.approx(problem.optimum - problem.held_out[ordered[9]])
    assert course.needed(course.regret(5), 100) == 4
    assert course.needed(-1.0, 100) == float("inf")


def made_up(name, seed, *steps, evaluations=400):
    problem = problems.find_problem(problems.TABLE)
    ordered = sorted(problem.keys, key=lambda key: -problem.held_out[key])
    told = tuple((when, problem.index[ordered[place]]) for when, place in steps)
    return contests.Course(name, problems.TABLE, seed, 9, evaluations, told)


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


def test_a_cap_hit_is_a_search_that_ended_before_the_budget():
    courses = {(problems.TABLE, "x"): [made_up("x", i, (1, 5), evaluations=30 + i) for i in (0, 9)]}
    found = contests.summary(courses, [25, 35, 100]).set_index("evaluations")["cap_hits"]
    assert list(found) == [0, 1, 2]


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


def test_a_new_variant_leaves_what_is_kept_and_changed_code_does_not(monkeypatch):
    part = parts.Part(data.RANDOM, problems.TABLE, (0,), 15)
    again = parts.Part(replace(data.RANDOM, name="another"), problems.TABLE, (0,), 15)
    assert part.key == again.key, "a name changes nothing"
    assert Path(data.__file__) not in (*parts.SHARED, *data.RANDOM.code())
    other = parts.Part(replace(data.RANDOM, population=3), problems.TABLE, (0,), 15)
    assert other.key != part.key
    with pytest.raises(RuntimeError, match="changed while the benchmark ran"):
        parts._numbered((0, part, "another key"))
    monkeypatch.setattr(data.Variant, "code", lambda _: (Path(data.__file__),))
    assert parts.Part(data.RANDOM, problems.TABLE, (0,), 15).key != part.key


def test_all_that_a_search_imports_is_in_its_key():
    package = searching.PACKAGE
    code = [path for path in searching.CODE if package in path.parents]
    names = {".".join(path.relative_to(package.parent).with_suffix("").parts) for path in code}
    hashed = {name.removesuffix(".__init__") for name in names}
    for path in code:
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, ast.ImportFrom) and statement.module != "deap_nas":
                module = str(statement.module)
                assert not module.startswith("deap_nas") or module in hashed, f"{path}: {module}"


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


def test_parameters_cover_a_space_exactly():
    space = problems.find_problem(problems.TABLE).space
    rng, seen = random.Random(0), set()
    for _ in range(3000):
        key = rivals.genome_of(space, lambda _name, values, _ordered: rng.choice(values))
        assert key in space
        seen.add(key)
    assert len(seen) > 1500
    assert "order" in rivals.parameters(space)


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
