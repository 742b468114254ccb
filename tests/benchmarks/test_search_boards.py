"""Networks for boards: settings of the command, and the tables of runs that are there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.search import boards, plan, runs  # noqa: E402
from deap_nas.commands.options import given_settings  # noqa: E402
from deap_nas.commands.run import make_parser  # noqa: E402
from deap_nas.runs.presets import make_settings  # noqa: E402


@pytest.mark.parametrize("name", boards.BUDGETS)
def test_each_budget_is_settings_of_the_command(name):
    words = runs.words(boards.flags_of(name, 3))
    told = vars(make_parser("run").parse_args(["--preset", plan.PRESET, *words]))
    settings = make_settings(told["preset"], None, given_settings(told))
    flash, ram = (1024 * int(word) for word in name.split("-"))
    assert (settings.max_flash, settings.max_ram) == (flash, ram)
    assert (settings.fitness, settings.several, settings.seed) == ("accuracy", False, 3)
    assert settings.time_budget <= 30 * 60
    assert settings.cache is None, "a training from a cache takes no time"


def make_run(folder: Path, accuracies: list[float]) -> None:
    folder.mkdir(parents=True)
    table = pd.DataFrame(
        {
            "genome": [f"CR {4 * i} 3 relu;GP" for i in range(1, 1 + len(accuracies))],
            "int8_test_accuracy_mean": accuracies,
            "test_accuracy_mean": [each + 0.01 for each in accuracies],
            "fitness": 1.0,
            "chosen": [i == 0 for i in range(len(accuracies))],
        }
    )
    table.to_csv(folder / "finalists.csv", index=False)
    made = {"command": ["python"], "commit": "abc", "machine": {"processor": "one"}}
    contents = {
        "run.json": made,
        "result.json": {"seconds": 5.0},
        "config.json": {"settings": {"time_budget": 600.0}},
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content))


def test_what_is_missing_of_the_aim_is_of_the_chosen_network_in_int8(tmp_path, capsys):
    make_run(tmp_path / "runs" / "4-4-0", [0.86, 0.99])
    make_run(tmp_path / "runs" / "4-4-2", [0.90])
    (tmp_path / "runs" / "4-4-1").mkdir()  # not finished
    boards.main(["--only-tables", "--out", str(tmp_path)])
    found = pd.read_csv(tmp_path / "targets.csv")
    assert list(found["search_seed"]) == [0, 2]
    assert list(found["short_by"]) == pytest.approx([0.02, -0.02])
    assert len(pd.read_csv(tmp_path / "finalists.csv")) == 3
    assert "0.88" in capsys.readouterr().out


def test_without_runs_it_says_so(tmp_path, capsys):
    boards.main(["--only-tables", "--out", str(tmp_path)])
    assert "no search with finalists is finished" in capsys.readouterr().out
