"""What results/paper rests on: its searches repeat, its trainings are done once, its measures."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks/ is no part of the package

from benchmarks.paper import (  # noqa: E402
    findings,
    patience,
    plan,
    ranks,
    run,
    tables,
    trainings,
)
from benchmarks.paper.evidence import read  # noqa: E402
from deap_nas import RECIPES  # noqa: E402
from deap_nas.runs import result  # noqa: E402
from deap_nas.runs.config import read_config  # noqa: E402
from deap_nas.runs.presets import make_settings  # noqa: E402
from deap_nas.runs.search import make_space, search  # noqa: E402
from deap_nas.runs.settings import Settings  # noqa: E402

RESULTS = ROOT / "results" / "paper"
FINISHED = [
    name
    for name, options in run.RUNS.items()
    if (RESULTS / name / "result.json").exists() and "validation" not in options
]


def test_the_transcribed_tables_keep_the_reports_own_formulas():
    top = pd.read_csv(RESULTS / "published" / "top.csv")
    assert len(top) == 15
    assert len(top.drop_duplicates("number")) == len(top.drop_duplicates()) - 2 == 13
    fitness = 100 * top["test_accuracy"] / np.log(top["n_params"])
    np.testing.assert_allclose(top["fitness"], fitness, atol=1e-3)
    np.testing.assert_allclose(top["fitness_time"], fitness / top["seconds"], atol=1e-4)
    classes = pd.read_csv(RESULTS / "published" / "classes.csv")
    p, r = classes["precision"], classes["recall"]
    np.testing.assert_allclose(classes["f1"], 2 * p * r / (p + r), atol=0.012)


@pytest.mark.parametrize("name", FINISHED)
def test_a_finished_search_repeats_from_its_journal(name, tmp_path, monkeypatch):
    """The search itself, over the committed outcomes: nothing is trained, no data are read."""
    monkeypatch.setattr(result, "kept_weights", lambda *_: None)  # or best.keras would be made
    shutil.copy(RESULTS / name / "journal.jsonl", tmp_path)
    config = read_config(RESULTS / name)
    settings = Settings(**{**config["settings"], "initial": (), "cache": None})
    data = _Untouched()
    search(settings, tmp_path, data, make_space(settings, data))
    for table in run.TABLES:
        assert (tmp_path / table).read_bytes() == (RESULTS / name / table).read_bytes()


class _Untouched:
    input_shape, n_classes, fingerprint = (28, 28, 1), 10, ""
    x_train = x_val = x_test = np.zeros(0, np.uint8)
    class_names = tuple(map(str, range(10)))
    y_train, files = np.arange(10), {}

    def split(self, name: str) -> tuple[None, ...]:
        return (None,) * 4


def test_the_run_scored_on_validation_differs_in_nothing_else():
    from deap_nas.commands.options import given_settings
    from deap_nas.commands.run import make_parser

    def settings(name: str) -> dict[str, object]:
        given = given_settings(vars(make_parser("run").parse_args(run.RUNS[name])))
        return make_settings("paper", None, given).to_dict()

    assert settings("validation") == {**settings("seed-0"), "split": "validation"}
    assert settings("seed-1") == {**settings("seed-0"), "seed": 1}


def test_trainings_that_have_a_row_are_not_done_again(tmp_path, monkeypatch):
    jobs = [
        trainings.Job("RC 4 3 relu;RC 4 3 relu;FL tanh", RECIPES["paper"], s, "test")
        for s in (0, 1)
    ]
    rows = [{**job.key(), "accuracy": 0.1 * i, "curve": "0.5"} for i, job in enumerate(jobs)]
    path = tmp_path / "some.csv"
    pd.DataFrame(rows).to_csv(path, index=False)

    def refused(*_: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr(trainings, "make_workers", refused)
    found = trainings.train_all(jobs[::-1], path, None)
    assert found["accuracy"].tolist() == [0.1, 0.0]
    other = trainings.Job(jobs[0].genome, RECIPES["fast"], 0, "test")
    with pytest.raises(AssertionError, match="a worker was started"):
        trainings.train_all([other], path, None)


def test_shrinkage_is_what_one_seeds_winner_loses_with_the_others():
    fitness = pd.DataFrame({0: [5.0, 4.0], 1: [3.0, 6.0], 2: [3.0, 7.0]}, index=["a", "b"])
    # Seed 0 picks a, which has 3 with the others; 1 and 2 pick b, with 5.5 and 5 by the others.
    assert ranks.shrinkage(fitness) == pytest.approx((2 + 0.5 + 2) / 3)


def test_an_optimizer_that_diverges_is_the_last():
    evidence = read(RESULTS)
    trained = evidence.choices["optimizers"].copy()
    trained.loc[trained["learning_rate"] == 0.005, "curve"] = ""
    spoiled = replace(evidence, choices={**evidence.choices, "optimizers": trained})
    found = findings.optimizers(spoiled)
    assert found["last"].tail(2).tolist() == [0, 0]
    assert tables.optimizers(spoiled).iloc[-1].tolist()[-2:] == ["diverged", "never"]


def test_which_genomes_are_trained_again():
    table = pd.DataFrame({"genome": list("abcdefg"), "fitness": [3, 7, 1, 5, 2, 6, 4]})
    assert plan.spread(table, "fitness", 3) == ["b", "g", "c"]
    low = pd.DataFrame(
        {
            "genome": ["1;FL relu", "2;FL relu", "3;FL gelu", "4;FL tanh"],
            "accuracy": [0.1, 0.1, 0.1, 0.8],
            "multiply_adds": [2, 1, 9, 0],
        }
    )
    assert patience.never_learned(low, 3) == ["2;FL relu", "3;FL gelu", "1;FL relu"]
