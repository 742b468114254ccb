"""A space as the natural parameters that other packages search over.

Where a space has layers of its own, a genome is its depth, the kind of each place, and that kind's
fields; kinds whose field has the same values share its parameter. Of the report's rules the order
of kinds is one parameter, since their counts are fixed. What a space does not vary is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any, NamedTuple

from deap_nas import Conv, Genome, Head, SearchSpace


class Parameter(NamedTuple):
    """A choice that a package makes.

    Args:
        name: of the parameter, unique in its space.
        values: to choose from.
        ordered: whether neighbours among them are alike.
        given: it is asked for only where each of these parameters has one of these values.
    """

    name: str
    values: tuple[Any, ...]
    ordered: bool = False
    given: tuple[tuple[str, tuple[Any, ...]], ...] = ()


Suggest = Callable[[Parameter], Any]


def genome_of(space: Any, suggest: Suggest) -> Any:
    """The genome for a package's answers, one for each parameter that it is asked for. In a space
    with layers of its own it may be illegal: what the space counts is no parameter."""

    def one(parameter: Parameter) -> Any:
        several = len(parameter.values) > 1
        return suggest(parameter) if several else parameter.values[0]

    return _form(space).genome(one)


def parameters(space: Any) -> list[Parameter]:
    """All parameters that a genome of the space may ask for, each behind those it depends on."""
    return [each for each in _form(space).parameters() if len(each.values) > 1]


def looked_up(answers: Mapping[str, Any]) -> Suggest:
    """Answers that are there already, by the names of their parameters."""
    return lambda parameter: answers[parameter.name]


def _form(space: Any) -> Any:
    if not isinstance(space, SearchSpace):
        return Places(space)
    return Orders(space) if space.layers is None else Layers(space)


class Places:
    """NAS-Bench-Macro's: so many places with the same values."""

    def __init__(self, space: Any) -> None:
        self._places = [Parameter(f"place {i}", space.values, True) for i in range(space.length)]

    def parameters(self) -> Iterator[Parameter]:
        yield from self._places

    def genome(self, one: Suggest) -> Any:
        return tuple(map(one, self._places))


class Orders:
    """The report's rules: an order of NC and RC, then FL."""

    def __init__(self, space: Any) -> None:
        low, high = space.n_normal
        orders = [
            " ".join("RC" if i in places else "NC" for i in range(n + space.n_reduction))
            for n in range(low, high + 1)
            for places in combinations(range(n + space.n_reduction), space.n_reduction)
        ]
        self._order = Parameter("order", tuple(orders))  # the longest last
        self._head = Parameter("head", space.head_activations or space.activations)
        self._space = space

    def _fields(self, i: int) -> tuple[Parameter, ...]:
        orders = tuple(each for each in self._order.values if len(each.split()) > i)
        given = ((self._order.name, orders),) if orders != self._order.values else ()
        return (
            Parameter(f"filters {i}", self._space.filters, True, given),
            Parameter(f"kernel {i}", self._space.kernels, True, given),
            Parameter(f"activation {i}", self._space.activations, False, given),
        )

    def parameters(self) -> Iterator[Parameter]:
        yield self._order
        for i in range(len(self._order.values[-1].split())):
            yield from self._fields(i)
        yield self._head

    def genome(self, one: Suggest) -> Any:
        kinds = enumerate(one(self._order).split())
        convs = [Conv(kind, *map(one, self._fields(i))) for i, kind in kinds]
        return Genome([*convs, Head(one(self._head))])


class Layers:
    """Any layers: depth, then the kind and the fields of each place, then those of the head."""

    def __init__(self, space: Any) -> None:
        low, high = space.depth_range
        heads = {rule.name: rule for rule in space.rules if rule.name in space.head_kinds}
        layers = {rule.name: rule for rule in space.rules if rule.name not in heads}
        self._depth = Parameter("depth", tuple(range(low, high + 1)), True)
        self._places = [Place(f"layer {i}", layers, self._deeper(i)) for i in range(high)]
        self._head = Place("head", heads, ())

    def _deeper(self, i: int) -> Any:
        deep = tuple(n for n in self._depth.values if n > i)
        return ((self._depth.name, deep),) if deep != self._depth.values else ()

    def parameters(self) -> Iterator[Parameter]:
        yield self._depth
        for place in (*self._places, self._head):
            yield place.kind
            yield from dict.fromkeys(each for fields in place.fields.values() for each in fields)

    def genome(self, one: Suggest) -> Any:
        places = self._places[: one(self._depth)]
        return Genome(place.gene(one) for place in (*places, self._head))


class Place:
    """A place of a genome: which layer it has, and that layer's fields.

    Args:
        name: of the parameter that says which.
        rules: the layers that it may have, by name.
        given: what must hold for it to be there; as of ``Parameter``.
    """

    def __init__(self, name: str, rules: Mapping[str, Any], given: Any) -> None:
        self.kind = Parameter(name, tuple(rules), given=given)
        self._rules = rules
        self.fields = {kind: [self._field(kind, f) for f in rules[kind].values] for kind in rules}

    def _field(self, kind: str, field: str) -> Parameter:
        values, rules = self._rules[kind].values[field], self._rules.values()
        having = [each for each in rules if field in each.values]
        alike = tuple(each.name for each in having if each.values[field] == values)
        name = f"{field} of {self.kind.name}"
        if len(alike) < len(having):
            name += f" if {' '.join(alike)}"
        given = self.kind.given
        if len(alike) < len(self._rules):
            given = (*given, (self.kind.name, alike))
        return Parameter(name, values, all(type(value) is int for value in values), given)

    def gene(self, one: Suggest) -> Any:
        kind = one(self.kind)
        return self._rules[kind].layer.gene(*map(one, self.fields[kind]))
