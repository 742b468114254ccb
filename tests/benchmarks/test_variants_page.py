"""results/ga_variants/README.md says what the files beside it say, in numbers and words."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from claims import missing, never_false, unsupported

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import describe_variants as describe  # noqa: E402
import restriction  # noqa: E402
from variants import contests  # noqa: E402
from variants.variants import BASE, BEST, PLUS  # noqa: E402

from deap_nas.benchmark import memo  # noqa: E402

ALPHA = 0.01
Found = describe.Found


@pytest.fixture(scope="module")
def committed() -> Found:
    return describe.read()


@pytest.fixture(scope="module")
def page(committed: Found) -> str:
    return describe.build(committed)


def test_the_page_is_what_its_files_say(page: str) -> None:
    told = "run: python benchmarks/describe_variants.py"
    assert page == (describe.OUT / "README.md").read_text(), told
    assert not re.search(r"\bnan\b", page)
    for figure in re.findall(r"\]\(([^)]+\.svg)\)", page):
        assert (describe.OUT / figure).is_file()


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("evaluations_needed", "median_evaluations"),
        ("rivals", "mean_regret"),
        ("rivals_choices", "chosen"),
        ("rivals_compared", "p_holm"),
        ("rivals_needed", "median_evaluations"),
        ("split", "high"),
        ("variants", "mean_regret"),
        ("variants_choosing", "mean_regret"),
        ("variants_compared", "a12"),
        ("restriction", "low"),
        ("spaces", "mean_cpu_seconds"),
    ],
)
def test_changed_numbers_change_the_page(
    committed: Found, page: str, name: str, column: str
) -> None:
    table = committed[name]
    changed = "another" if column == "chosen" else 0.9 * table[column]
    assert describe.build({**committed, name: table.assign(**{column: changed})}) != page


# --- what is written by hand


def beaten(found: Found, problem: str, **of: object) -> set[str]:
    rows = describe.verdicts(found, **of)
    return set(rows[(rows["problem"] == problem) & (rows["p_holm"] < ALPHA)]["contestant"])


def unbeaten(found: Found, **of: object) -> dict[str, set[str]]:
    """Those of each problem."""
    everybody = set(found["rivals_compared"]["contestant"])
    problems = found["rivals_compared"]["problem"].unique()
    return {problem: everybody - beaten(found, problem, **of) for problem in problems}


def is_best(found: Found) -> bool:
    rows = found["rivals"]
    tables = [describe.wide(rows[rows["evaluations"] == n], "mean_regret") for n in (50, 100)]
    return all(t.shape == (9, 4) and (t.loc[BEST.name] <= t.min()).all() for t in tables)


def at_the_optimum(found: Found) -> set[str]:
    rows = found["rivals"].query("evaluations == 100 and problem == 'table_timed'")
    return set(rows[rows["mean_regret"] == 0]["contestant"])


def around(found: Found) -> pd.DataFrame:
    """The variants around the default: one a row, by what was changed."""
    rows = found["variants_compared"]
    own = rows[rows["contestant"].str.startswith(BASE.name)]
    return own.assign(change=own["contestant"].str.removeprefix(f"{BASE.name}, "))


def clearly(found: Found, worse: bool, problem: str | None = None) -> set[str]:
    rows = around(found)
    rows = rows[rows["p_different_holm"] < ALPHA]
    side = rows[(rows["a12"] > 0.5) == worse]
    return set(side["change"] if problem is None else side[side["problem"] == problem]["change"])


def needs_less_than_half(found: Found) -> bool:
    needed = describe.wide(found["evaluations_needed"], "median_evaluations")
    return bool((needed.loc[BEST.name] < needed.loc["the report's GA"] / 2).all())


def populations(found: Found, search: str) -> set[int]:
    rows = describe.populations(found)
    return set(rows[rows["search"] == search]["best population"])


def neighbours_differ(found: Found) -> bool:
    """Whether any of the next in the list differs clearly from the default, which is the first."""
    rows = found["variants_compared"]
    next_ones = rows[rows["contestant"].isin(describe.places(found).index[1:4])]
    return bool((next_ones["p_different_holm"] < ALPHA).any())


def narrow_is_worse(found: Found) -> bool:
    rows = found["restriction"][found["restriction"]["evaluations"] == 100]
    means = describe.wide(rows, "mean_regret")
    return len(means) == 3 and bool((means["table_shallow"] > means["table"]).all())


def worse_spaces(found: Found) -> list[str]:
    rows = found["spaces"]
    return list(rows[rows["p_holm"] < ALPHA]["space"])


CLAIMS: dict[str, Callable[[Found], object]] = {
    "**After 50 and after 100 evaluations none of nine searches has less mean regret, on any of": (
        is_best
    ),
    "local search and Optuna TPE end at the optimum, too": lambda f: (
        at_the_optimum(f) == {BEST.name, "local search", "Optuna TPE"}
    ),
    "On our table, accuracy / ln(parameters), it beats all eight": lambda f: (
        unbeaten(f)["table"] == set()
    ),
    "it beats random, the report's GA, pymoo GA and Nevergrad": lambda f: (
        beaten(f, "table_timed") == {"random", "the report's GA", "pymoo GA", "Nevergrad"}
    ),
    "NAS-Bench-Macro, accuracy / ln(parameters), it beats random, the report's GA and pymoo GA": (
        lambda f: beaten(f, "macro") == {"random", "the report's GA", "pymoo GA"}
    ),
    "On the digits, on which nothing was chosen, it beats random and the report's GA": lambda f: (
        beaten(f, "digits") == {"random", "the report's GA"}
    ),
    "**After 50 it beats all eight on our table and on the digits**": lambda f: (
        unbeaten(f, at=50)
        == {
            **{"table": set(), "digits": set(), "table_timed": {"local search"}},
            "macro": {"local search", "Optuna TPE"},
        }
    ),
    "it beats all after 50 but local search with seconds": lambda f: (
        [name for names in unbeaten(f, at=50, held_out=False).values() for name in names]
        == ["local search"]
        and unbeaten(f, at=50, held_out=False)["table_timed"] == {"local search"}
    ),
    "three problems without seconds, all but Optuna TPE on NAS-Bench-Macro": lambda f: (
        {**unbeaten(f, held_out=False), "table_timed": None}
        == {"table": set(), "digits": set(), "macro": {"Optuna TPE"}, "table_timed": None}
    ),
    "**It needs less than half of the evaluations** to be as good as the report's GA after 100": (
        needs_less_than_half
    ),
    "Of the 20 variants around it, three are clearly worse": lambda f: (
        around(f)["change"].nunique() == 20
        and clearly(f, worse=True) == {"no choice", "attribute", "gene"}
    ),
    "and none is clearly better": lambda f: not clearly(f, worse=False),
    "*No choice* is worse on both problems of our table": lambda f: (
        clearly(f, worse=True, problem="table") == {"no choice"}
        and "no choice" in clearly(f, worse=True, problem="table_timed")
    ),
    "are worse with seconds": lambda f: (
        {"attribute", "gene"} <= clearly(f, worse=True, problem="table_timed")
    ),
    "On NAS-Bench-Macro none is": lambda f: not clearly(f, worse=True, problem="macro"),
    "A population of 8 to 10 has the least mean regret": lambda f: (
        populations(f, BEST.name) == {8, 10}
    ),
    "the report's GA wants 33 to 50": lambda f: populations(f, "the report's GA") == {33, 50},
    "(12 where it has any)": lambda f: set(f["rivals_choices"]["tried"]) == {1, 12},
    "The default is the first": lambda f: describe.places(f).index[0] == BEST.name,
    "Nor is the first of the list clearly better than its neighbours": lambda f: (
        not neighbours_differ(f)
    ),
    "After 100 evaluations all three searches do worse with it": narrow_is_worse,
    "is shown to be better than one of its section II": lambda f: (
        "the report's section II" in worse_spaces(f)
    ),
    "Against the spaces with one rule loosened nothing is shown": lambda f: (
        set(worse_spaces(f)) <= {"the report's section II"}
    ),
}


def others(found: Found) -> Iterator[Found]:
    """Other results, which the page's words would not fit."""

    def changed(name: str, **columns: object) -> Found:
        return {**found, name: found[name].assign(**columns)}

    for name in ("rivals", "split", "variants_choosing", "restriction"):
        yield changed(name, mean_regret=-found[name]["mean_regret"])
    for name in ("rivals_compared", "spaces"):
        yield changed(name, p_holm=1 - found[name]["p_holm"])
    yield changed("evaluations_needed", median_evaluations=50)
    yield changed("variants_compared", p_different_holm=0.0)
    yield changed("variants_compared", p_different_holm=1.0)
    yield changed("rivals_choices", tried=1)
    yield changed("rivals", mean_regret=1 + found["rivals"]["mean_regret"])


