"""Names of classes: of any length, in any letters, of any number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
import numpy as np
import pytest
from hypothesis import given, strategies as st
from PIL import Image
from report_runs import make_run

from deap_nas.report import fonts, page as page_module
from deap_nas.report.class_labels import COLUMNS, class_labels, folded, width
from deap_nas.report.confusion import confusion_figure
from deap_nas.report.figure import write_figure
from deap_nas.report.fonts import families_for
from deap_nas.report.page import make_report

FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Ankle boot"]
LONG = [f"a rather long name of a class, as in the taxonomy, number {i}" for i in range(6)]
JAPANESE = ["猫", "犬", "大きい鳥", "馬と鹿", "自動車", "高速道路の標識と信号機と横断歩道"]
ODD = ["$5 and $6", "a_b^c", "<b>bold</b>", "{curly} %", "\\alpha", "a & b"]
STIX = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "STIXGeneral.ttf"
ONLY_STIX = "\u1d8d"  # a letter that DejaVu Sans has not


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Sets the files of fonts that are installed."""

    def install(*paths: Path) -> None:
        fonts._families_with.cache_clear()
        monkeypatch.setattr(fonts, "system_fonts", lambda: sorted(map(str, paths)))

    yield install
    fonts._families_with.cache_clear()


def matrix(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 5, (n, n)) + np.diag(rng.integers(30, 80, n))


def written(folder: Path, names: list[str]) -> tuple[Any, str]:
    """A confusion matrix's figure and SVG; a warning of matplotlib's is an error here."""
    figure = confusion_figure(matrix(len(names)), names, "test")
    return figure, write_figure(figure, folder)


def laid_out(names: list[str]) -> Any:
    """The figure with everything in its place."""
    figure = confusion_figure(matrix(len(names)), names, "test")
    figure.canvas.draw_without_rendering()
    return figure


