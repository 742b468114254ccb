"""The first genomes of a search, spread over sizes."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path
from typing import Any

import drivers
import pytest
from command import run_main, table_of

from deap_nas import PAPER_SPACE, WIDE_SPACE, SearchSpace, make_toolbox
from deap_nas.evaluation.forecast import size_in
from deap_nas.runs.first import DRAWS, first_genomes, spread
from deap_nas.runs.presets import make_settings
from deap_nas.runs.record import read_run
from deap_nas.training import evaluator

SMALL = ("--population", 6, "--generations", 1, "--workers", 1, "--no-cache")

pytestmark = pytest.mark.usefixtures("no_page")


def both(space: Any, seed: int, n: int = 8) -> tuple[list[Any], list[Any], Any]:
    """(spread, drawn, sizes), by equal seeds."""
    size = size_in(space)
    assert size
    found = spread(partial(space.sample, random.Random(seed)), n, size)
    rng = random.Random(seed)
    return found, [space.sample(rng) for _ in range(DRAWS * n)], size


def test_each_group_of_equal_size_gives_the_middle_one_by_cost() -> None:
    found, drawn, size = both(PAPER_SPACE, 3)
    ordered = sorted(drawn, key=lambda genome: (size(genome)[0], str(genome)))
    assert len(set(map(str, drawn))) == 32
    for i, genome in enumerate(found):
        group = ordered[4 * i : 4 * i + 4]
        assert genome in group
        costs = sorted(size(other)[1] for other in group)
        assert size(genome)[1] == costs[2]


@pytest.mark.parametrize("space", [PAPER_SPACE, WIDE_SPACE], ids=["paper", "wide"])
def test_they_are_legal_differ_and_rise_in_size(space: SearchSpace) -> None:
    for seed in range(20):
        found, _, size = both(space, seed)
        assert all(genome in space for genome in found)
        assert len(set(map(str, found))) == 8
        sizes = [size(genome)[0] for genome in found]
        assert sizes == sorted(sizes)


def test_equal_seeds_give_equal_genomes() -> None:
    assert both(WIDE_SPACE, 1)[0] == both(WIDE_SPACE, 1)[0] != both(WIDE_SPACE, 2)[0]


def test_none_is_smaller_than_is_small_enough_where_others_are_left() -> None:
    size, found = size_in(WIDE_SPACE), list[Any]()
    assert size
    for seed in range(20):
        draw = partial(WIDE_SPACE.sample, random.Random(seed))
        found += spread(draw, 12, size, 600)
    assert len(found) == 240
    assert min(size(genome)[0] for genome in found) >= 600
    before = spread(partial(WIDE_SPACE.sample, random.Random(0)), 12, size)
    assert size(before[0])[0] < 600, "without it there are such"
    assert spread(partial(WIDE_SPACE.sample, random.Random(0)), 12, size, 10**9) == before


def test_a_space_with_too_few_genomes() -> None:
    rules = {"CB": {"filters": (4, 8), "kernel": 3, "activation": "relu"}}
    tiny = SearchSpace(layers=rules, heads=("GP",), depth=1)
    assert tiny.size() == 2
    found, drawn, _ = both(tiny, 0, n=5)
    assert found == drawn[:5]


def test_none_are_wanted_where_all_are_given() -> None:
    toolbox = make_toolbox(PAPER_SPACE, len, rng=random.Random(0))
    assert first_genomes(toolbox, 0, "spread", PAPER_SPACE) == []


def test_drawn_is_as_it_was() -> None:
    toolbox, rng = make_toolbox(PAPER_SPACE, len, rng=random.Random(0)), random.Random(0)
    expected = [PAPER_SPACE.sample(rng) for _ in range(4)]
    assert first_genomes(toolbox, 4, "drawn", PAPER_SPACE) == expected


# --- in a run


@pytest.fixture
def inline(stub: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(evaluator, "Workers", drivers.InlineWorkers)
    return stub


def begin(folder: str, data: Path, *more: Any) -> Any:
    assert run_main("--dataset", data, "--out", folder, *SMALL, *more) == 0
    return drivers.outcome(Path(folder))


def test_a_run_begins_with_genomes_that_are_spread(home, inline, data):
    begin("run", data, "--seed", 3)
    space = read_run(home / "run").space
    first = {row["genome"] for row in table_of(home / "run") if row["generation"] == "0"}
    size = size_in(space)
    assert size
    expected = spread(partial(space.sample, random.Random(3)), 6, size)
    assert first == set(map(str, expected))


def test_a_run_from_before_they_were_spread_is_resumed_as_it_was(home, inline, data):
    expected = begin("run", data, "--first", "drawn")
    assert drivers.differences(expected, begin("other", data))
    config = json.loads(Path("run/config.json").read_text())
    del config["settings"]["first"]
    Path("run/config.json").write_text(json.dumps(config))
    journal = Path("run/journal.jsonl")
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:4]))
    Path("run/result.json").unlink()
    assert run_main("--resume", "run") == 0
    assert not drivers.differences(expected, drivers.outcome(home / "run"))


def test_the_reports_way_draws_them():
    assert make_settings("paper").first == "drawn"
