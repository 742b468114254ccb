"""Lazy sequences, so that a space can list thousands of alternatives at no cost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeVar

T = TypeVar("T", bound=Hashable)


class Choices(tuple[T, ...]):
    """A tuple of distinct values that knows the place of each."""

    places: dict[T, int]

    def __new__(cls, values: Iterable[T]) -> Choices[T]:
        self = super().__new__(cls, values)
        self.places = {value: i for i, value in enumerate(self)}
        return self

    def place_of(self, value: T) -> int | None:
        """Where a value is; None if it is not there."""
        return self.places.get(value)

    def near(self, value: T) -> list[T]:
        """Those that differ from ``value`` in one item, or at all if they are no tuples."""
        alike = (other for rest in _rests(value) for other in self._by_rest.get(rest, ()))
        return [other for other in alike if other != value]

    @cached_property
    def _by_rest(self) -> dict[Hashable, list[T]]:
        found: dict[Hashable, list[T]] = {}
        for value in self:
            for rest in _rests(value):
                found.setdefault(rest, []).append(value)
        return found


def _rests(value: Any) -> Iterator[Hashable]:
    """What is left of a value without one of its items, for each of them."""
    if isinstance(value, tuple):
        yield from ((type(value), i, value[:i] + value[i + 1 :]) for i in range(len(value)))
    else:
        yield None


class Some(Sequence[T]):
    """Those of ``choices`` that are at these places, which rise."""

    def __init__(self, choices: Choices[T], places: Sequence[int]) -> None:
        self._choices, self._places = choices, places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self._choices[place] for place in self._places[i]]
        return self._choices[self._places[i]]

    def place_of(self, value: T) -> int | None:
        """Where a value is; None if it is not there."""
        place = self._choices.place_of(value)
        if place is None:
            return None
        i = bisect_left(self._places, place)
        return i if i < len(self._places) and self._places[i] == place else None

    def near(self, value: T) -> list[T]:
        """Those that differ from ``value`` in one item, or at all if they are no tuples."""
        return [other for other in self._choices.near(value) if self.place_of(other) is not None]


class Without(Sequence[T]):
    """``choices`` without one of its values, if it is there."""

    def __init__(self, choices: Choices[T] | Some[T], value: T) -> None:
        self._choices, self._value = choices, value
        place = choices.place_of(value)
        self._hole = len(choices) if place is None else place

    def __len__(self) -> int:
        return len(self._choices) - (self._hole < len(self._choices))

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        i = range(len(self))[i]
        return self._choices[i + (i >= self._hole)]

    def near(self) -> list[T]:
        """Those that differ from the value left out in one item."""
        return self._choices.near(self._value)


class Pairs(Sequence[tuple[int, T]]):
    """Every pair of a place and a value, the places slowest."""

    def __init__(self, places: Sequence[int], values: Sequence[T]) -> None:
        self._places, self._values = places, values

    def __len__(self) -> int:
        return len(self._places) * len(self._values)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        place, value = divmod(range(len(self))[i], len(self._values))
        return self._places[place], self._values[value]


class Joined(Sequence[T]):
    """Several listings as one, in their order."""

    def __init__(self, parts: Iterable[Sequence[T]]) -> None:
        self._parts = [part for part in parts if len(part)]
        self._ends = list(accumulate(map(len, self._parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        i = range(len(self))[i]
        part = bisect_right(self._ends, i)
        return self._parts[part][i - (self._ends[part - 1] if part else 0)]

    def near(self) -> list[T]:
        """Those that differ from the value that a part leaves out in one item."""
        return [v for part in self._parts if isinstance(part, Without) for v in part.near()]
