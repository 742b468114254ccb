"""What a space says of each layer, checked: how many genes, and the values of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

from deap_nas.layers import LAYERS, Layer, listed
from deap_nas.spaces.listing import Choices


class SpaceError(ValueError):
    """Settings that make no search space; the message names the setting and what is allowed."""


@dataclass(frozen=True)
class Rule:
    """A layer in a space: ``low`` to ``high`` genes of it, ``values`` for each of its fields."""

    layer: Layer
    low: int
    high: int
    values: Mapping[str, tuple[Any, ...]]

    @property
    def name(self) -> str:
        return self.layer.name

    @property
    def n_genes(self) -> int:
        return prod(map(len, self.values.values()))

    @cached_property
    def genes(self) -> Choices[Any]:
        """Every gene of it, the first field slowest."""
        return Choices(self.layer.gene(*values) for values in product(*self.values.values()))

    @property
    def smallest(self) -> list[Any]:
        """The genes with the smallest value of each field in which the layer is monotone."""
        values = (
            allowed[:1] if name in (self.layer.monotone or ()) else allowed
            for name, allowed in self.values.items()
        )
        return [self.layer.gene(*each) for each in product(*values)]

    @property
    def largest(self) -> Any:
        """The gene with the greatest number in each field."""
        return self.layer.gene(
            *(max(v) if type(v[0]) is int else v[0] for v in self.values.values())
        )

    def to_dict(self) -> dict[str, Any]:
        return {"count": [self.low, self.high], **_lists(self.values)}


def _lists(values: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    return {name: list(allowed) for name, allowed in values.items()}


def read_layers(layers: Any, most: int | None) -> tuple[Rule, ...]:
    """The rules of all layers but the head, as ``SearchSpace(layers=...)`` takes them.

    Args:
        layers: name -> ``count`` and the values of each field.
        most: genes in all, where that is limited; the most there may be of a layer without count.

    Raises:
        SpaceError: naming layer, field and value.
    """
    if not isinstance(layers, Mapping) or not layers:
        raise SpaceError(f"layers {layers!r}, allowed a table of layers such as CB")
    rules = []
    for name, content in layers.items():
        layer = _layer(name, head=False)
        content = _table(f"layer {name}", content)
        low, high = _count(name, content.pop("count", (0, most)))
        rules.append(Rule(layer, low, high, _values(layer, content)))
    return tuple(rules)


def read_heads(heads: Any) -> tuple[Rule, ...]:
    """The rules of the heads: names, or a table as for layers."""
    if isinstance(heads, Mapping):
        tables = list(heads.items())
    elif isinstance(heads, Sequence):
        tables = [(name, {}) for name in ((heads,) if isinstance(heads, str) else heads)]
    else:
        tables = []
    if not tables:
        raise SpaceError(f"heads {heads!r}, allowed one or more of {', '.join(_names(head=True))}")
    rules = {}
    for name, content in tables:
        layer = _layer(name, head=True)
        rules[name] = Rule(layer, 0, 1, _values(layer, _table(f"head {name}", content)))
    return tuple(rules.values())


def _names(*, head: bool) -> list[str]:
    return [name for name, layer in LAYERS.items() if layer.head is head]


def _layer(name: Any, *, head: bool) -> Layer:
    layer = LAYERS.get(name) if isinstance(name, str) else None
    if layer is None or layer.head is not head:
        what = "head" if head else "layer"
        remedy = "one of your own is made known by --layers FILE or register_layer"
        if layer is not None:
            remedy = f"{name} belongs under {'layers' if head else 'heads'}"
        raise SpaceError(f"{what} {name!r}, allowed {', '.join(_names(head=head))}; {remedy}")
    return layer


def _table(what: str, content: Any) -> dict[str, Any]:
    if not isinstance(content, Mapping):
        raise SpaceError(f"{what}: {content!r}, allowed a table of its fields")
    return dict(content)


def pair(what: str, value: Any) -> tuple[int, int]:
    """Fewest and most, from one number or two."""
    numbers = (value, value) if type(value) is int else value
    good = (
        isinstance(numbers, Sequence)
        and len(numbers) == 2
        and all(type(n) is int and n >= 0 for n in numbers)
    )
    if not good or numbers[0] > numbers[1]:
        raise SpaceError(
            f"{what} {value!r}, allowed a whole number, or two: fewest and most, 0 or more"
        )
    return numbers[0], numbers[1]


def _count(name: str, value: Any) -> tuple[int, int]:
    if isinstance(value, tuple) and value[1:] == (None,):
        raise SpaceError(f"layer {name}: no count, and no depth; give one of them")
    return pair(f"layer {name}: count", value)


def _values(layer: Layer, content: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    where = f"{'head' if layer.head else 'layer'} {layer.name}"
    for field in content:
        if field not in layer.fields:
            known = ", ".join((*(() if layer.head else ("count",)), *layer.fields)) or "none"
            raise SpaceError(f"{where}: field {field!r}, allowed {known}")
    found = {}
    for field, allowed in layer.fields.items():
        if field not in content and allowed is int:
            raise SpaceError(f"{where}: {field} is missing; list its values")
        found[field] = _listing(where, layer, field, content.get(field, allowed))
    return found


def _listing(where: str, layer: Layer, field: str, value: Any) -> tuple[Any, ...]:
    single = isinstance(value, str) or not isinstance(value, Sequence | range)
    values = (value,) if single else tuple(value)
    for each in values:
        if wrong := layer.refuses(field, each):
            raise SpaceError(f"{where}: {wrong}")
    if not values:
        raise SpaceError(f"{where}: {field} {value!r}, allowed one value or more")
    values = tuple(dict.fromkeys(values))
    return tuple(sorted(values)) if layer.fields[field] is int else values


def said(rule: Rule, *, counted: bool = True) -> str:
    """A rule as a person says it: "1 to 4 CB, filters 4, 8, kernel 3, activation relu"."""
    count = f"{rule.low} to {rule.high}" if rule.low < rule.high else f"exactly {rule.low}"
    values = (f"{name} {listed(allowed)}" for name, allowed in rule.values.items())
    return ", ".join((f"{count} {rule.name}" if counted else rule.name, *values))
