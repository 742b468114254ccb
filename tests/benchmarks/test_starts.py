"""Every benchmark starts; what they share writes tables, origins and files."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
sys.path[:0] = [str(BENCHMARKS), str(ROOT)]

import common  # noqa: E402
import pages  # noqa: E402

SCRIPTS = [path.stem for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text()]
MODULES = [f"benchmarks.paper.{name}" for name in ("run", "choices", "page")]


@pytest.mark.parametrize("name", [*SCRIPTS, *MODULES])
def test_it_starts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit, match=r"^0$"):
        importlib.import_module(name).main()


@pytest.mark.slow
def test_a_card_is_measured_as_far_as_that_goes_without_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The processes that should share a card are on the CPU, and their bits are equal."""
    words = ["accelerator", "--quick", "--workers", "2", "--rounds", "1", "--seconds", "3600"]
    monkeypatch.setattr(sys, "argv", [*words, "--out", str(tmp_path)])
    importlib.import_module("accelerator").main()
    table = pd.read_csv(tmp_path / "speed.csv")
    assert table["equal"].tolist() == [True, True]
    assert (table.filter(like="per_minute") > 0).all(axis=None)
    found = json.loads((tmp_path / "run.json").read_text())
    assert (found["accelerator"], found["workers"], found["equal_bits"]) == ("cpu", 2, True)


def test_a_table_is_written_in_markdown() -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "size": [1234.5, 0.12345]})
    assert pages.table(frame) == ("| name | size |\n| --- | --- |\n| a | 1,234 |\n| b | 0.1235 |")
    told = pages.shown(frame, {"Name": ("name", pages.code), "Size": ("size", ".1f")})
    assert told.to_numpy().tolist() == [["`a`", "1234.5"], ["`b`", "0.1"]]


def test_a_template_that_asks_for_what_is_not_there_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "page.md.j2").write_text("{{ share|percent }} of {{ genomes }}\n")
    page = pages.render(tmp_path / "page.md.j2", share=0.25, genomes=3456)
    assert page == "25.00 % of 3456\n"
    with pytest.raises(pages.jinja2.UndefinedError, match="genomes"):
        pages.render(tmp_path / "page.md.j2", share=0.25)


def test_numbers_as_people_write_them() -> None:
    assert pages.points(-0.0164) == "−1.6"
    assert pages.listed([1, 2, 3]) == "1, 2 and 3"
    assert pages.listed(["one"]) == "one"
    assert (pages.small(0.112), pages.small(5.1e-4)) == ("0.112", "5e-04")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["python", "/elsewhere/benchmarks/paper/run.py", "x"], "python -m benchmarks.paper.run x"),
        (
            ["python", "benchmarks/memory.py", "--out", "/tmp/x"],
            "python benchmarks/memory.py --out x",
        ),
        (["python", "benchmarks/memory.py", "results/a"], "python benchmarks/memory.py results/a"),
    ],
)
def test_commands_are_told_as_one_types_them(words: list[str], told: str) -> None:
    assert pages.command({"command": words}) == told


def test_results_are_saved_beside_what_they_were_made_with(tmp_path: Path) -> None:
    common.save(tmp_path / "new", common.provenance(), scores=pd.DataFrame({"a": [1 / 3]}))
    assert (tmp_path / "new" / "scores.csv").read_text() == "a\n0.333333\n"
    made = json.loads((tmp_path / "new" / "run.json").read_text())
    assert {"command", "commit", "versions", "machine"} <= made.keys()
    assert "; commit " in pages.origin(made)
