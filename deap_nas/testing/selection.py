"""The contract of selection."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from deap_nas.genome import FITNESS_CLASSES, Genome
from deap_nas.testing.contract import (
    Case,
    Operator,
    creator_made,
    global_rngs_restored,
)
from deap_nas.testing.parts import same

SIZE = 12
# Each k that is tried, for a population of 12; a selection of pairs or fours is content with these.
SOME = (0, 4, SIZE, 2 * SIZE)


def check_selection(
    op: Callable[..., Any],
    *,
    weights: tuple[float, ...] = (1.0,),
    sizes: tuple[int, ...] = SOME,
    trials: int = 20,
    seed: int = 0,
) -> None:
    """Check a selection ``op(individuals, k)`` against the contract (see ``deap_nas.testing``).

    It is asked for 0, some, all, and more than all of 12 individuals, made by ``deap.creator`` and
    (for weights that this package has a class for) of class ``Genome``, whose fitness values are
    distinct, equal, or zero; never negative. For more than all it must return ``k`` by drawing
    again, or each individual once.

    Args:
        op: the selection.
        weights: of the fitness; give two or more for a selection by several objectives.
        sizes: every ``k`` that is tried, for 12 individuals.
        trials: populations, from the seeds ``seed`` to ``seed + trials - 1``.
        seed: the first of them.

    Raises:
        ContractError: for an operator that breaks a rule.
    """
    operator = Operator(op)
    with global_rngs_restored():
        for s in range(seed, seed + trials):
            for fitness in ("distinct", "equal", "zero"):
                for population in _populations(weights, fitness, random.Random(s)):
                    for k in sizes:
                        _check_call(operator, population, k, fitness, s)


def _populations(weights: tuple[float, ...], fitness: str, rng: random.Random) -> list[list[Any]]:
    genes: list[list[Any]] = [[("gene", i + 1), ("last",)] for i in range(SIZE)]
    populations = [[creator_made(individual, weights) for individual in genes]]
    if weights in FITNESS_CLASSES:
        populations.append([Genome(g, FITNESS_CLASSES[weights]) for g in genes])
    for population in populations:
        shares = [rng.sample(range(1, 10 * SIZE), SIZE) for _ in weights]
        for i, individual in enumerate(population):
            values = {"distinct": [s[i] / 4 for s in shares], "equal": [2.5] * len(shares)}
            individual.fitness.values = values.get(fitness, [0.0] * len(shares))
    return populations


def _check_call(operator: Operator, population: list[Any], k: int, fitness: str, seed: int) -> None:
    values = ", ".join(str(individual.fitness.values) for individual in population)
    given = {
        "call": f"k = {k} of {len(population)} individuals of class {type(population[0]).__name__}",
        f"fitness_({fitness})": values,
    }
    case = Case(operator.name, given, f"seed={seed}, trials=1")
    before = list(population)
    genes = [list(individual) for individual in population]
    attributes = [deepcopy(vars(individual)) for individual in population]
    places = []
    for other in (seed + 1, seed + 2):
        selected = operator(case, population, k, seed=seed, other=other)
        if (
            list(map(id, population)) != list(map(id, before))
            or [list(individual) for individual in population] != genes
        ):
            raise case.broken("in place", "it changes the population that it selects from")
        for i, (individual, was) in enumerate(zip(population, attributes), 1):
            if found := _changed(vars(individual), was):
                what = f"it changes the population that it selects from: individual {i}'s {found}"
                raise case.broken("in place", what)
        places.append(_places(case, selected, population, k))
    if places[0] != places[1]:
        what = f"equal seeds, unequal selections: allowed is {operator.source} alone"
        one, two = (", ".join(map(str, chosen)) for chosen in places)
        raise case.broken("randomness", what, indices_selected=one, second_call=two)


def _changed(now: dict[str, Any], was: dict[str, Any]) -> str:
    """The first attribute that is not as it was. A fitness may be annotated, as ``selNSGA2`` does
    with its crowding distance: only its values are compared."""
    for name in sorted({*was, *now}):
        if name not in now or name not in was or not same(now[name], was[name]):
            there, here = (repr(each[name]) if name in each else "none" for each in (was, now))
            return f"{name!r} was {there}, is {here}"
    return ""


def _places(case: Case, selected: Any, population: list[Any], k: int) -> list[int]:
    """The index of each selected individual, which must be one of the population's."""
    place = {id(individual): i for i, individual in enumerate(population)}
    if not isinstance(selected, list):
        what = f"it returns a {type(selected).__name__}, allowed a list of {k}"
        raise case.broken("arity", what)
    if selected is population:
        raise case.broken("in place", "it returns the population itself, allowed a new list")
    for individual in selected:
        if id(individual) not in place:
            twin = "a copy of one" if individual in population else "none"
            what = f"it selects {individual}, {twin} of the individuals given"
            raise case.broken("in place", what)
    places = [place[id(individual)] for individual in selected]
    everyone = k > len(population) and sorted(places) == list(range(len(population)))
    if len(places) != k and not everyone:
        allowed = f"{k}" if k <= len(population) else f"{k}, or each of the population once"
        raise case.broken("arity", f"it selects {len(places)}, allowed {allowed}")
    return places
