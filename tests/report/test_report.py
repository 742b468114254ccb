"""The page of a run: every number on it against the CSV and the journal, for any kind of run."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pytest
from report_page import Reader
from report_runs import BASELINE, make_run, write_config
from scipy.stats import binomtest

from deap_nas.report.__main__ import main
from deap_nas.report.page import make_report
from deap_nas.report.shown import COLUMNS, show
from deap_nas.runs.journal import _seal, read_lines
from deap_nas.runs.record import ReportError, read_run
from deap_nas.spaces import PAPER_SPACE, describe

ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["'](?!data:|\#|report/)|@import|url\((?!\#)""")


RUN = {"fail": 0.1}  # the run of the fixture ``folder``


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[dict[str, Any]]:
    return read_lines(folder)


def outcomes(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["genome"]: line["evaluation"] for line in lines if line["kind"] == "evaluation"}


def searched(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        line["genome"]: line["evaluation"]
        for line in lines
        if line["kind"] == "evaluation" and line["generation"] is not None
    }


def fitness(evaluation: dict[str, Any]) -> float:
    ok = evaluation["status"] == "ok"
    return 100 * evaluation["accuracy"] / math.log(evaluation["n_params"]) if ok else 0.0


def test_every_table_on_the_page_is_its_csv(folder: Path, page: Reader) -> None:
    assert {"versus", "top_fitness", "top_accuracy", "top_fitness_time", "front"} <= set(
        page.tables
    )
    for name, (_, *body) in page.tables.items():
        rows = _rows(folder, name)
        assert len(body) == len(rows), name
        for cells, row in zip(body, rows):
            assert cells == [_as_shown(column, row[column]) for column in page.columns[name]], name


def _as_shown(column: str, text: str) -> str:
    """What the page makes of a cell of a CSV."""
    if column not in COLUMNS or not COLUMNS[column][1]:
        return text
    return show(column, float(text) if text else math.nan)


