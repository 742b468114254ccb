"""Searches with real training in which the kernels of some genomes fault, or want all memory."""

from __future__ import annotations

import csv
import json
import platform
from pathlib import Path

import broken_kernels
import drivers
import pytest
import stubs
from command import run_main

from deap_nas.training import evaluator

pytestmark = pytest.mark.faults

SEARCH = ("--population", 8, "--generations", 2, "--epochs", 1, "--seed", 5, "--engine", "native")
LIMITS = ("--max-memory", 250, "--workers", 2, "--no-cache", "--no-report")


def rows_of(run: Path) -> dict[str, dict[str, str]]:
    rows = csv.DictReader((run / "evaluations.csv").read_text().splitlines())
    return {row["genome"]: row for row in rows}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the illegal instruction is of x86-64")
def test_kernels_that_misbehave_cost_their_genomes_alone(tmp_path, monkeypatch, counts):
    monkeypatch.setattr(evaluator, "Workers", broken_kernels.workers)
    monkeypatch.setenv(stubs.FAULTS, str(tmp_path))
    data = drivers.save_npz(tmp_path / "data.npz", drivers.tiny_dataset())

    def search(name: str) -> Path:
        assert run_main("--dataset", data, "--out", tmp_path / name, *SEARCH, *LIMITS) == 0
        return tmp_path / name

    tame = rows_of(search("tame"))
    first = [row for row in tame.values() if row["generation"] == "0"]
    first.sort(key=lambda row: -float(row["fitness"]))
    victims = {row["genome"]: kind for row, kind in zip(first, broken_kernels.ENDS)}
    for genome, kind in victims.items():
        stubs.set_fault(tmp_path, genome, kind)
    run = search("hostile")
    rows = rows_of(run)
    for genome, kind in victims.items():
        status, words = broken_kernels.ENDS[kind]
        assert rows[genome]["status"] == status
        assert words in rows[genome]["reason"]
        assert float(rows[genome]["fitness"]) == 0
        counts.add(f"kernel: {kind}")
    for row in first:
        if row["genome"] not in victims:
            assert rows[row["genome"]]["accuracy"] == row["accuracy"]
    assert all(row["status"] == "ok" for text, row in rows.items() if text not in victims)
    assert json.loads((run / "result.json").read_text())["best"]["genome"] not in victims
