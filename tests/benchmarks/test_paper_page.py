"""results/paper/README.md says what the committed CSV and JSON files say, in numbers and words."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claims import missing, never_false, unsupported

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks.paper import findings, ranks  # noqa: E402
from benchmarks.paper.evidence import Evidence, read  # noqa: E402
from benchmarks.paper.page import build  # noqa: E402
from deap_nas.report.lineage import telling_steps  # noqa: E402

RESULTS = ROOT / "results" / "paper"
NEAR = 0.02  # of test accuracy: what counts as the same
FAR = 0.98  # of fitness
WORTH = 0.01  # of accuracy: what is worth a change
ENOUGH = 5  # genomes of a kind, from which on something is said of it


@pytest.fixture(scope="module")
def committed() -> Evidence:
    return read(RESULTS)


@pytest.fixture(scope="module")
def page(committed: Evidence) -> str:
    return build(committed)


def test_the_page_is_what_the_committed_files_say(page):
    assert page == (RESULTS / "README.md").read_text(), "run: python -m benchmarks.paper.page"
    assert not re.search(r"\bnan\b", page)
    for figure in re.findall(r"\]\((figures/[^)]+)\)", page):
        assert (RESULTS / figure).is_file()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """What the page rests on, without the pages and figures of the runs."""
    skipped = shutil.ignore_patterns("report", "figures", "winner", "*.html", "*.keras", "*.svg")
    for name in ("paper", "published_genomes"):
        shutil.copytree(ROOT / "results" / name, tmp_path / name, ignore=skipped)
    return tmp_path / "paper"


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("published/top.csv", "test_accuracy"),
        ("published/classes.csv", "f1"),
        ("../published_genomes/summary.csv", "mean_accuracy"),
        ("seed-0/evaluations.csv", "train_cpu_seconds"),
        ("seed-1/evaluations.csv", "accuracy"),
        ("validation/evaluations.csv", "fitness"),
        ("choices/optimizers.csv", "curve"),
        ("choices/tested.csv", "test_accuracy"),
        ("choices/winners.csv", "test_accuracy"),
        ("choices/stability.csv", "accuracy"),
        ("choices/patience.csv", "accuracy"),
        ("choices/clocks.csv", "cpu"),
    ],
)
def test_a_changed_number_changes_the_page(copied, page, name, column):
    table = pd.read_csv(copied / name)
    i = 0 if column == "curve" else int(table[column].argmax())
    table.loc[i, column] = " ".join(10 * ["0.1"]) if column == "curve" else 0.98 * table[column][i]
    table.to_csv(copied / name, index=False)
    assert build(read(copied)) != page


def test_trainings_of_different_lengths_are_not_mixed(copied):
    path = copied / "choices" / "stability.csv"
    table = pd.read_csv(path, dtype={"curve": str})
    table.loc[0, "max_epochs"] = 5
    table.to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"max_epochs \[5, 20\], allowed one number"):
        read(copied)


# --- what is written by hand


def near(evidence: Evidence) -> int:
    return int((findings.gaps(evidence).abs() <= NEAR).sum())


def reproduces(evidence: Evidence) -> bool:
    """As the page says under "What agrees"."""
    fitness, accuracy = (evidence.top[by].max() for by in ("fitness", "test_accuracy"))
    return near(evidence) >= 3 and all(
        run.best("fitness")["fitness"] >= FAR * fitness
        and run.best("accuracy")["accuracy"] >= accuracy - NEAR
        for run in evidence.tested
    )


def small_is_fit(evidence: Evidence) -> bool:
    best, learned = findings.sizes(evidence)
    return best < learned


def weakest_agree(evidence: Evidence) -> bool:
    ours = [findings.class_scores(evidence, run) for run in evidence.tested]
    found = [findings.weakest(scores) for scores in (evidence.classes, *ours)]
    return found == 3 * [["Pullover", "Coat", "Shirt"]]


def best_setting(evidence: Evidence) -> tuple[str, float]:
    best = findings.optimizers(evidence).iloc[0]
    return best["optimizer"], best["learning_rate"]


def ahead(evidence: Evidence) -> bool:
    """By more than luck: of a dozen alike, the best is often ahead by two standard errors."""
    settings = findings.optimizers(evidence)
    lead = settings["last"].max() - findings.reports_own(settings)["last"]
    return lead >= max(WORTH, 4 * findings.optimizer_error(evidence))


def failing_heads(evidence: Evidence) -> list[str]:
    """By all genomes, and by those without a sigmoid in a convolution, which is reason enough."""
    heads = findings.by_head(evidence)
    fails = (heads["below"] > heads["genomes"] / 2) & (heads["genomes"] >= ENOUGH)
    fails &= heads["plain_below"] > heads["plain"] / 2
    return list(heads[fails].index)


def winning_heads(evidence: Evidence) -> set[str]:
    won = [run.best(by) for run in evidence.tested for by in ("fitness", "accuracy")]
    return {best["genome"].split(";")[-1] for best in won}


def cpu_is_steadier(evidence: Evidence) -> bool:
    last = findings.by_neighbours(evidence).iloc[-1]
    return last["wall_ratio"] - 1 > 2 * abs(last["cpu_ratio"] - 1)


def finalists_are_close(evidence: Evidence) -> bool:
    """Within about what 95 % of differences stay within."""
    five = evidence.runs["seed-0"].table.nlargest(5, "fitness")["fitness"]
    found = ranks.stability(evidence)
    return five.max() - five.min() < 3 * ranks.spread(found.fitness[found.learned])


def late(evidence: Evidence) -> int:
    return len(findings.learners(evidence.choices["patience"]))


def low(evidence: Evidence) -> pd.DataFrame:
    learning = findings.learning(evidence)
    return learning[learning["chance"]]


def lost(evidence: Evidence) -> list[float]:
    """By seed-0's winners, by fitness and by accuracy, when trained anew."""
    won = findings.winners(evidence)
    return won[won["run"] == "seed-0"]["lost"].tolist()


