"""Running a user's own file of layers."""

from __future__ import annotations

from pathlib import Path

from deap_nas.files import line_of, read_text, run_python
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
    known = [layer for layer in LAYERS.values() if layer.source == file]
    if known:  # it was run before, and may not have changed since
        return known
    before = dict(LAYERS)
    token = LOADING.set(file)
    try:
        with on_tensorflow():
            run_python(file.path, file.text, f"deap_nas_layers_{file.sha256[:12]}")
    except (Exception, SystemExit) as error:
        LAYERS.clear()
        LAYERS.update(before)  # what it registered until then is half of what it should be
        what = str(error) if isinstance(error, LayerError) else f"{one_line(error)}; mend the file"
        raise LayerError(f"layers {file.path}{line_of(error, file.path)}: {what}") from error
    finally:
        LOADING.reset(token)
    layers = [layer for layer in LAYERS.values() if before.get(layer.name) is not layer]
    if not layers:
        raise LayerError(
            f"layers {file.path} registers none; call deap_nas.register_layer(Layer(...)) in it"
        )
    return layers
