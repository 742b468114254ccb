"""Which engine trains a genome: kernels of our own where they know its layers, or else Keras."""

from __future__ import annotations

import importlib.util

from deap_nas.extras import REMEDY
from deap_nas.layers import LAYERS, own_layers
from deap_nas.training.native import library

ENGINES = ("auto", "native", "keras")
VERSIONS = {"native": library.VERSION, "keras": 1}  # of what an engine gives


class EngineWarning(UserWarning):
    """The engine native does not train all genomes; the message is one line that says why."""


def check_engine(wanted: str) -> str:
    """What is wrong with asking for an engine, beyond a name that is none; empty if nothing is.

    Raises:
        ValueError: for an unknown name, and for ``native`` where it is not to be had.
    """
    if wanted not in ENGINES:
        raise ValueError(f"engine {wanted!r}, allowed {', '.join(ENGINES)}")
    why = "" if wanted == "keras" else library.unavailable()
    if why and wanted == "native":
        raise ValueError(f"engine native: {why}")
    if why:
        return f"engine native is not to be had: {why}; keras trains instead, slower"
    without = [layer.name for layer in own_layers() if wanted == "auto" and not layer.operations]
    if without:
        return f"the engine keras trains what has {', '.join(without)}, slower: no operations given"
    return ""


def engine_of(genome: str, wanted: str = "auto") -> str:
    """``native`` or ``keras``: what trains a genome, given as text.

    Raises:
        ValueError: for ``native`` and a genome with a layer that it has no kernels for.
    """
    if wanted == "keras" or (wanted == "auto" and library.unavailable()):
        return "keras"
    layers = [LAYERS.get(gene.split()[0]) for gene in genome.split(";") if gene]
    if all(layer is not None and layer.operations for layer in layers):
        return "native"
    if wanted == "native":
        raise ValueError(
            f"engine native has no kernels for a layer of '{genome}': give the layer its "
            "operations, or take the engine auto"
        )
    return "keras"


def version_of(engine: str) -> str:
    """An engine with the version of what it gives, as cache and provenance have it."""
    return f"{engine} {VERSIONS[engine]}"


def usual_engine(wanted: str) -> str:
    """What trains a genome of built-in layers, with its version."""
    return version_of(engine_of("", wanted))


def other_engine(wanted: str, expected: str) -> str:
    """Why a machine of a cluster would not train as the search's own does; empty if it would.

    Args:
        wanted: the engine that is asked for.
        expected: what that comes to on the search's machine, with its version.
    """
    found = usual_engine(wanted)
    if found != expected:
        why = f" ({library.unavailable()})" if library.unavailable() else ""
        return f"it trains with {found}{why}, and this search with {expected}"
    if found.startswith("keras") and importlib.util.find_spec("tensorflow") is None:
        return f"it has no TensorFlow, which trains in this search: {REMEDY}"
    return ""
