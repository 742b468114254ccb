"""A page in the making: what is drawn, what is shown, what is missing; and how it is written."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup

from deap_nas.files import write_whole
from deap_nas.report.figure import Figure, write_figure
from deap_nas.report.shown import Shown
from deap_nas.words import noun

# What pointing at a dot shows.
HOVER = (
    *("genome", "accuracy", "train_accuracy", "n_params", "train_seconds", "fitness"),
    *("fitness_time", "generation", "status", "reason"),
)


@dataclass
class Sheet:
    """A page and the folder beside it, for its figures and tables."""

    path: Path
    folder: Path
    shown: Shown
    figures: dict[str, tuple[Figure, Markup]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    room: str = "deap_nas.report"  # where the page's template is

    def draw(self, figure: Figure) -> None:
        """Write a figure's files and keep its element for the page."""
        self.figures[figure.name] = figure, Markup(write_figure(figure, self.folder))

    @contextlib.contextmanager
    def noting(self, what: str) -> Iterator[None]:
        """What cannot be had (no TensorFlow, no data) is named on the page, made anyway."""
        try:
            yield
        except (ValueError, OSError, RuntimeError, ImportError) as error:
            self.missing.append(f"{what}: {' '.join(str(error).split())}")

    def write(self, template: str, **content: Any) -> None:
        """Fill the template, write its tables as CSV, then the page."""
        text = filled(
            template,
            self.room,
            **content,
            shown=self.shown,
            figures=self.figures,
            missing=self.missing,
            files=self.folder.name,
        )
        for name, table in self.shown.tables.items():
            write_whole(self.folder / f"{name}.csv", table.to_csv(index=False))
        write_whole(self.path, text)


def filled(template: str, room: str = "deap_nas.report", **content: Any) -> str:
    """The text of a template of this room, or of another."""
    return _environment(room).get_template(template).render(**content)


def dots_data(
    table: pd.DataFrame, split: str, front: list[int], extra: tuple[str, ...] = ()
) -> Any:
    """What the page's script knows of the dots, as JSON: the label of a row, then ``HOVER``."""
    columns = [*HOVER, *extra]
    rows = [[int(label), *row] for label, *row in table[columns].itertuples(index=True)]
    content = {"split": split, "columns": ["label", *columns], "rows": rows, "front": front}
    return Markup(json.dumps(content, default=_plain).replace("<", "\\u003c"))


def _plain(value: Any) -> Any:
    if value is pd.NA:
        return None
    return value.item() if isinstance(value, np.generic) else str(value)


def _environment(room: str) -> jinja2.Environment:
    loader = jinja2.ChoiceLoader(
        [jinja2.PackageLoader(name, ".") for name in dict.fromkeys((room, "deap_nas.report"))]
    )
    environment = jinja2.Environment(
        loader=loader, autoescape=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.globals |= {
        "style": Markup(loader.get_source(environment, "page.css")[0]),
        "script": Markup(loader.get_source(environment, "page.js")[0]),
        "made": time.strftime("%Y-%m-%d %H:%M"),
        "noun": noun,
    }
    return environment
