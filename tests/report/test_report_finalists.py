"""The page of a run that had finalists: their table, their bars, and what is said of the choice."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from report_page import Reader
from report_runs import BASELINE, make_run

from deap_nas.evaluation.fitness import accuracy_of
from deap_nas.report.compare import make_comparison
from deap_nas.report.page import make_report
from deap_nas.report.progress import time_table
from deap_nas.runs.journal import read_lines
from deap_nas.runs.record import read_run

RUN = {"finalists": 3}  # the run of the fixture ``folder``


@pytest.fixture(scope="module")
def accuracies(folder: Path) -> dict[str, dict[str, float]]:
    """On the scored split, by genome and budget."""
    found: dict[str, dict[str, float]] = {}
    for line in read_lines(folder):
        if line["kind"] == "evaluation" and isinstance(line.get("budget"), str):
            found.setdefault(line["genome"], {})[line["budget"]] = line["evaluation"]["accuracy"]
    return found


@pytest.fixture(scope="module")
def tests(folder: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for line in read_lines(folder):
        if line["kind"] == "test":
            found.setdefault(line["genome"], {})[line["budget"]] = accuracy_of(line["confusion"])
    return found


def chosen_of(folder: Path) -> str:
    return str(json.loads((folder / "result.json").read_text())["best"]["genome"])


def test_the_table_is_of_the_journal(folder, page, accuracies, tests):
    with (folder / "report" / "finalists.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["genome"] for row in rows} == set(accuracies) - {BASELINE}
    assert len(page.tables["finalists"]) == 1 + len(rows)
    for row in rows:
        for name, values in (("accuracy", accuracies), ("test_accuracy", tests)):
            each = list(values[row["genome"]].values())
            assert float(row[f"{name}_mean"]) == pytest.approx(fmean(each))
            assert float(row[f"{name}_std"]) == pytest.approx(stdev(each))
        assert row["chosen"] == str(row["genome"] == chosen_of(folder))
    assert 'class="marked"' in (folder / "report.html").read_text()


def test_the_short_answer_has_the_mean_and_says_which_training_the_file_is_of(
    folder, page, accuracies, tests
):
    genome = chosen_of(folder)
    mine = accuracies[genome]
    best = max(mine, key=lambda budget: mine[budget])
    exact = {name: value for name, (value, _) in page.facts.items()}
    assert float(exact["chosen.accuracy_mean"]) == pytest.approx(fmean(mine.values()))
    assert float(exact["chosen.accuracy_std"]) == pytest.approx(stdev(mine.values()))
    assert float(exact["chosen.test_accuracy_mean"]) == pytest.approx(fmean(tests[genome].values()))
    assert float(exact["chosen.accuracy"]) == mine[best]
    assert float(exact["chosen.test_accuracy"]) == pytest.approx(tests[genome][best])
    assert exact["chosen.train_seed"] == best.rpartition(" ")[2]
    assert "The file is of the best of them on validation images" in page.prose
    assert exact["finalists"] == str(len(accuracies) - 1)


def test_it_says_how_often_the_test_set_was_touched(page, tests):
    assert page.facts["tested"][0] == str(sum(map(len, tests.values()))) == "12"
    assert "the choice was written down before these networks met the test set" in page.prose
    assert "makes it optimistic" not in page.prose


def test_the_baseline_had_the_same(page, accuracies, tests):
    exact = {name: float(value) for name, (value, _) in page.facts.items() if "baseline" in name}
    assert exact["baseline.accuracy_mean"] == pytest.approx(fmean(accuracies[BASELINE].values()))
    assert exact["baseline.test_accuracy_std"] == pytest.approx(stdev(tests[BASELINE].values()))


def test_the_front_has_bars_of_one_standard_deviation(folder):
    drawn = (folder / "report" / "front.svg").read_text()
    assert "finalists, mean ± 1 sd" in drawn
    plain = make_run(folder.parent / "plain")
    make_report(plain, tensorflow=False)
    assert "finalists" not in (plain / "report" / "front.svg").read_text()
    assert "finalists" not in Reader((plain / "report.html").read_text()).tables


def test_another_finalist_is_shown_with_its_own_best_training(folder, accuracies):
    other = next(genome for genome in accuracies if genome not in (chosen_of(folder), BASELINE))
    before = (folder / "report.html").read_text()
    make_report(folder, genome=other, tensorflow=False)
    page = Reader((folder / "report.html").read_text())
    (folder / "report.html").write_text(before)
    assert float(page.facts["chosen.accuracy"][0]) == max(accuracies[other].values())
    assert "It was chosen by hand" in page.prose


def test_time_of_finalists_is_its_own(folder):
    times = time_table(read_run(folder)).set_index("what")["seconds"]
    lines = [line for line in read_lines(folder) if isinstance(line.get("budget"), str)]
    finals = [line["evaluation"]["train_seconds"] for line in lines if "evaluation" in line]
    assert times["training, finalists"] == pytest.approx(sum(finals))


def test_a_comparison_takes_the_means(folder, accuracies, tests):
    page = make_comparison([folder], folder.parent / "compare.html")
    with (page.with_suffix("") / "runs.csv").open() as file:
        (row,) = csv.DictReader(file)
    genome = chosen_of(folder)
    for name, values in (("accuracy", accuracies), ("test_accuracy", tests)):
        assert float(row[name]) == pytest.approx(fmean(values[genome].values()))
        assert float(row[f"baseline_{name}"]) == pytest.approx(fmean(values[BASELINE].values()))


def test_in_the_midst_of_them_the_page_says_so(tmp_path):
    folder = make_run(tmp_path / "run", finalists=2, finished=False)
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    finals = [i for i, line in enumerate(lines) if b'"budget": "final' in line]
    (folder / "journal.jsonl").write_bytes(b"".join(lines[: finals[0] + 1]))
    make_report(folder, tensorflow=False)
    text = (folder / "report.html").read_text()
    reader: Any = Reader(text)
    assert reader.facts["final_trainings"][0] == "1"
    assert "of their trainings is done" in reader.prose
    assert "finalists" not in reader.tables
