"""Operators for any DEAP project: they know a space and an rng, and nothing else of this package.

Each works in place on a list or a subclass of it, as ``creator.create`` makes them, with any object
that offers the methods of ``protocol.Space``; ``toolbox.register("mate", cx_one_point,
space=space)``. An individual that is no list is a TypeError. Which to use when: docs/operators.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from deap_nas.operators.attribute import mut_attribute
from deap_nas.operators.crossover import (
    cx_one_point,
    cx_one_point_reject,
    cx_two_point,
    cx_two_point_reject,
)
from deap_nas.operators.mixture import mut_mixture
from deap_nas.operators.mutation import mut_gene, mut_pool
from deap_nas.operators.protocol import Space
from deap_nas.operators.rejection import rejecting
from deap_nas.operators.selection import SELECTIONS, sel_rank_roulette, sel_roulette
from deap_nas.operators.structure import mut_delete, mut_insert, mut_swap
from deap_nas.operators.uniform import cx_uniform, cx_uniform_by_kind, cx_uniform_reject

CROSSOVERS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "one_point": cx_one_point,
    "one_point_reject": cx_one_point_reject,
    "two_point": cx_two_point,
    "two_point_reject": cx_two_point_reject,
    "uniform": cx_uniform,
    "uniform_by_kind": cx_uniform_by_kind,
    "uniform_reject": cx_uniform_reject,
}
MUTATIONS: dict[str, Callable[..., tuple[Any]]] = {
    "gene": mut_gene,
    "attribute": mut_attribute,
    "attribute_step": partial(mut_attribute, step=True),
    "insert": mut_insert,
    "delete": mut_delete,
    "swap": mut_swap,
    "mixture": mut_mixture,
    "pool": mut_pool,
}

__all__ = [
    "CROSSOVERS",
    "MUTATIONS",
    "SELECTIONS",
    "Space",
    "cx_one_point",
    "cx_one_point_reject",
    "cx_two_point",
    "cx_two_point_reject",
    "cx_uniform",
    "cx_uniform_by_kind",
    "cx_uniform_reject",
    "mut_attribute",
    "mut_delete",
    "mut_gene",
    "mut_insert",
    "mut_mixture",
    "mut_pool",
    "mut_swap",
    "rejecting",
    "sel_rank_roulette",
    "sel_roulette",
]
