"""The command line: python -m deap_nas.run, deap-nas run, deap-nas train."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import pytest

from deap_nas import run
from deap_nas.__main__ import main as deap_nas
from deap_nas.presets import PRESETS

SMALL = ("--population", 3, "--generations", 1, "--workers", 1)
GENOME = "NC 2 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh"
COLUMNS = (
    "genome accuracy train_accuracy n_params train_seconds fitness fitness_time generation status"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return drivers.save_npz(tmp_path / "tiny.npz", drivers.tiny_dataset())


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing the page takes longer than all the rest, and has tests of its own."""
    monkeypatch.setattr(run, "_report", lambda *_: None)


def snapshot(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def run_main(*arguments: Any) -> int:
    return run.main([str(argument) for argument in arguments])


# --- bad input: one line on standard error, exit status 2, nothing written


def arrays(**changed: Any) -> dict[str, Any]:
    dataset = drivers.tiny_dataset()
    names = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    return {**{name: getattr(dataset, name) for name in names}, **changed}


BAD_FILES: dict[str, Any] = {
    "shape.npz": lambda: arrays(x_train=np.zeros((5, 4), np.uint8)),
    "labels.npz": lambda: arrays(y_train=np.full(40, -1)),
    "count.npz": lambda: arrays(y_train=np.arange(39) % 3),
    "sizes.npz": lambda: arrays(x_test=np.zeros((12, 9, 9, 1), np.uint8)),
    "small.npz": lambda: {
        name: array[:, :5, :5] if name.startswith("x") else array
        for name, array in arrays().items()
    },
    "nothing.npz": lambda: {},
    "text.npz": b"no archive",
    "initial.txt": f"{GENOME}\nNC 0 3 relu;FL relu\n",
    "illegal.txt": "NC 64 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh\n",
    "many.txt": f"{GENOME}\n" * 50,
    "key.toml": "populaton = 3\n",
    "value.toml": "population = 'many'\n",
    "preset.toml": "preset = 'huge'\n",
    "broken.toml": "population\n",
    "broken.json": "{",
    "list.json": "[]",
    "inside": "a file",
}

BAD = [
    (["--preset", "huge"], ["preset 'huge'", "quick, paper"]),
    (["--recipe", "slow"], ["recipe 'slow'", "paper, fast"]),
    (["--dataset", "mnist"], ["'mnist'", "fashion_mnist"]),
    (["--dataset", "none.npz"], ["none.npz"]),
    (["--dataset", "shape.npz"], ["x_train", "allowed"]),
    (["--dataset", "labels.npz"], ["y_train", "-1"]),
    (["--dataset", "count.npz"], ["y_train", "39"]),
    (["--dataset", "sizes.npz"], ["x_test"]),
    (["--dataset", "small.npz"], ["5"]),
    (["--dataset", "nothing.npz"], ["x_train"]),
    (["--dataset", "text.npz"], ["text.npz"]),
    (["--dataset", "inside"], ["inside"]),
    (["--data-dir", "nowhere", "--dataset", "fashion_mnist"], ["nowhere"]),
    (["--config", "none.toml"], ["none.toml", "No such file"]),
    (["--config", "key.toml"], ["populaton", "population"]),
    (["--config", "value.toml"], ["population", "'many'", "int"]),
    (["--config", "preset.toml"], ["preset 'huge'"]),
    (["--config", "broken.toml"], ["broken.toml"]),
    (["--config", "broken.json"], ["broken.json"]),
    (["--config", "list.json"], ["list.json"]),
    (["--population", "-3"], ["population -3", "2 or more"]),
    (["--population", "0"], ["population 0"]),
    (["--population", "many"], ["population", "many"]),
    (["--population"], ["population"]),
    (["--generations", "-1"], ["generations -1"]),
    (["--epochs", "-1"], ["epochs -1"]),
    (["--epochs", "1.5"], ["epochs", "1.5"]),
    (["--workers", "0"], ["workers 0", "1"]),
    (["--workers", "-1"], ["workers -1"]),
    (["--cxpb", "1.5"], ["cxpb 1.5", "0 to 1"]),
    (["--mutpb", "nan"], ["mutpb nan"]),
    (["--elitism", "10"], ["elitism 10", "population of 8"]),
    (["--fitness", "luck"], ["fitness 'luck'", "accuracy_per_log_params, time_penalised"]),
    (["--split", "train"], ["split 'train'", "validation, test"]),
    (["--space", "all"], ["space 'all'"]),
    (["--crossover", "two"], ["crossover 'two'"]),
    (["--mutation", "two"], ["mutation 'two'"]),
    (["--selection", "two"], ["selection 'two'"]),
    (["--seed", "-1"], ["seed -1"]),
    (["--max-evaluations", "0"], ["max_evaluations 0"]),
    (["--time-budget", "0"], ["time_budget 0"]),
    (["--max-seconds", "-1"], ["max_seconds -1"]),
    (["--max-memory", "0"], ["max_memory 0"]),
    (["--max-failures", "0"], ["max_failures 0"]),
    (["--target-fitness", "nan"], ["target_fitness nan"]),
    (["--baseline", "NC 2 3 relu"], ["baseline", "FL"]),
    (["--baseline", "NC 2 three relu;FL relu"], ["three"]),
    (["--baseline", "RC 2 29 relu;RC 2 3 relu;FL relu"], ["baseline", "29"]),
    (["--baseline", "RC 2 15 relu;RC 2 15 relu;FL relu"], ["baseline"]),
    (["--initial", "none.txt"], ["none.txt"]),
    (["--initial", "initial.txt"], ["initial.txt, line 2", "filters '0'"]),
    (["--initial", "illegal.txt"], ["illegal", "filters 64"]),
    (["--initial", "many.txt"], ["50 genomes", "--population"]),
    (["--resume", "nowhere"], ["nowhere", "no run is there"]),
    (["--out", "inside"], ["inside", "file"]),
    (["--out", "inside/run"], ["inside/run"]),
    (["--cache", "inside"], ["inside"]),
    (["--nonsense"], ["--nonsense"]),
    (["nonsense"], ["nonsense"]),
]


def write_bad_files(folder: Path, words: list[str]) -> None:
    for name in set(words) & set(BAD_FILES):
        content = BAD_FILES[name]
        if callable(content):
            np.savez(folder / name, **content())
        elif isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            (folder / name).write_text(content)


def refused(call: Any, capsys: Any, *words: str) -> None:
    """One line on standard error with these words, exit status 2."""
    try:
        status = call()
    except SystemExit as end:
        status = end.code
    out, err = capsys.readouterr()
    assert status == 2, err
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in err
    assert out == ""


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[" ".join(args) for args, _ in BAD])
def test_bad_input(home, stub, capsys, arguments, words):
    write_bad_files(home, [*arguments, "inside"] if "inside/run" in arguments else arguments)
    before = snapshot(home)
    refused(lambda: run_main(*arguments), capsys, *words)
    assert snapshot(home) == before
    assert not stub.counts()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], ["nonsense"]),
        (["NC 2 3 relu"], ["FL"]),
        ([GENOME, "--recipe", "slow"], ["recipe 'slow'"]),
        ([GENOME, "--save", "a.h5"], ["a.h5", ".keras"]),
        ([GENOME, "--save", "no/such/a.keras"], ["no/such"]),
        ([GENOME, "--epochs", "-1"], ["epochs -1"]),
        ([GENOME, "--dataset", "mnist"], ["mnist"]),
        (["RC 2 29 relu;FL relu"], ["29"]),
        ([GENOME, "--nonsense"], ["--nonsense"]),
        ([], ["genome"]),
    ],
)
def test_bad_input_to_train(home, stub, capsys, arguments, words):
    refused(lambda: deap_nas(["train", *arguments]), capsys, *words)
    assert snapshot(home) == set()


