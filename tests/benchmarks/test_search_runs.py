"""Attribution and targets: runs of the command, gone on with, and the tables of them."""

from __future__ import annotations

import json
import math
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.search import attribution, describe, plan, repeated, runs, targets  # noqa: E402
from benchmarks.search.measures import MEASURES  # noqa: E402
from deap_nas.commands.options import given_settings  # noqa: E402
from deap_nas.commands.run import make_parser  # noqa: E402
from deap_nas.runs.presets import PRESETS, make_settings  # noqa: E402
from deap_nas.runs.record import read_run  # noqa: E402


@pytest.fixture
def begun(monkeypatch):
    """The commands that would have been run; each makes a copy of a run that is there."""
    found = []

    def run(*words):
        found.append(words)
        flag = "--resume" if "--resume" in words else "--out"
        folder = (ROOT / words[words.index(flag) + 1]).resolve()
        shutil.copytree(ROOT / "results" / "wide_space" / "wide-0", folder, dirs_exist_ok=True)
        return 0

    monkeypatch.setattr(runs, "run", run)
    return found


# --- settings


@pytest.mark.parametrize("space", plan.SPACES)
@pytest.mark.parametrize("part", attribution.PARTS)
def test_each_part_is_settings_of_the_command(part, space):
    flags = plan.search_flags(space, 3, 10, **attribution.PARTS[part])
    told = vars(make_parser("run").parse_args(["--preset", plan.PRESET, *runs.words(flags)]))
    settings = make_settings(told["preset"], None, given_settings(told))
    assert settings == plan.search_settings(space, 3, 10, **attribution.PARTS[part])
    assert settings.cache is None, "a training from a cache takes no time"
    assert (settings.time_budget, settings.seed, settings.dataset) == (600, 3, "fashion_mnist")


def test_parts_differ_from_our_search_in_what_they_are_named_for():
    whole = plan.search_settings("wide", 0, 10).to_dict()
    for name, changes in attribution.PARTS.items():
        there = plan.search_settings("wide", 0, 10, **changes).to_dict()
        differ = {key for key in whole if whole[key] != there[key]}
        assert differ == {key for key in changes if whole[key] != changes[key]}
        assert bool(differ) == (name != attribution.WHOLE)
    report = plan.search_settings("paper", 0, 10, **attribution.REPORT)
    for name in ("algorithm", "crossover", "mutation", "selection", "cxpb", "mutpb", "population"):
        assert getattr(report, name) == PRESETS["paper"][name]
    assert report.recipe == "fast"


# --- runs


def test_runs_are_begun_gone_on_with_or_left_alone(begun, tmp_path):
    words = ["--part", "no model", "--seed", "2", "--out", str(tmp_path)]
    assert attribution.main(words) == 0
    folder = attribution.folder_of(tmp_path, "wide", "no model", 2)
    assert {"--candidates", "--no-report", "--no-cache"} <= {*begun[0]}
    made = json.loads((folder / "run.json").read_text())
    assert made["command"][:3] == ["python", "-m", "deap_nas.run"]
    assert attribution.main(words) == 0
    assert len(begun) == 1, "it is finished"
    (folder / "result.json").unlink()
    assert attribution.main(words) == 0
    assert begun[1][0] == "--resume"
    assert json.loads((folder / "run.json").read_text())["resumed"]


