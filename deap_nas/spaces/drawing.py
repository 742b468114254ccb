"""Draws of a space: the order of kinds, and the values of a gene."""

from __future__ import annotations

from typing import Any

from deap_nas.spaces.listing import Choices
from deap_nas.spaces.rules import Rule
from deap_nas.spaces.walks import Walks


def draw_kinds(walks: Walks, n: int, rng: Any, *, fixed_first: bool) -> tuple[str, ...]:
    """An order of ``n`` kinds that some genes complete, each as likely as any other.

    Args:
        walks: the space.
        n: genes before the head.
        rng: draws; ``random.Random`` or the module.
        fixed_first: the short form, where every order fits: the places of layers with a fixed count
            are drawn by ``rng.sample``, and the first layer has the rest.
    """
    if fixed_first:
        return _fixed_first(walks, n, rng)
    kinds: list[str] = []
    counts, places = walks.none, frozenset({walks.start})
    for left in range(n - 1, -1, -1):
        options = {}
        for kind, rule in walks.layers.items():
            after = walks.counted((kind,), counts)
            if after is None:
                continue
            ahead = walks.ahead(rule, places)
            if orders := walks.orders(left, after, ahead):
                options[kind] = (after, ahead, orders)
        weights = [orders for _, _, orders in options.values()]
        (kind,) = rng.choices(list(options), weights)
        counts, places, _ = options[kind]
        kinds.append(kind)
    return tuple(kinds)


def _fixed_first(walks: Walks, n: int, rng: Any) -> tuple[str, ...]:
    filler, *fixed = walks.layers.values()
    kinds = [filler.name] * n
    for rule in fixed:
        for place in rng.sample(range(n), rule.high):
            kinds[place] = rule.name
    return tuple(kinds)


def draw_gene(rule: Rule, choices: Choices[Any], rng: Any) -> Any:
    """A gene among ``choices``: each field, from left to right, uniform over its values there."""
    values, left = [], choices
    for i, allowed in enumerate(rule.values.values()):
        if len(left) < rule.n_genes:
            there = {gene.values[i] for gene in left}
            allowed = tuple(value for value in allowed if value in there)
        value = rng.choice(allowed)
        values.append(value)
        if len(left) < rule.n_genes:
            left = Choices(gene for gene in left if gene.values[i] == value)
    return rule.layer.gene(*values)
