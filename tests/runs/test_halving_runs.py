"""Searches with --halving: what is stopped, what a run says of it, and that nothing depends on
workers, kills or the cache."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import drivers
import pytest
from command import result_of, run_main, table_of

from deap_nas.runs.known import make_halving
from deap_nas.runs.settings import Settings
from deap_nas.spaces import PAPER_SPACE
from deap_nas.training import evaluator

SEARCH = (
    *("--halving", 2, "--epochs", 4, "--population", 4, "--generations", 3),
    *("--children", 4, "--candidates", 3, "--workers", 1),
)

pytestmark = pytest.mark.usefixtures("no_page")


@pytest.fixture
def inline(home: Any, stub: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    return stub


def begin(folder: str, data: Path, *more: Any) -> dict[str, Any]:
    assert run_main("--dataset", data, "--out", folder, *SEARCH, *(more or ["--no-cache"])) == 0
    return drivers.outcome(Path(folder))


def test_some_are_stopped_and_none_of_these_is_shown_as_found(inline: Any, data: Path) -> None:
    begin("run", data, "--no-cache", "--finalists", 2, "--final-epochs", 1)
    rows = table_of(Path("run"))
    stopped = {row["genome"]: row for row in rows if row["status"] == "stopped"}
    assert 2 <= len(stopped) < len(rows)
    assert {row["epochs"] for row in stopped.values()} == {"2"}
    assert all("below" in row["reason"] for row in stopped.values())
    assert all(row["status"] == "ok" for row in rows if row["generation"] == "0")
    assert {int(row["epochs"]) for row in rows if row["status"] == "ok"} == {4}
    result = result_of(Path("run"))
    shown = {result["best"]["genome"], *(each["genome"] for each in result["finalists"])}
    shown |= {row["genome"] for row in table_of(Path("run"), "top_fitness.csv")}
    assert not shown & stopped.keys()
    living = drivers.lines_of(Path("run"))[-1]
    assert not set(living.get("population", ())) & stopped.keys()


def test_with_0_all_are_trained_to_the_end(inline: Any, data: Path) -> None:
    begin("run", data, "--no-cache", "--halving", 0)
    assert {(row["status"], row["epochs"]) for row in table_of(Path("run"))} == {("ok", "4")}


def test_it_does_not_depend_on_who_ends_first(
    inline: Any, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, rng = begin("serial", data), random.Random(3)
    monkeypatch.setattr(drivers.InlineWorkers, "room", 3)
    monkeypatch.setattr(drivers.InlineWorkers, "place", lambda self: rng.randrange(len(self.begun)))
    found = begin("parallel", data)
    assert drivers.differences(found, expected) == []


def test_nor_on_the_cache(inline: Any, data: Path) -> None:
    expected = begin("new", data)
    assert begin("first", data, "--cache", "c") == expected
    before = inline.counts()
    assert begin("again", data, "--cache", "c") == expected
    again = inline.counts() - before
    stopped = {row["genome"] for row in table_of(Path("new")) if row["status"] == "stopped"}
    assert again.keys() <= stopped, "the cache has all that was trained to the end"


def test_broken_off_anywhere_it_ends_the_same(inline: Any, data: Path) -> None:
    """The journal as a kill -9 leaves it after any of its lines."""
    expected = begin("run", data)
    journal = Path("run", "journal.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) > 16
    for n in range(1, len(lines)):
        Path("run", "result.json").unlink()
        journal.write_bytes(b"".join(lines[:n]))
        assert run_main("--resume", "run") == 0
        assert drivers.differences(drivers.outcome(Path("run")), expected) == [], n


def test_killed_in_a_training_it_ends_the_same(home: Any, data: Path, tmp_path: Path) -> None:
    def run(folder: str, *arguments: Any, **variables: str) -> int:
        given = ("--dataset", data, "--out", folder, "--no-cache", *SEARCH)
        return int(drivers.stub_cli(*(arguments or given), **variables).returncode)

    assert run("whole") == 0
    assert run("killed", KILL_AT="fsync:24") == -9
    assert run("killed", "--resume", "killed") == 0
    found, expected = (drivers.outcome(Path(name)) for name in ("killed", "whole"))
    assert drivers.differences(found, expected) == []


def test_the_baseline_is_trained_to_the_end_even_where_the_search_finds_it(
    inline: Any, data: Path
) -> None:
    begin("run", data)
    ended = next(r["genome"] for r in table_of(Path("run")) if r["status"] == "stopped")
    begin("with", data, "--no-cache", "--baseline", ended)
    assert result_of(Path("with"))["baseline"]["status"] == "ok"
    row = next(row for row in table_of(Path("with")) if row["genome"] == ended)
    assert (row["status"], row["epochs"]) == ("ok", "4")


def test_a_front_is_halved_by_what_beats_in_both() -> None:
    rule = make_halving(Settings(halving=2, epochs=4, fitness="accuracy_and_params"), PAPER_SPACE)
    assert rule
    assert rule.rungs == (2,)
    texts = [str(PAPER_SPACE.sample(random.Random(i))) for i in range(2)]
    assert {len(floors) for floors in rule.floors(texts, []).values()} == {1}
    assert make_halving(Settings(), PAPER_SPACE) is None


def test_the_recipe_says_its_rungs() -> None:
    assert Settings(halving=3, epochs=10).make_recipe().rungs == (4,)
    assert "rungs" not in Settings().make_recipe().to_dict()
