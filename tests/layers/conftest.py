"""Each test of layers leaves the registry as it was."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from deap_nas.layers import LAYERS, gene


@pytest.fixture(autouse=True)
def layers_as_before() -> Iterator[None]:
    before = [(known, dict(known)) for known in (LAYERS, gene.MAKERS)]
    modules = set(sys.modules)
    yield
    for known, content in before:
        known.clear()
        known.update(content)
    for name in set(sys.modules) - modules:
        if name.startswith("deap_nas_layers_"):
            del sys.modules[name]
