"""What a genome costs, by formula: feature maps, parameters, multiply-adds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from deap_nas.genome import Conv, Gene

HEAD_UNITS = 64  # the first dense layer of the head; the report, section II

Shape = tuple[int, int, int]  # height, width, channels


@lru_cache(maxsize=4096)
def fits(kernels: tuple[int, ...], size: int) -> bool:
    """Whether RC genes of these kernels, in this order, fit a map ``size`` pixels wide."""
    for kernel in kernels:
        if kernel > size:
            return False
        size = reduced(size, kernel)
    return True


def reduced(size: int, kernel: int) -> int:
    """Width of the map behind an RC gene: stride 2, padding valid; 0 where the kernel won't fit."""
    return max(0, (size - kernel) // 2 + 1)


def count_params(
    genome: Sequence[Gene], input_shape: Shape = (28, 28, 1), n_classes: int = 10
) -> int:
    """Trainable parameters of a genome's network; equals ``keras.Model.count_params()``."""
    total, channels = 0, input_shape[2]
    for gene in genome:
        if isinstance(gene, Conv):
            total += (gene.kernel**2 * channels + 1) * gene.filters
            channels = gene.filters
    return total + (channels + 1) * HEAD_UNITS + (HEAD_UNITS + 1) * n_classes


def feature_maps(
    genome: Sequence[Gene], input_shape: Shape = (28, 28, 1)
) -> list[tuple[int, int, int]]:
    """Shape (height, width, channels) behind each conv gene, in order."""
    height, width, _ = input_shape
    shapes = []
    for gene in genome:
        if isinstance(gene, Conv):
            if gene.kind == "RC":
                height, width = reduced(height, gene.kernel), reduced(width, gene.kernel)
            shapes.append((height, width, gene.filters))
    return shapes


def count_multiply_adds(
    genome: Sequence[Gene], input_shape: Shape = (28, 28, 1), n_classes: int = 10
) -> int:
    """Multiplications (each with its addition) that one image takes through the network."""
    total, channels = 0, input_shape[2]
    convs = [gene for gene in genome if isinstance(gene, Conv)]
    for gene, (height, width, filters) in zip(convs, feature_maps(genome, input_shape)):
        total += height * width * gene.kernel**2 * channels * filters
        channels = filters
    return total + channels * HEAD_UNITS + HEAD_UNITS * n_classes


def layers(
    genome: Sequence[Gene], input_shape: Shape = (28, 28, 1), n_classes: int = 10
) -> list[tuple[str, tuple[int, ...], int]]:
    """Each layer as (its text, the shape behind it, its parameters), the total last."""
    convs = [gene for gene in genome if isinstance(gene, Conv)]
    channels, found = input_shape[2], list[tuple[str, tuple[int, ...], int]]()
    for gene, shape in zip(convs, feature_maps(genome, input_shape)):
        found.append((str(gene), shape, (gene.kernel**2 * channels + 1) * gene.filters))
        channels = gene.filters
    found += [
        ("global average pooling", (channels,), 0),
        (f"dense {HEAD_UNITS}", (HEAD_UNITS,), (channels + 1) * HEAD_UNITS),
        (f"dense {n_classes}", (n_classes,), (HEAD_UNITS + 1) * n_classes),
    ]
    return [*found, ("total", (), sum(n_params for _, _, n_params in found))]
