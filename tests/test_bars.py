"""Bars: in a notebook one output that changes in place, and reads well when it is saved."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console
from rich.progress import TextColumn

from deap_nas import bars

MORE = TextColumn("{task.fields[left]}")


class Cell:
    """What a notebook shows: outputs, each the last of its contents."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, str]] = []
        self.updated = threading.Event()

    def display(self, shown: Any, display_id: bool) -> Cell:
        assert display_id, "without a handle it cannot be changed"
        self.outputs.append(shown._repr_mimebundle_())
        return self

    def update(self, shown: Any) -> None:
        self.outputs[-1] = shown._repr_mimebundle_()
        self.updated.set()


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cell]:
    pytest.importorskip("IPython")
    shown = Cell()
    monkeypatch.setattr("IPython.display.display", shown.display)
    monkeypatch.setattr(bars, "REFRESH", 0.01)
    before = threading.active_count()
    yield shown
    assert threading.active_count() == before


def test_a_notebook_has_one_output_which_changes(cell: Cell) -> None:
    with bars.make_bar(Console(force_jupyter=True), MORE) as bar:
        task = bar.add_task("generation 1", total=8, left="2 min left")
        bar.print("generation 0 of 2: best 9.5 & more")
        bar.update(task, completed=2)
        cell.updated.clear()
        assert cell.updated.wait(10), "the time goes on while nothing is trained"
        (during,) = cell.outputs
        bar.update(task, completed=8, description="done", left="best 9.5")
    assert "generation 1" in during["text/plain"]
    assert "2 min left" in during["text/plain"]
    (saved,) = cell.outputs
    assert "done" in saved["text/plain"]
    assert "2 min left" not in saved["text/plain"]


def test_what_is_saved_is_text_without_colours(cell: Cell) -> None:
    with bars.make_bar(Console(force_jupyter=True), MORE) as bar:
        task = bar.add_task("generation 1", total=8, left="2 min left")
        bar.print("generation 0 of 2: best 9.5 & <more>")
        bar.update(task, completed=4, description="stopped", left="best 9.5")
    (saved,) = cell.outputs
    line, last = saved["text/plain"].splitlines()
    assert line == "generation 0 of 2: best 9.5 & <more>"
    assert re.fullmatch(r"stopped ━{12} +4/8 0:00:0\d best 9.5", last.strip())
    html = saved["text/html"]
    assert html.startswith("<pre")
    assert "best 9.5 &amp; &lt;more&gt;\n" in html
    assert len(re.findall("[━╺]", html)) == 24, "the rest of the bar is there, in grey"
    assert "\x1b" not in html + saved["text/plain"]


def test_a_stream_has_the_lines_alone() -> None:
    stream = io.StringIO()
    with bars.make_bar(Console(file=stream, force_jupyter=False), MORE) as bar:
        bar.add_task("generation 1", total=8, left="")
        bar.print("a line")
    assert stream.getvalue() == "a line\n"


def test_a_terminal_has_both() -> None:
    stream = io.StringIO()
    with bars.make_bar(Console(file=stream, force_terminal=True, width=100), MORE) as bar:
        bar.add_task("generation 1", total=8, left="2 min left")
        bar.print("a line")
    assert "a line" in stream.getvalue()
    assert "2 min left" in stream.getvalue()
