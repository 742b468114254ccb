"""A run that is given more goes on from its end, and comes to what one longer run does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import drivers
import pytest
from command import GENOME, refused, run_main, table_of

from deap_nas.algorithms import ALGORITHMS
from deap_nas.report.page import make_report
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.journal import Journal, _seal
from deap_nas.runs.record import read_run
from deap_nas.training import evaluator

pytestmark = pytest.mark.usefixtures("no_page")

FEW = ("--population", 4, "--children", 2, "--seed", 3)
BY_GENERATION = [name for name, loop in ALGORITHMS.items() if not loop.streams]


@pytest.fixture(autouse=True)
def quick(stub, monkeypatch) -> Any:
    """Trainings in this process: the order of outcomes is that of the genomes."""
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    return stub


def grown(home: Path, data: Path, limits: dict[str, list[Any]], *also: Any) -> tuple[Any, Any]:
    """Outcomes of one long run, and of one that was given a limit after the other."""
    flags = {name: f"--{name.replace('_', '-')}" for name in limits}
    one = [word for name, values in limits.items() for word in (flags[name], values[-1])]
    assert run_main("--dataset", data, "--out", "long", *FEW, *also, *one, "--no-cache") == 0
    for step in range(len(next(iter(limits.values())))):
        given = [word for name, values in limits.items() for word in (flags[name], values[step])]
        where = ("--resume", "run") if step else ("--dataset", data, "--out", "run", *FEW, *also)
        cache = ("--no-cache",) if "--no-cache" in also else ()
        assert run_main(*where, *given, *cache) == 0
    return drivers.outcome(home / "long"), drivers.outcome(home / "run")


LIMITS: dict[str, dict[str, list[Any]]] = {
    "generations": {"generations": [1, 2, 4]},
    "evaluations": {"max_evaluations": [3, 7, 9], "generations": [5, 5, 5]},
    "both": {"max_evaluations": [6, 11], "generations": [1, 3]},
    "time": {"time_budget": [1e6, 2e6], "generations": [1, 3]},
    "target": {"target_fitness": [1, 99], "generations": [3, 3]},
}


@pytest.mark.parametrize("cached", [True, False], ids=["cache", "no cache"])
@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("algorithm", BY_GENERATION)
def test_it_ends_as_one_longer_run(home, data, algorithm, limits, cached):
    also = ("--algorithm", algorithm, *(() if cached else ("--no-cache",)))
    one, other = grown(home, data, LIMITS[limits], *also)
    assert not drivers.differences(one, other)
    config = json.loads((home / "run" / "config.json").read_text())["settings"]
    assert all(config[name] == values[-1] for name, values in LIMITS[limits].items())


def test_nothing_is_trained_twice(home, data, stub):
    grown(home, data, LIMITS["both"])
    trained = stub.counts()
    assert set(trained.values()) == {2}  # once by each of the two


@pytest.mark.parametrize("limits", ["generations", "evaluations"])
def test_a_stream_goes_on_from_its_journal(home, data, limits):
    """What had ended by then comes in the order in which it did; the run repeats itself."""
    _, longer = grown(home, data, LIMITS[limits], "--algorithm", "steady_state", "--no-cache")
    assert len(longer["evaluations"]) == (9 if limits == "evaluations" else len(longer["measured"]))
    lines = drivers.lines_of(home / "run")
    assert [line["genome"] for line in lines if line["kind"] == "evaluation"] == list(
        longer["measured"]
    )
    (home / "run" / "result.json").unlink()
    assert run_main("--resume", "run", "--no-cache") == 0
    assert not drivers.differences(longer, drivers.outcome(home / "run"))


def test_a_generation_that_the_clock_cut_is_completed(home, data):
    """As a killed run is resumed; here after its end, with more time."""
    few = (*FEW, "--generations", 2, "--no-cache")
    assert run_main("--dataset", data, "--out", "long", *few, "--time-budget", 900) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "elapsed", lambda journal: 600.0 * (len(journal.rows()) >= 7))
        assert run_main("--dataset", data, "--out", "run", *few, "--time-budget", 500) == 0
    cut = drivers.outcome(home / "run")
    assert cut["stopped"] == "time budget of 500 s"
    assert cut["generations"][-1]["skipped"]
    assert run_main("--resume", "run", "--time-budget", 900, "--no-cache") == 0
    assert not drivers.differences(drivers.outcome(home / "long"), drivers.outcome(home / "run"))


def test_a_baseline_that_the_longer_search_breeds_is_the_searchs(home, data):
    limits = {"generations": [0, 3]}
    one, _ = grown(home, data, limits)
    bred = next(row["genome"] for row in one["evaluations"] if row["generation"] == "2")
    for folder in ("long", "run"):
        (home / folder).rename(home / f"plain-{folder}")
    one, other = grown(home, data, limits, "--baseline", bred)
    assert drivers.differences(one, other) == ["repeated"]  # its line, as the search's own
    assert other["repeated"] == [bred]
    assert {row["genome"]: row["generation"] for row in table_of(home / "run")}[bred] == "2"
    assert read_run(home / "run").table["genome"].tolist() == [
        row["genome"] for row in other["evaluations"]
    ]


def test_a_killed_run_may_be_given_more_too(home, data):
    one, _ = grown(home, data, LIMITS["generations"])
    assert run_main("--dataset", data, "--out", "cut", *FEW, "--generations", 2, "--no-cache") == 0
    journal = home / "cut" / "journal.jsonl"
    whole = journal.read_bytes().splitlines(keepends=True)
    for lines in (3, 6, len(whole) - 1):
        journal.write_bytes(b"".join(whole[:lines]))
        config = json.loads((home / "cut" / "config.json").read_text())
        config["settings"]["generations"] = 2
        (home / "cut" / "config.json").write_text(json.dumps(config))
        (home / "cut" / "result.json").unlink()
        assert run_main("--resume", "cut", "--generations", 4, "--no-cache") == 0
        assert not drivers.differences(one, drivers.outcome(home / "cut"))


@pytest.mark.parametrize("killed", ["result", "journal"])
def test_a_crash_while_it_is_given_more_leaves_a_run_that_resumes(home, data, killed):
    one, _ = grown(home, data, LIMITS["generations"])
    assert run_main("--dataset", data, "--out", "cut", *FEW, "--generations", 2, "--no-cache") == 0
    short = drivers.outcome(home / "cut")
    (home / "cut" / "result.json").unlink()
    if killed == "journal":
        with Journal(home / "cut") as journal:
            journal.extend(streams=False)
    assert run_main("--resume", "cut", "--no-cache") == 0
    assert not drivers.differences(short, drivers.outcome(home / "cut"))
    assert run_main("--resume", "cut", "--generations", 4, "--no-cache") == 0
    assert not drivers.differences(one, drivers.outcome(home / "cut"))


def test_the_page_tells_of_the_longer_run(home, data):
    grown(home, data, LIMITS["generations"])
    assert [line["number"] for line in read_run(home / "run").generations] == [0, 1, 2, 3, 4]
    assert "all that were asked for" in make_report(home / "run", tensorflow=False).read_text()


def test_repeats_are_given_more_together(home, data):
    few = (*FEW, "--no-cache", "--no-report")
    assert (
        run_main("--dataset", data, "--out", "long", *few, "--generations", 2, "--repeat", 2) == 0
    )
    assert (
        run_main("--dataset", data, "--out", "many", *few, "--generations", 1, "--repeat", 2) == 0
    )
    assert run_main("--resume", "many/repeat-1", "--generations", 2, "--no-cache") == 0
    written = json.loads((home / "many" / "repeats.json").read_text())
    assert run_main("--resume", "many", "--generations", 2, "--no-cache", "--no-report") == 0
    later = json.loads((home / "many" / "repeats.json").read_text())
    assert later == {**written, "settings": {**written["settings"], "generations": 2}}
    for name in ("repeat-1", "repeat-2"):
        one, other = (drivers.outcome(home / folder / name) for folder in ("long", "many"))
        assert not drivers.differences(one, other)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--generations", 0), ("generations 1 in the run, 0 now, allowed more",)),
        (("--max-evaluations", 3), ("max_evaluations None in the run, 3 now, allowed more",)),
        (("--generations", 2, "--seed", 9), ("seed 3 in the run, 9 now", "resume without them")),
    ],
)
def test_less_is_refused(home, data, capsys, given, words):
    assert run_main("--dataset", data, "--out", "run", *FEW, "--generations", 1) == 0
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    capsys.readouterr()
    refused(lambda: run_main("--resume", "run", *given), capsys, *words)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_time_that_is_spent_is_not_given_again(home, data, capsys):
    budget = ("--time-budget", 500, "--generations", 1)
    assert run_main("--dataset", data, "--out", "run", *FEW, *budget, "--baseline", GENOME) == 0
    lines = [{**line, "elapsed": 600.0} for line in drivers.lines_of(home / "run")]
    (home / "run" / "journal.jsonl").write_bytes(b"".join(map(_seal, lines)))
    for given in (("--time-budget", 550), ("--generations", 2)):
        capsys.readouterr()
        refused(
            lambda given=given: run_main("--resume", "run", *given),
            capsys, "allowed more than the 600.0 s that the run has taken",
        )  # fmt: skip
        assert RunDirectory(home / "run").finished()
    assert run_main("--resume", "run", "--time-budget", 700, "--generations", 2) == 0
