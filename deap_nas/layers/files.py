"""Where a user's own layers come from: a file, known by the hash of its text."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from deap_nas.files import read_text
from deap_nas.layers.layer import Layer

BUILT_IN = Path(__file__).parent


@dataclass(frozen=True)
class LayerFile:
    """A Python file that registers layers. Two are equal if their texts are.

    ``text`` is empty where there is no such file, as for a layer that was typed into a notebook.
    """

    path: str = field(compare=False)
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def __str__(self) -> str:
        return self.path


LOADING: ContextVar[LayerFile | None] = ContextVar("LOADING", default=None)


def source_of(layer: Layer) -> LayerFile | None:
    """The file that a layer is registered from; None for a built-in one."""
    if loading := LOADING.get():
        return loading
    code = getattr(layer.build, "__code__", None)
    path = Path(code.co_filename if code else "")
    if code and path.resolve().is_relative_to(BUILT_IN):
        return None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return LayerFile(str(path), read_text(path))
    return LayerFile(str(path), "")


def files_of(layers: Iterable[Layer]) -> list[LayerFile]:
    """The files that workers must run to know these layers, each once."""
    return list(dict.fromkeys(layer.source for layer in layers if layer.source))
