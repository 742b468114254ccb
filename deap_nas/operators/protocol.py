"""What an operator needs of a space; any object with these methods will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

Individual = TypeVar("Individual", bound="list[Any]")


def check_lists(*individuals: Any) -> None:
    """Operators are for lists: a slice of a numpy array is a view, so that swapping two of them
    loses one in silence, and other sequences have no slices, or take none.

    Raises:
        TypeError: for an individual that is no list.
    """
    for individual in individuals:
        if not isinstance(individual, list):
            found = f"{type(individual).__module__}.{type(individual).__qualname__}"
            raise TypeError(
                f"an individual is a {found}, allowed a list or a subclass of it; make it one, as "
                "creator.create(name, list, fitness=...) does"
            )


class Space(Protocol):
    """The rules that an individual, a list of genes, must keep.

    Operators draw from what these methods list and so never make an illegal child. The lists may be
    lazy sequences; for an illegal individual their content is undefined.
    """

    def __contains__(self, genes: Any, /) -> bool:
        """Whether ``genes`` is legal."""

    def kind(self, gene: Any, /) -> str:
        """The kind of a gene: genes of one kind may stand in for each other."""

    def replacements(self, genes: Sequence[Any], i: int, /) -> Sequence[Any]:
        """Every gene, other than ``genes[i]``, that is legal in its place.

        A long listing may have a method ``near()`` that lists those in which one attribute differs
        (see ``mut_attribute``), so that it need not be searched for them.
        """

    def insertions(self, genes: Sequence[Any], /) -> Sequence[tuple[int, Any]]:
        """Every ``(i, gene)`` for which ``genes`` stays legal after ``insert(i, gene)``."""

    def deletions(self, genes: Sequence[Any], /) -> Sequence[int]:
        """Every ``i`` for which ``genes`` stays legal after ``del genes[i]``."""
