"""results/search and results/device: the tables are those of the committed searches, and what was
found is within its budgets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from deap_nas import arena_head, count_params, flash, parse_genome
from deap_nas.devices.compact import compact
from deap_nas.runs.presets import make_settings

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.search import boards, plan, targets  # noqa: E402

FOLDERS = {targets: plan.OUT, boards: boards.OUT}
RUNS = sorted(boards.OUT.glob("runs/*"))


@pytest.mark.parametrize("part", FOLDERS, ids=lambda part: part.__name__)
def test_tables_are_of_the_searches_that_are_there(part, tmp_path):
    out = FOLDERS[part]
    (tmp_path / "runs").symlink_to(out / "runs")
    part.write_tables(tmp_path)
    for name in ("finalists.csv", "targets.csv"):
        assert (tmp_path / name).read_text() == (out / name).read_text()


def test_sizes_of_finalists_are_those_of_their_genomes():
    table = pd.read_csv(plan.OUT / "finalists.csv")
    assert [count_params(parse_genome(text)) for text in table["genome"]] == list(table["n_params"])


@pytest.mark.parametrize("folder", RUNS, ids=lambda folder: folder.name)
def test_what_a_board_gets_fits(folder):
    settings = make_settings(None, folder / "config.json")
    table = pd.read_csv(folder / "finalists.csv")
    assert len(table) > 1
    for row in table.itertuples():
        genome = parse_genome(row.genome)
        assert flash(genome) == pytest.approx(row.flash, rel=0.02, abs=100)
        assert row.flash <= settings.max_flash
        assert arena_head(genome) == row.ram
    best = json.loads((folder / "result.json").read_text())["best"]
    chosen = table[table["chosen"]].iloc[0]
    assert (best["genome"], best["flash"]) == (chosen["genome"], chosen["flash"])
    assert len(compact((folder / "best.tflite").read_bytes())) == best["flash"]