def test_an_unknown_command(capsys):
    refused(lambda: deap_nas(["fly"]), capsys, "'fly'", "run")


def test_bad_input_in_a_process_of_its_own(home):
    """What the tests above say of ``main`` holds for the command."""
    result = drivers.cli("--population", "-3")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: population -3, allowed 2 or more\n"
    assert snapshot(home) == set()


# --- help


def test_help_is_fast_and_loads_nothing_heavy():
    code = """
import sys, time
from deap_nas import run, __main__
for call in (lambda: run.main(["--help"]), lambda: __main__.main(["train", "--help"])):
    try:
        call()
    except SystemExit as end:
        assert end.code == 0
heavy = ("tensorflow", "keras", "pandas", "numpy", "matplotlib", "joblib", "rich", "psutil")
print([name for name in heavy if name in sys.modules])
"""
    start = time.monotonic()
    result = drivers.python(code)
    assert time.monotonic() - start < 3
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
    assert "--max-evaluations" in result.stdout


def test_help_names_every_setting_and_preset(capsys):
    with pytest.raises(SystemExit):
        run_main("--help")
    out = capsys.readouterr().out
    assert all(name in out for name in (*PRESETS, "--baseline", "--initial", "--resume"))


def test_version_and_commands(capsys):
    assert deap_nas(["--version"]) == 0
    assert deap_nas([]) == 0
    assert "train" in capsys.readouterr().out


# --- runs with stub training


def result_of(folder: Path) -> Any:
    return json.loads((folder / "result.json").read_text())


def table_of(folder: Path, name: str = "evaluations.csv") -> list[dict[str, str]]:
    with (folder / name).open() as file:
        return list(csv.DictReader(file))


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


