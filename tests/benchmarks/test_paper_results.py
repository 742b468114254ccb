"""results/paper/README.md says what the committed CSV and JSON files say; how it reads them."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import report_runs

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks.paper import changes, findings, patience, plan, ranks, run, trainings  # noqa: E402
from benchmarks.paper.evidence import Evidence, read  # noqa: E402
from benchmarks.paper.optimizers import TRIED  # noqa: E402
from benchmarks.paper.page import build  # noqa: E402
from deap_nas import RECIPES  # noqa: E402
from deap_nas.report.classes import class_report  # noqa: E402
from deap_nas.runs import result  # noqa: E402
from deap_nas.runs.presets import make_settings  # noqa: E402
from deap_nas.runs.record import read_run  # noqa: E402
from deap_nas.runs.search import make_space, search  # noqa: E402
from deap_nas.runs.settings import Settings  # noqa: E402
from deap_nas.runs.tables import write_tables  # noqa: E402

RESULTS = ROOT / "results" / "paper"
FINISHED = [
    name
    for name, options in run.RUNS.items()
    if (RESULTS / name / "result.json").exists() and "validation" not in options
]
MADE = {
    "command": ["python", "made", "up"],
    "commit": "0000000",
    "date": "2026-01-01",
    "versions": {"tensorflow": "0"},
    "machine": {"processor": "none"},
}


def copied(folder: Path) -> Path:
    """What the page rests on, without the pages and figures of the runs."""
    skipped = shutil.ignore_patterns("report", "figures", "weights", "*.html", "*.keras", "*.svg")
    for name in ("paper", "published_genomes"):
        shutil.copytree(ROOT / "results" / name, folder / name, ignore=skipped)
    return folder / "paper"


def test_the_page_is_what_the_committed_files_say():
    page = build(read(RESULTS))
    assert page == (RESULTS / "README.md").read_text(), "run: python -m benchmarks.paper.page"
    for figure in re.findall(r"\]\((figures/[^)]+)\)", page):
        assert (RESULTS / figure).is_file()


def trained(genomes: list[str], seeds: list[int], **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for seed in seeds:
        for genome in genomes:
            accuracy = 0.6 + 0.3 * rng.random()
            rows.append(
                {
                    "genome": genome,
                    "train_seed": seed,
                    "accuracy": accuracy,
                    "test_accuracy": accuracy - 0.01,
                    "fitness": 12 * accuracy,
                    "max_epochs": 3,
                    "epochs": 3,
                    "best_epoch": 2,
                    "n_params": 3000,
                    "curve": "0.5 0.7 0.8",
                    **columns,
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture
def whole(made_up: Path, tmp_path: Path) -> Path:
    """A folder like results/paper with everything measured, all of it made up."""
    shutil.copytree(made_up.parent, tmp_path / "results")
    return tmp_path / "results" / "paper"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied(tmp_path_factory.mktemp("results"))
    for name in run.RUNS:
        shutil.rmtree(folder / name, ignore_errors=True)
        split = "validation" if name == "validation" else "test"
        seed = 1 if name == "seed-1" else 0
        report_runs.make_run(folder / name, 8, 2, seed=seed, split=split, baseline="")
        write_tables(read_run(folder / name).table, folder / name)
        (folder / name / "run.json").write_text(json.dumps(MADE))
    shutil.rmtree(folder / "choices", ignore_errors=True)
    (folder / "choices").mkdir()
    runs = {name: pd.read_csv(folder / name / "evaluations.csv") for name in run.RUNS}
    some = plan.spread(runs["seed-0"], "fitness", 5)
    by = [plan.winner(t, b) for t in runs.values() for b in ("fitness", "accuracy")]
    settings = [(o, m, r) for o, m, rates in TRIED for r in rates]
    choices = {
        "optimizers": pd.concat(
            trained(["g"], [0], optimizer=o, momentum=m, learning_rate=r) for o, m, r in settings
        ),
        "tested": runs["validation"].assign(test_accuracy=runs["validation"]["accuracy"] - 0.01),
        "winners": trained(list(dict.fromkeys(by)), [1, 2, 3]),
        "stability": trained(some, [1, 2]),
        "patience": trained(some[:2], [0]),
        "clocks": pd.DataFrame(
            [(r, n, 2.0 + n + r / 10, 1.5 + r / 10) for r in range(3) for n in range(3)],
            columns=["round", "neighbours", "wall", "cpu"],
        ),
    }
    for name, table in choices.items():
        table.to_csv(folder / "choices" / f"{name}.csv", index=False)
        (folder / "choices" / f"{name}.json").write_text(json.dumps(MADE))
    return folder


@pytest.fixture(scope="module")
def made_up_page(made_up: Path) -> str:
    return build(read(made_up))


def test_a_page_with_everything_measured(made_up_page):
    page = made_up_page
    assert "ot measured yet" not in page
    assert "By what is measured so far" not in page
    assert not re.search(r"\bnan\b", page)
    statement = page.split("\n\n")[1]
    assert len(re.findall(r"\.(?: |$)", statement)) == 3
    assert page.count("\n## ") == 17


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
def test_a_changed_number_changes_the_page(whole, made_up_page, name, column):
    table = pd.read_csv(whole / name)
    i = 0 if column == "curve" else int(table[column].argmax())
    table.loc[i, column] = "0.1 0.2 0.3" if column == "curve" else 0.9 * table[column][i]
    table.to_csv(whole / name, index=False)
    assert build(read(whole)) != made_up_page


def test_the_verdict_follows_the_numbers(whole):
    def first_words() -> str:
        return build(read(whole)).split("\n\n")[1].split(":")[0]

    path = whole.parent / "published_genomes" / "summary.csv"
    table = pd.read_csv(path)
    top = pd.read_csv(whole / "published" / "top.csv")
    for change, words in (
        ({"fitness": 1.0, "test_accuracy": 0.1}, "The report reproduces"),
        ({"fitness": 100.0}, "The report reproduces in part"),
    ):
        top.assign(**change).to_csv(whole / "published" / "top.csv", index=False)
        assert first_words() == words
    table.assign(mean_accuracy=0.5).to_csv(path, index=False)
    assert first_words() == "The report does not reproduce"


def test_the_transcribed_tables_keep_the_reports_own_formulas():
    top = pd.read_csv(RESULTS / "published" / "top.csv")
    assert len(top) == 15
    assert len(top.drop_duplicates("number")) == len(top.drop_duplicates()) - 2 == 13
    fitness = 100 * top["test_accuracy"] / np.log(top["n_params"])
    np.testing.assert_allclose(top["fitness"], fitness, atol=1e-3)
    np.testing.assert_allclose(top["fitness_time"], fitness / top["seconds"], atol=1e-4)
    classes = pd.read_csv(RESULTS / "published" / "classes.csv")
    p, r = classes["precision"], classes["recall"]
    np.testing.assert_allclose(classes["f1"], 2 * p * r / (p + r), atol=0.012)


@pytest.mark.parametrize("name", FINISHED)
def test_a_finished_search_repeats_from_its_journal(name, tmp_path, monkeypatch):
    """The search itself, over the committed outcomes: nothing is trained, no data are read."""
    monkeypatch.setattr(result, "_weights", lambda *_: None)  # or best.keras would be made
    shutil.copy(RESULTS / name / "journal.jsonl", tmp_path)
    config = json.loads((RESULTS / name / "config.json").read_text())
    settings = Settings(**{**config["settings"], "initial": (), "cache": None})
    data = _Untouched()
    search(settings, tmp_path, data, make_space(settings, data))
    for table in run.TABLES:
        assert (tmp_path / table).read_bytes() == (RESULTS / name / table).read_bytes()


class _Untouched:
    input_shape, n_classes, fingerprint = (28, 28, 1), 10, ""

    def split(self, name: str) -> tuple[None, ...]:
        return (None,) * 4


def test_the_run_scored_on_validation_differs_in_nothing_else():
    from deap_nas.commands.options import given_settings
    from deap_nas.commands.run import make_parser

    def settings(name: str) -> dict[str, object]:
        given = given_settings(vars(make_parser("run").parse_args(run.RUNS[name])))
        return make_settings("paper", None, given).to_dict()

    assert settings("validation") == {**settings("seed-0"), "split": "validation"}
    assert settings("seed-1") == {**settings("seed-0"), "seed": 1}


def test_trainings_that_have_a_row_are_not_done_again(tmp_path, monkeypatch):
    jobs = [
        trainings.Job("RC 4 3 relu;RC 4 3 relu;FL tanh", RECIPES["paper"], s, "test")
        for s in (0, 1)
    ]
    rows = [{**job.key(), "accuracy": 0.1 * i, "curve": "0.5"} for i, job in enumerate(jobs)]
    path = tmp_path / "some.csv"
    pd.DataFrame(rows).to_csv(path, index=False)

    def refused(*_: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(trainings, "make_workers", refused)
    found = trainings.train_all(jobs[::-1], path, None)
    assert found["accuracy"].tolist() == [0.1, 0.0]
    other = trainings.Job(jobs[0].genome, RECIPES["fast"], 0, "test")
    with pytest.raises(AssertionError, match="a worker was started"):
        trainings.train_all([other], path, None)


def advice(evidence: Evidence, choice: str, table: pd.DataFrame, of: Callable[..., Any]) -> str:
    (text,) = of(replace(evidence, choices={**evidence.choices, choice: table}))
    return str(text)


def test_advice_follows_the_numbers(whole):
    evidence = read(whole)
    clocks, curves = evidence.choices["clocks"], evidence.choices["optimizers"]
    assert advice(evidence, "clocks", clocks, changes._clock).startswith("**CPU seconds")
    steady = clocks.assign(wall=clocks["cpu"])
    assert advice(evidence, "clocks", steady, changes._clock).startswith("**Either clock")
    for last, words in ((0.7, "**Keep the optimizer**"), (0.9, "**Adam, rate 0.001**")):
        adam = (curves["optimizer"] == "adam") & (curves["learning_rate"] == 0.001)
        new = curves.assign(curve=np.where(adam, f"0.5 {last}", "0.5 0.69"))
        assert advice(evidence, "optimizers", new, changes._optimizer).startswith(words)


def test_rank_correlations_are_scipys():
    from scipy import stats

    rng = np.random.default_rng(1)
    a, b = (pd.Series(rng.integers(0, 6, 15)) for _ in range(2))
    assert ranks.kendall(a, b) == pytest.approx(stats.kendalltau(a, b).statistic)
    assert ranks.spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)


def test_shrinkage_is_what_one_seeds_winner_loses_with_the_others():
    fitness = pd.DataFrame({0: [5.0, 4.0], 1: [3.0, 6.0], 2: [3.0, 7.0]}, index=["a", "b"])
    # Seed 0 picks a, which has 3 with the others; 1 and 2 pick b, with 5.5 and 5 by the others.
    assert ranks.shrinkage(fitness) == pytest.approx((2 + 0.5 + 2) / 3)


def test_an_optimizer_that_diverges_is_the_last(whole):
    path = whole / "choices" / "optimizers.csv"
    table = pd.read_csv(path, dtype={"curve": str})
    table.loc[0, "curve"] = ""
    table.to_csv(path, index=False)
    evidence = read(whole)
    found = findings.optimizer_curves(evidence)
    assert found["last"].iloc[-1] == 0
    assert "| diverged | never |" in build(evidence)
    table[table["momentum"] == 0].to_csv(path, index=False)  # the report's own is not done yet
    assert findings.optimizer_curves(read(whole)) is None


def test_trainings_of_different_lengths_are_not_mixed(whole):
    path = whole / "choices" / "stability.csv"
    table = pd.read_csv(path, dtype={"curve": str})
    table.loc[0, "max_epochs"] = 5
    table.to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"max_epochs \[3, 5\], allowed one number"):
        read(whole)


def test_no_head_of_a_winner_is_advised_against(whole):
    """Winners: with FL relu, which fails otherwise; FL gelu fails without winning."""
    conv = "RC 4 3 relu;RC 6 3 relu"
    rows = [(f"NC {n} 3 tanh;{conv};FL {h}", h, n) for h in ("relu", "gelu") for n in range(2, 14)]
    table = pd.read_csv(whole / "seed-0" / "evaluations.csv").head(1)
    table = pd.concat([table] * len(rows), ignore_index=True)
    table = table.assign(genome=[text for text, _, _ in rows], generation=0)
    won = [head == "relu" and n == 2 for _, head, n in rows]
    table["accuracy"] = np.where(won, 0.9, 0.1)
    table["fitness"] = 10 * table["accuracy"]
    evidence = read(whole)
    runs = {"seed-0": replace(evidence.runs["seed-0"], table=table)}
    advice = list(changes._heads(replace(evidence, runs=runs)))
    assert len(advice) == 1
    assert "Leave out FL gelu" in advice[0]
    assert "12 of 12" in advice[0]
    assert "11 of 12 of the others" in advice[0]


def test_class_scores_are_scikit_learns():
    counts = np.array([[5, 0, 3], [2, 0, 4], [1, 0, 9]])
    expected = class_report(counts, list("abc")).head(3)
    found = findings.class_scores(counts)
    for column in ("precision", "recall", "f1"):
        np.testing.assert_allclose(found[column], expected[column])
    assert findings.weakest(found, pd.Series(list("abc")), 2) == ["a", "b"]


def test_which_genomes_are_trained_again():
    table = pd.DataFrame({"genome": list("abcdefg"), "fitness": [3, 7, 1, 5, 2, 6, 4]})
    assert plan.spread(table, "fitness", 3) == ["b", "g", "c"]
    low = pd.DataFrame(
        {
            "genome": ["1;FL relu", "2;FL relu", "3;FL gelu", "4;FL tanh"],
            "accuracy": [0.1, 0.1, 0.1, 0.8],
            "multiply_adds": [2, 1, 9, 0],
        }
    )
    assert patience.never_learned(low, 3) == ["2;FL relu", "3;FL gelu", "1;FL relu"]
