"""Progress bars: in a terminal, and in a notebook, where one output changes in place."""

from __future__ import annotations

import contextvars
import io
import threading
from typing import Any, Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

WIDTH = 110  # characters, where there is no terminal to measure
REFRESH = 1.0  # seconds between two updates of a notebook
PRE = '<pre style="line-height:normal;white-space:pre;overflow-x:auto">{code}</pre>'


def make_bar(console: Console, *columns: ProgressColumn) -> Progress:
    """A bar for where the program runs; ``print`` of it puts a line above. Neither a terminal nor a
    notebook: there is no bar, and the lines are printed.

    Args:
        console: of a terminal or a stream; in a notebook it only says so.
        columns: what follows description, bar, count and time.
    """
    first = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    shown = (*first, TimeElapsedColumn(), *columns)
    if console.is_jupyter:
        return CellBar(*shown)
    return Progress(*shown, console=console, disable=not console.is_terminal)


class CellBar(Progress):
    """A bar and the lines above it as one output of a notebook's cell. A saved notebook has the
    last of it, as text: widgets, which ``rich`` itself would use, are not saved.

    Args:
        columns: as those of ``Progress``.
    """

    def __init__(self, *columns: ProgressColumn) -> None:
        self._lines = io.StringIO()
        above = Console(file=self._lines, width=WIDTH, force_jupyter=False, force_terminal=False)
        super().__init__(*columns, console=above, disable=True)  # nothing is drawn but by us
        self._over = threading.Event()
        # The thread writes to the cell that it was begun in, as the kernel's context has it.
        work = contextvars.copy_context().run
        self._thread = threading.Thread(target=work, args=(self._keep_showing,), daemon=True)

    def start(self) -> None:
        from IPython.display import display

        self._handle: Any = display(self, display_id=True)  # type: ignore[no-untyped-call]
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self._handle.update(self)

    def _keep_showing(self) -> None:
        while not self._over.wait(REFRESH):
            self._handle.update(self)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None, **_: Any
    ) -> dict[str, str]:
        coloured = self._drawn("truecolor").export_html(inline_styles=True, code_format=PRE)
        return {"text/html": coloured, "text/plain": self._drawn(None).export_text()}

    def _drawn(self, colours: Literal["truecolor"] | None) -> Console:
        page = Console(
            file=io.StringIO(), width=WIDTH, color_system=colours, force_jupyter=False,
            force_terminal=False, record=True,
        )  # fmt: skip
        page.print(*map(Text, self._lines.getvalue().splitlines()), self, sep="\n")
        return page
