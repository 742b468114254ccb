"""A genome's network as a plain Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deap_nas.genome import Conv, Gene, GenomeError, Head, format_genes
from deap_nas.layers.cost import HEAD_UNITS, Shape, fits


def build_model(
    genome: Sequence[Gene], input_shape: Shape, n_classes: int, *, seed: int | None = None
) -> Any:
    """Build the network (the report, section II): a ``keras.Sequential`` of plain layers.

    Input: float images in 0..1, shape (n, height, width, channels). Output: logits, shape
    (n, n_classes); the last Dense layer is activated too, as the report has it.

    Args:
        seed: makes the initial weights a function of it (Keras's Glorot uniform); by default Keras
            draws them.

    Raises:
        GenomeError: for a genome whose kernels do not fit the images, or that has no head.
        ImportError: without TensorFlow; it says how to install it.
    """
    kernels = tuple(g.kernel for g in genome if isinstance(g, Conv) and g.kind == "RC")
    if not (genome and isinstance(genome[-1], Head)):
        raise GenomeError(f"genome '{format_genes(genome)}' ends without FL: add one")
    if not fits(kernels, min(input_shape[:2])):
        raise GenomeError(
            f"genome '{format_genes(genome)}': RC kernels {kernels} do not fit images of shape "
            f"{input_shape}; use smaller ones"
        )
    keras = import_keras()

    def initializer(layer: int) -> Any:
        glorot = keras.initializers.GlorotUniform
        return glorot() if seed is None else glorot(seed=seed * 1000 + layer)

    layers = [keras.Input(input_shape)]
    for i, gene in enumerate(genome[:-1], 1):
        assert isinstance(gene, Conv)
        layers.append(
            keras.layers.Conv2D(
                gene.filters,
                gene.kernel,
                strides=1 if gene.kind == "NC" else 2,
                padding="same" if gene.kind == "NC" else "valid",
                activation=gene.activation,
                kernel_initializer=initializer(i),
                name=f"{gene.kind.lower()}_{i}",
            )
        )
    layers.append(keras.layers.GlobalAveragePooling2D(name="pool"))
    for i, units in enumerate((HEAD_UNITS, n_classes), 1):
        layers.append(
            keras.layers.Dense(
                units,
                activation=genome[-1].activation,
                kernel_initializer=initializer(100 + i),
                name=f"fl_{i}",
            )
        )
    return keras.Sequential(layers)


def import_keras() -> Any:
    """Keras with TensorFlow behind it, or one line that says how to get them."""
    try:
        import keras
        import tensorflow  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"TensorFlow is needed to train networks ({error}): pip install 'deap-nas[cpu]', "
            "or 'deap-nas[tensorflow]' for a GPU"
        ) from error
    return keras
