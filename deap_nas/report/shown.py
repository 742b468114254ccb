"""Numbers and tables as the page shows them: headings, units and formats; no HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

# How a column is shown: its heading (with the unit), and the format of its values.
COLUMNS: dict[str, tuple[str, str]] = {
    "accuracy": ("{split} accuracy", ".4f"),
    "test_accuracy": ("test accuracy", ".4f"),
    "train_accuracy": ("training accuracy", ".4f"),
    "accuracy_mean": ("mean {split} accuracy", ".4f"),
    "accuracy_std": ("its standard deviation", ".4f"),
    "test_accuracy_mean": ("mean test accuracy", ".4f"),
    "test_accuracy_std": ("its standard deviation", ".4f"),
    "seeds": ("trainings", ",d"),
    "n_params": ("parameters", ",d"),
    "train_seconds": ("training (s)", ".2f"),
    "multiply_adds": ("multiply-adds an image", ",d"),
    "ram": ("RAM (bytes)", ",d"),
    "flash": ("flash (bytes)", ",d"),
    "int8_accuracy_mean": ("mean {split} accuracy in int8", ".4f"),
    "int8_accuracy_std": ("its standard deviation", ".4f"),
    "int8_test_accuracy_mean": ("mean test accuracy in int8", ".4f"),
    "int8_test_accuracy_std": ("its standard deviation", ".4f"),
    "int8_accuracy": ("{split} accuracy in int8", ".4f"),
    "int8_test_accuracy": ("test accuracy in int8", ".4f"),
    "fitness": ("fitness", ".4f"),
    "fitness_time": ("fitness with time", ".4f"),
    "own_fitness": ("the run's fitness", ".4f"),
    "precision": ("precision", ".4f"),
    "recall": ("recall", ".4f"),
    "f1": ("F1", ".4f"),
    "support": ("images", ",d"),
    "taken_for": ("most often taken for", ""),
    "times": ("times", ",d"),
    "predicted": ("times predicted", ",d"),
    "seconds": ("seconds", ",.1f"),
    "hours": ("hours", ".4f"),
    "hypervolume": ("hypervolume", ".4f"),
    "best_so_far": ("best so far", ".4f"),
    "made": ("how", ""),
    "baseline_accuracy": ("baseline's {split} accuracy", ".4f"),
    "baseline_test_accuracy": ("baseline's test accuracy", ".4f"),
    "mean_regret": ("mean regret", ",.4f"),
    "mean_place": ("mean place", ".2f"),
    "median_rank": ("median rank", ",g"),
    "a12": ("A12", ".2f"),
    "p_holm": ("p (Holm)", ".2g"),
    "ahead": ("ahead of baseline (points)", "+.2f"),
    "test_ahead": ("ahead on test (points)", "+.2f"),
    **{name: (name, ",.4f") for name in ("mean", "sd", "low", "high")},
    **{name: (name, ".4f") for name in ("best", "median", "q1", "q3", "worst")},
}
LONG = ("genome", "reason", "example", "made", "settings", "folder")
WRAPPED = 30  # letters of a text from which a column breaks into lines, too
GENOMES = ("genome", "example")


class Fact(NamedTuple):
    """A number in the prose: its full value, and how it is written."""

    exact: str
    text: str


class Column(NamedTuple):
    """How a table shows a column: ``text`` is left-aligned, ``long`` breaks into lines."""

    name: str
    heading: str
    text: bool
    long: bool
    genome: bool

    @property
    def classes(self) -> str:
        return " ".join(name for name in ("text", "long") if getattr(self, name))


class Shown:
    """Formats the numbers of one page, and remembers each table; ``parts.html.j2`` writes them."""

    def __init__(self, split: str) -> None:
        self._split = split
        self.tables: dict[str, pd.DataFrame] = {}

    def number(self, value: Any, form: str) -> Fact:
        value = value.item() if hasattr(value, "item") else value
        return Fact(repr(value), format(value, form))

    def table(self, name: str, table: pd.DataFrame, leave_out: Sequence[str]) -> Any:
        """The columns of a table, and of each row its label and (column, text) of each cell."""
        self.tables[name] = table
        columns = [self._column(str(c), table[c]) for c in table if c not in leave_out]
        rows = table[[each.name for each in columns]].itertuples(index=False)
        lines = [
            (label, [(each, self._cell(each, value)) for each, value in zip(columns, row)])
            for label, row in zip(table.index, rows)
        ]
        return columns, lines

    def _column(self, name: str, values: pd.Series[Any]) -> Column:
        text = not pd.api.types.is_numeric_dtype(values)
        long = name in LONG or (text and max(map(len, map(str, values)), default=0) > WRAPPED)
        return Column(name, self._heading(name), text, long, name in GENOMES)

    def _heading(self, column: str) -> str:
        known = COLUMNS.get(column, (column.replace("_", " "),))
        return known[0].format(split=self._split)

    def _cell(self, column: Column, value: Any) -> str:
        if column.genome:
            return str(value)
        return self._heading(value) if column.name == "quantity" else show(column.name, value)


def show(column: str, value: Any) -> str:
    """A cell's text; a missing value is a dash."""
    if value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return "–"
    form = COLUMNS.get(column, ("", ""))[1]
    if form == ",d" and isinstance(value, float):  # a column in which some are missing
        value = int(value)
    return format(value, form) if form and not isinstance(value, str) else str(value)
