"""Spaces without what TensorFlow Lite Micro does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from deap_nas.layers import listed
from deap_nas.layers.runtime import RUNTIME, lacking
from deap_nas.spaces.rules import Rule, SpaceError
from deap_nas.spaces.space import SearchSpace

PROBE = (64, 64, 4)  # a feature map; which operators a gene becomes does not depend on it
Values = Mapping[str, tuple[Any, ...]]


def is_for_device(space: SearchSpace) -> bool:
    """Whether a space has a budget of bytes: what is found there is to run on a device."""
    return any(budget.cost.int8 for budget in space.budgets)


def supported(space: SearchSpace) -> SearchSpace:
    """A space without the values, and the layers, that TensorFlow Lite Micro cannot run; the same
    object where it can run all.

    Args:
        space: of any layers.

    Raises:
        SpaceError: for a layer that must be there, and of which nothing is left.
    """
    kept = {rule.name: _kept(rule, space.n_classes) for rule in space.rules}
    if all(kept[rule.name] == rule.values for rule in space.rules):
        return space
    body = [rule for rule in space.rules if not rule.layer.head]
    heads = [rule for rule in space.rules if rule.layer.head]
    for rules in (body, heads):
        gone = [rule for rule in rules if kept[rule.name] is None]
        needed = [rule for rule in gone if rule.low or len(gone) == len(rules)]
        if needed:
            raise SpaceError(
                f"layer {needed[0].name}: {RUNTIME} can run none of its genes; allow other values, "
                "or leave out the device and the budgets of bytes"
            )
    values: dict[str, Any] = {name: each for name, each in kept.items() if each is not None}
    if space.layers is None:  # the report's rules: two layers with the same values, one head
        found = [values[rule.name]["activation"] for rule in (body[0], heads[0])]
        return replace(
            space,
            activations=found[0],
            head_activations=found[1] if space.head_activations else (),
        )
    return replace(
        space,
        layers={
            rule.name: {"count": (rule.low, rule.high), **values[rule.name]}
            for rule in body
            if rule.name in values
        },
        heads={rule.name: dict(values[rule.name]) for rule in heads if rule.name in values},
    )


def left_out(space: SearchSpace) -> str:
    """What a space does not have because TensorFlow Lite Micro lacks it, as a sentence; empty where
    its networks are for no device, or its layers could have nothing else."""
    if not is_for_device(space):
        return ""
    found: dict[str, None] = {}
    for rule in space.rules:
        every = {name: each for name, each in rule.layer.fields.items() if each is not int}
        runs = _kept(replace(rule, values={**rule.values, **every}), space.n_classes) or {}
        for name, values in every.items():
            found |= dict.fromkeys(
                f"{name} {value}"
                for value in values
                if value not in runs.get(name, ()) and value not in rule.values[name]
            )
    return f"without {listed(list(found))}, which {RUNTIME} does not have" if found else ""


def _kept(rule: Rule, n_classes: int) -> Values | None:
    """The values of each field with which some gene runs; None where none does."""
    fields = list(rule.values)
    texts = [name for name in fields if rule.layer.fields[name] is not int]
    lists = (values if name in texts else values[:1] for name, values in rule.values.items())
    good = [
        each
        for each in product(*lists)
        if not lacking(rule.layer, rule.layer.gene(*each), PROBE, n_classes)
    ]
    if not good:
        return None
    kept = dict(rule.values)
    for i, name in enumerate(fields):
        if name in texts:
            runs = {each[i] for each in good}
            kept[name] = tuple(value for value in rule.values[name] if value in runs)
    return kept
