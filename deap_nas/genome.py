"""Genes, the genome they make, and its text.

A genome is written as the report does (section II), layers separated by ``;``::

    NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish

``NC`` is a convolution of stride 1 and padding same, ``RC`` one of stride 2 and padding valid,
``FL`` the head: global average pooling and two dense layers that share one activation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from typing import Any, NamedTuple, Self

from deap import base

ACTIVATIONS = ("relu", "sigmoid", "tanh", "swish", "gelu")
CONV_KINDS = ("NC", "RC")
HEAD_KIND = "FL"

_WHOLE_POSITIVE = re.compile(r"[1-9][0-9]{0,8}")


class GenomeError(ValueError):
    """A text that is no genome; the message names the gene, the value and what is allowed."""


class Conv(NamedTuple):
    """A convolution gene: ``kind`` is "NC" or "RC", ``filters`` and ``kernel`` whole numbers."""

    kind: str
    filters: int
    kernel: int
    activation: str

    def __str__(self) -> str:
        return f"{self.kind} {self.filters} {self.kernel} {self.activation}"


class Head(NamedTuple):
    """The FL gene: one activation for both dense layers of the head."""

    activation: str

    @property
    def kind(self) -> str:
        return HEAD_KIND

    def __str__(self) -> str:
        return f"{HEAD_KIND} {self.activation}"


Gene = Conv | Head


class FitnessMax(base.Fitness):  # type: ignore[misc]
    """One objective, maximised."""

    weights = (1.0,)


class FitnessMaxMin(base.Fitness):  # type: ignore[misc]
    """Two objectives: the first maximised, the second minimised (accuracy, parameters)."""

    weights = (1.0, -1.0)


class FitnessMaxMinMin(base.Fitness):  # type: ignore[misc]
    """Three objectives: the first maximised, two minimised (accuracy, parameters, seconds)."""

    weights = (1.0, -1.0, -1.0)


# Module-level classes, so that individuals pickle in any process; nothing is put into deap.creator.
FITNESS_CLASSES: dict[tuple[float, ...], type[base.Fitness]] = {
    cls.weights: cls for cls in (FitnessMax, FitnessMaxMin, FitnessMaxMinMin)
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
    kinds, whole positive numbers, known activations, exactly one ``FL``, at the end. Limits and
    counts belong to a space (``SearchSpace.violations``).

    Raises:
        GenomeError: naming the gene, the value, and what is allowed.
    """
    if not isinstance(text, str):
        raise GenomeError(f"a genome is a text such as 'NC 4 3 relu;FL tanh', not {text!r}")
    parts = [part.strip() for part in text.split(";")]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    if not any(parts):
        raise GenomeError(f"empty genome {text!r}: write genes such as 'NC 4 3 relu;FL tanh'")
    genes = [
        _parse_gene(part, f"gene {i} of {len(parts)}, {part!r}") for i, part in enumerate(parts, 1)
    ]
    heads = [i for i, gene in enumerate(genes, 1) if isinstance(gene, Head)]
    if heads != [len(genes)]:
        found = f"at {', '.join(map(str, heads))} of {len(genes)}" if heads else "nowhere"
        raise GenomeError(f"genome {text!r}: FL found {found}, allowed exactly once, as last gene")
    return Genome(genes)


def _parse_gene(text: str, where: str) -> Gene:
    kind, *fields = text.split() or [""]
    if kind == HEAD_KIND:
        _check_count(fields, "FL activation", where)
        return Head(_activation(fields[0], where))
    if kind in CONV_KINDS:
        _check_count(fields, f"{kind} filters kernel activation", where)
        filters, kernel = _whole(fields[0], "filters", where), _whole(fields[1], "kernel", where)
        return Conv(kind, filters, kernel, _activation(fields[2], where))
    raise GenomeError(f"{where}: kind {kind!r}, allowed {', '.join((*CONV_KINDS, HEAD_KIND))}")


def _check_count(fields: list[str], form: str, where: str) -> None:
    if len(fields) != form.count(" "):
        raise GenomeError(f"{where}: {len(fields)} fields after the kind, allowed '{form}'")


def _whole(text: str, name: str, where: str) -> int:
    if not _WHOLE_POSITIVE.fullmatch(text):
        raise GenomeError(f"{where}: {name} {text!r}, allowed a whole number from 1 to 999999999")
    return int(text)


def _activation(text: str, where: str) -> str:
    if text not in ACTIVATIONS:
        raise GenomeError(f"{where}: activation {text!r}, allowed {', '.join(ACTIVATIONS)}")
    return text
