"""commands.estimate: the costs are those measured, and the engine's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from command import run_main

from deap_nas.commands.estimate import COSTS

RESULTS = Path(__file__).parents[2] / "results" / "estimate"


@pytest.mark.parametrize("engine", COSTS)
def test_the_costs_are_those_of_the_results(engine):
    measured = json.loads((RESULTS / "run.json").read_text())["costs"][engine]
    for name in ("building", "image", "multiply_add"):
        assert getattr(COSTS[engine], name) == pytest.approx(measured[name], rel=0.03)


@pytest.mark.parametrize("engine", COSTS)
def test_what_is_said_of_all_genomes_together_is_about_what_they_took(engine):
    rows = pd.read_csv(RESULTS / "seconds.csv").query("engine == @engine")
    said = COSTS[engine].image + COSTS[engine].multiply_add * rows["multiply_adds"]
    assert said.sum() == pytest.approx(rows["image_seconds"].sum(), rel=0.1)


def seconds_of(text: str) -> float:
    minutes, seconds = re.search(r"about (?:([\d.]+) min ?)?(?:([\d.]+) s)?", text).groups("0")
    return 60 * float(minutes) + float(seconds)


def test_the_estimate_is_of_the_engine_that_trains(home, stub, capsys):
    said = {}
    for engine in COSTS:
        assert run_main("--dry-run", "--engine", engine) == 0
        out = capsys.readouterr().out
        (said[engine],) = [line for line in out.splitlines() if line.startswith("time:")]
        assert f"a training by engine {engine}, " in said[engine]
    assert 0 < seconds_of(said["native"]) < seconds_of(said["keras"])
