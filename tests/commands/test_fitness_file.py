"""``--fitness mine.py:score``: a user's own fitness from the command line, to its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import SMALL, refused, result_of, run_main, snapshot, table_of
from report_runs import make_run

from deap_nas.report.page import make_report
from deap_nas.runs.record import read_run

SMALLEST = "def score(evaluation):\n    return 1000 / evaluation.n_params\n"


@pytest.fixture
def mine(home: Path) -> Path:
    path = home / "mine.py"
    path.write_text(SMALLEST)
    return path


def search(data: Path, fitness: object, folder: str, *more: object) -> int:
    given = ("--dataset", data, "--fitness", fitness, "--out", folder, *SMALL, "--no-report")
    return run_main(*given, *more)


def test_it_chooses_and_trains_nothing_anew(home, stub, data, mine, capsys):
    assert search(data, "accuracy_per_log_params", "plain") == 0
    before = stub.counts()
    assert search(data, "mine.py:score", "own", "--generations", 0) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Top five by the fitness of this run" in out
    assert "Best by fitness mine.py:score" in out
    assert stub.counts() == before, "trainings are memoised whatever the fitness"
    rows = table_of(home / "own")
    sizes = {row["genome"]: int(row["n_params"]) for row in rows}
    assert result_of(home / "own")["best"]["genome"] == min(sizes, key=sizes.__getitem__)
    assert all(float(row["own_fitness"]) == 1000 / int(row["n_params"]) for row in rows)
    tops = table_of(home / "own", "top_own_fitness.csv")
    assert [int(row["n_params"]) for row in tops] == sorted(sizes.values())[:5]
    assert "own_fitness" not in table_of(home / "plain")[0]
    assert not (home / "plain" / "top_own_fitness.csv").exists()

    mine.unlink()  # the page reads the run's copy
    record = read_run(home / "own")
    assert record.best() == result_of(home / "own")["best"]["genome"]
    (home / "own" / "result.json").unlink()
    assert read_run(home / "own").best() == record.best()


def test_its_page_shows_it(home, mine):
    folder = make_run(home / "run", 6, 1, baseline="", fitness="mine.py:score")
    mine.rename(folder / "fitness.py")
    text = make_report(folder, tensorflow=False).read_text()
    assert "Top five by the fitness of this run" in text
    assert "maximised is <code>mine.py:score</code>" in text
    assert (folder / "report" / "scatter_own_fitness.svg").exists()


def test_a_resumed_run_and_a_changed_file(home, stub, data, mine, no_page, capsys):
    assert search(data, "mine.py:score", "run") == 0
    config = json.loads((home / "run" / "config.json").read_text())
    assert list(config["fitness"]) == ["score"]
    assert (home / "run" / "fitness.py").read_text() == SMALLEST
    assert run_main("--resume", "run", "--generations", 2) == 0
    (home / "sub").mkdir()
    moved = mine.rename(home / "sub" / "other.py")  # the same file elsewhere
    again = ("--resume", "run", "--fitness", "sub/other.py:score")
    assert run_main(*again, "--generations", 3) == 0
    assert run_main("--resume", "run", "--generations", 4) == 0, "by the run's own copy"
    capsys.readouterr()
    moved.write_text(SMALLEST + "# changed\n")
    before = snapshot(home / "run")
    words = ("fitness score: its file is another than the run's", "start a new run")
    refused(lambda: run_main(*again, "--generations", 5), capsys, *words)
    assert snapshot(home / "run") == before
    plain = ("--fitness", "accuracy_per_log_params")
    refused(lambda: run_main("--resume", "run", *plain, "--generations", 5), capsys, "fitness")


def test_a_genome_it_has_no_value_for_costs_itself_alone(home, stub, data, mine, no_page, capsys):
    """Nor is it the best, though it is the best by accuracy."""
    mine.write_text(
        "def score(evaluation):\n"
        "    if evaluation.n_params > 3000:\n        raise ValueError('too large')\n"
        "    return evaluation.accuracy\n"
    )
    assert search(data, "mine.py:score", "run", "--population", 8) == 0
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "mine.py, score, line 3 raised ValueError: too large" in err
    rows = table_of(home / "run")
    spoilt = [row for row in rows if int(row["n_params"]) > 3000]
    assert 0 < len(spoilt) < len(rows)
    assert all(row["status"] == "ok" and float(row["own_fitness"]) == 0 for row in spoilt)
    good = [row for row in rows if row not in spoilt]
    best = max(good, key=lambda row: float(row["accuracy"]))
    assert result_of(home / "run")["best"]["accuracy"] == float(best["accuracy"])


@pytest.mark.parametrize(
    ("fitness", "words"),
    [
        ("none.py:score", ("none.py: No such file", "give a Python file")),
        ("mine.py:other", ("mine.py has no function 'other'", "define other(evaluation)")),
        ("mine.py", ("fitness 'mine.py'", "FILE.py:NAME")),
        ("luck", ("fitness 'luck'", "macro_f1_per_log_params")),
    ],
)
def test_a_bad_one_is_one_line_and_nothing_is_written(home, mine, capsys, fitness, words):
    before = snapshot(home)
    refused(lambda: run_main("--fitness", fitness), capsys, *words)
    assert snapshot(home) == before
