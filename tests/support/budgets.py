"""Budgets in tests: what genomes cost, and spaces that not everything fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Any

from general_rules import every_genome, is_legal
from general_spaces import general_spaces
from hypothesis import strategies as st

from deap_nas import SearchSpace, count_multiply_adds, count_params, peak_ram
from deap_nas.layers.cost import flash_at_most

COUNTS = {
    "max_params": count_params,
    "max_multiply_adds": count_multiply_adds,
    "max_ram": peak_ram,
    "max_flash": flash_at_most,
}


def costs(genes: Sequence[Any], space: SearchSpace) -> dict[str, int]:
    """What a genome costs, by the budget that limits it."""
    return {name: c(genes, space.input_shape, space.n_classes) for name, c in COUNTS.items()}


def within(genes: Sequence[Any], space: SearchSpace) -> bool:
    """Whether a genome keeps the space's budgets, and its other rules."""
    if not is_legal(genes, space):
        return False
    limits = [(count, getattr(space, name)) for name, count in COUNTS.items()]
    about = (space.input_shape, space.n_classes)
    return all(most is None or limit_for(count, genes, about) <= most for count, most in limits)


def limit_for(count: Any, genes: Sequence[Any], about: tuple[Any, ...]) -> int:
    """The least limit that a genome is within: flash, an estimate, has some to spare."""
    found = int(count(genes, *about))
    return found + (max(ceil(found / 50), 100) if count is flash_at_most else 0)


@st.composite
def budgeted_spaces(draw: st.DrawFn) -> SearchSpace:
    """Small spaces with one or several budgets that some of their genomes meet."""
    space = draw(general_spaces())
    genes = draw(st.sampled_from(every_genome(space)))
    about = (space.input_shape, space.n_classes)
    met = {name: limit_for(count, genes, about) for name, count in COUNTS.items()}
    names = draw(st.lists(st.sampled_from(sorted(COUNTS)), min_size=1, max_size=4, unique=True))
    return replace(space, **{name: max(1, met[name]) for name in names})