def test_the_default_directory(home, stub, data):
    assert run_main("--dataset", data, *SMALL, "--no-cache") == 0
    (folder,) = (home / "results" / "runs").iterdir()
    assert folder.name.endswith("-quick")
    assert (folder / "result.json").exists()


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


# --- dry run


@pytest.mark.parametrize("preset", ["quick"])
def test_a_dry_run_says_much_and_writes_nothing(home, stub, capsys, preset):
    assert run_main("--preset", preset, "--dry-run") == 0
    out = capsys.readouterr().out
    for words in ("population 8", "nothing was written", "trainings", "time:"):
        assert words in out
    assert snapshot(home) == set()
    assert not stub.counts()


# --- an output directory that is taken, resuming


@pytest.fixture
def finished(home, stub, data) -> Path:
    assert run_main("--dataset", data, "--out", "run", *SMALL) == 0
    return home / "run"


def test_a_directory_that_holds_another_run(finished, data, capsys):
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    capsys.readouterr()
    refused(
        lambda: run_main("--dataset", data, "--out", finished, *SMALL),
        capsys, "holds another run", "--resume",
    )  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before


def test_resuming_a_finished_run_says_so(finished, stub, capsys):
    before, _ = stub.counts(), capsys.readouterr()
    assert run_main("--resume", finished) == 0
    assert "is finished" in capsys.readouterr().out
    assert stub.counts() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", 9], "seed 0 in the run, 9 now"),
        (["--population", 5], "population 3 in the run, 5 now"),
        (["--epochs", 2], "epochs"),
        (["--recipe", "paper"], "recipe 'fast' in the run, 'paper' now"),
    ],
)
def test_resuming_with_other_settings_is_refused(finished, capsys, arguments, words):
    (finished / "result.json").unlink()
    capsys.readouterr()
    refused(lambda: run_main("--resume", finished, *arguments), capsys, "other settings", words)


@pytest.mark.parametrize(
    "arguments", [["--preset", "paper"], ["--preset", "quick"], ["--config", "other.toml"]]
)
def test_presets_and_files_are_for_new_runs(finished, capsys, arguments):
    (finished / "result.json").unlink()
    Path("other.toml").write_text("seed = 9\n")
    capsys.readouterr()
    words = (f"{arguments[0]} with --resume", f"leave out {arguments[0]}")
    refused(lambda: run_main("--resume", finished, *arguments), capsys, *words)


def test_resuming_with_other_data_is_refused(finished, data, capsys):
    (finished / "result.json").unlink()
    drivers.save_npz(data, drivers.tiny_dataset(seed=1))
    capsys.readouterr()
    refused(lambda: run_main("--resume", finished), capsys, "fingerprint")


@pytest.mark.parametrize("arguments", [["--workers", 2], ["--cache", "elsewhere"], ["--no-cache"]])
def test_what_no_result_depends_on_may_change(finished, arguments):
    before = drivers.outcome(finished)
    (finished / "result.json").unlink()
    assert run_main("--resume", finished, *arguments) == 0
    assert not drivers.differences(before, drivers.outcome(finished))


@pytest.mark.parametrize("lines", range(1, 8))
def test_resuming_from_any_line_ends_the_same(finished, stub, lines):
    before = drivers.outcome(finished)
    journal = finished / "journal.jsonl"
    kept = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(kept[:lines]))
    for name in ("result.json", "logbook.csv", "best.keras", "evaluations.csv"):
        (finished / name).unlink()
    assert run_main("--resume", finished, "--no-cache") == 0
    assert not drivers.differences(before, drivers.outcome(finished))


def test_a_run_with_a_time_budget_is_resumed_to_where_it_was(home, stub, data):
    """The journal's seconds decide: what was bred before the budget was spent is bred again."""
    budget = ("--time-budget", 500, "--population", 3, "--generations", 2, "--workers", 1)
    assert run_main("--dataset", data, "--out", "run", *budget, "--no-cache") == 0
    folder = home / "run"
    before = drivers.outcome(folder)
    lines = drivers.lines_of(folder)
    # Killed at the end, and slow: generation 1 ended at 499 s, generation 2 at 600 s.
    cut = [line for line in lines if line["kind"] != "end"]
    bred = [line["number"] for line in cut if line["kind"] == "generation"]
    assert bred == [0, 1, 2]
    from deap_nas.journal import _seal

    for line in cut:
        number = line["number"] if line["kind"] == "generation" else line["generation"]
        line["elapsed"] = {0: 250.0, 1: 499.0, 2: 600.0}[number]
    (folder / "journal.jsonl").write_bytes(b"".join(map(_seal, cut)))
    (folder / "result.json").unlink()
    assert run_main("--resume", folder) == 0
    after = drivers.outcome(folder)
    assert {k: v for k, v in after.items() if k != "stopped"} == {
        k: v for k, v in before.items() if k != "stopped"
    }
    assert after["stopped"].startswith("time budget")


