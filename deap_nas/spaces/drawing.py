"""Draws of a space: a genome's kinds, then their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deap_nas.spaces.rules import Rule
from deap_nas.spaces.walks import Walks


def draw(walks: Walks, rng: Any, *, fixed_first: bool = False) -> list[Any]:
    """A legal genome's genes; see ``SearchSpace.sample``.

    Args:
        walks: the space.
        rng: draws; ``random.Random`` or the module.
        fixed_first: whether every order of kinds fits, as in the short form: the places of layers
            with a fixed count are drawn by ``rng.sample``, and the first layer has the rest.
    """
    n = rng.choice(walks.depths)
    kinds = _fixed_first(walks, n, rng) if fixed_first else _kinds(walks, n, rng)
    genes = list[Any]()
    place: Any = walks.start
    for i, kind in enumerate(kinds, 1):
        rule = walks.layers[kind]
        genes.append(_gene(rule, walks.opening(rule, place, kinds[i:]), rng))
        place = walks.behind(genes[-1], place)
    ends = {name: walks.opening(rule, place, None) for name, rule in walks.heads.items()}
    heads = [name for name, choices in ends.items() if choices]
    head = rng.choice(heads) if len(heads) > 1 else heads[0]
    return [*genes, _gene(walks.heads[head], ends[head], rng)]


def _kinds(walks: Walks, n: int, rng: Any) -> tuple[str, ...]:
    """An order of ``n`` kinds that some genes complete, each as likely as any other; with budgets,
    each kind as likely as without, among those that leave a completion within them."""
    kinds: list[str] = []
    counts, places = walks.none, walks.first
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


def _gene(rule: Rule, choices: Sequence[Any], rng: Any) -> Any:
    """A gene among ``choices``: each field, from left to right, uniform over its values there."""
    values = list[Any]()
    left = None if len(choices) == rule.n_genes else [gene.values for gene in choices]
    for i, allowed in enumerate(rule.values.values()):
        if left is not None:
            there = {each[i] for each in left}
            allowed = tuple(value for value in allowed if value in there)
        values.append(rng.choice(allowed))
        if left is not None:
            left = [each for each in left if each[i] == values[i]]
    return rule.layer.gene(*values)
