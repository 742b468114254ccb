"""An output directory that is taken, and runs that are gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import drivers
import pytest
from command import SMALL, refused, run_main

from deap_nas.runs import provenance
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.journal import Journal, _seal

pytestmark = pytest.mark.usefixtures("no_page")


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


@pytest.mark.parametrize("algorithm", ["preselected", "generational", "steady_state"])
@pytest.mark.parametrize("last", ["generation", "evaluation"])
def test_a_run_with_a_time_budget_is_resumed_to_where_it_was(home, stub, data, algorithm, last):
    """The journal's seconds decide: what was bred before the budget was spent is bred again, and
    what was trained by then is taken in."""
    budget = ("--time-budget", 500, "--population", 3, "--generations", 2, "--workers", 1)
    budget = (*budget, "--algorithm", algorithm)
    assert run_main("--dataset", data, "--out", "run", *budget, "--no-cache") == 0
    folder = home / "run"
    before = drivers.outcome(folder)
    lines = drivers.lines_of(folder)
    # Killed at the end, and slow: generation 1 ended at 499 s, generation 2 at 600 s.
    cut = [line for line in lines if line["kind"] != "end"]
    bred = [line["number"] for line in cut if line["kind"] == "generation"]
    assert bred == [0, 1, 2]
    while cut[-1]["kind"] != last:
        cut.pop()
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


@pytest.mark.parametrize("arguments", [(), ("--no-cache",)])
def test_a_damaged_journal_is_said_and_mended(finished, capsys, arguments):
    before = drivers.outcome(finished)
    (finished / "result.json").unlink()
    raw = (finished / "journal.jsonl").read_bytes()
    (finished / "journal.jsonl").write_bytes(raw[:200] + b"#" + raw[201:-3])
    capsys.readouterr()
    assert run_main("--resume", finished, *arguments) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "warning" in err
    assert "damaged line(s)" in err
    assert not drivers.differences(before, drivers.outcome(finished))


def test_a_genome_that_the_budget_did_not_reach_stays_unmeasured(home, stub, data):
    """Though another run, with the same cache, has trained it since."""
    late = ("--time-budget", 500, "--population", 4, "--generations", 0, "--workers", 1)
    seconds = iter([0.0] * 6 + [600.0] * 1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "elapsed", lambda _: next(seconds))
        assert run_main("--dataset", data, "--out", "run", *late, "--no-cache") == 0
    before = drivers.outcome(home / "run")
    trained = stub.counts()
    assert 0 < len(trained) < 4
    assert run_main("--dataset", data, "--out", "other", *late[2:]) == 0
    (home / "run" / "result.json").unlink()
    assert run_main("--resume", home / "run", "--cache", "") == 0
    assert not drivers.differences(before, drivers.outcome(home / "run"))


def test_a_stop_that_was_decided_is_not_decided_again(tmp_path):
    with Journal(tmp_path) as journal:
        journal.end_generation(0, [], {})
        journal.start_generation(1)
        assert not journal.stops(lambda: False)
        journal.end_generation(1, [], {})
        journal.start_generation(2)
        assert journal.stops(lambda: True)
        journal.end_generation(2, [], {})  # who was in training
    with Journal(tmp_path) as journal:
        journal.start_generation(1)
        assert not journal.stops(lambda: True)
        journal.start_generation(2)
        assert journal.stops(lambda: False)


def test_a_lost_weights_file_is_made_anew(finished, capsys):
    best = json.loads((finished / "result.json").read_text())["best"]["genome"]
    for name in ("result.json", "best.keras"):
        (finished / name).unlink()
    weights = RunDirectory(finished).weights_of(best)
    weights.unlink()
    assert run_main("--resume", finished, "--no-cache") == 0
    assert (finished / "best.keras").read_text().startswith(best)
    assert weights.exists()


def test_another_training_program_is_refused(finished, capsys, monkeypatch):
    (finished / "result.json").unlink()
    monkeypatch.setattr(provenance, "TRAINING_VERSION", 1000)
    capsys.readouterr()
    words = ("training_version 1 in the run, 1000 now",)
    refused(lambda: run_main("--resume", finished), capsys, *words)


def test_the_same_data_may_lie_elsewhere(home, stub, data, monkeypatch):
    monkeypatch.chdir(data.parent)
    assert run_main("--dataset", data.name, "--out", home / "run", *SMALL) == 0
    (home / "run" / "result.json").unlink()
    monkeypatch.chdir(home)
    assert run_main("--resume", "run", "--dataset", data) == 0


def test_another_journal_than_the_searchs_is_an_error(finished, capsys):
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