def test_the_results_support_what_is_written(committed: Found, page: str) -> None:
    assert missing(CLAIMS, page) == []
    assert unsupported(CLAIMS, committed) == []


def test_other_results_would_not(committed: Found) -> None:
    assert never_false(CLAIMS, others(committed)) == []


def test_the_searches_are_as_the_page_says(page: str) -> None:
    text = " ".join(page.split())
    assert "`preselected`, population 10, 4 children a generation" in text
    assert (BEST.loop, BEST.population, BEST.children) == ("preselected", 10, 4)
    assert "each the most promising of 10 (optimism 2); parents by tournament of three" in text
    assert (BEST.candidates, BEST.optimism, BEST.selection) == (10, 2.0, "tournament")
    assert "crossover `uniform` for half of the pairs, mutation `mixture` for all child" in text
    assert (BEST.crossover, BEST.cxpb, BEST.mutation, BEST.mutpb) == ("uniform", 0.5, "mixture", 1)
    assert "`mu+lambda` is (5 + 1)" in text
    assert (PLUS.population, PLUS.children) == (5, 1)
    assert "its like with optimism 1" in text
    assert BASE.optimism == 1
    assert "chosen on ten other seeds" in text
    assert contests.CHOOSING_SEEDS == 10
    assert "of seeds 100 and up" in text
    assert contests.FIRST_REPORTED == 100
    assert "asks are capped at ten times the budget" in text
    assert memo.ASKS_PER_EVALUATION == 10
    assert "24 a space" in text
    assert restriction.GENOMES == 24
