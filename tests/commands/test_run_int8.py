"""Finalists that are chosen by what they come to in int8, from the command line. Training and
quantising are stubs."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import drivers
import pytest
from command import GENOME, result_of, run_main, table_of

from deap_nas import arena_head, flash, parse_genome
from deap_nas.runs import search
from deap_nas.runs.int8 import Quantising
from deap_nas.runs.record import read_run
from deap_nas.training import evaluator

pytestmark = pytest.mark.usefixtures("no_page")

SMALL = ("--population", 6, "--generations", 1, "--workers", 1, "--seed", 1)
FINALS = ("--finalists", 3, "--final-seeds", 2, "--int8")
SPACE = """
depth = [1, 2]
heads = "GP"
[layers.CB]
filters = [4, 8]
kernel = [3, 5]
"""
FILES = ("result.json", "finalists.csv", "best.keras", "best.tflite")


@pytest.fixture(autouse=True)
def inline(stub: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    return stub


def begin(data: Path, *more: Any, out: str = "run") -> int:
    return run_main("--dataset", data, "--out", out, "--no-cache", *SMALL, *more)


def lines_of(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in drivers.lines_of(folder) if line["kind"] == kind]


def choice_of(folder: Path) -> Any:
    """All that depends on the choice."""
    best = {k: v for k, v in result_of(folder)["best"].items() if k not in drivers.TIMES}
    table = (folder / "finalists.csv").read_text()
    return table, best, (folder / "best.keras").read_text(), (folder / "best.tflite").read_bytes()


def test_the_mean_in_int8_chooses(home, data, capsys):
    assert begin(data, *FINALS) == 0
    folder = home / "run"
    rows = table_of(folder, "finalists.csv")
    in_int8 = {}
    for line in lines_of(folder, "int8"):
        if line["split"] == "validation":
            right = sum(row[i] for i, row in enumerate(line["confusion"]))
            accuracy = right / sum(map(sum, line["confusion"]))
            in_int8.setdefault(line["genome"], []).append(accuracy)
    for row in rows:
        assert float(row["int8_accuracy_mean"]) == pytest.approx(fmean(in_int8[row["genome"]]))
        assert int(row["ram"]) == arena_head(parse_genome(row["genome"]), (14, 14, 1), 3)
        assert int(row["flash"]) == len(content_of(folder, row["genome"]))
    fitness = [float(row["fitness"]) for row in rows]
    assert fitness == sorted(fitness, reverse=True)
    chosen = rows[0]
    assert [row["chosen"] for row in rows] == ["True", *["False"] * (len(rows) - 1)]
    result = result_of(folder)
    best, (choice,) = result["best"], lines_of(folder, "choice")
    assert best["genome"] == choice["genome"] == chosen["genome"]
    assert best["int8_accuracy"] == max(in_int8[best["genome"]])
    assert 0 < best["int8_test_accuracy"] < 1
    assert best["flash"] == len((folder / "best.tflite").read_bytes())
    out = " ".join(capsys.readouterr().out.split())
    assert "chosen by int8 accuracy" in out
    assert "Chosen: the finalist with the best mean fitness in int8" in out
    assert f"in int8: validation accuracy {best['int8_accuracy']:.4f}" in out


def content_of(folder: Path, genome: str) -> bytes:
    """The int8 model of a genome's best training, from the run's folder."""
    record = read_run(folder)
    budget = record.trained_again[genome].best
    return record.directory.int8_of(genome, budget).read_bytes()


def test_float_and_int8_may_choose_otherwise(home, data):
    """The same trainings: int8 is told apart from them by its own scores."""
    assert begin(data, *FINALS) == 0
    assert begin(data, *FINALS[:-1], out="float") == 0
    tables = [table_of(home / name, "finalists.csv") for name in ("run", "float")]
    means = [{row["genome"]: row["accuracy_mean"] for row in table} for table in tables]
    assert means[0] == means[1]
    assert "int8_accuracy_mean" not in tables[1][0]
    assert not lines_of(home / "float", "int8")
    assert not (home / "float" / "best.tflite").exists()
    assert [row["fitness"] for row in tables[0]] != [row["fitness"] for row in tables[1]]


def test_a_budget_of_bytes_asks_for_int8(home, data, capsys):
    """And its space has no GELU."""
    (home / "mine.toml").write_text(SPACE)
    few = ("--finalists", 1, "--final-seeds", 1, "--space", "mine.toml", "--max-flash", 12_000)
    assert begin(data, *few, "--int8-sample", 7) == 0
    assert len(lines_of(home / "run", "int8")) == 2
    assert (home / "run" / "best.tflite").read_text().endswith(" 7")
    out = " ".join(capsys.readouterr().out.split())
    assert "chosen by int8 accuracy; without activation gelu, which TensorFlow Lite Micro" in out
    assert "gelu" not in (home / "run" / "evaluations.csv").read_text()
    assert begin(data, *few, "--no-int8", out="float") == 0
    assert not lines_of(home / "float", "int8")


def test_the_test_set_is_met_after_the_choice(home, data):
    assert begin(data, *FINALS, "--baseline", GENOME) == 0
    kinds = [(line["kind"], line.get("split")) for line in drivers.lines_of(home / "run")]
    chosen = kinds.index(("choice", None))
    assert ("int8", "test") not in kinds[:chosen]
    assert ("int8", "validation") not in kinds[chosen:]
    trained = len(lines_of(home / "run", "choice")[0]["trainings"])
    assert kinds.count(("int8", "test")) == kinds.count(("int8", "validation")) == trained
    baseline = result_of(home / "run")["baseline"]
    assert 0 < baseline["int8_test_accuracy_mean"] < 1


def test_without_finalists_the_best_is_scored_in_int8(home, data):
    assert begin(data, "--finalists", 0, "--int8") == 0
    best = result_of(home / "run")["best"]
    assert {line["genome"] for line in lines_of(home / "run", "int8")} == {best["genome"]}
    assert 0 < best["int8_accuracy"] < 1
    evaluation, _ = read_run(home / "run").network(best["genome"])
    assert evaluation is not None
    assert evaluation.int8_accuracy == best["int8_accuracy"]


def test_resumed_from_any_line_it_chooses_the_same(home, data, inline):
    assert begin(data, *FINALS) == 0
    folder = home / "run"
    expected, whole = choice_of(folder), (folder / "journal.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if b'"kind": "int8"' in line)
    for kept in range(first - 1, len(lines), 3):
        (folder / "journal.jsonl").write_bytes(b"".join(lines[:kept]))
        for path in [*(folder / name for name in FILES), *(folder / "weights").glob("*.tflite")]:
            path.unlink(missing_ok=True)
        assert run_main("--resume", folder) == 0
        assert choice_of(folder) == expected, kept


def test_killed_for_real_while_quantising(home, stub, data):
    arguments = ("--dataset", data, "--out", home / "run", "--no-cache", *SMALL, *FINALS)
    assert drivers.stub_cli(*arguments[:2], "--out", home / "whole", *arguments[4:]).returncode == 0
    killed = drivers.stub_cli(*arguments, KILL_AT="int8:3")
    assert killed.returncode == -9
    assert len(lines_of(home / "run", "int8")) == 2
    assert not lines_of(home / "run", "choice")
    assert drivers.stub_cli("--resume", home / "run").returncode == 0
    assert choice_of(home / "run") == choice_of(home / "whole")


def test_what_cannot_be_quantised_counts_as_nothing_right(home, data, monkeypatch):
    assert begin(data, *FINALS, out="whole") == 0
    first = table_of(home / "whole", "finalists.csv")[0]["genome"]
    content = Quantising.content

    def refuse(self: Any, genome: str, budget: Any) -> bytes:
        if genome == first:
            raise RuntimeError("quantise: error, it has a layer of its own")
        return content(self, genome, budget)

    monkeypatch.setattr(Quantising, "content", refuse)
    assert begin(data, *FINALS) == 0
    rows = {row["genome"]: row for row in table_of(home / "run", "finalists.csv")}
    assert (rows[first]["int8_accuracy_mean"], rows[first]["fitness"]) == ("0.0", "0.0")
    assert rows[first]["chosen"] == "False"
    assert {line.get("reason") for line in lines_of(home / "run", "int8")} - {None} == {
        "quantise: error, it has a layer of its own"
    }


def test_a_run_of_before_goes_on_as_it_was(home, data, monkeypatch):
    """It had a budget, GELU, and finalists chosen by accuracy as trained."""
    (home / "mine.toml").write_text(SPACE)
    more = ("--no-int8", "--space", "mine.toml", "--max-ram", 60_000)
    with monkeypatch.context() as patch:
        patch.setattr(search, "supported", lambda space: space)
        assert begin(data, *FINALS, *more) == 0
    path = home / "run" / "config.json"
    config = json.loads(path.read_text())
    assert "gelu" in config["space"]["layers"]["CB"]["activation"]
    for name in ("int8", "int8_sample"):
        del config["settings"][name]
    path.write_text(json.dumps(config))
    before = (home / "run" / "finalists.csv").read_text()
    for name in FILES:
        (home / "run" / name).unlink(missing_ok=True)
    assert run_main("--resume", home / "run") == 0
    assert (home / "run" / "finalists.csv").read_text() == before
    assert not lines_of(home / "run", "int8")


@pytest.mark.parametrize("algorithm", ["nsga2", "preselected"])
def test_a_front_of_ram_and_flash(home, data, algorithm):
    """RAM and flash are in each outcome, whatever trained it."""
    how = ("--algorithm", algorithm, "--fitness", "accuracy_and_params", "--finalists", 0)
    assert begin(data, *how, "--objectives", "accuracy,ram,flash", "--generations", 2) == 0
    size = (14, 14, 1), 3
    for row in table_of(home / "run"):
        genome = parse_genome(row["genome"])
        assert (int(row["ram"]), int(row["flash"])) == (
            arena_head(genome, *size),
            flash(genome, *size),
        )