def test_two_parts_are_searches_of_other_benchmarks(begun, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(attribution.rivals, "run", lambda *about: told.append(about))
    words = ["--part", attribution.WHOLE, attribution.ALONE, "--seed", "1", "--out", str(tmp_path)]
    assert attribution.main(words) == 0
    assert [path.name for path in tmp_path.glob("runs/*")] == ["wide-1"]
    ((search, out, minutes, changes),) = told
    assert vars(search) == {"who": "ours", "engine": "native", "space": "wide", "seed": 1}
    assert (out, minutes, changes["finalists"]) == (tmp_path, 10, 0)
    search.path(out).parent.mkdir(parents=True)
    search.path(out).with_suffix(".json").write_text("{}")
    assert attribution.main(words) == 0
    assert (len(begun), len(told)) == (1, 1), "both are finished"


def test_what_a_run_takes_home_is_on_test_images():
    record = read_run(ROOT / "results" / "wide_space" / "wide-0")
    best = record.result["best"]
    home = attribution.taken_home(record)
    assert home["home_test_accuracy"] == best["test_accuracy"]
    expected = 100 * best["test_accuracy"] / math.log(best["n_params"])
    assert home["home_test_fitness"] == pytest.approx(expected)


# --- tables


def test_tables_and_figures_of_what_is_there(begun, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(attribution, "PARTS", {attribution.WHOLE: {}, "no model": {}})
    assert attribution.main(["--seed", "0", "1", "--out", str(tmp_path)]) == 0
    for path in tmp_path.rglob("config.json"):  # a run of before had no clock
        config = json.loads(path.read_text())
        config["settings"]["time_budget"] = 600.0
        path.write_text(json.dumps(config))
    contest = tmp_path / "rivals" / "wide"
    contest.mkdir(parents=True)
    about = {"engine": "native", "space": "wide", "minutes": 10}
    for who, seed in (("ours", 0), ("random", 0)):
        path = contest / f"{who}-native-{seed}"
        path.with_suffix(".json").write_text(json.dumps({**about, "who": who, "seed": seed}))
        rows = f"n_params,accuracy,seconds,status\n1000,{0.7 if who == 'random' else 0.8},60,ok\n"
        path.with_suffix(".csv").write_text(rows)
    describe.main(["--out", str(tmp_path)])
    for name, searches in (("rivals", 2), ("attribution", 4)):
        assert len(pd.read_csv(tmp_path / f"{name}.csv")) == searches
        assert set(MEASURES) < set(pd.read_csv(tmp_path / f"{name}_course.csv"))
        for measure in MEASURES:
            assert (tmp_path / f"{name}_{measure}.svg").exists()
    found = pd.read_csv(tmp_path / "rivals_compared.csv")
    assert found["name"].tolist() == ["random", "random"]
    assert (found["won"] == 1).all()
    assert "rivals: 2 searches" in capsys.readouterr().out


def test_searches_for_a_front_alone_attribute_nothing(begun, tmp_path, capsys):
    words = ["--part", attribution.WHOLE, "--seed", "0", "--out", str(tmp_path)]
    assert attribution.main(words) == 0
    describe.main(["--out", str(tmp_path)])
    assert "attribution: 0 searches" in capsys.readouterr().out
    assert not (tmp_path / "attribution.csv").exists()


FINALISTS = pd.DataFrame(
    {
        "genome": ["a", "b", "c", "d"],
        "n_params": [500, 1500, 3000, 5000],
        "accuracy_mean": [0.80, 0.85, 0.90, 0.89],
        "test_accuracy_mean": [0.79, 0.86, 0.88, 0.92],
    }
)


def test_finalists_are_drawn_beside_the_report(tmp_path):
    both = [FINALISTS.assign(space=space, search_seed=0, each_size=0) for space in plan.SPACES]
    pd.concat(both).assign(test_accuracy_std=0.01).to_csv(tmp_path / "finalists.csv")
    describe.main(["--out", str(tmp_path)])
    text = (tmp_path / "finalists.svg").read_text()
    for words in ("wide space, searches for a front, 1 seed", "paper space", "report"):
        assert words in text


def test_a_target_is_met_by_what_validation_images_chose():
    about = {"space": "paper", "search_seed": 1, "each_size": 0, "minutes": 10.0}
    rows = targets.against(FINALISTS.assign(**about)).set_index("what")
    at = rows.loc["accuracy, at most 3264 parameters"]
    assert (at["genome"], at["reached"], at["n_params"]) == ("c", 0.88, 3000)
    assert at["short_by"] == pytest.approx(0.885 - 0.88)
    assert rows.loc["accuracy, at most 5830 parameters", "genome"] == "c", "not d: it was not known"
    assert rows.loc["accuracy, at most 1600 parameters", "short_by"] == pytest.approx(0.0)
    small = rows.loc["accuracy, at most 800 parameters"]
    assert pd.isna(small["target"]), "the report's rules have no such target"
    best = rows.loc["best fitness"]
    assert best["genome"] == "a"
    assert best["reached"] == pytest.approx(79 / math.log(500))
    assert best["short_by"] == pytest.approx(11.8 - best["reached"])
    assert rows.loc["of the report's networks dominated", "reached"] == 4


def test_a_search_without_small_networks_has_no_answer_for_them():
    about = {"space": "wide", "search_seed": 1, "each_size": 0, "minutes": 10.0}
    rows = targets.against(FINALISTS.iloc[3:].assign(**about)).set_index("what")
    small = rows.loc["accuracy, at most 800 parameters"]
    assert small["target"] == 0.875
    assert pd.isna(small["reached"])
    assert rows.loc["of the report's networks dominated", "reached"] == 3
    assert rows.loc["of the report's networks dominated", "short_by"] == 1


def test_searches_of_each_size_stand_beside_the_targets_together():
    sizes = {"each_size": [800, 800, 3264, 5830], "minutes": [8.0, 8.0, 10.0, 14.0]}
    rows = targets.against(FINALISTS.assign(space="wide", search_seed=1, **sizes))
    assert rows[["searches", "minutes"]].drop_duplicates().to_numpy().tolist() == [[3, 32.0]]


@pytest.mark.parametrize("space", plan.SPACES)
def test_each_size_is_settings_of_the_command(space):
    found = targets.searches(space, 2, each_size=True)
    aims = [each.n_params for each in plan.TARGETS if space in each.aims]
    assert list(found) == [f"{space}-{n}-2" for n in aims]
    for n, flags in zip(aims, found.values()):
        told = vars(make_parser("run").parse_args(["--preset", plan.PRESET, *runs.words(flags)]))
        settings = make_settings(told["preset"], None, given_settings(told))
        assert (settings.max_params, settings.fitness, settings.seed) == (n, "accuracy", 2)
        assert settings.time_budget == 60 * plan.SIZES[n]


def test_fronts_are_compared_at_sizes_that_both_have():
    means = pd.DataFrame(
        {
            "space": "wide",
            "search_seed": [0, 0, 1, 1, 2],
            "n_params": [100, 10_000, 1_000, 100_000, 10],
            "test_accuracy_mean": [0.7, 0.9, 0.85, 0.85, 0.5],
        }
    )
    (found,) = repeated.apart(means).to_dict("records")
    assert (found["one"], found["other"]) == (0, 1)
    assert found["from_params"] == pytest.approx(1000)
    assert found["to_params"] == pytest.approx(10_000)
    # Along the logarithm the first has 0.8 at 1,000 and 0.9 at 10,000, the other 0.85.
    assert found["largest_gap"] == pytest.approx(0.05)
    assert found["mean_gap"] == pytest.approx(0.025, abs=1e-3)


def test_a_network_that_is_larger_and_worse_is_not_on_the_front():
    found = pd.DataFrame({"n_params": [900, 100], "test_accuracy_mean": [0.6, 0.7]})
    assert repeated.front(found)[1].tolist() == [0.7, 0.7]


@pytest.mark.slow
def test_the_targets_are_measured_by_the_command(data, tmp_path):
    words = ["--space", "wide", "--seed", "0", "--minutes", "0.5", "--quick"]
    words += ["--dataset", str(data), "--out", str(tmp_path)]
    assert targets.main(words) == 0
    found = pd.read_csv(tmp_path / "finalists.csv")
    first = ["space", "genome", "n_params", "test_accuracy_mean", "test_accuracy_std", "seeds"]
    assert list(found)[:6] == first
    assert {"search_seed", "command", "commit", "machine", "seconds"} < set(found)
    assert found["test_accuracy_mean"].between(0, 1).all()
    assert len(pd.read_csv(tmp_path / "targets.csv")) == len(plan.TARGETS) + 2
    assert targets.main([*words, "--only-tables"]) == 0
    words = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "repeated"), "--seeds", "2"]
    assert repeated.main(words) == 0
    means = pd.read_csv(tmp_path / "repeated" / "means.csv")
    assert set(means["genome"]) == set(found["genome"])
    assert (means["seeds"] == 2).all()
