"""Layers of a user's own file: run once, known by the hash of its text."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import types
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deap_nas.layers.layer import Layer, LayerError

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

    def load(self) -> list[Layer]:
        """Run the file; the layers that it registered.

        Raises:
            LayerError: if it raises, or registers none.
        """
        from deap_nas.layers.registry import LAYERS

        module = types.ModuleType(f"deap_nas_layers_{self.sha256[:12]}")
        module.__file__ = self.path
        folder = str(Path(self.path).resolve().parent)
        before = dict(LAYERS)
        token = _LOADING.set(self)
        try:
            sys.modules[module.__name__] = module
            with _importable(folder):
                exec(compile(self.text, self.path, "exec"), module.__dict__)
        except LayerError:
            raise
        except Exception as error:
            where = _line_of(error, self.path)
            raise LayerError(
                f"layers {self.path}{where}: {type(error).__name__}: {error}; mend the file"
            ) from error
        finally:
            _LOADING.reset(token)
        layers = [layer for layer in LAYERS.values() if before.get(layer.name) is not layer]
        if not layers:
            raise LayerError(
                f"layers {self.path} registers none; call deap_nas.register_layer(Layer(...)) in it"
            )
        return layers


_LOADING: ContextVar[LayerFile | None] = ContextVar("_LOADING", default=None)


def load_layers(path: str | Path) -> list[Layer]:
    """Run a Python file that calls ``register_layer``; the layers that it registered.

    Raises:
        LayerError: if it is missing, raises, or registers none.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise LayerError(f"layers {path}: {why}; give a Python file") from None
    return LayerFile(str(path), text).load()


def source_of(layer: Layer) -> LayerFile | None:
    """The file that a layer is registered from; None for a built-in one."""
    if loading := _LOADING.get():
        return loading
    code = getattr(layer.build, "__code__", None)
    path = Path(code.co_filename if code else "")
    if code and path.resolve().is_relative_to(BUILT_IN):
        return None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return LayerFile(str(path), path.read_text(encoding="utf-8-sig"))
    return LayerFile(str(path), "")


def files_of(layers: Iterable[Layer]) -> list[LayerFile]:
    """The files that workers must run to know these layers, each once."""
    return list(dict.fromkeys(layer.source for layer in layers if layer.source))


@contextlib.contextmanager
def _importable(folder: str) -> Iterator[None]:
    """What lies beside the file can be imported by it."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


def _line_of(error: BaseException, path: str) -> str:
    """The line of the user's file in which an error arose."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    found: Any = None
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == path:
            found = trace.tb_lineno
        trace = trace.tb_next
    return f", line {found}" if found else ""
