"""The command line: python -m deap_nas.run, deap-nas run, deap-nas train."""

from __future__ import annotations

import json
from pathlib import Path

import drivers
import pytest
from command import GENOME, SMALL, result_of, run_main, snapshot, table_of

from deap_nas.__main__ import main as deap_nas
from deap_nas.runs import begin
from deap_nas.training import evaluator

pytestmark = pytest.mark.usefixtures("no_page")

COLUMNS = (
    "genome accuracy train_accuracy n_params train_seconds fitness fitness_time generation status"
)


# --- runs with stub training


def test_a_run_writes_what_it_says(home, stub, data, capsys):
    assert run_main("--dataset", data, "--out", "run", *SMALL, "--baseline", GENOME) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for words in (
        "Top five by fitness",
        "Top five by accuracy",
        "Best by fitness",
        "test accuracy",
    ):
        assert words in out
    folder = home / "run"
    config = json.loads((folder / "config.json").read_text())
    assert config["settings"]["population"] == 3
    assert {"recipe", "space", "data", "versions", "machine", "command"} <= set(config)
    assert config["data"]["fingerprint"] == drivers.tiny_dataset().fingerprint
    table = table_of(folder)
    assert COLUMNS.split() == list(table[0])[:9]
    assert {row["genome"] for row in table} | {GENOME} == set(stub.counts())
    assert [row["generation"] for row in table] == sorted(row["generation"] for row in table)
    assert (folder / "logbook.csv").read_text().startswith("gen,nevals,max")
    assert "trained" in (folder / "log.txt").read_text()
    result = result_of(folder)
    best = max(table, key=lambda row: float(row["fitness"]))
    assert result["best"]["genome"] == best["genome"]
    assert 0 < result["best"]["test_accuracy"] <= 1
    assert result["baseline"]["genome"] == GENOME
    assert (folder / "best.keras").read_text().startswith(best["genome"])
    for name in ("top_fitness", "top_accuracy"):
        column = name.removeprefix("top_")
        tops = [float(row[column]) for row in table_of(folder, f"{name}.csv")]
        assert tops == sorted((float(row[column]) for row in table), reverse=True)[:5]
    timed = table_of(folder, "top_fitness_time.csv")
    assert all(float(row["accuracy"]) > 0.75 for row in timed)


def test_an_empty_table_says_why(home, stub, data, capsys):
    stub.set_fault("all", "nan")
    assert run_main("--dataset", data, "--out", "run", *SMALL) == 1
    out = capsys.readouterr().out
    assert out.count("(empty: no genome was trained with success)") == 3
    assert "No genome was trained with success" in out
    assert table_of(home / "run", "top_fitness.csv") == []
    assert result_of(home / "run")["best"] is None
    assert {row["status"] for row in table_of(home / "run")} == {"diverged"}
    assert {row["fitness"] for row in table_of(home / "run")} == {"0.0"}


def test_too_many_failures_end_in_one_line_and_can_be_resumed_when_mended(home, stub, data, capsys):
    stub.set_fault("all", "raise")
    assert run_main("--dataset", data, "--out", "run", *SMALL, "--max-failures", 2) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "2 x error (ValueError: made to raise)" in err
    stub.mend()
    assert run_main("--resume", "run") == 0
    assert result_of(home / "run")["best"]["status"] == "ok"


def test_the_seed_decides(home, stub, data):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run_main("--dataset", data, "--out", name, *SMALL, "--seed", seed, "--no-cache") == 0
    assert not drivers.differences(drivers.outcome(home / "a"), drivers.outcome(home / "b"))
    assert drivers.differences(drivers.outcome(home / "a"), drivers.outcome(home / "c"))


def test_a_second_run_trains_nothing_anew(home, stub, data):
    run_main("--dataset", data, "--out", "a", *SMALL)
    before = stub.counts()
    run_main("--dataset", data, "--out", "b", *SMALL, "--fitness", "time_penalised")
    assert all(count == 1 for count in stub.counts().values())
    run_main("--dataset", data, "--out", "c", *SMALL, "--no-cache")
    assert sum((stub.counts() - before).values()) >= len(before)


def test_the_default_directory(home, stub, data, monkeypatch):
    monkeypatch.setattr(begin.time, "strftime", lambda *_: "now")
    for _ in range(2):  # in one second
        assert run_main("--dataset", data, *SMALL, "--no-cache") == 0
    folders = sorted((home / "results" / "runs").iterdir())
    assert [folder.name for folder in folders] == ["now-quick", "now-quick-2"]
    assert all((folder / "result.json").exists() for folder in folders)


def test_initial_genomes_come_first(home, stub, data):
    Path("genomes.txt").write_text(f"# from before\n{GENOME}\n")
    assert run_main("--dataset", data, "--out", "run", *SMALL, "--initial", "genomes.txt") == 0
    (first, *_) = [line for line in drivers.lines_of(home / "run") if line["kind"] == "generation"]
    assert first["population"][0] == GENOME
    assert len(first["population"]) == 3


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_flags_win_over_the_file_and_the_file_over_the_preset(home, stub, data, suffix):
    values = {"population": 4, "seed": 5, "generations": 0}
    text = (
        json.dumps(values)
        if suffix == "json"
        else "\n".join(f"{k} = {v}" for k, v in values.items())
    )
    Path(f"config.{suffix}").write_text(text)
    arguments = ("--config", f"config.{suffix}", "--dataset", data, "--out", "run", "--seed", 6)
    assert run_main(*arguments, "--workers", 1) == 0
    settings = json.loads((home / "run" / "config.json").read_text())["settings"]
    assert (settings["population"], settings["seed"], settings["generations"]) == (4, 6, 0)


