"""The code of README.md and of the site: fenced blocks, and what stands between backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
NOTE = re.compile(r"<!-- test: (.+) -->")  # before a block of commands: arguments to add
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Block:
    """A fenced block: where its first line is, its language, and what a test adds to it."""

    line: int
    language: str
    text: str
    note: str

    @property
    def commands(self) -> list[str]:
        """The commands of a shell block, those joined by && apart."""
        return [part.strip() for line in self.text.splitlines() for part in line.split("&&")]


def blocks(page: Path) -> Iterator[Block]:
    note = ""
    for token in MarkdownIt().parse(page.read_text()):
        if token.type == "fence":
            yield Block((token.map or [0])[0] + 1, token.info, token.content, note)
        found = NOTE.match(token.content) if token.type == "html_block" else None
        note = found[1] if found else ""


def spans(page: Path) -> list[str]:
    """What stands between backticks."""
    return list(_spans(MarkdownIt().enable("table").parse(page.read_text())))


def _spans(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "code_inline":
            yield token.content
        yield from _spans(token.children or [])


def code(page: Path) -> list[str]:
    """Spans, and the lines of shell blocks."""
    lines = [block.text.splitlines() for block in blocks(page) if block.language == "bash"]
    return [*spans(page), *(line for block in lines for line in block)]
