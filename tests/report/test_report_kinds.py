"""The page of runs of every kind: failures alone, none yet, killed, without a baseline."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import filelock
import numpy as np
import pytest
from report_page import Reader
from report_runs import make_run, rows_of, searched, write_config
from scipy.stats import binomtest

from deap_nas.report.page import make_report
from deap_nas.runs.journal import _seal, read_lines
from deap_nas.runs.record import ReportError, read_run

RUN = {"fail": 0.1}  # the run of the fixture ``folder``


def test_two_genomes(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", population=2, generations=0)
    page = Reader(make_report(folder, tensorflow=False).read_text())
    assert page.facts["genomes"][1] == "2"
    assert "A knee needs at least three" in page.prose


def test_only_failures(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", fail=1.0, baseline="")
    page = Reader(make_report(folder, tensorflow=False).read_text())
    assert "No genome has been trained with success" in page.prose
    assert "Empty: no genome was trained with success." in page.prose
    assert page.tables["failures"][1][:2] == ["oom", "grew beyond 500 MiB"]
    assert page.tables["failures"][1][2] == page.facts["genomes"][1]
    assert "figure-scatter_fitness" in page.figures


def test_who_was_stopped_early_is_told_from_who_failed(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", 6, 3, stopped=0.6, fail=0.2, halving=3)
    page = Reader(make_report(run, tensorflow=False).read_text())
    found = searched(read_lines(run))
    stopped = {text for text, each in found.items() if each["status"] == "stopped"}
    failed = {text for text, each in found.items() if each["status"] == "oom"}
    assert float(page.facts["stopped"][0]) == len(stopped) > 1
    assert float(page.facts["failed"][0]) == len(failed) > 0
    assert "not trained to the end" in page.prose
    assert {row["status"] for row in rows_of(run, "failures")} == {"oom"}
    for column, texts in (("stopped", stopped), ("failed", failed)):
        assert sum(int(row[column]) for row in rows_of(run, "generations")) == len(texts)
    front = {row["genome"] for row in rows_of(run, "front")}
    assert not front & (stopped | failed)


def test_a_class_that_is_never_predicted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", never=6)
    page = Reader(make_report(folder, tensorflow=False).read_text())
    assert "never predicted at all" in page.prose
    row = next(row for row in page.tables["classes"] if row[0] == "6")
    assert row == ["6", "0.0000", "0.0000", "0.0000", "100"]


def test_a_winner_is_beside_what_needs_no_network(folder: Path, page: Reader) -> None:
    facts = {name: float(exact) for name, (exact, _) in page.facts.items()}
    wilson = binomtest(round(1000 * facts["chosen.test_accuracy"]), 1000).proportion_ci(
        0.9, "wilson"
    )
    assert facts["guess.accuracy"] == facts["guess.chance"] == 0.1
    assert facts["guess.bound"] == pytest.approx(wilson.low, abs=1e-4)
    assert facts["guess.images"] == 1000
    assert re.search(r"no network at all\?\s*Yes\.", page.prose)


def test_a_winner_that_is_no_better_than_one_class_is_called_so(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", population=4, generations=0)
    result = json.loads((folder / "result.json").read_text())
    counts = np.zeros((10, 10), int)
    counts[2, 2], counts[3, 3], counts[3, 2] = 940, 1, 59  # nearly always class 2
    result["best"] |= {"test_confusion": counts.tolist()}
    (folder / "result.json").write_text(json.dumps(result))
    text = make_report(folder, tensorflow=False).read_text()
    assert "No better than always answering <em>2</em>." in text
    assert Reader(text).facts["guess.accuracy"][1] == "0.9400"


def test_an_empty_top_five_says_why(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", population=4, generations=0)
    lines = read_lines(folder)
    for line in lines:
        if line["kind"] == "evaluation":
            line["evaluation"]["accuracy"] *= 0.75
    (folder / "journal.jsonl").write_bytes(b"".join(map(_seal, lines)))
    page = Reader(make_report(folder, tensorflow=False).read_text())
    assert "is above 75% accuracy; the best has" in page.prose
    assert "top_fitness_time" not in page.tables
    assert "top_fitness" in page.tables


def test_nothing_yet(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_config(folder)
    page = Reader(make_report(folder, tensorflow=False).read_text())
    assert "No genome has been trained with success yet." in page.prose
    assert "No generation is complete yet." in page.prose


def test_running_and_killed(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", finished=False)
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b"0123456789abcdef {'half a li")  # killed while writing
    before = (folder / "journal.jsonl").read_bytes()
    with filelock.FileLock(folder / ".lock"):
        running = Reader(make_report(folder, tensorflow=False).read_text())
    killed = Reader(make_report(folder, tensorflow=False).read_text())
    assert "still running" in running.prose
    assert "interrupted: it can be resumed" in killed.prose
    for page in (running, killed):
        assert "all scores are validation scores" in page.prose
        assert "chosen.test_accuracy" not in page.facts
        assert "test_accuracy" not in page.facts
    assert (folder / "journal.jsonl").read_bytes() == before, "reading mends nothing"


def test_no_test_score_before_the_end(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", finished=False)
    page = Reader(make_report(folder, tensorflow=False).read_text())
    place = page.tables["versus"][0].index("test accuracy")
    assert {row[place] for row in page.tables["versus"][1:]} == {"–"}


def test_without_a_baseline(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "r", baseline="")
    page = Reader(make_report(folder, tensorflow=False).read_text())
    assert "No baseline was given" in page.prose
    assert "have been scored on the test set" not in page.prose
    first, second, *_ = read_run(folder).good["genome"]
    scores = dict.fromkeys((first, second), [[1] * 10] * 10)  # one is the best, or none
    (folder / "report" / "test_scores.json").write_text(json.dumps(scores))
    page = Reader(make_report(folder, tensorflow=False).read_text())
    assert "networks of this run have been scored on the test set" in page.prose


def test_scored_on_the_test_set_it_says_so(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", split="test")
    assert "scores chose the networks and are optimistic" in make_report(
        folder, tensorflow=False
    ).read_text().replace("\n", " ")


def test_another_genome(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    table = read_run(folder).good
    other = table["genome"].iloc[table["accuracy"].argmax()]
    page = make_report(folder, genome=other, tensorflow=False).read_text()
    assert Reader(page).facts["chosen.accuracy"][0] == repr(float(table["accuracy"].max()))
    with pytest.raises(ReportError, match="is not in this run"):
        make_report(folder, genome="NC 1 1 relu;FL relu", tensorflow=False)


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", population=4, generations=1)
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["dataset"] = "</script><script>alert(1)</script>.npz"
    config["data"]["source"] = "<b>&"
    (folder / "config.json").write_text(json.dumps(config))
    text = make_report(folder, tensorflow=False).read_text()
    assert "<script>alert" not in text
    assert "<b>&" not in text


def test_what_is_missing_is_named(folder: Path, page: Reader) -> None:
    """The made-up run's data have another fingerprint than the shipped ones."""
    assert "Missing on this page" in page.prose
    assert "has changed since the run" in page.prose


@pytest.mark.slow
def test_two_thousand_genomes(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", population=160, generations=16)
    start = time.process_time()  # of one thread: what an idle machine takes on the wall
    page = make_report(folder, tensorflow=False)
    seconds = time.process_time() - start
    assert len(read_run(folder).table) > 2000
    assert page.stat().st_size < 8e6
    assert seconds < 10