def seeds(evidence: Evidence, choice: str) -> set[int]:
    return set(evidence.choices[choice]["train_seed"])


CLAIMS: dict[str, Callable[[Evidence], object]] = {
    "**The report reproduces.**": reproduces,
    "all four of its complete genomes come within 2 points": lambda e: near(e) == 4,
    "Fitness prefers small networks": small_is_fit,
    "three weakest classes, Pullover, Coat and Shirt, are the weakest of both our winners": (
        weakest_agree
    ),
    "Epochs are chosen by the test set, which adds": lambda e: findings.optimism(e).epoch > 0,
    "Many genomes never learn": lambda e: findings.learning(e)["below"].mean() > 0.25,
    "points above its mean when trained anew": lambda e: lost(e)[0] > 0,
    "beside two busy neighbours a training takes": cpu_is_steadier,
    "so it trained about as many or fewer": lambda e: (
        e.top["number"].max() < min(len(run.table) for run in e.tested)
    ),
    "rows of the report's tables, fitness and fitness with time follow from the other columns": (
        lambda e: findings.keeps_formulas(e).all()
    ),
    "Its figure 3 is not in the order of test accuracy": lambda e: (
        not e.top[e.top["figure"] == 3]["test_accuracy"].is_monotonic_decreasing
    ),
    "The three weakest by F1 are the same three everywhere": weakest_agree,
    "That agrees with the report, whose best by fitness are at the left": small_is_fit,
    "The best is Adam at rate 0.005": lambda e: best_setting(e) == ("Adam", 0.005),
    "Choosing the epoch by its test accuracy adds": lambda e: findings.optimism(e).epoch > 0,
    "points above the test accuracy of the same weights": (
        lambda e: findings.optimism(e).tested > 0
    ),
    "The two rank the genomes alike": lambda e: findings.optimism(e).rank > 0.9,
    "a difference is just shown": lambda e: (
        2 <= findings.optimism(e).pairs / findings.optimism(e).pairs_error < 3
    ),
    "below 20 % were stopped after at most 4 epochs": lambda e: low(e)["epochs"].max() <= 4,
    "Most of them have a sigmoid in a convolution": lambda e: low(e)["sigmoid"].mean() > 0.5,
    "Were they only stopped too early? Some were": lambda e: (
        0 < late(e) < len(e.choices["patience"])
    ),
    "Only roughly.": lambda e: (
        0.2 < ranks.agreement(ranks.stability(e).fitness, "kendall") < 0.7
        and 0.2 < ranks.agreement(ranks.stability(e).accuracy, "kendall") < 0.7
    ),
    "**Parameters** agree exactly in all four genomes": lambda e: (
        e.four["n_params"].isin(e.top["n_params"]).all()
    ),
    "are in none of the report's tables": lambda e: e.top["test_accuracy"].min() > 0.2,
    "points above those of the same genomes trained anew": lambda e: min(lost(e)) > 0,
    "**Adam, rate 0.005**, instead of SGD": lambda e: (
        ahead(e) and best_setting(e) == ("Adam", 0.005)
    ),
    "**Leave out FL sigmoid**": lambda e: failing_heads(e) == ["FL sigmoid"],
    "No winner has it": lambda e: "FL sigmoid" not in winning_heads(e),
    "**Do not stop in the first epochs**": lambda e: late(e) > 0,
    "**CPU seconds in the fitness with time**": cpu_is_steadier,
    "**Train the finalists again with other seeds**": finalists_are_close,
    "less fitness with the other seeds": lambda e: ranks.shrinkage(ranks.stability(e).fitness) > 0,
    "train seeds 0 to 2": lambda e: seeds(e, "stability") == {1, 2},
    "train seeds 0 up": lambda e: min(seeds(e, "optimizers")) == 0,
    "train seeds 1 up": lambda e: min(seeds(e, "winners")) == 1,
    "choices patience`; train seed 0;": lambda e: seeds(e, "patience") == {0},
}


