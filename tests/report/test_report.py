"""The page of a run: every number on it against the CSV and the journal, for any kind of run."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_page import Reader
from report_runs import BASELINE, make_run, rows_of, searched

from deap_nas.report.__main__ import main
from deap_nas.report.page import make_report
from deap_nas.report.shown import COLUMNS, show
from deap_nas.runs.journal import read_lines
from deap_nas.runs.record import read_run
from deap_nas.spaces import PAPER_SPACE, describe

ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["'](?!data:|\#|report/)|@import|url\((?!\#)""")


RUN = {"fail": 0.1}  # the run of the fixture ``folder``


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[dict[str, Any]]:
    return read_lines(folder)


def outcomes(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {line["genome"]: line["evaluation"] for line in lines if line["kind"] == "evaluation"}


def fitness(evaluation: dict[str, Any]) -> float:
    ok = evaluation["status"] == "ok"
    return 100 * evaluation["accuracy"] / math.log(evaluation["n_params"]) if ok else 0.0


def test_every_table_on_the_page_is_its_csv(folder: Path, page: Reader) -> None:
    assert {"versus", "top_fitness", "top_accuracy", "top_fitness_time", "front"} <= set(
        page.tables
    )
    for name, (_, *body) in page.tables.items():
        rows = rows_of(folder, name)
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
    assert base["accuracy"] == float(rows_of(folder, "versus")[1]["accuracy"])


def test_generations_are_what_the_journal_says(folder: Path, lines: list[dict[str, Any]]) -> None:
    found, best = outcomes(lines), 0.0
    rows = rows_of(folder, "generations")
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