@pytest.mark.parametrize("name", ["top_fitness", "top_accuracy", "top_fitness_time"])
def test_top_fives_are_the_best_in_the_journal(
    folder: Path, lines: list[dict[str, Any]], name: str
) -> None:
    keys = {
        "top_fitness": fitness,
        "top_accuracy": lambda e: e["accuracy"],
        "top_fitness_time": lambda e: fitness(e) / e["train_seconds"] * (e["accuracy"] > 0.75),
    }
    good = {g: e for g, e in searched(lines).items() if e["status"] == "ok"}
    best = sorted((keys[name](e) for e in good.values()), reverse=True)[:5]
    with (folder / "report" / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [keys[name](good[row["genome"]]) for row in rows] == pytest.approx(
        [value for value in best if value]
    )
    for row in rows:
        evaluation = good[row["genome"]]
        for column in ("accuracy", "train_accuracy", "n_params", "train_seconds"):
            assert float(row[column]) == evaluation[column]
        assert float(row["fitness"]) == pytest.approx(fitness(evaluation))


def test_every_number_in_the_prose_is_a_fact(page: Reader) -> None:
    """No digit outside of tables, code and ``<data>``, but what is no number."""
    known = (
        *(
            r"95 % (?:interval|confidence)",
            r"75 % accuracy",
            r"100 \* accuracy",
            r"accuracy 0 and",
            r"0\.\.1",
        ),
        *(r"F1", r"Made \S+ \S+", r"from \d{4}-\d\d-\d\dT\S+"),
    )
    prose = re.sub("|".join(known), "", page.prose)
    assert re.findall(r".*\d.*", prose) == []


def test_facts_are_what_the_journal_says(
    folder: Path, page: Reader, lines: list[dict[str, Any]]
) -> None:
    found, result = searched(lines), json.loads((folder / "result.json").read_text())
    good = {g: e for g, e in found.items() if e["status"] == "ok"}
    best, base = max(good, key=lambda g: fitness(good[g])), outcomes(lines)[BASELINE]
    generations = [line for line in lines if line["kind"] == "generation"]
    test, base_test = (np.array(result[who]["test_confusion"]) for who in ("best", "baseline"))
    wanted = {
        "chosen.accuracy": good[best]["accuracy"],
        "chosen.n_params": good[best]["n_params"],
        "chosen.fitness": fitness(good[best]),
        "chosen.test_accuracy": np.trace(test) / test.sum(),
        "verdict.difference": 100 * (np.trace(test) - np.trace(base_test)) / 1000,
        "verdict.images": 1000,
        "genomes": len(found),
        "failed": len(found) - len(good),
        "generations": len(generations),
        "last_generation": generations[-1]["number"],
        "minutes": max(line["elapsed"] for line in lines) / 60,
        "population": 12,
        "scored_images": 1000,
        "workers": 2,
    }
    for name, value in wanted.items():
        exact, shown = page.facts[name]
        assert float(exact) == pytest.approx(value), name
        assert float(shown.replace(",", "")) == pytest.approx(value, abs=0.06), name
    assert base["accuracy"] == float(_rows(folder, "versus")[1]["accuracy"])


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "report" / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_generations_are_what_the_journal_says(folder: Path, lines: list[dict[str, Any]]) -> None:
    found, best = outcomes(lines), 0.0
    rows = _rows(folder, "generations")
    generations = [line for line in lines if line["kind"] == "generation"]
    assert len(rows) == len(generations)
    for row, line in zip(rows, generations):
        values = sorted(fitness(found[text]) for text in line["population"])
        best = max(best, *values)
        assert float(row["best"]) == pytest.approx(values[-1])
        assert float(row["worst"]) == pytest.approx(values[0])
        assert float(row["median"]) == pytest.approx(np.median(values))
        assert float(row["best_so_far"]) == pytest.approx(best)


def test_dots_know_their_genomes(folder: Path, page: Reader, lines: list[dict[str, Any]]) -> None:
    text = (folder / "report.html").read_text()
    block = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    assert block
    data = json.loads(block[1])
    rows = {row[0]: dict(zip(data["columns"], row)) for row in data["rows"]}
    found = searched(lines)
    assert {row["genome"] for row in rows.values()} == set(found)
    for row in rows.values():
        evaluation = found[row["genome"]]
        for name in ("accuracy", "n_params", "train_seconds", "status", "reason"):
            assert row[name] == evaluation[name]
    for figure in ("scatter_fitness", "scatter_fitness_time"):
        part = text[text.index(f'id="figure-{figure}"') :]
        marks = re.findall(r'data-i="(\d+)"', part[: part.index("</figure>")])
        assert sorted(map(int, marks)) == sorted(rows), "one dot for each genome"


def test_dots_are_where_their_numbers_are(folder: Path) -> None:
    """More parameters are further to the right, more accuracy is higher up."""
    text = (folder / "report.html").read_text()
    part = text[text.index('id="figure-scatter_fitness"') :]
    part = part[: part.index("</figure>")]
    table = read_run(folder).table
    marks = []
    for mark in re.findall(r"<use [^>]*data-i[^>]*>", part):
        x, y, i = (re.search(rf' {name}="([^"]+)"', mark) for name in ("x", "y", "data-i"))
        assert x
        assert y
        assert i
        if table["status"][int(i[1])] == "ok":
            marks.append((int(i[1]), float(x[1]), float(y[1])))
    assert len(marks) == (table["status"] == "ok").sum()
    labels, xs, ys = zip(*marks)
    accuracy = table["accuracy"][list(labels)].to_numpy()
    log = np.log(table["n_params"][list(labels)].to_numpy(float))
    assert np.corrcoef(xs, log)[0, 1] > 0.9999
    assert np.corrcoef(ys, accuracy)[0, 1] < -0.9999


def test_the_page_is_one_file_without_a_network(folder: Path, page: Reader) -> None:
    text = (folder / "report.html").read_text()
    assert "default-src 'none'" in text
    assert ELSEWHERE.findall(text) == []
    assert len(page.ids) == len(set(page.ids)), "ids are unique"


def test_the_rules_of_the_space_are_on_the_page(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    rules = describe(PAPER_SPACE)[1:-1]
    assert "exactly 2 RC" in rules[1]
    assert all(f"<li><code>{rule}</code></li>" in text for rule in rules)


def test_figures_have_files_and_alternative_texts(folder: Path, page: Reader) -> None:
    assert len(page.figures) >= 14
    for figure in page.figures:
        name = figure.removeprefix("figure-")
        assert (folder / "report" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (folder / "report" / f"{name}.svg").read_text()
        assert len(page.labels[figure]) > 40


def test_made_again_it_is_the_same(folder: Path) -> None:
    made = re.compile(r'<span id="made">.*?</span>')
    before = made.sub("", (folder / "report.html").read_text())
    svg = (folder / "report" / "front.svg").read_bytes()
    make_report(folder, tensorflow=False)
    assert made.sub("", (folder / "report.html").read_text()) == before
    assert (folder / "report" / "front.svg").read_bytes() == svg


def test_the_run_itself_is_not_touched(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", population=4, generations=1)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    make_report(folder, tensorflow=False)
    assert {path: path.read_bytes() for path in before} == before


# Runs of every kind


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
    assert {row["status"] for row in _rows(run, "failures")} == {"oom"}
    for column, texts in (("stopped", stopped), ("failed", failed)):
        assert sum(int(row[column]) for row in _rows(run, "generations")) == len(texts)
    front = {row["genome"] for row in _rows(run, "front")}
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


# The command line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "error: nowhere: no run is there"),
        (["run", "--genome", "NC 4"], "error: "),
        (["run", "--genome", "NC 4 3 relu;FL relu"], "is not in this run"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    make_run(tmp_path / "run", population=4, generations=0)
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("nowhere").exists()
    assert not Path("run/report.html").exists()


@pytest.mark.parametrize("command", ["report", "compare", "run"])
def test_help_is_light(command: str) -> None:
    heavy = "('tensorflow', 'keras', 'pandas', 'matplotlib', 'sklearn', 'jinja2', 'moocore')"
    code = (
        "import sys, contextlib\n"
        "from deap_nas.__main__ import main\n"
        f"with contextlib.suppress(SystemExit): main(['{command}', '--help'])\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert f"usage: deap-nas {command}" in done.stdout


def test_the_page_says_how_training_was_changed(tmp_path):
    run = make_run(tmp_path, generations=0, flips=True, shifts=2, label_smoothing=0.05)
    make_report(run, tensorflow=False)
    prose = Reader((run / "report.html").read_text()).prose
    assert "images mirrored in half of the epochs, images moved by up to 2 pixels" in prose
    assert "labels smoothed by 0.05" in prose
