"""The layers there are, by name."""

from __future__ import annotations

from dataclasses import replace

from deap_nas.layers.errors import LayerError
from deap_nas.layers.files import source_of
from deap_nas.layers.gene import MAKERS
from deap_nas.layers.layer import Layer

LAYERS: dict[str, Layer] = {}
"""Every layer by its name: the built-in ones, and those that a user has registered."""


def register_layer(layer: Layer) -> Layer:
    """Make a layer known, so that genomes, spaces and trainings may have it; returns it.

    The same layer of the same, unchanged file may be registered again.

    Raises:
        LayerError: if its name is taken.
    """
    if not isinstance(layer, Layer):
        raise LayerError(f"register_layer({layer!r}): give a Layer")
    layer = replace(layer, source=source_of(layer))
    known = LAYERS.get(layer.name)
    if known is not None and (known.source is None or known.source != layer.source):
        raise LayerError(f"layer name {layer.name!r} is taken by {_owner(known, layer)}")
    LAYERS[layer.name] = layer
    MAKERS[layer.name] = layer.gene
    return layer


def _owner(known: Layer, layer: Layer) -> str:
    """Whose a name is, and the remedy."""
    if known.source is None:
        return "a built-in layer; choose another name"
    if layer.source and known.source.path == layer.source.path:
        return f"{known.source} as it was before; start Python anew to read the changed file"
    return f"{known.source}; choose another name"


def own_layers() -> list[Layer]:
    """Those that are not built in."""
    return [layer for layer in LAYERS.values() if layer.source is not None]
