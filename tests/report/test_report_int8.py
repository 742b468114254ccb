"""The page of a run that scored in int8: both accuracies, flash, RAM, and charts against them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from report_page import Reader
from report_runs import make_run

from deap_nas import arena_head, flash, parse_genome
from deap_nas.evaluation.fitness import accuracy_of
from deap_nas.report.charts import COSTS
from deap_nas.report.page import make_report
from deap_nas.runs.journal import read_lines
from deap_nas.runs.record import read_run
from deap_nas.runs.tables import pareto_front


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("runs") / "run", finalists=3, int8=True)
    make_report(folder, tensorflow=False)
    return folder


@pytest.fixture(scope="module")
def page(folder: Path) -> Reader:
    return Reader((folder / "report.html").read_text())


def in_int8(folder: Path, split: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for line in read_lines(folder):
        if line["kind"] == "int8" and line["split"] == split:
            found.setdefault(line["genome"], []).append(accuracy_of(line["confusion"]))
    return found


def test_finalists_have_both_accuracies_flash_and_ram(folder, page):
    with (folder / "report" / "finalists.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        genome = parse_genome(row["genome"])
        for name, split in (("int8_accuracy", "validation"), ("int8_test_accuracy", "test")):
            assert float(row[f"{name}_mean"]) == pytest.approx(
                fmean(in_int8(folder, split)[row["genome"]])
            )
        assert float(row["accuracy_mean"]) != pytest.approx(float(row["int8_accuracy_mean"]))
        assert (int(row["flash"]), int(row["ram"])) == (flash(genome) + 7, arena_head(genome))
    assert "The best fitness by the mean int8 accuracy decides" in page.prose
    assert "Flash is the size of the best one's file" in page.prose


def test_the_short_answer_is_of_int8_too(folder, page):
    genome = str(json.loads((folder / "result.json").read_text())["best"]["genome"])
    found = in_int8(folder, "validation")[genome]
    exact = {name: value for name, (value, _) in page.facts.items()}
    assert float(exact["chosen.int8_accuracy"]) == max(found)
    place = found.index(max(found))
    assert float(exact["chosen.int8_test_accuracy"]) == in_int8(folder, "test")[genome][place]
    assert int(exact["chosen.flash"]) == flash(parse_genome(genome)) + 7
    assert int(exact["chosen.ram"]) == arena_head(parse_genome(genome))


@pytest.mark.parametrize("by", COSTS)
def test_a_chart_against_each_cost_has_its_own_front(folder, by):
    """Dots carry the labels of the table, drawn in its order."""
    html = (folder / "report.html").read_text()
    table = read_run(folder).table
    (part,) = re.findall(rf'<div data-cost="{by}">(.*?)</figure>', html, re.DOTALL)
    assert f'id="figure-front_{by}" class="dots" data-by="{by}"' in part
    assert {int(i) for i in re.findall(r'data-i="(\d+)"', part)} == {*table.index}
    front = pareto_front(table, by)
    for _, row in front.iterrows():
        beaten = (table["accuracy"] >= row["accuracy"]) & (table[by] < row[by])
        assert not beaten.any()
    assert f'<input type="radio" name="cost" value="{by}"' in html


def test_pointing_shows_ram_and_flash(folder):
    html = (folder / "report.html").read_text()
    data: Any = json.loads(re.findall(r'<script id="data"[^>]*>(.*?)</script>', html, re.S)[0])
    rows = [dict(zip(data["columns"], row)) for row in data["rows"]]
    assert [row["flash"] for row in rows] == [flash(parse_genome(row["genome"])) for row in rows]


def test_a_run_of_before_has_neither(tmp_path):
    folder = make_run(tmp_path / "run", 4, 1)
    make_report(folder, tensorflow=False)
    html = (folder / "report.html").read_text()
    assert 'data-cost="multiply_adds"' in html
    assert 'data-cost="ram"' not in html
    assert "flash" not in (folder / "report" / "front.csv").read_text().partition("\n")[0]
    assert "int8" not in Reader(html).prose
