"""evolve and Result: the same run as the command's, from arrays, a name, a space as an object."""

from __future__ import annotations

import json
import re

import filelock
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from deap_nas import DataError, Result, SearchSpace, Watcher, evolve
from deap_nas.__main__ import main
from deap_nas.runs.directory import RunDirectory

pytestmark = pytest.mark.usefixtures("no_model")  # but for the search of ``result``
SPACE = SearchSpace(
    layers={"CR": {"count": (1, 2), "filters": (4, 8), "kernel": (3,), "activation": ("relu",)}},
    heads=("GP",),
    depth=(1, 2),
)
SMALL = {"population": 2, "generations": 1, "children": 1, "epochs": 1, "workers": 1}
SMALL |= {"finalists": 2, "final_seeds": 1, "final_epochs": 1, "cache": None, "progress": False}


@pytest.fixture(scope="module")
def digits():
    bunch = load_digits()
    return (bunch.images / 16).astype("f4"), bunch.target


@pytest.fixture(scope="module")
def result(digits, tmp_path_factory):
    out = tmp_path_factory.mktemp("notebook") / "run"
    return evolve(*digits, space=SPACE, out=out, **SMALL)


def test_what_was_found_is_tables_and_a_network(result):
    assert result.finished
    assert RunDirectory(result.folder).best.exists()
    assert isinstance(result.evaluations, pd.DataFrame)
    assert 3 <= len(result.evaluations) <= 4
    assert result.best.genome in set(result.evaluations["genome"])
    written = json.loads(RunDirectory(result.folder).result.read_text())["best"]
    for name in ("genome", "accuracy", "test_accuracy"):
        assert getattr(result.best, name) == written[name], "all of one training"
    assert written["accuracy"] != result.record.evaluation(result.best.genome).accuracy
    assert set(result.front["genome"]) <= set(result.evaluations["genome"])


def test_the_model_scores_as_the_run_says(result, digits):
    model = result.model()
    assert model.count_params() >= result.best.n_params
    data = np.load(result.folder / "images.npz")
    found = model.predict(data["x_test"][..., None], verbose=0).argmax(axis=1)
    assert np.mean(found == data["y_test"]) == pytest.approx(result.best.test_accuracy, abs=0.005)
    front = result.front["genome"].iloc[0]
    assert result.model(front).count_params() >= result.front["n_params"].iloc[0]
    assert result.report().name == "report.html"


def test_a_notebook_shows_it(result):
    html = result._repr_html_()
    assert result.best.genome in html
    assert "data:image/png;base64," in html
    assert str(result.folder) in repr(result)


def test_the_same_call_reads_the_finished_run(result, digits):
    class Counter(Watcher):
        trained = 0

        def evaluated(self, genome, evaluation, cached):
            self.trained += 1

    counter = Counter()
    again = evolve(*digits, space=SPACE, out=result.folder, watcher=counter, **SMALL)
    assert counter.trained == 0
    assert again.best == result.best


def test_other_settings_are_refused(result, digits):
    with pytest.raises(ValueError, match="population 2 in the run, 3 now"):
        evolve(*digits, space=SPACE, out=result.folder, **{**SMALL, "population": 3})
    with pytest.raises(ValueError, match="fingerprint"):
        evolve(1 - digits[0], digits[1], space=SPACE, out=result.folder, **SMALL)


def test_ctrl_c_returns_what_there_is_and_the_call_goes_on(digits, tmp_path):
    class Stop(Watcher):
        def generation(self, number, record):
            raise KeyboardInterrupt

    whole = evolve(*digits, space=SPACE, out=tmp_path / "whole", **SMALL)
    given = {**SMALL, "out": tmp_path / "cut", "space": SPACE}
    cut = evolve(*digits, watcher=Stop(), **given)
    assert not cut.finished
    assert 0 < len(cut.evaluations) < len(whole.evaluations)
    assert cut.best.test_accuracy is None
    resumed = evolve(*digits, **given)
    assert resumed.finished
    columns = ["genome", "accuracy", "n_params", "generation"]
    pd.testing.assert_frame_equal(resumed.evaluations[columns], whole.evaluations[columns])


def test_ctrl_c_says_how_to_go_on_where_no_folder_was_named(digits, home, capsys):
    class Stop(Watcher):
        def evaluated(self, genome, evaluation, cached):
            raise KeyboardInterrupt

    given = {**SMALL, "space": SPACE, "progress": True}
    cut = evolve(*digits, watcher=Stop(), **given)
    (said,) = re.findall("stopped; to go on: the same call with (.+)", capsys.readouterr().out)
    assert said == f"out={str(cut.folder)!r}"
    assert evolve(*digits, out=str(cut.folder), **given).finished


def test_the_command_line_goes_on_with_it(digits, tmp_path, capsys):
    class Stop(Watcher):
        def generation(self, number, record):
            raise KeyboardInterrupt

    out = tmp_path / "run"
    evolve(*digits, space=SPACE, out=out, watcher=Stop(), **SMALL)
    assert main(["run", "--resume", str(out), "--no-report"]) == 0
    assert Result(out).finished


def test_a_run_that_is_searched_is_waited_for(digits, tmp_path):
    class Stop(Watcher):
        def generation(self, number, record):
            raise KeyboardInterrupt

    given = {**SMALL, "out": tmp_path / "run", "space": SPACE}
    evolve(*digits, watcher=Stop(), **given)
    with (
        filelock.FileLock(RunDirectory(tmp_path / "run").lock),
        pytest.raises(ValueError, match="in use by a running search: wait for it"),
    ):
        evolve(*digits, **given)
    assert evolve(*digits, **given).finished


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y": None}, "give y"),
        ({"x_test": np.zeros((3, 8, 8))}, "y_test is missing"),
        ({"y": np.zeros(3)}, "3 labels of 1797 images"),
        ({"y": np.r_[np.zeros(1795), 1, 1]}, "class 1.0 has 2 images, allowed 3 or more"),
        ({"data": "fashion_mnist_mini"}, "labels beside data set"),
        ({"generation": 3}, "setting 'generation', allowed"),
    ],
)
def test_bad_input_is_named_and_writes_nothing(digits, tmp_path, given, message):
    words = {"data": digits[0], "y": digits[1], **SMALL, **given}
    with pytest.raises(ValueError, match=message) as found:
        evolve(words.pop("data"), out=tmp_path / "run", **words)
    assert isinstance(found.value, DataError) or "setting" in message
    assert not (tmp_path / "run").exists()
