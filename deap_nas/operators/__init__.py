"""Operators for any DEAP project: they know a space and an rng, and nothing else of this package.

Each works in place on any list-like individual, with any object that offers the methods of
``protocol.Space``; ``toolbox.register("mate", cx_one_point, space=space)``.
"""

from deap_nas.operators.crossover import cx_one_point, cx_one_point_reject
from deap_nas.operators.mutation import mut_gene, mut_pool
from deap_nas.operators.protocol import Space
from deap_nas.operators.rejection import rejecting
from deap_nas.operators.selection import sel_roulette

CROSSOVERS = {"one_point": cx_one_point, "one_point_reject": cx_one_point_reject}
MUTATIONS = {"gene": mut_gene, "pool": mut_pool}

__all__ = [
    "CROSSOVERS",
    "MUTATIONS",
    "Space",
    "cx_one_point",
    "cx_one_point_reject",
    "mut_gene",
    "mut_pool",
    "rejecting",
    "sel_roulette",
]
