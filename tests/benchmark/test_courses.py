"""Counting, keeping, and what is told of searches, against numbers worked out by hand."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from functools import cache
from itertools import combinations
from math import inf, isnan, nan
from pathlib import Path

import pytest

from deap_nas.benchmark import statistics, variant as variant_module
from deap_nas.benchmark.comparison import RANDOM, default_problem, mean_places
from deap_nas.benchmark.courses import Course, anytime, compared, run, summary, wins
from deap_nas.benchmark.memo import Memo, Spent, run_seed
from deap_nas.benchmark.parts import SHARED, Part, _numbered, plan
from deap_nas.benchmark.problem import FunctionProblem, Score
from deap_nas.benchmark.variant import CODE, PACKAGE, Own, Variant

table = cache(default_problem)


def ordered():
    return sorted(table().scores.values(), key=lambda score: -score.held_out)


def course(name, seed, *steps, evaluations=400):
    """Its answers by their places among all: (evaluations, place)."""
    found = tuple((when, *ordered()[place]) for when, place in steps)
    return Course(name, table(), seed, 9, evaluations, found)


# --- counting


def test_duplicates_are_free_and_the_budget_is_kept():
    memo = Memo(table(), 2)
    first, second, third = list(table().scores)[:3]
    seen = [table().scores[key].seen for key in (first, first, second)]
    assert [memo(first), memo(first), memo(second)] == seen
    with pytest.raises(Spent):
        memo(third)
    assert list(memo.found) == [first, second]


def test_asks_are_capped_at_ten_times_the_budget():
    memo, key = Memo(table(), 3), next(iter(table().scores))
    for _ in range(30):
        memo(key)
    with pytest.raises(Spent):
        memo(key)
    assert (memo.asks, memo.capped) == (30, True)


def test_steps_are_the_improvements_of_what_is_seen():
    values = iter([2.0, nan, 1.0, 3.0, 3.0])
    memo = Memo(FunctionProblem("f", "f", None, lambda _: next(values)), 5)
    for i in range(5):
        memo([i])
    assert memo.steps() == [(1, 2.0, 2.0), (4, 3.0, 3.0)]


def test_a_search_that_raises_says_whose_it_was():
    def broken(individual, rng):
        raise KeyError("lost")

    own = Variant("mut_mine", mutation=Own("mut_mine", broken))
    with pytest.raises(RuntimeError, match="mut_mine, seed 4: KeyError: 'lost'"):
        run_seed(own, table(), 4, 20)


# --- problems


def test_a_table_knows_optimum_and_ranks():
    scores = ordered()
    assert table().optimum.held_out == scores[0].held_out
    assert table().optimum.seen == max(score.seen for score in scores)
    assert table().rank(scores[0].held_out) == 1
    better = sum(score.held_out > scores[70].held_out for score in scores)
    assert table().rank(scores[70].held_out) == 1 + better


def test_a_functions_value_may_be_deaps_tuple_and_its_optimum_is_what_was_found():
    problem = FunctionProblem("f", "f", None, lambda genes: (sum(genes),))
    assert problem.score((1, 2)) == Score(3.0, 3.0)
    assert isnan(problem.optimum.seen)
    assert isnan(problem.rank(3.0))
    assert problem.judged_by(7.0).optimum == Score(7.0, 7.0)


# --- statistics and tables


def test_a12_and_holm():
    assert statistics.a12([1, 2], [3, 4]) == 1.0
    assert statistics.a12([1, 3], [2, 3]) == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.p_better([1] * 5, [1] * 5) == 1.0


def test_a_course_tells_regret_rank_and_when():
    found, best = course("x", 0, (1, 9), (4, 3), (7, 0)), ordered()
    assert found.regret(100) == 0.0
    assert found.rank(6) == table().rank(best[3].held_out)
    assert found.regret(3) == pytest.approx(best[0].held_out - best[9].held_out)
    assert found.needed(found.regret(5), 100) == 4
    assert found.needed(-1.0, 100) == inf


def test_who_found_nothing_has_infinite_regret():
    assert course("x", 0).regret(10) == inf


def made():
    good = [course("good", i, (1, 5), (20, 1), evaluations=30 + i) for i in range(8)]
    bad = [course("bad", i, (1, 500), (20, 100)) for i in range(8)]
    return {("table", "good"): good, ("table", "bad"): bad}


def test_a_summary_counts_cap_hits_and_orders():
    found = summary(made(), [25, 35]).set_index(["contestant", "evaluations"])
    assert found.loc[("good", 25), "cap_hits"] == 0
    assert found.loc[("good", 35), "cap_hits"] == 5
    assert found.loc[("good", 35), "mean_regret"] < found.loc[("bad", 35), "mean_regret"]


def test_the_better_one_is_told_from_the_worse():
    (row,) = compared(made(), "good", 25).to_dict("records")
    assert (row["contestant"], row["a12"]) == ("bad", 1.0)
    assert row["p_different_holm"] < 0.01
    assert wins(made(), "table", ["good", "bad"], 25).loc["bad", "good"] == 0.0
    assert dict(mean_places(made(), 25)) == {"good": 1.0, "bad": 2.0}


def test_whom_the_searched_score_puts_first_the_held_out_one_may_not():
    pairs = combinations(enumerate(ordered()), 2)
    good, worse = next((i, j) for (i, a), (j, b) in pairs if a.seen < b.seen)
    courses = {
        ("table", name): [course(name, i, (1, place)) for i in range(8)]
        for name, place in (("good", good), ("looks good", worse))
    }
    shares = [compared(courses, "good", 10, held_out)["a12"].item() for held_out in (True, False)]
    assert shares == [1.0, 0.0]


def test_anytime_regret_falls():
    found = anytime(made(), ["good"], 30)
    assert list(found["contestant"].unique()) == ["good"]
    assert found["mean"].is_monotonic_decreasing
    assert found["evaluations"].tolist() == list(range(1, 31))


# --- what is kept


def test_what_is_done_is_kept_and_not_done_again(tmp_path):
    kept = {"folder": tmp_path, "workers": 1}
    chosen = [RANDOM, Variant("other", population=4)]
    first = run(chosen, [table()], range(3), 15, **kept)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 6  # two contestants, a file a search
    rows = json.loads(files[0].read_text())
    files[0].write_text(json.dumps([{**rows[0], "asks": 77}]))
    files[1].unlink()
    again = run(chosen, [table()], range(4), 15, **kept)
    assert len(list(tmp_path.iterdir())) == 8
    assert sum(c.asks == 77 for found in again.values() for c in found) == 1
    steps = {key: [c.steps for c in found] for key, found in first.items()}
    assert steps == {key: [c.steps for c in found][:3] for key, found in again.items()}


def test_processes_change_nothing(tmp_path):
    one, two = (
        run([RANDOM], [table()], range(4), 15, folder=tmp_path / str(n), workers=n, block=2)
        for n in (1, 2)
    )
    assert one == two


def test_the_key_is_of_what_the_outcome_depends_on():
    def key(contestant, problem=None, seeds=(0,), budget=15):
        return Part(contestant, problem or table(), seeds, budget).key

    base = Variant("x", loop="generational")
    assert key(base) == key(replace(base, name="another")), "a name changes nothing"
    own = replace(base, crossover=Own("cx_mine", len, "one"))
    others = [
        key(replace(base, population=3)),
        key(own),
        key(replace(own, crossover=Own("cx_mine", len, "two"))),
        key(base, seeds=(1,)),
        key(base, budget=16),
        key(base, default_problem(fitness="time_penalised")),
    ]
    assert len({key(base), *others}) == 7


def test_changed_code_is_noticed(monkeypatch):
    (part,) = plan([RANDOM], [table()], [0], 15)
    before = part.key
    with pytest.raises(RuntimeError, match="changed while the benchmark ran"):
        _numbered(0, part, ["another"])
    monkeypatch.setattr(Variant, "code", lambda _: (Path(__file__),))
    assert Part(RANDOM, table(), (0,), 15).key != before


def test_all_that_a_search_imports_is_in_its_key():
    files = [path for path in (*CODE, *SHARED) if PACKAGE in path.parents]
    names = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in files}
    hashed = {name.removesuffix(".__init__") for name in names}
    assert variant_module.__name__ in hashed
    of_tables = {"deap_nas.tabular", "deap_nas.evaluation.fitness"}  # in the scores
    for path in files:
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, ast.ImportFrom) and statement.module != "deap_nas":
                module = str(statement.module)
                ours = module.startswith("deap_nas") and module not in of_tables
                assert not ours or module in hashed, f"{path}: {module}"
