"""Files that are written whole or not at all, and read as editors write them; a user's own Python
files, run."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_text(path: Path) -> str:
    """A text as editors write it: UTF-8, with a byte order mark or without, or UTF-16 with one;
    lines end in any way. The locale does not matter.

    Raises:
        OSError, UnicodeDecodeError: for what is no such file.
    """
    data = path.read_bytes()
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def remove_parts(folder: Path) -> None:
    """Remove what writers that were killed have left in a folder."""
    for part in folder.glob(".*.part*"):
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file so that a reader, or a crash, sees the old one or the new one, never a
    part: what is there when the block ends takes the path's place."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Where to write a folder: what is there when the block ends takes the path's place, and what
    was there before goes."""
    part, old = (path.with_name(f".{path.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    part.mkdir()
    try:
        yield part
        if path.exists():
            os.replace(path, old)
        os.replace(part, path)
    finally:
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(part, ignore_errors=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, and on the disk before this returns."""
    data = content.encode() if isinstance(content, str) else content
    with whole(path) as part, part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def run_python(path: str, text: str, name: str) -> types.ModuleType:
    """Run a user's Python file. It can import what lies beside it, after what is installed.

    Args:
        path: of the file, as the user gave it.
        text: of the file.
        name: of the module that it becomes.

    Raises:
        BaseException: what the file raises.
    """
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    with _importable(str(Path(path).resolve().parent)):
        exec(compile(text, path, "exec"), module.__dict__)
    return module


@contextlib.contextmanager
def _importable(folder: str) -> Iterator[None]:
    if folder in sys.path:
        yield
        return
    sys.path.append(folder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


def line_of(error: BaseException, path: str) -> str:
    """The line of a user's file in which an error arose, as ", line 3"; "" for none."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    found: Any = None
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == path:
            found = trace.tb_lineno
        trace = trace.tb_next
    return f", line {found}" if found else ""
