"""A gene: a layer said as data. Each kind has a class of its own, a named tuple."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any, NamedTuple


class Gene:
    """What all genes have in common; each is a tuple as well, and immutable.

    ``kind`` names its layer, ``values`` are those of the layer's fields, ``str()`` is its text.
    """

    __slots__ = ()
    kind: str

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(self)[1:]  # type: ignore[arg-type]

    def __str__(self) -> str:
        return " ".join(map(str, (self.kind, *self.values)))


class _ConvFields(NamedTuple):
    kind: str
    filters: int
    kernel: int
    activation: str


class Conv(Gene, _ConvFields):
    """A convolution of the report: ``kind`` says which; ``filters``, ``kernel`` whole numbers."""

    __slots__ = ()

    def __repr__(self) -> str:
        kind, filters, kernel, activation = self
        return f"Conv({kind=}, {filters=}, {kernel=}, {activation=})"


class _HeadFields(NamedTuple):
    activation: str


class Head(Gene, _HeadFields):
    """The report's head: one activation for both of its dense layers."""

    __slots__ = ()
    kind = "FL"

    @property
    def values(self) -> tuple[Any, ...]:
        return (self.activation,)

    def __repr__(self) -> str:
        return f"Head(activation={self.activation!r})"


def gene_class(kind: str, fields: Sequence[str]) -> Any:
    """A class for the genes of one kind, so that no gene equals one of another kind."""
    named = namedtuple(kind, ("kind", *fields))  # type: ignore[misc]
    return type(kind, (Gene, named), {"__slots__": (), "__reduce__": _reduce})


MAKERS: dict[str, Any] = {}
"""What makes the genes of each registered layer, so that they unpickle in any process."""


def _reduce(gene: Any) -> Any:
    return _again, tuple(gene)


def _again(kind: str, *values: Any) -> Any:
    """A gene unpickled, where its layer is known."""
    return MAKERS[kind](*values)
