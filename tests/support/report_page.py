"""The page of a run, as a test reads it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class Reader(HTMLParser):
    """A page's tables, facts (``<data>``), text outside of them, ids and figures."""

    SILENT = ("style", "script", "svg", "code", "pre", "table", "data", "nav", "title", "em")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.columns: dict[str, list[str]] = {}
        self.facts: dict[str, tuple[str, str]] = {}
        self.prose, self.ids, self.figures = "", list[str](), list[str]()
        self.labels: dict[str, str] = {}
        self._open: list[tuple[str, dict[str, Any]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        if tag == "figure":
            self.figures.append(values["id"])
        if tag == "svg":
            self.labels[self.figures[-1]] = values.get("aria-label", "")
        if tag == "table":
            self._name = values["id"].removeprefix("table-")
            self._table = self.tables.setdefault(self._name, [])
        if tag == "tr":
            self._table.append([])
        if tag == "th":
            self.columns.setdefault(self._name, []).append(values["data-column"])
        if tag in ("td", "th"):
            self._table[-1].append("")
        if tag not in ("meta", "link", "br", "img", "input", "wbr"):
            self._open.append((tag, values))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, text: str) -> None:
        tags = [tag for tag, _ in self._open]
        if "td" in tags or "th" in tags:
            self._table[-1][-1] += text
        if tags and tags[-1] == "data":
            values = self._open[-1][1]
            self.facts[values["data-fact"]] = (values["value"], text)
        if not any(tag in self.SILENT for tag in tags):
            self.prose += text