def test_a_damaged_journal_is_said_and_mended(finished, capsys):
    before = drivers.outcome(finished)
    (finished / "result.json").unlink()
    raw = (finished / "journal.jsonl").read_bytes()
    (finished / "journal.jsonl").write_bytes(raw[:200] + b"#" + raw[201:-3])
    capsys.readouterr()
    assert run_main("--resume", finished) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "warning" in err
    assert "damaged line(s)" in err
    assert not drivers.differences(before, drivers.outcome(finished))


def test_another_journal_than_the_searchs_is_an_error(finished, capsys):
    from deap_nas.journal import _seal

    lines = drivers.lines_of(finished)
    for line in lines:
        if line["kind"] == "generation":
            line["population"] = line["population"][::-1]
    (finished / "journal.jsonl").write_bytes(b"".join(map(_seal, lines)))
    (finished / "result.json").unlink()
    capsys.readouterr()
    assert run_main("--resume", finished) == 1
    err = capsys.readouterr().err
    assert "generation 0 is not the one in" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b'{"preset": "quick"}', b"\xff"])
def test_a_damaged_config_is_one_line(finished, capsys, content):
    (finished / "config.json").write_bytes(content)
    (finished / "result.json").unlink()
    capsys.readouterr()
    refused(lambda: run_main("--resume", finished), capsys, "config.json")


# --- in use, stopped


def begin(home: Path, data: Path, seconds: float, *more: Any, **variables: str) -> Any:
    """A run with stub training in the background that has trained at least two genomes."""
    variables = {"STUB_SECONDS": str(seconds), drivers.MARK: str(home), **variables}
    arguments = ("--dataset", data, "--out", home / "run", "--no-cache", *SMALL[:4])
    process = drivers.start(*arguments, "--workers", 2, *more, **variables)
    drivers.wait_until(lambda: len(drivers.lines_of(home / "run")) >= 2, 60)
    return process


def test_a_directory_in_use_is_refused(home, stub, data, capsys):
    process = begin(home, data, 1)
    try:
        refused(lambda: run_main("--resume", "run"), capsys, "in use")
    finally:
        process.kill()
        process.communicate()
    assert run_main("--resume", "run") == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_a_signal_it_says_how_to_go_on(home, stub, data, number, status):
    assert run_main("--dataset", data, "--out", "undisturbed", *SMALL) == 0
    process = begin(home, data, 1)
    assert len(drivers.marked_workers(str(home))) == 2
    start = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 5
    assert process.returncode == status, err
    assert f"python -m deap_nas.run --resume {home / 'run'}" in out
    assert "Traceback" not in out + err
    drivers.wait_until(lambda: not drivers.marked_workers(str(home)), 5)
    assert run_main("--resume", "run") == 0
    expected = drivers.outcome(home / "undisturbed")
    assert not drivers.differences(expected, drivers.outcome(home / "run"))


def test_a_second_ctrl_c_is_immediate(home, stub, data):
    process = begin(home, data, 1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode in (130, -signal.SIGINT)
    drivers.wait_until(lambda: not drivers.marked_workers(str(home)), 5)


def test_ctrl_c_before_anything_is_written_is_no_traceback(home, data):
    process = drivers.start("--dataset", data, "--out", home / "run", *SMALL, stub=False)
    maps = Path(f"/proc/{process.pid}/maps")
    drivers.wait_until(lambda: "numpy" in maps.read_text())  # it is loading its libraries
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in err


def test_no_worker_outlives_a_run(home, stub, data):
    process = begin(home, data, 0.05)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not drivers.marked_workers(str(home))


# --- the real thing


def test_one_tiny_real_run_from_end_to_end(home):
    """Real images, real training, a real process."""
    arguments = ("--out", "run", "--population", 2, "--generations", 1, "--epochs", 1)
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
    assert deap_nas(["train", GENOME, "--dataset", str(data), "--save", "a.keras"]) == 0
    out = capsys.readouterr().out
    for words in ("nc_1", "Conv2D", "saved as a.keras", "validation accuracy"):
        assert words in out or words.startswith(("nc_1", "Conv2D"))
    assert Path("a.keras").exists()
    assert stub.counts() == {GENOME: 1}


def test_train_one_that_fails(home, stub, data, capsys):
    stub.set_fault(GENOME, "raise")
    assert deap_nas(["train", GENOME, "--dataset", str(data)]) == 1
    assert "error: ValueError: made to raise" in capsys.readouterr().out


def test_the_console_script_is_the_same_command(home):
    script = Path(sys.executable).with_name("deap-nas")
    result = subprocess.run(
        [script, "run", "--population", "-3"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (2, "error: population -3, allowed 2 or more\n")
    assert os.listdir(home) == []
