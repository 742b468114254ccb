"""The contest with rivals: equal terms, the clock, what is written, and what it comes to."""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.search import measures, plan, rivals  # noqa: E402
from benchmarks.search.contest import COLUMNS, Clock, Contest, Trials  # noqa: E402
from benchmarks.search.engines import Native, Stretch, Trained  # noqa: E402
from benchmarks.search.searchers import SEARCHERS, Suggestion  # noqa: E402
from deap_nas import (  # noqa: E402
    RECIPES,
    WIDE_SPACE,
    SearchSpace,
    count_params,
    load_dataset,
    parse_genome,
)
from deap_nas.training.trainer import Trainer  # noqa: E402

GENOME = parse_genome("CR 4 3 relu;SR 4 3 relu;GP")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")
MODULES = {"optuna": "optuna", "keras-tuner": "keras_tuner"}


@pytest.fixture(scope="module")
def images():
    """A tenth of the mini data: split, and the number of classes."""
    mini = load_dataset("fashion_mnist_mini")
    return (*(part[:500] for part in mini.split("validation")), mini.n_classes)


def recipe(epochs):
    return replace(RECIPES["fast"], epochs=epochs)


# --- engines


def test_kernels_train_as_a_search_of_ours_does_also_in_stretches(images):
    told = []

    def watch(epoch, score):
        told.append((epoch, score()))
        return False

    engine = Native(*images)
    whole = engine.train(GENOME, recipe(3), Stretch(1, 3), watch)
    ours = Trainer(*images, engine="native").train(str(GENOME), recipe(3), 0).evaluation
    assert (whole.accuracy, whole.train_accuracy) == (ours.accuracy, ours.train_accuracy)
    assert [epoch for epoch, _ in told] == [1, 2, 3]
    assert told[-1][1] == whole.accuracy
    first = engine.train(GENOME, recipe(3), Stretch(1, 2), lambda *_: False)
    assert (first.epochs, first.accuracy) == told[1]
    rest = engine.train(GENOME, recipe(3), Stretch(3, 3, first.weights), lambda *_: False)
    assert rest.epochs == 3
    assert abs(rest.accuracy - whole.accuracy) < 0.2, "the optimizer alone begins anew"


def test_a_training_is_stopped_after_an_epoch_and_failures_are_a_status(images):
    engine = Native(*images)
    stopped = engine.train(GENOME, recipe(3), Stretch(1, 3), lambda epoch, _: epoch == 2)
    assert (stopped.epochs, stopped.status) == (2, "ok")
    failed = engine.train(parse_genome("MP 3;MP 3;MP 3;MP 3;GP"), recipe(1), Stretch(1, 1), None)
    assert (failed.status, failed.accuracy) == ("error", 0.0)
    assert "does not fit" in failed.reason


@pytest.mark.slow
def test_stock_fit_follows_the_recipe(images):
    from benchmarks.search.engines import Fit

    told = []

    def watch(epoch, score):
        told.append((epoch, score()))
        return epoch == 2

    engine = Fit(*images)
    found = engine.train(GENOME, recipe(3), Stretch(1, 3), watch)
    assert (found.epochs, found.status) == (2, "ok")
    assert told[-1] == (2, found.accuracy)
    again = engine.train(GENOME, recipe(3), Stretch(3, 3, found.weights), watch)
    assert again.epochs == 3
    ours = Native(*images).train(GENOME, recipe(3), Stretch(1, 3), lambda *_: False)
    assert abs(again.accuracy - ours.accuracy) < 0.2
    refused = engine.train(GENOME, replace(recipe(1), flips=True), Stretch(1, 1), watch)
    assert "flips" in refused.reason


# --- searchers


class Answers(Native):
    """Trains nothing: an accuracy that grows with the network's size and with epochs."""

    jobs = 1

    def __init__(self):
        self.trained = []

    def train(self, genome, recipe, stretch, watch):
        self.trained.append((str(genome), stretch))
        for epoch in range(stretch.first, stretch.last + 1):
            accuracy = (1 - 1 / (2 + len(str(genome)))) * epoch / (1 + recipe.epochs)
            if watch(epoch, lambda accuracy=accuracy: accuracy):
                break
        return Trained(accuracy, epoch, weights=[epoch])


