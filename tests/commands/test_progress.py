"""The progress line says what the search is doing, to its end."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import drivers
import pytest
from command import GENOME, SMALL, run_main
from rich.console import Console

from deap_nas.commands import session
from deap_nas.commands.run import main
from deap_nas.commands.terminal import STAGES, Log, ProgressWatcher
from deap_nas.evaluation.fitness import Evaluation, accuracy_per_log_params
from deap_nas.runs.watcher import Watcher
from deap_nas.training import evaluator


class Listener(Watcher):
    def __init__(self) -> None:
        self.told: list[str] = []

    def evaluated(self, genome: str, evaluation: Any, cached: bool) -> None:
        self.told.append(genome)

    def generation(self, number: int, record: dict[str, Any]) -> None:
        self.told.append(f"generation {number}")

    def stage(self, name: str) -> None:
        self.told.append(name)


@pytest.fixture
def shown(home: Path, stub: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a search with a terminal; returns the bar's descriptions, each once, in order."""
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    monkeypatch.setattr(session, "make_page", lambda *_: None)
    said: list[str] = []

    def update(bar: Any, task: Any, **fields: Any) -> None:
        said.append(fields.get("description", said[-1] if said else ""))

    monkeypatch.setattr("rich.progress.Progress.update", update)

    def run(*words: Any, watcher: Watcher | None = None) -> list[str]:
        flags = map(str, ("--dataset", data, "--out", "run", *words))
        assert main([*flags], watcher=watcher) == 0
        return [text for text in dict.fromkeys(said) if text]

    return run


def test_what_follows_the_generations_is_called_by_its_name(shown, home):
    said = shown(*SMALL, "--generations", 2, "--baseline", GENOME, "--finalists", 0)
    stages = [STAGES[name] for name in ("test", "baseline", "page")]
    assert said == ["generation 1", "generation 2", *stages, "done"]
    log = (home / "run" / "log.txt").read_text()
    assert all(text in log for text in stages)


def test_finalists_come_before_the_test_set(shown):
    said = shown(*SMALL, "--generations", 1, "--baseline", GENOME, "--finalists", 2)
    assert said == ["generation 1", "finalists", STAGES["test"], STAGES["page"], "done"]


def test_without_a_baseline_none_is_trained(shown):
    assert STAGES["baseline"] not in shown(*SMALL, "--generations", 1)


def test_a_watcher_is_told_of_the_stages_in_their_order(shown):
    listener = Listener()
    flags = ("--generations", 1, "--baseline", GENOME, "--finalists", 0)
    shown(*SMALL, *flags, watcher=listener)
    told = listener.told
    after = told[told.index("generation 1") + 1 :]
    assert after == ["test", "baseline", GENOME, "page"]


def test_on_a_terminal_no_generation_is_beyond_the_last(tmp_path):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with ProgressWatcher(
        accuracy_per_log_params, 2, lambda n: 4 * (n + 1), console, Log(tmp_path / "log.txt")
    ) as progress:
        for number in range(3):
            progress.generation(number, {"max": 1.0})
        progress.stage("test")
        progress.evaluated(GENOME, Evaluation(0.5, 0.5, 100, 1.0), False)
        task = progress._bar.tasks[0]
        assert task.description == STAGES["test"]
        assert task.completed == task.total == 12
        assert task.fields["left"] == ""
    assert "generation 2" in screen.getvalue()
    assert not re.search("generation 3", screen.getvalue())


def test_one_of_each_is_said_as_one(shown, data, capsys):
    one = ("--population", 2, "--generations", 1, "--epochs", 1, "--workers", 1)
    run_main("--dataset", data, *one, "--max-evaluations", 1, "--dry-run")
    shown(*one, "--max-evaluations", 1)
    out = capsys.readouterr().out
    for words in ("1 epoch;", "1 generation,", "1 generation bred", "1 training,", "1 worker\n"):
        assert words in out
    assert "ended after 1 evaluation;" in out
    assert not re.findall(r"\b1 (?:epochs|generations|trainings|workers|evaluations)\b", out)
