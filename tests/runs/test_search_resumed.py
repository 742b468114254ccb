"""Each algorithm's search from the command line, resumed: it ends as if it had not been stopped."""

from __future__ import annotations

import json
import random
from typing import Any

import drivers
import pytest
from command import refused, run_main
from small_searches import NAMES, SMALL, Inline, begin, check_resumed, cut

from deap_nas.runs.settings import Settings

pytestmark = pytest.mark.usefixtures("no_page")


@pytest.mark.parametrize("algorithm", NAMES)
def test_resumed_from_any_line_it_ends_the_same(home, inline, data, algorithm):
    """Trainings end in the order begun, so that what is trained again ends as it would have."""
    assert begin("run", data, algorithm) == 0
    check_resumed(home / "run", 1 if algorithm == "steady_state" else 4)


@pytest.mark.parametrize("algorithm", NAMES)
@pytest.mark.parametrize("budget", [9, 11])
def test_resumed_with_a_budget_it_ends_the_same(home, inline, data, algorithm, budget):
    more = ("--max-evaluations", budget, "--generations", 20)
    assert begin("run", data, algorithm, *more) == 0
    check_resumed(home / "run", 2)


def test_a_steady_state_with_another_timing_is_what_its_journal_tells(home, inline, data):
    assert begin("run", data, "steady_state", "--first", "drawn") == 0
    folder = home / "run"
    whole = (folder / "journal.jsonl").read_bytes()
    courses = set()
    for seed in range(6):
        Inline.order = random.Random(seed)
        (folder / "journal.jsonl").write_bytes(whole)
        cut(folder, 8)
        assert run_main("--resume", folder) == 0
        resumed = drivers.outcome(folder)
        assert drivers.lines_of(folder)[:8] == _lines(whole)[:8]
        before = inline.counts()
        (folder / "result.json").unlink()
        assert run_main("--resume", folder) == 0
        assert not drivers.differences(resumed, drivers.outcome(folder))
        assert inline.counts() == before
        courses.add((folder / "journal.jsonl").read_text().count("generation"))
        courses.add(json.dumps(resumed["generations"]))
    assert len(courses) > 3


def _lines(raw: bytes) -> list[Any]:
    return [json.loads(line.partition(b" ")[2]) for line in raw.splitlines()]


def test_a_steady_state_killed_for_real(home, stub, data):
    """A process with two workers is killed in mid-search; the journal decides from there."""
    arguments = ("--algorithm", "steady_state", "--dataset", data, "--out", home / "run")
    arguments += ("--no-cache", *SMALL[:4], "--workers", 2, "--slots", 3, "--mutpb", 0.9)
    process = drivers.start(*arguments, STUB_SECONDS="0.2", **{drivers.MARK: str(home)})
    drivers.wait_until(lambda: len(drivers.lines_of(home / "run")) >= 8, 60)
    process.kill()
    process.communicate()
    before = drivers.lines_of(home / "run")
    assert not (home / "run" / "result.json").exists()
    known = {line["genome"] for line in before if line["kind"] == "evaluation"}
    trained = stub.counts()
    assert run_main("--resume", home / "run", "--workers", 2) == 0
    assert drivers.lines_of(home / "run")[: len(before)] == before
    assert not known & set(stub.counts() - trained)
    done, counts = drivers.outcome(home / "run"), stub.counts()
    (home / "run" / "result.json").unlink()
    assert run_main("--resume", home / "run") == 0
    assert not drivers.differences(done, drivers.outcome(home / "run"))
    assert stub.counts() == counts


@pytest.mark.parametrize(
    "name",
    [
        *("algorithm", "children", "candidates", "optimism", "per_cost"),
        *("sample", "restart_after", "slots"),
    ],
)
def test_a_run_from_before_a_setting_existed_is_resumed(home, inline, data, name):
    assert begin("run", data, "generational", "--slots", Settings().slots) == 0
    folder = home / "run"
    expected = drivers.outcome(folder)
    config = json.loads((folder / "config.json").read_text())
    del config["settings"][name]
    (folder / "config.json").write_text(json.dumps(config))
    cut(folder, 6)
    assert run_main("--resume", folder) == 0
    assert not drivers.differences(expected, drivers.outcome(folder))
    assert run_main("--config", folder / "config.json", "--out", "again", "--no-cache") == 0
    assert not drivers.differences(expected, drivers.outcome(home / "again"))


def test_a_run_from_before_there_were_algorithms_is_generational(home, inline, data, capsys):
    assert begin("run", data, "generational") == 0
    (home / "run" / "result.json").unlink()
    config = json.loads((home / "run" / "config.json").read_text())
    del config["settings"]["algorithm"]
    (home / "run" / "config.json").write_text(json.dumps(config))
    capsys.readouterr()
    refused(
        lambda: run_main("--resume", "run", "--algorithm", "preselected"),
        capsys, "algorithm 'generational' in the run, 'preselected' now",
    )  # fmt: skip


def test_another_algorithm_on_resume_is_refused(home, inline, data, capsys):
    assert begin("run", data, "regularized") == 0
    (home / "run" / "result.json").unlink()
    capsys.readouterr()
    refused(
        lambda: run_main("--resume", "run", "--algorithm", "nsga2"),
        capsys, "algorithm 'regularized' in the run, 'nsga2' now",
    )  # fmt: skip
