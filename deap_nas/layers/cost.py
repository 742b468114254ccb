"""What a genome costs: feature maps, parameters, multiply-adds; in int8, RAM and flash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from deap_nas.layers.errors import LayerError
from deap_nas.layers.gene import Gene
from deap_nas.layers.layer import Layer, Shape
from deap_nas.layers.registry import LAYERS
from deap_nas.layers.tflite import FILE, LESS, Graph

IMAGES = (28, 28, 1)  # height, width, channels of Fashion-MNIST


def walk(
    genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10
) -> Iterator[tuple[Gene, Layer, tuple[Any, ...], Shape]]:
    """Each gene with its layer, what the layer's functions are asked about, and the shape behind.

    Raises:
        LayerError: for a gene that cannot be built on the feature map that reaches it.
    """
    shape: Shape = tuple(input_shape)
    for i, gene in enumerate(genome, 1):
        layer = LAYERS[gene.kind]
        about = (shape, n_classes) if layer.head else (shape,)
        behind = layer.map_behind(gene, *about)
        if behind is None:
            raise LayerError(
                f"gene {i} of {len(genome)}, '{gene}', does not fit the feature map that reaches "
                f"it, {' x '.join(map(str, shape))}"
            )
        yield gene, layer, about, behind
        shape = behind


def count_params(genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10) -> int:
    """Trainable parameters of a genome's network."""
    each = walk(genome, input_shape, n_classes)
    return sum(layer.count_params(gene, *about) for gene, layer, about, _ in each)


def count_multiply_adds(
    genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10
) -> int:
    """Multiplications (each with its addition) of convolutions and dense layers that one image
    takes through the network."""
    each = walk(genome, input_shape, n_classes)
    return sum(layer.count_multiply_adds(gene, *about) for gene, layer, about, _ in each)


def peak_ram(genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10) -> int:
    """Bytes of RAM that the network's tensors need in int8: the largest sum of what an operator
    takes and gives, and of what a skip keeps for later.

    TensorFlow Lite Micro's arena has them in its head (``arena_head``), with what its kernels work
    in; a few kB for its own tables come on top.

    Raises:
        LayerError: for a layer whose operations are not given.
    """
    each = walk(genome, input_shape, n_classes)
    return max((layer.count_ram(gene, *about) for gene, layer, about, _ in each), default=0)


def arena_head(genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10) -> int:
    """Bytes of RAM that TensorFlow Lite Micro takes for the same tensors, to the byte: its planner
    mostly needs no more than ``peak_ram``. Now and then it leaves a gap, and a global mean needs
    some bytes more, which count where its input is the largest map.

    Raises:
        LayerError: for a layer whose operations are not given.
    """
    whole = Graph([], input_shape)
    for gene, layer, about, _ in walk(genome, input_shape, n_classes):
        layer.graph(gene, *about)  # for its errors
        assert layer.operations
        whole.follow(layer.operations(*gene.values, *about))
    return whole.arena


def flash(genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10) -> int:
    """Bytes of the network in flash, as an int8 model for TensorFlow Lite Micro (the C form that
    ``deap-nas export`` writes); within 2 %, or 128 bytes.

    Raises:
        LayerError: for a layer whose operations are not given.
    """
    graphs = _graphs(genome, input_shape, n_classes)
    kinds = Counter(operator.name for graph in graphs for operator in graph.operators)
    spared = sum(LESS.get(kind, 0) * (n - 1) for kind, n in kinds.items())
    return FILE + sum(graph.flash for graph in graphs) - spared


def flash_at_most(genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10) -> int:
    """The same as a sum over genes, which is what a budget limits: as if each operator were the
    first of its kind.

    Raises:
        LayerError: for a layer whose operations are not given.
    """
    return FILE + sum(graph.flash for graph in _graphs(genome, input_shape, n_classes))


def _graphs(genome: Sequence[Gene], input_shape: Shape, n_classes: int) -> list[Graph]:
    each = walk(genome, input_shape, n_classes)
    return [layer.graph(gene, *about) for gene, layer, about, _ in each]


def feature_maps(genome: Sequence[Gene], input_shape: Shape = IMAGES) -> list[tuple[int, int, int]]:
    """Shape (height, width, channels) behind each gene but the head, in order."""
    body = [gene for gene in genome if not LAYERS[gene.kind].head]
    return [shape for *_, shape in walk(body, input_shape)]  # type: ignore[misc]


def summary(
    genome: Sequence[Gene], input_shape: Shape = IMAGES, n_classes: int = 10
) -> list[tuple[str, tuple[int, ...], int]]:
    """Each gene as (its text, the shape behind it, its parameters), the total last."""
    found = [
        (str(gene), shape, layer.count_params(gene, *about))
        for gene, layer, about, shape in walk(genome, input_shape, n_classes)
    ]
    return [*found, ("total", (), sum(n_params for _, _, n_params in found))]