def test_a_runs_config_repeats_it(home, stub, data):
    assert run_main("--dataset", data, "--out", "a", *SMALL, "--seed", 4, "--no-cache") == 0
    assert run_main("--config", "a/config.json", "--out", "b") == 0
    assert not drivers.differences(drivers.outcome(home / "a"), drivers.outcome(home / "b"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--max-evaluations", 4, "--generations", 9], "4 evaluations"),
        (["--target-fitness", 0.1, "--generations", 9], "target fitness 0.1"),
        (["--time-budget", 0.001, "--generations", 9], "time budget of 0.001 s"),
        ([], "generations"),
    ],
)
def test_what_stopped_it_is_said(home, stub, data, capsys, arguments, words):
    status = run_main("--dataset", data, "--out", "run", *SMALL, *arguments)
    said = "all generations" if words == "generations" else words
    assert f"ended after {said}" in capsys.readouterr().out
    assert result_of(home / "run")["stopped"] == words
    assert status == (0 if stub.counts() else 1)


def test_the_paper_preset_on_other_data_is_scored_on_test_and_says_so(home, stub, data, capsys):
    arguments = ("--preset", "paper", "--dataset", data, "--out", "run", *SMALL, "--epochs", 1)
    assert run_main(*arguments) == 0
    assert "optimistic" in capsys.readouterr().out
    result = result_of(home / "run")
    assert result["scored_on"] == "test"
    assert result["best"]["test_accuracy"] == result["best"]["accuracy"]


@pytest.mark.parametrize(("algorithm", "warned"), [("regularized", 1), ("generational", 0)])
def test_a_flag_that_changes_nothing_is_said(home, stub, capsys, algorithm, warned):
    flags = ("--algorithm", algorithm, "--crossover", "two_point", "--mutation", "gene")
    assert run_main(*flags, "--dry-run") == 0
    out, err = capsys.readouterr()
    assert err.count("--crossover two_point changes nothing with algorithm regularized") == warned
    assert "--mutation" not in err
    assert "mutation gene" in out


# --- dry run


@pytest.mark.parametrize("preset", ["quick"])
def test_a_dry_run_says_much_and_writes_nothing(home, stub, capsys, preset):
    assert run_main("--preset", preset, "--dry-run") == 0
    out = capsys.readouterr().out
    for words in ("population 8", "nothing was written", "trainings", "time:"):
        assert words in out
    assert snapshot(home) == set()
    assert not stub.counts()


# --- the real thing


def test_one_tiny_real_run_from_end_to_end(home):
    """Real images, real training, a real process."""
    small = ("--population", 2, "--generations", 1, "--epochs", 1)
    arguments = ("--out", "run", "--dataset", "fashion_mnist_mini", *small)
    result = drivers.stub_cli(*arguments, "--cache", "cache", "--workers", 1, **{drivers.REAL: "1"})
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    folder = home / "run"
    table = table_of(folder)
    assert all(row["status"] == "ok" for row in table)
    assert all(0.05 < float(row["accuracy"]) < 1 for row in table)
    assert all(float(row["train_seconds"]) > 0 for row in table)
    assert all(int(row["n_params"]) > 0 for row in table)
    best = result_of(folder)["best"]
    assert 0 < best["test_accuracy"] < 1
    assert f"test accuracy {best['test_accuracy']:.4f} (measured once, now)" in result.stdout
    assert (folder / "best.keras").stat().st_size > 10_000
    if all(float(row["accuracy"]) <= 0.75 for row in table):
        assert "models is above 75% accuracy" in result.stdout
    code = """
import keras, sys
from deap_nas import load_dataset
import numpy as np
model = keras.models.load_model(sys.argv[1])
data = load_dataset("fashion_mnist_mini")
x = data.x_test.astype("float32") / 255
print(float((model.predict(x, verbose=0).argmax(1) == data.y_test).mean()))
"""
    loaded = drivers.python(code, folder / "best.keras", TF_CPP_MIN_LOG_LEVEL="3")
    assert float(loaded.stdout.split()[-1]) == pytest.approx(best["test_accuracy"], abs=0.002)
    again = drivers.stub_cli(
        *("--out", "again"), *arguments[2:], "--cache", "cache", **{drivers.REAL: "1"}
    )
    assert again.returncode == 0
    assert " 0 trained" in again.stdout
    assert not drivers.differences(drivers.outcome(folder), drivers.outcome(home / "again"))


def test_train_one_with_the_stub(home, stub, data, capsys):
    assert deap_nas(["train", GENOME, "--dataset", str(data), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["genome"], said["status"]) == (GENOME, "ok")
    save = ("--json", "--save", "b.keras")
    assert deap_nas(["train", GENOME, "--dataset", str(data), *save]) == 0
    assert json.loads(capsys.readouterr().out) == said
    assert deap_nas(["train", GENOME, "--dataset", str(data), "--save", "a.keras"]) == 0
    out = capsys.readouterr().out
    for words in ("saved as a.keras", "validation accuracy"):
        assert words in out
    assert Path("a.keras").exists()
    assert stub.counts() == {GENOME: 1}


def test_ctrl_c_in_train_is_no_traceback(home, stub, data, capsys, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluator.Evaluator, "measure", stop)
    assert deap_nas(["train", GENOME, "--dataset", str(data)]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_train_one_that_fails(home, stub, data, capsys):
    stub.set_fault(GENOME, "raise")
    assert deap_nas(["train", GENOME, "--dataset", str(data)]) == 1
    assert "error: ValueError: made to raise" in capsys.readouterr().out
