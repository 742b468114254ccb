"""A genome's network as a plain Keras model."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from deap_nas.genome import GenomeError, format_genes, is_head
from deap_nas.layers import LAYERS, Gene, Shape
from deap_nas.layers.from_keras import as_in_workers, build_steps, follow, import_keras


def build_model(
    genome: Sequence[Gene], input_shape: Shape, n_classes: int, *, seed: int | None = None
) -> Any:
    """Build the network: plain Keras layers, a ``keras.Sequential`` where nothing branches.

    Input: float images in 0..1, shape (n, height, width, channels). Output: what the loss takes as
    logits, shape (n, n_classes).

    Args:
        genome: genes of any registered layers, the last one a head.
        input_shape: (height, width, channels).
        n_classes: classes of the data.
        seed: makes the initial weights a function of it; by default Keras draws them.

    Raises:
        GenomeError: for a genome that does not fit the images, or that has no head.
        LayerError: for a layer that cannot be built.
        ImportError: without TensorFlow; it says how to install it.
    """
    if not (genome and is_head(genome[-1])):
        heads = " or ".join(name for name, layer in LAYERS.items() if layer.head)
        raise GenomeError(f"genome '{format_genes(genome)}' ends without a head: add {heads}")
    keras = import_keras()
    steps: list[Any] = []
    with as_in_workers(keras), _drawn_from(seed):
        x = inputs = keras.Input(tuple(input_shape))
        for i, gene in enumerate(genome, 1):
            layer, shape = LAYERS[gene.kind], tuple(x.shape[1:])
            about = (shape, n_classes) if layer.head else (shape,)
            if layer.shape and layer.shape_behind(gene, *about) is None:
                does_not_fit(genome, i, shape)
            new = build_steps(layer, gene, *about)
            _name(keras, new, gene.kind.lower(), 0 if layer.head else i)
            if seed is not None:
                _seed(keras, new, seed * 1000 + (101 if layer.head else i))
            x = follow(layer, gene, new, x, *about)
            steps += new
        if all(isinstance(step, keras.layers.Layer) for step in steps):
            return keras.Sequential([inputs, *steps])
        return keras.Model(inputs, x)


def does_not_fit(genome: Sequence[Gene], place: int, shape: Shape) -> NoReturn:
    """Refuse a genome whose gene at ``place`` (from 1) finds too small a map."""
    raise GenomeError(
        f"genome '{format_genes(genome)}': gene {place}, '{genome[place - 1]}', does not fit the "
        f"feature map that reaches it, {' x '.join(map(str, shape))}; use a smaller one"
    )


@contextlib.contextmanager
def _drawn_from(seed: int | None) -> Iterator[None]:
    """Seeds that Keras draws for initial weights and dropout, from Python's random module, become a
    function of ``seed``."""
    state = random.getstate()
    if seed is not None:
        random.seed(f"{seed}, initial weights")
    try:
        yield
    finally:
        if seed is not None:
            random.setstate(state)


def _name(keras: Any, steps: Sequence[Any], kind: str, place: int) -> None:
    """Names that tell a layer's place in the genome; a head's are counted without its pooling."""
    layers = [step for step in steps if isinstance(step, keras.layers.Layer)]
    layers = [layer for layer in layers if place or layer.name != "pool"]
    for j, layer in enumerate(layers, 1):
        several = place and len(layers) > 1
        layer.name = f"{kind}_{place}_{j}" if several else f"{kind}_{place or j}"


def _seed(keras: Any, steps: Sequence[Any], seed: int) -> None:
    """Glorot's weights of each layer from a seed that its place in the genome gives."""
    for step in steps:
        if isinstance(getattr(step, "kernel_initializer", None), keras.initializers.GlorotUniform):
            step.kernel_initializer = keras.initializers.GlorotUniform(seed=seed)
            seed += 1
