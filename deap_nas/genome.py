"""The genome, a list of genes, and its text.

A genome is written as the report does (section II), layers separated by ``;``::

    NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish

Each gene is the name of a layer and the values of its fields (``deap_nas.layers``); the last one
is the head.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Self

from deap import base

from deap_nas.layers import ACTIVATIONS, LAYERS, Conv, Gene, Head, LayerError

__all__ = [
    "ACTIVATIONS",
    "FITNESS_CLASSES",
    "Conv",
    "FitnessMax",
    "FitnessMaxMin",
    "FitnessMaxMinMin",
    "FitnessMaxMinMinMin",
    "Gene",
    "Genome",
    "GenomeError",
    "Head",
    "format_genes",
    "parse_genome",
]

EXAMPLE = "such as 'CB 4 3 relu;GP'"


class GenomeError(ValueError):
    """A text that is no genome; the message names the gene, the value and what is allowed."""


class FitnessMax(base.Fitness):  # type: ignore[misc]
    """One objective, maximised."""

    weights = (1.0,)


class FitnessMaxMin(base.Fitness):  # type: ignore[misc]
    """Two objectives: the first maximised, the second minimised (accuracy, parameters)."""

    weights = (1.0, -1.0)


class FitnessMaxMinMin(base.Fitness):  # type: ignore[misc]
    """Three objectives: the first maximised, two minimised (accuracy, parameters, seconds)."""

    weights = (1.0, -1.0, -1.0)


class FitnessMaxMinMinMin(base.Fitness):  # type: ignore[misc]
    """Four objectives: the first maximised, three minimised."""

    weights = (1.0, -1.0, -1.0, -1.0)


# Module-level classes, so that individuals pickle in any process; nothing is put into deap.creator.
FITNESS_CLASSES: dict[tuple[float, ...], type[base.Fitness]] = {
    cls.weights: cls for cls in (FitnessMax, FitnessMaxMin, FitnessMaxMinMin, FitnessMaxMinMinMin)
}


class Genome(list[Gene]):
    """A list of genes with a ``fitness``: a DEAP individual.

    ``str()`` is the canonical text. Like every list it is mutable, equal to a list of equal genes,
    and unhashable; ``str(genome)`` serves as a key.
    """

    fitness: base.Fitness

    def __init__(
        self, genes: Iterable[Gene] = (), fitness_class: type[base.Fitness] = FitnessMax
    ) -> None:
        super().__init__(genes)
        self.fitness = fitness_class()

    def __str__(self) -> str:
        return format_genes(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Genes are immutable, so that a clone shares them: DEAP clones every parent.
        clone = type(self).__new__(type(self))
        memo[id(self)] = clone
        clone.extend(self)
        clone.__dict__.update(deepcopy(self.__dict__, memo))
        return clone


def format_genes(genes: Iterable[object]) -> str:
    """The canonical text of any sequence of genes: ``NC 4 3 relu;...;FL tanh``."""
    return ";".join(map(str, genes))


def parse_genome(text: str) -> Genome:
    """Read a genome; ``parse_genome(str(g)) == g``.

    Blanks around ``;`` and one trailing ``;`` are tolerated. Only the grammar is checked here:
    names of layers, values that their fields have, exactly one head, at the end. Limits and counts
    belong to a space (``SearchSpace.violations``).

    Raises:
        GenomeError: naming the gene, the value, and what is allowed.
    """
    if not isinstance(text, str):
        raise GenomeError(f"a genome is a text {EXAMPLE}, not {text!r}")
    parts = [part.strip() for part in text.split(";")]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    if not any(parts):
        raise GenomeError(f"empty genome {text!r}: write genes {EXAMPLE}")
    genes = [
        _parse_gene(part, f"gene {i} of {len(parts)}, {part!r}") for i, part in enumerate(parts, 1)
    ]
    heads = [i for i, gene in enumerate(genes, 1) if is_head(gene)]
    if heads != [len(genes)]:
        found = f"at {', '.join(map(str, heads))} of {len(genes)}" if heads else "nowhere"
        raise GenomeError(
            f"genome {text!r}: head ({', '.join(head_kinds())}) found {found}, allowed exactly "
            "once, as last gene"
        )
    return Genome(genes)


def is_head(gene: object) -> bool:
    """Whether a gene is one that a genome ends with."""
    layer = LAYERS.get(getattr(gene, "kind", ""))
    return layer is not None and layer.head


def head_kinds() -> list[str]:
    """The names of the layers that a genome may end with."""
    return [name for name, layer in LAYERS.items() if layer.head]


def _parse_gene(text: str, where: str) -> Any:
    kind, *fields = text.split() or [""]
    if kind not in LAYERS:
        raise GenomeError(
            f"{where}: kind {kind!r}, allowed {', '.join(LAYERS)}; a layer of your own is made "
            "known by --layers FILE or register_layer"
        )
    try:
        return LAYERS[kind].read(fields)
    except LayerError as error:
        raise GenomeError(f"{where}: {error}") from None
