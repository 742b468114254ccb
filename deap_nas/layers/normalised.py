"""Which networks bear a high learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from deap_nas.layers.cost import IMAGES, walk
from deap_nas.layers.gene import Gene
from deap_nas.layers.layer import Shape
from deap_nas.layers.operations import Convolution, Depthwise, Normalisation, Skip
from deap_nas.layers.registry import LAYERS


def is_normalised(genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10) -> bool:
    """Whether there are convolutions, and batch normalisation follows each of them at once. Of a
    layer whose operations are not given it is not known: then the network counts as another.

    Raises:
        LayerError: for a gene that does not fit.
    """
    found: list[Any] = []
    if any(LAYERS[gene.kind].operations is None for gene in genome):
        return False
    for gene, layer, about, _ in walk(genome, input_shape, n_classes):
        assert layer.operations
        found += _flat(layer.operations(*gene.values, *about))
    convolved = [
        isinstance(behind, Normalisation)
        for each, behind in pairwise([*found, None])
        if isinstance(each, Convolution | Depthwise)
    ]
    return bool(convolved) and all(convolved)


def _flat(operations: Sequence[Any]) -> list[Any]:
    return [
        inner
        for each in operations
        for inner in (_flat(each.operations) if isinstance(each, Skip) else [each])
    ]