def others(evidence: Evidence) -> Iterator[Evidence]:
    """Other results, which the page's words would not fit."""
    top, classes, choices = evidence.top, evidence.classes, evidence.choices

    def chosen(name: str, **columns: object) -> Evidence:
        table = choices[name].assign(**columns)
        return replace(evidence, choices={**choices, name: table})

    def searched(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Evidence:
        runs = {name: replace(run, table=change(run.table)) for name, run in evidence.runs.items()}
        return replace(evidence, runs=runs)

    def all_alike(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(accuracy=np.where(table["accuracy"] < 0.5, table["accuracy"], 0.5))

    def sigmoids_win(table: pd.DataFrame) -> pd.DataFrame:
        curved = table["genome"].str.contains("sigmoid;")
        head = table["genome"].str.endswith("FL sigmoid")
        accuracy = np.where(curved, 0.8 + 0.1 * head, 0.1)
        return table.assign(accuracy=accuracy, fitness=table["n_params"], epochs=20)

    yield replace(evidence, top=top.assign(fitness=20.0, test_accuracy=0.1, number=99, n_params=2))
    yield replace(evidence, classes=classes.assign(f1=1 - classes["f1"]))
    yield replace(evidence, four=evidence.four.assign(mean_accuracy=0.5))
    yield searched(all_alike)
    yield searched(sigmoids_win)
    yield searched(lambda table: table.assign(accuracy=0.9))
    yield chosen("optimizers", curve="0.5 0.5")
    yield chosen("optimizers", train_seed=7)
    yield chosen("tested", test_accuracy=2 - choices["tested"]["accuracy"])
    yield chosen("winners", train_seed=7)
    yield chosen("patience", accuracy=0.1, train_seed=7)
    yield chosen("clocks", wall=choices["clocks"]["cpu"])
    run = evidence.runs["seed-0"].table.set_index("genome")
    same = {by: choices["stability"]["genome"].map(run[by]) for by in ("fitness", "accuracy")}
    yield chosen("stability", **same)
    yield chosen("stability", train_seed=choices["stability"]["train_seed"] + 5)


def test_the_results_support_what_is_written(committed, page):
    assert missing(CLAIMS, page) == []
    assert unsupported(CLAIMS, committed) == []


def test_other_results_would_not(committed):
    assert never_false(CLAIMS, others(committed)) == []


def test_the_drawn_step_is_of_the_generation_it_says(committed, page):
    assert "selected in generation 1, bred for generation 2" in " ".join(page.split())
    steps = telling_steps(committed.runs["seed-0"].record)
    assert [step.generation for step in steps] == [2, 2]
