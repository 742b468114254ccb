"""Numbers and tables as the page shows them: each is kept, so that a test can check every one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

# How a column is shown: its heading (with the unit), and the format of its values.
COLUMNS: dict[str, tuple[str, str]] = {
    "accuracy": ("{split} accuracy", ".4f"),
    "test_accuracy": ("test accuracy", ".4f"),
    "train_accuracy": ("training accuracy", ".4f"),
    "n_params": ("parameters", ",d"),
    "train_seconds": ("training (s)", ".2f"),
    "multiply_adds": ("multiply-adds an image", ",d"),
    "fitness": ("fitness", ".4f"),
    "fitness_time": ("fitness with time", ".4f"),
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
    "ahead": ("ahead of baseline (points)", "+.2f"),
    "test_ahead": ("ahead on test (points)", "+.2f"),
    **{name: (name, ",.4f") for name in ("mean", "sd", "low", "high")},
    **{name: (name, ".4f") for name in ("best", "median", "q1", "q3", "worst")},
}
LONG = ("genome", "reason", "example", "made", "settings", "folder")


class Shown:
    """Formats the numbers of one page, and remembers each.

    ``facts`` holds name, value and text of each number in the prose, ``tables`` each table.
    """

    def __init__(self, split: str) -> None:
        self._split = split
        self.facts: dict[str, tuple[Any, str]] = {}
        self.tables: dict[str, pd.DataFrame] = {}

    def number(self, name: str, value: Any, form: str = ",d") -> Markup:
        """A number in a sentence, with its full value behind it."""
        value = value.item() if hasattr(value, "item") else value
        text = format(value, form)
        self.facts[name] = (value, text)
        return Markup('<data data-fact="{}" value="{}">{}</data>').format(name, repr(value), text)

    def table(
        self,
        name: str,
        table: pd.DataFrame,
        *,
        caption: str = "",
        marked: Sequence[Any] = (),
        leave_out: Sequence[str] = (),
    ) -> Markup:
        """A table of the page; rows whose label is ``marked`` stand out. Also a CSV."""
        self.tables[name] = table
        columns = [column for column in table.columns if column not in leave_out]
        text = {c: not pd.api.types.is_numeric_dtype(table[c]) for c in columns}
        heads = [
            Markup('<th scope="col" data-column="{}"{}>{}</th>').format(
                c, _class(text[c], False), self.heading(c)
            )
            for c in columns
        ]
        lines = []
        for label, row in zip(table.index, table[columns].itertuples(index=False)):
            cells = [
                Markup("<td{}>{}</td>").format(_class(text[c], c in LONG), self.cell(c, value))
                for c, value in zip(columns, row)
            ]
            start = Markup(' class="marked"') if label in marked else Markup("")
            lines.append(Markup("<tr{}>{}</tr>").format(start, Markup("").join(cells)))
        return Markup(
            '<div class="scroll" tabindex="0" role="region" aria-label="table {}">'
            '<table id="table-{}">{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
        ).format(
            *(name.replace("_", " "), name),
            Markup("<caption>{}</caption>").format(caption) if caption else "",
            *(Markup("").join(heads), Markup("\n").join(lines)),
        )

    def heading(self, column: str) -> str:
        known = COLUMNS.get(column, (column.replace("_", " "),))
        return known[0].format(split=self._split)

    def cell(self, column: str, value: Any) -> str | Markup:
        if column in ("genome", "example"):
            return genome_markup(value)
        return self.heading(value) if column == "quantity" else show(column, value)


def show(column: str, value: Any) -> str:
    """A cell's text; a missing value is a dash."""
    if isinstance(value, float) and math.isnan(value):
        return "–"
    form = COLUMNS.get(column, ("", ""))[1]
    if form == ",d" and isinstance(value, float):  # a column in which some are missing
        value = int(value)
    return format(value, form) if form and not isinstance(value, str) else str(value)


def _class(text: bool, long: bool) -> Markup:
    names = " ".join(name for name, wanted in (("text", text), ("long", long)) if wanted)
    return Markup(' class="{}"').format(names) if names else Markup("")


def genome_markup(text: str) -> Markup:
    """A genome that breaks between genes and nowhere else."""
    genes = [gene + ";" for gene in text.split(";")]
    genes[-1] = genes[-1][:-1]
    parts = [Markup("<span>{}</span>").format(gene) for gene in genes]
    return Markup('<code class="genome">{}</code>').format(Markup("<wbr>").join(parts))
