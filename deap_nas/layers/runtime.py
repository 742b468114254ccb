"""What TensorFlow Lite Micro does not have: genes that it cannot run."""

from __future__ import annotations

from collections.abc import Sequence

from deap_nas.layers.cost import IMAGES, walk
from deap_nas.layers.errors import LayerError
from deap_nas.layers.gene import Gene
from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.tflite import MISSING

RUNTIME = "TensorFlow Lite Micro"


def lacking(layer: Layer, gene: Gene, input_shape: Shape, n_classes: int) -> list[str]:
    """The operators of a gene that ``RUNTIME`` does not have; none where what the gene becomes in
    int8 is not known.

    Args:
        layer: of the gene.
        gene: of a genome.
        input_shape: (height, width, channels) of what reaches it.
        n_classes: of the data.
    """
    about = (input_shape, n_classes) if layer.head else (input_shape,)
    try:
        operators = layer.graph(gene, *about).operators
    except LayerError:
        return []
    return [name for name in MISSING if any(each.name == name for each in operators)]


def unsupported(
    genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10
) -> list[str]:
    """A sentence for each gene that TensorFlow Lite Micro cannot run: what it lacks, and what to
    use instead.

    Args:
        genome: that fits the images.
        input_shape: (height, width, channels) of an image.
        n_classes: of the data.
    """
    return [
        f"gene {i} of {len(genome)}, '{gene}': {RUNTIME} has no {name}; use {MISSING[name]} instead"
        for i, (gene, layer, about, _) in enumerate(walk(genome, input_shape, n_classes), 1)
        for name in lacking(layer, gene, about[0], n_classes)
    ]
