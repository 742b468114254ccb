"""The builder of tables: which genomes, which images, and a build that goes on where it stopped."""

from __future__ import annotations

import gzip
import importlib.util
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import build_table  # noqa: E402
from variants import problems, rivals  # noqa: E402
from variants.variants import AGING, BEST, LOCAL, RANDOM, REPORT  # noqa: E402

from deap_nas import (  # noqa: E402
    WIDE_SPACE,
    SearchSpace,
    count_params,
    load_dataset,
    parse_genome,
)
from deap_nas.benchmark.memo import Memo  # noqa: E402
from deap_nas.commands.benchmark import main as benchmark  # noqa: E402
from deap_nas.tabular import load_table  # noqa: E402

DIGITS = build_table.plans()["digits"]


def test_the_first_table_is_trained_in_the_order_of_its_shards():
    jobs = build_table.every_job()
    assert len(jobs) == 3456 + 2 * 346
    for number in (0, 16):
        rows = pd.read_csv(build_table.OUT / "shards" / f"{number:02}.csv")
        part = jobs[number * build_table.SHARD :][: build_table.SHARD]
        assert list(zip(rows["genome"], rows["train_seed"])) == part


def test_the_second_table_is_a_whole_part_of_the_wide_space():
    genomes = [str(genome) for genome in build_table.every_genome(DIGITS.space)]
    assert len(genomes) == len(set(genomes)) == DIGITS.space.size() == 3744
    wide = replace(WIDE_SPACE, input_shape=(8, 8, 1))
    assert all(parse_genome(text) in wide for text in genomes)


def test_the_digits_are_drawn_anew_and_none_is_lost():
    drawn, whole = build_table.load_digits(), load_dataset("digits")
    sizes = [len(drawn.split("validation")[i]) for i in (0, 2)]
    assert [*sizes, len(drawn.x_test)] == [1000, 398, 399]

    def images(data):
        parts = np.concatenate([data.x_train, data.x_val, data.x_test])
        return sorted(image.tobytes() for image in parts)

    assert images(drawn) == images(whole)
    for labels in (drawn.y_train, drawn.y_val, drawn.y_test):
        assert np.bincount(labels).min() > 25


def test_a_build_that_was_stopped_goes_on_to_a_table(tmp_path, monkeypatch):
    space = SearchSpace(
        layers={"CB": {"count": 1, "filters": (4, 8), "kernel": 3, "activation": "relu"}},
        heads=("GP",),
        input_shape=(8, 8, 1),
    )
    recipe = replace(DIGITS.recipe, epochs=2)
    plan = build_table.Plan(space, DIGITS.images, recipe, tmp_path, tmp_path / "small.csv.gz")
    monkeypatch.setattr(build_table, "plans", lambda: {"small": plan})
    monkeypatch.setattr(build_table, "SHARD", 2)
    command = ["build_table.py", "--table", "small", "--workers", "1"]
    monkeypatch.setattr(sys, "argv", [*command, "--shards", "1"])
    build_table.main()
    assert not plan.file.exists()
    first = (tmp_path / "shards" / "00.csv").read_bytes()
    monkeypatch.setattr(sys, "argv", command)
    build_table.main()
    assert (tmp_path / "shards" / "00.csv").read_bytes() == first, "not trained again"
    table = load_table(plan.file, space)
    assert len(table) == space.size() == 2
    assert table.train_seeds == [0, 1, 2]
    genome = parse_genome("CB 8 3 relu;GP")
    measured = table.measure(genome)
    assert [row["epoch"] for row in measured.curve] == [1, 2]
    assert 0.05 < table.test_accuracy(genome) < 1
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("name", build_table.plans())
def test_every_plan_says_what_it_is_of(name):
    plan = build_table.plans()[name]
    assert plan.recipe.scored == "doubling"
    assert plan.file.name.endswith(".csv.gz")


@pytest.fixture
def digits_problem(tmp_path, monkeypatch):
    """The problem of a made-up table over the digits' space."""
    rows = [
        {
            "genome": str(genome),
            "train_seed": 0,
            "n_params": count_params(genome, (8, 8, 1)),
            "multiply_adds": 1,
            "val_accuracy_1": 0.5 + number / 10_000,
            "test_accuracy": 0.9 - number / 10_000,
            "train_accuracy": 0.5,
            "train_seconds": 1.0,
            "train_cpu_seconds": 1.0,
            "status": "ok",
            "measured_on": "here",
        }
        for number, genome in enumerate(build_table.every_genome(DIGITS.space))
    ]
    table = tmp_path / "digits.csv.gz"
    table.write_bytes(gzip.compress(build_table.as_csv(rows).encode()))
    shutil.copy(build_table.DIGITS / "digits.toml", tmp_path)
    monkeypatch.setattr(problems, "DIGITS_TABLE", table)
    problems.find_problem.cache_clear()
    yield problems.find_problem(problems.DIGITS)
    problems.find_problem.cache_clear()


def test_the_digits_are_a_problem_of_the_benchmark(digits_problem):
    assert problems.DIGITS in problems.available()
    assert len(digits_problem.scores) == 3744
    contestants = [BEST, REPORT, LOCAL, AGING, RANDOM]
    if importlib.util.find_spec("optuna"):
        contestants.append(rivals.rivals()["Optuna TPE"][1])
    for each in contestants:
        memo = Memo(digits_problem, 15)
        each.search(memo, 0)
        assert len(memo.found) == 15 or memo.capped
        assert memo.found.keys() <= digits_problem.scores.keys(), "all that is asked for is there"


def test_the_digits_table_is_whole_and_the_command_takes_it(tmp_path, capsys):
    table = load_table(DIGITS.file, DIGITS.space)
    assert len(table) == 3744
    accuracies = [evaluation.accuracy for _, evaluation in table.items()]
    sizes = [evaluation.n_params for _, evaluation in table.items()]
    assert max(accuracies) - min(accuracies) > 0.5, "they are spread"
    assert max(sizes) > 20 * min(sizes)
    words = ["--operators", str(ROOT / "examples" / "own_operator.py")]
    words += ["--table", str(DIGITS.file), "--space", str(build_table.DIGITS / "digits.toml")]
    words += ["--seeds", "2", "--evaluations", "12", "--workers", "1", "--out", str(tmp_path)]
    assert benchmark(words) == 0
    assert "cx_stretch" in capsys.readouterr().out