@given(st.text(min_size=1))
def test_a_folded_name_has_all_its_letters_and_narrow_lines(text: str) -> None:
    lines = folded(text)
    assert all(width(line) <= COLUMNS for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_words_stay_whole_where_they_fit() -> None:
    assert folded("a rather long name of a class") == ["a rather long name", "of a class"]
    assert folded("大" * 15) == ["大" * 10, "大" * 5], "a Chinese letter takes two columns"
    assert folded("") == [""]


@pytest.mark.parametrize("names", [FASHION, LONG, ODD], ids=["short", "long", "odd"])
def test_every_letter_of_a_name_is_in_the_figure(tmp_path: Path, names: list[str]) -> None:
    figure = laid_out(names)
    assert not figure.numbered
    axis = figure.canvas.axes[0]
    for labels in (axis.get_xticklabels(), axis.get_yticklabels()):
        found = ["".join(label.get_text().split()) for label in labels]
        assert found == ["".join(name.split()) for name in names]
    canvas = figure.canvas.bbox
    for label in (*axis.get_xticklabels(), *axis.get_yticklabels()):
        box = label.get_window_extent()
        assert canvas.x0 <= box.x0, label
        assert canvas.y0 <= box.y0, label
        assert box.x1 <= canvas.x1, label
        assert box.y1 <= canvas.y1, label
    _, svg = written(tmp_path, names)
    assert all(escape(line) in svg for name in names for line in folded(name))


def test_names_beside_one_another_do_not_touch() -> None:
    for names in (LONG, [f"class {i}" for i in range(60)]):
        axis = laid_out(names).canvas.axes[0]
        rows = [label.get_window_extent() for label in axis.get_yticklabels()]
        columns = [label.get_window_extent() for label in axis.get_xticklabels()]
        assert all(a.y0 >= b.y1 - 2 for a, b in pairwise(rows))
        assert all(a.x1 <= b.x0 + 2 for a, b in pairwise(columns))


def test_letters_that_no_font_has_make_way_for_numbers(tmp_path: Path, machine: Any) -> None:
    machine()
    figure, svg = written(tmp_path, JAPANESE)
    assert figure.numbered
    assert "names of the classes" in figure.alt
    texts = [label.get_text() for label in figure.canvas.axes[0].get_yticklabels()]
    assert texts == ["0", "1", "2", "3", "4", "5"]
    assert not any(name in svg for name in JAPANESE)


def test_a_font_of_the_machine_that_has_the_letters_is_taken(tmp_path: Path, machine: Any) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    stand_in = STIX.with_name("LastResortHE-Regular.ttf")
    machine(broken, stand_in, STIX)
    assert families_for(["abc", f"a{ONLY_STIX}c"]) == ["DejaVu Sans", "STIXGeneral"]
    figure, svg = written(tmp_path, ["abc", f"a{ONLY_STIX}c"])
    assert not figure.numbered
    assert "STIXGeneral" in svg
    assert families_for(["猫", ONLY_STIX]) is None, "all letters, or numbers"
    assert families_for(["größe", "naïve", "Ωμέγα"]) == ["DejaVu Sans"]


def test_japanese_names_on_this_machine_whatever_it_has(tmp_path: Path) -> None:
    """Drawn where it has the letters, numbered where it has not; never a warning, nor a box."""
    figure, svg = written(tmp_path, JAPANESE)
    assert figure.numbered is (families_for(JAPANESE) is None)
    assert figure.numbered or "大きい鳥" in svg


@pytest.mark.parametrize(
    ("names", "pixels"),
    [
        ([f"class {i}" for i in range(100)], 1760),
        ([str(i) for i in range(100)], 1760),
        (LONG * 10, 1760),
        ([f"class {i}" for i in range(1000)], 1760),
        (FASHION, 736),
    ],
    ids=["100", "100 numbers", "60 long", "1000", "6"],
)
def test_no_figure_is_larger_than_a_page(tmp_path: Path, names: list[str], pixels: int) -> None:
    figure, svg = written(tmp_path, names)
    with Image.open(tmp_path / "confusion.png") as image:
        assert image.size == (pixels, pixels)
    assert len(svg) < 1_000_000
    assert figure.numbered is (names == LONG * 10 or len(names) == 1000)


def test_numbers_leave_room_between_one_another() -> None:
    for n, step in ((10, 1), (30, 1), (100, 2), (1000, 50)):
        labels = class_labels([str(i) for i in range(n)], 72 * 9.4 / n)
        assert labels.step * 72 * 9.4 / n >= 0.75 * len(str(n - 1)) * labels.size
        assert (labels.step, labels.numbered) == (step, False)


def page_of(folder: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of a run whose best has such classes."""
    make_run(folder, population=4, generations=0)
    result = json.loads((folder / "result.json").read_text())
    result["best"]["test_confusion"] = matrix(len(names)).tolist()
    result["baseline"] = None
    (folder / "result.json").write_text(json.dumps(result))
    monkeypatch.setattr(page_module.chosen_network, "class_names", lambda _: (tuple(names), ""))
    return make_report(folder, tensorflow=False).read_text()


def test_where_the_figure_has_numbers_the_page_has_them_before_the_names(
    tmp_path: Path, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine()
    text = page_of(tmp_path / "run", JAPANESE, monkeypatch)
    for number, name in enumerate(JAPANESE):
        assert f'<td class="text">{number} {name}</td>' in text
    header = (tmp_path / "run" / "report" / "confusion.csv").read_text().partition("\n")[0]
    assert header == "true class," + ",".join(f"{i} {name}" for i, name in enumerate(JAPANESE))


def test_classes_of_one_name_and_of_the_names_of_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["true class", "cat", "cat", "accuracy", "<script>", "macro avg"]
    text = page_of(tmp_path / "run", names, monkeypatch)
    assert "&lt;script&gt;" in text
    assert '<td class="text"><script>' not in text
    lines = (tmp_path / "run" / "report" / "confusion.csv").read_text().splitlines()
    assert lines[0] == "true class,true class,cat,cat,accuracy,<script>,macro avg"
    assert len(lines) == 7


def test_a_column_of_long_names_breaks_into_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page_of(tmp_path / "run", LONG, monkeypatch)
    assert f'<td class="text long">{LONG[0]}</td>' in text
