"""results/wide_space and results/by_hand: the tables are those of the committed searches, and what
the page says of them holds."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from deap_nas import Evaluation, count_params, parse_genome
from deap_nas.runs.record import read_run

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results" / "wide_space"
SUMMARY = pd.read_csv(RESULTS / "summary.csv")


@pytest.mark.parametrize(
    "row", list(SUMMARY.itertuples()), ids=lambda row: f"{row.space}-{row.seed}"
)
def test_a_row_is_what_its_journal_says(row):
    record = read_run(RESULTS / f"{row.space}-{row.seed}")
    assert record.settings["space"] == row.space
    assert record.settings["seed"] == row.seed
    assert record.settings["epochs"] == 5
    evaluations = [Evaluation.from_dict(line["evaluation"]) for line in record.evaluations]
    best = max((e for e in evaluations if e.ok), key=lambda e: e.accuracy / math.log(e.n_params))
    assert (row.accuracy, row.n_params) == pytest.approx((best.accuracy, best.n_params), abs=1e-6)
    assert row.fitness == pytest.approx(100 * best.accuracy / math.log(best.n_params), abs=1e-4)
    assert row.n_params == count_params(parse_genome(row.genome))
    assert row.trainings == len(evaluations)
    assert all(genome in record.space for genome in map(parse_genome, record.table["genome"]))


def test_the_course_is_of_the_journals():
    course = pd.read_csv(RESULTS / "course.csv")
    last = course.groupby(["space", "seed"])["best_so_far"].last()
    expected = SUMMARY.set_index(["space", "seed"])["fitness"].sort_index()
    assert last.sort_index().to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-4)


def test_the_first_genomes_are_drawn_again_by_the_seed():
    """Equal seeds draw equal genomes, also after the space was changed."""
    import random

    for row in SUMMARY.itertuples():
        record = read_run(RESULTS / f"{row.space}-{row.seed}")
        rng = random.Random(row.seed)
        drawn = {str(record.space.sample(rng)) for _ in range(12)}
        first = {line["genome"] for line in record.evaluations if line["generation"] == 0}
        assert drawn == first


def test_by_hand_is_of_the_genomes_that_it_names():
    path = ROOT / "benchmarks" / "by_hand.py"
    text = path.read_text()
    scores = pd.read_csv(ROOT / "results" / "by_hand" / "scores.csv")
    for row in scores.itertuples():
        assert row.genome in text
        assert row.n_params == count_params(parse_genome(row.genome))
        assert row.status == "ok"
