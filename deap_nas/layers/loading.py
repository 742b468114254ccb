"""Running a user's own file of layers."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deap_nas.files import read_text
from deap_nas.layers.errors import LayerError, one_line
from deap_nas.layers.files import LOADING, LayerFile
from deap_nas.layers.from_keras import on_tensorflow
from deap_nas.layers.layer import Layer
from deap_nas.layers.registry import LAYERS


def load_layers(path: str | Path) -> list[Layer]:
    """Run a Python file that calls ``register_layer``; the layers that it registered.

    Raises:
        LayerError: if it is missing, raises, or registers none.
    """
    try:
        text = read_text(Path(path))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise LayerError(f"layers {path}: {why}; give a Python file") from None
    return run_file(LayerFile(str(path), text))


def run_file(file: LayerFile) -> list[Layer]:
    """Run the file; the layers that it registered.

    Raises:
        LayerError: if it raises, or registers none.
    """
    module = types.ModuleType(f"deap_nas_layers_{file.sha256[:12]}")
    module.__file__ = file.path
    folder = str(Path(file.path).resolve().parent)
    known = [layer for layer in LAYERS.values() if layer.source == file]
    if known:  # it was run before, and may not have changed since
        return known
    before = dict(LAYERS)
    token = LOADING.set(file)
    try:
        sys.modules[module.__name__] = module
        with _importable(folder), on_tensorflow():
            exec(compile(file.text, file.path, "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        LAYERS.clear()
        LAYERS.update(before)  # what it registered until then is half of what it should be
        what = str(error) if isinstance(error, LayerError) else f"{one_line(error)}; mend the file"
        raise LayerError(f"layers {file.path}{_line_of(error, file.path)}: {what}") from error
    finally:
        LOADING.reset(token)
    layers = [layer for layer in LAYERS.values() if before.get(layer.name) is not layer]
    if not layers:
        raise LayerError(
            f"layers {file.path} registers none; call deap_nas.register_layer(Layer(...)) in it"
        )
    return layers


@contextlib.contextmanager
def _importable(folder: str) -> Iterator[None]:
    """What lies beside the file can be imported by it; installed libraries come first."""
    if folder in sys.path:
        yield
        return
    sys.path.append(folder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


def _line_of(error: BaseException, path: str) -> str:
    """The line of the user's file in which an error arose."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    found: Any = None
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == path:
            found = trace.tb_lineno
        trace = trace.tb_next
    return f", line {found}" if found else ""