class Ticks:
    """A clock that goes on by one second whenever it is looked at."""

    now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


# Small, since the models of some take seconds a suggestion in the wide space.
SPACE = SearchSpace(
    layers={
        "CB": {"filters": (4, 8, 16), "kernel": 3, "activation": ("relu", "swish")},
        "SR": {"filters": (4, 8, 16), "kernel": 3, "activation": "relu"},
    },
    heads=("GP",),
    depth=(2, 3),
    reductions=(0, 1),
)


def contest(who, tmp_path, *, seed=0, seconds=100, epochs=4):
    kind = SEARCHERS[who]
    if kind.package:
        pytest.importorskip(MODULES[kind.package])
    folder = tmp_path / f"{who}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    searcher = kind(SPACE, seed, epochs, folder)
    clock = Clock(seconds, Ticks()).started()
    trials, engine = Trials(folder / "trials.csv", clock), Answers()
    Contest(searcher, engine, recipe(epochs), SPACE, clock, trials).run()
    return pd.read_csv(folder / "trials.csv"), engine


@pytest.mark.parametrize("who", sorted({*SEARCHERS} - {"keras_bayesian"}))
def test_each_rival_searches_until_the_clock_ends_it_and_repeats(who, tmp_path):
    trials, engine = contest(who, tmp_path)
    assert tuple(trials.columns) == COLUMNS
    assert trials["seconds"].is_monotonic_increasing
    trained = trials[trials["status"] != "illegal"]
    assert len(trained) > 8
    assert set(trials["status"]) <= {"ok", "stopped", "illegal"}
    assert all(parse_genome(text) in SPACE for text in trained["genome"])
    assert list(trained["genome"]) == [text for text, _ in engine.trained][: len(trained)]
    again, _ = contest(who, tmp_path / "again")
    assert list(again["genome"]) == list(trials["genome"]), "equal seeds, equal suggestions"
    other, _ = contest(who, tmp_path, seed=1)
    assert list(other["genome"]) != list(trials["genome"])


def test_the_bayesian_rival_is_asked_and_told(tmp_path):
    if importlib.util.find_spec("keras_tuner") is None:
        pytest.skip("keras_tuner is of the extra benchmark")
    found = SEARCHERS["keras_bayesian"](SPACE, 0, 4, tmp_path)
    for accuracy in (0.5, 0.7):  # its model comes later, and takes seconds a suggestion
        suggestion = found.ask()
        found.tell(suggestion, Trained(accuracy, 4, weights=[4]))
        assert found._oracle.trials[suggestion.handle.trial_id].status == "COMPLETED"
        expected = found._fitness(suggestion.genome, accuracy)
        assert suggestion.handle.trial_id in found._weights
        assert found._oracle.trials[suggestion.handle.trial_id].score == pytest.approx(expected)
    refused = found.ask()
    found.tell(refused, None)
    assert found._oracle.trials[refused.handle.trial_id].status == "FAILED"


@pytest.mark.parametrize(("who", "worst"), [("optuna_tpe", [0]), ("optuna_nsga2", [0, 10_000])])
def test_an_illegal_network_is_the_worst_to_optuna(tmp_path, who, worst):
    pytest.importorskip("optuna")
    found = SEARCHERS[who](SPACE, 0, 4, tmp_path)
    found.tell(found.ask(), None)
    told = found._study.trials_dataframe(("value",))
    assert told.iloc[0].tolist() == worst


def test_rivals_are_told_what_counts(tmp_path):
    found = SEARCHERS["random"](SPACE, 0, 4, tmp_path)
    few, many = parse_genome("GP"), parse_genome("CB 64 3 relu;CB 64 3 relu;GP")
    assert count_params(few, (28, 28, 1), 10) < plan.SMALL_ENOUGH
    assert found._fitness(few, 0.5) == pytest.approx(50 / math.log(plan.SMALL_ENOUGH))
    expected = 50 / math.log(count_params(many, found.space.input_shape, found.space.n_classes))
    assert found._fitness(many, 0.5) == pytest.approx(expected)


