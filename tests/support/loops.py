"""Every loop of deap_nas.algorithms, called alike, and toy problems on a plain DEAP toolbox."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from deap import base, tools

from deap_nas import FitnessMax
from deap_nas.algorithms import (
    ea_generational,
    ea_local_search,
    ea_mu_plus_lambda,
    ea_nsga2,
    ea_regularized,
    ea_steady_state,
)

N = 20
LENGTH = 24


def generational(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return ea_generational(population, toolbox, 0.7, 0.3, ngen, elitism=1, **settings)


def mu_plus_lambda(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    n = len(population)
    return ea_mu_plus_lambda(population, toolbox, n, n, 0.7, 0.5, ngen, **settings)


def steady_state(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return ea_steady_state(population, toolbox, 0.7, 0.5, ngen, **settings)


def asynchronous(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    toolbox.register("stream", shuffled, slots=4, toolbox=toolbox)
    return steady_state(population, toolbox, ngen, **settings)


def shuffled(function: Any, individuals: Any, *, slots: int, toolbox: Any) -> Any:
    """Evaluations end in an order that is drawn."""
    order, flying = random.Random(0), []
    while True:
        while len(flying) < slots and (individual := next(individuals, None)) is not None:
            flying.append(individual)
        if not flying:
            return
        individual = flying.pop(order.randrange(len(flying)))
        yield individual, function(individual)


def nsga2(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return ea_nsga2(population, toolbox, 0.7, 0.5, ngen, **settings)


def own_rng_nsga2(population: Any, toolbox: Any, ngen: int, **settings: Any) -> Any:
    return nsga2(population, toolbox, ngen, select=toolbox.select, **settings)


LOOPS: dict[str, Callable[..., Any]] = {
    "generational": generational,
    "mu_plus_lambda": mu_plus_lambda,
    "regularized": ea_regularized,
    "regularized in batches": partial(ea_regularized, batch=3),
    "local_search": ea_local_search,
    "local_search in batches": partial(ea_local_search, batch=3, patience=12),
    "steady_state": steady_state,
    "steady_state, asynchronous": asynchronous,
    "nsga2": nsga2,
    "nsga2, parents by toolbox.select": own_rng_nsga2,
}


class Ints(list[int]):
    """An individual of anybody's."""

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self.fitness = FitnessMax()


def one_max(rng: Any, make: Any = Ints, **more: Any) -> base.Toolbox:
    toolbox = base.Toolbox()
    toolbox.register("individual", lambda: make(rng.randrange(2) for _ in range(LENGTH)))
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", lambda individual: (float(sum(individual)),))
    toolbox.register("mate", tools.cxOnePoint)
    toolbox.register("mutate", tools.mutFlipBit, indpb=1.5 / LENGTH)
    toolbox.register("select", tools.selTournament, tournsize=3)
    for name, function in more.items():
        toolbox.register(name, function)
    return toolbox


def evolve(loop: Any, seed: int = 0, *, n: int = N, ngen: int = 8, **settings: Any) -> Any:
    rng = random.Random(seed)
    random.seed(seed)  # DEAP's own operators draw from the module
    toolbox = settings.pop("toolbox", None) or one_max(rng)
    return loop(toolbox.population(n=n), toolbox, ngen, rng=rng, **settings)
