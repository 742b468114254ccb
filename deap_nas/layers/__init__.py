"""Layers as data: whoever adds one writes one object in one file.

``builtin/`` has a file a family; each is found by being there. ``register_layer`` and
``load_layers`` add a user's own. Nothing else in the package names a layer.
"""

import importlib
import pkgutil

from deap_nas.layers import builtin
from deap_nas.layers.activations import ACTIVATIONS, REPORT_ACTIVATIONS
from deap_nas.layers.builtin.report import REPORT, report_rules
from deap_nas.layers.errors import LayerError
from deap_nas.layers.files import LayerFile, files_of
from deap_nas.layers.gene import Conv, Gene, Head
from deap_nas.layers.layer import Layer, Shape, listed
from deap_nas.layers.loading import load_layers, run_file
from deap_nas.layers.registry import LAYERS, own_layers, register_layer

__all__ = [
    "ACTIVATIONS",
    "LAYERS",
    "REPORT",
    "REPORT_ACTIVATIONS",
    "Conv",
    "Gene",
    "Head",
    "Layer",
    "LayerError",
    "LayerFile",
    "Shape",
    "files_of",
    "listed",
    "load_layers",
    "own_layers",
    "register_layer",
    "report_rules",
    "run_file",
]

# Built-in layers are there before anybody asks.
for _module in pkgutil.iter_modules(builtin.__path__):
    importlib.import_module(f"{builtin.__name__}.{_module.name}")