def test_illegal_draws_are_counted_with_the_rules_they_break(tmp_path):
    trials, engine = contest("optuna_nsga2", tmp_path)
    illegal = trials[trials["status"] == "illegal"]
    assert len(illegal)
    assert illegal["reason"].str.contains("allowed").all()
    assert not set(illegal["genome"]) & {text for text, _ in engine.trained}


def test_the_median_pruner_stops_trainings(tmp_path):
    trials, _ = contest("optuna_tpe", tmp_path, seconds=250)
    stopped = trials[trials["status"] == "stopped"]
    assert len(stopped)
    assert (stopped["epochs"] < 4).all()


def test_hyperband_goes_on_from_the_weights_of_a_round_before(tmp_path):
    trials, engine = contest("keras_hyperband", tmp_path, seconds=250)
    later = [(text, stretch) for text, stretch in engine.trained if stretch.first > 1]
    assert later
    for text, stretch in later:
        assert stretch.weights == [stretch.first - 1]
        assert any(t == text and s.last == stretch.first - 1 for t, s in engine.trained)
    assert (trials["status"] == "stopped").any(), "networks of the first round"


def test_what_the_clock_stops_comes_to_nothing(tmp_path):
    class One:
        prunes = False

        def ask(self):
            return Suggestion(GENOME)

        def tell(self, *_):
            raise AssertionError("nothing ended")

    clock = Clock(3, Ticks()).started()
    trials = Trials(tmp_path / "trials.csv", clock)
    Contest(One(), Answers(), recipe(9), WIDE_SPACE, clock, trials).run()
    assert trials.rows == []


# --- the command


@pytest.fixture
def ticking(monkeypatch):
    """Minutes that do not depend on how busy the machine is: a look at the clock is a second."""
    monkeypatch.setattr(rivals, "Clock", lambda seconds: Clock(seconds, Ticks()))


def test_a_search_is_one_command_and_is_not_searched_twice(data, tmp_path, ticking):
    words = ["--who", "random", "--seed", "3", "--minutes", "0.5", "--epochs", "1"]
    words += ["--dataset", str(data), "--out", str(tmp_path)]
    assert rivals.main(words) == 0
    path = rivals.Search("random", "native", "wide", 3).path(tmp_path)
    trials = pd.read_csv(path.with_suffix(".csv"))
    assert len(trials)
    assert (trials["status"] == "ok").any()
    made = json.loads(path.with_suffix(".json").read_text())
    assert (made["who"], made["seed"], made["recipe"]["epochs"]) == ("random", 3, 1)
    assert {"command", "commit", "machine", "minutes"} < set(made)
    path.with_suffix(".csv").write_text("")  # not written again where .json says it is done
    assert rivals.main(words) == 0
    assert path.with_suffix(".csv").read_text() == ""


