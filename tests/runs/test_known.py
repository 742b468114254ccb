"""What a search's model is told: sizes by formula; runs of before, which learned the fitness."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import drivers
import pytest
from command import run_main, table_of

from deap_nas import make_toolbox
from deap_nas.evaluation.fitness import FITNESSES, SINGLE
from deap_nas.runs.known import tell_what_is_known
from deap_nas.runs.settings import Settings
from deap_nas.spaces import PAPER_SPACE, SearchSpace
from deap_nas.training import evaluator

SMALL = ("--population", 4, "--generations", 3, "--workers", 1, "--no-cache")
TOOLS = ("known", "learned", "combine")

pytestmark = pytest.mark.usefixtures("no_page")


@pytest.fixture
def inline(stub: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    return stub


def begin(folder: str, data: Path, *more: Any) -> Any:
    assert run_main("--dataset", data, "--out", folder, *SMALL, *more) == 0
    return drivers.outcome(Path(folder))


def tools(space: Any = PAPER_SPACE, **settings: Any) -> set[str]:
    toolbox = make_toolbox(space, len)
    measuring = SimpleNamespace(fitness=FITNESSES["time_penalised"], measure=len)
    tell_what_is_known(toolbox, Settings(**settings), space, measuring)  # type: ignore[arg-type]
    return {name for name in TOOLS if hasattr(toolbox, name)}


def test_only_the_model_of_preselected_is_told_and_only_if_it_learns_measurements() -> None:
    assert tools() == set(TOOLS)
    assert tools(learns="fitness") == tools(algorithm="generational") == set()


def test_where_a_layer_has_no_formula_the_fitness_is_learned(own_layer_without: Any) -> None:
    assert tools(own_layer_without) == set()


@pytest.fixture
def own_layer_without() -> Any:
    from deap_nas import LAYERS, Layer, register_layer

    register_layer(Layer("PL", {}, lambda shape: 1 / 0, shape=lambda shape: shape))
    rules = {"CB": {"filters": (4, 8), "kernel": 3, "activation": "relu"}, "PL": {"count": (0, 1)}}
    yield SearchSpace(layers=rules, heads=("GP",), depth=(1, 2))
    del LAYERS["PL"]


@pytest.mark.parametrize("fitness", SINGLE)
def test_a_search_for_each_fitness_that_is_resumed_from_any_line(home, inline, data, fitness):
    expected = begin("run", data, "--fitness", fitness)
    folder = home / "run"
    whole = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    for lines in range(1, len(whole), 5):
        (folder / "journal.jsonl").write_bytes(b"".join(whole[:lines]))
        (folder / "result.json").unlink()
        assert run_main("--resume", "run") == 0
        if fitness == "accuracy_per_log_params":  # the stub's seconds differ each time
            assert not drivers.differences(expected, drivers.outcome(folder))
    assert len(table_of(folder)) == 16


def test_what_is_learned_changes_a_search(home, inline, data):
    assert drivers.differences(begin("a", data), begin("b", data, "--learns", "fitness"))


def test_a_run_from_before_measurements_were_learned_is_resumed_as_it_was(home, inline, data):
    expected = begin("run", data, "--learns", "fitness")
    config = json.loads(Path("run/config.json").read_text())
    del config["settings"]["learns"]
    Path("run/config.json").write_text(json.dumps(config))
    journal = Path("run/journal.jsonl")
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:7]))
    Path("run/result.json").unlink()
    assert run_main("--resume", "run") == 0
    assert not drivers.differences(expected, drivers.outcome(home / "run"))
    assert not drivers.differences(expected, begin("again", data, "--config", "run/config.json"))


def test_another_model_on_resume_is_refused(home, inline, data, capsys):
    begin("run", data)
    Path("run/result.json").unlink()
    capsys.readouterr()
    assert run_main("--resume", "run", "--learns", "fitness") == 2
    err = capsys.readouterr().err
    assert "learns 'measurements' in the run, 'fitness' now" in err
    assert err.count("\n") == 1