def test_several_searches_are_processes_of_their_own_and_one_that_fails_ends_all(
    data, tmp_path, ticking, monkeypatch
):
    done, really = [], subprocess.run

    def run(command, **settings):
        if command[1:3] != ["-m", "benchmarks.search.rivals"]:  # which commit it is, and the like
            return really(command, **settings)
        done.append(command)
        return SimpleNamespace(returncode=rivals.main(command[3:]) if len(done) < 3 else 2)

    monkeypatch.setattr(rivals.subprocess, "run", run)
    words = ["--who", "random", "--seed", "0", "1", "2", "3", "--minutes", "0.1"]
    words += ["--epochs", "1", "--dataset", str(data), "--out", str(tmp_path)]
    assert rivals.main(words) == 2
    assert len(done) == 3
    there = {path.stem for path in tmp_path.glob("rivals/wide/*.json")}
    assert there == {"random-native-0", "random-native-1"}
    assert rivals.main(words) == 2
    assert len(done) == 4, "what is done is not done again"


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["native", "fit"])
def test_our_search_is_in_the_contest_too(engine, data, tmp_path):
    words = ["--who", "ours", "--engine", engine, "--seed", "0", "--minutes", "0.5"]
    words += ["--epochs", "1", "--dataset", str(data), "--out", str(tmp_path)]
    assert rivals.main(words) == 0
    path = rivals.Search("ours", engine, "wide", 0).path(tmp_path)
    trials = pd.read_csv(path.with_suffix(".csv"))
    assert tuple(trials.columns) == COLUMNS
    assert (trials["status"] == "ok").any()
    assert measures.summary(trials, math.inf)["best_fitness"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--minutes", "0"], "--minutes 0.0, allowed more than 0"),
        (["--who", "nobody"], "invalid choice: 'nobody'"),
    ],
)
def test_bad_arguments_are_one_line(words, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        rivals.main(words)
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_who_lacks_a_package_is_told_before_anything_is_searched(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(rivals, "installed", lambda package: package != "keras-tuner")
    with pytest.raises(SystemExit, match="2"):
        rivals.main(["--out", str(tmp_path)])
    assert "keras-tuner: pip install -e '.[benchmark]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# --- measures


def trials_of(*rows):
    columns = ("n_params", "accuracy", "seconds", "status")
    return pd.DataFrame(rows, columns=columns).assign(genome="", epochs=1, reason="")


FOUND = trials_of(
    (1000, 0.75, 10, "ok"),
    (0, 0.0, 11, "illegal"),
    (100, 0.70, 20, "stopped"),
    (2000, 0.99, 25, "diverged"),
    (3000, 0.86, 30, "ok"),
)


def test_measures_by_hand():
    assert measures.at(FOUND, 5) == {"hypervolume": 0.0, "best_fitness": 0.0}
    first = measures.at(FOUND, 15)
    assert first["hypervolume"] == pytest.approx(0.25 * 1)  # a decade below 10,000
    assert first["best_fitness"] == pytest.approx(75 / math.log(1000))
    last = measures.at(FOUND, 30)
    decades = [math.log10(size) for size in (plan.SMALL_ENOUGH, 1000, 3000, 10_000)]
    widths = [b - a for a, b in itertools.pairwise(decades)]
    expected = 0.20 * widths[0] + 0.25 * widths[1] + 0.36 * widths[2]
    assert last["hypervolume"] == pytest.approx(expected)
    assert last["best_fitness"] == pytest.approx(70 / math.log(plan.SMALL_ENOUGH))
    found = measures.course(FOUND, 60)
    assert len(found) == measures.STEPS
    assert found["hypervolume"].is_monotonic_increasing
    assert measures.seconds_to_dominate(FOUND) == 30
    assert measures.seconds_to_dominate(FOUND, [plan.Network(1000, 0.75)]) == math.inf
    assert measures.seconds_to_dominate(FOUND, [plan.Network(1000, 0.74)]) == 10
    row = measures.summary(FOUND, 60)
    assert (row["trainings"], row["illegal"], row["stopped"], row["failed"]) == (4, 1, 1, 1)
    assert row["seconds_to_all"] == 30


def test_statistics_name_who_is_ahead():
    rows = pd.DataFrame(
        [
            {
                "group": "g",
                "name": name,
                "seed": seed,
                "hypervolume": value + seed / 100,
                "best_fitness": 1.0,
            }
            for name, value in (("ours", 0.9), ("worse", 0.1), ("better", 1.8))
            for seed in range(5)
        ]
    )
    found = measures.compared(rows, "ours").set_index(["measure", "name"])
    assert found.loc[("hypervolume", "worse"), ["won", "a12"]].tolist() == [5, 1.0]
    assert found.loc[("hypervolume", "worse"), "p_holm"] < 0.02
    assert found.loc[("hypervolume", "better"), ["won", "a12"]].tolist() == [0, 0.0]
    assert found.loc[("best_fitness", "worse"), "p_holm"] == 1.0
    assert measures.compared(rows.iloc[:5], "ours").empty


def test_optional_packages_are_those_of_the_extra():
    text = (ROOT / "setup.cfg").read_text()
    extra = text.partition("\nbenchmark =\n")[2].partition("\ntest =")[0]
    for package in rivals.packages(rivals.WHO):
        assert package in extra
