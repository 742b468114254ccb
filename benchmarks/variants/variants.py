"""What is compared: a variant is data. To add one, add a line to ``variants()``."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from variants.memo import Memo, Spent

from deap_nas import make_toolbox
from deap_nas.algorithms import (
    ea_generational,
    ea_local_search,
    ea_mu_plus_lambda,
    ea_preselected,
    ea_regularized,
    ea_steady_state,
)
from deap_nas.operators import (
    MUTATIONS,
    SELECTIONS,
    mut_attribute,
    mut_delete,
    mut_insert,
    mut_mixture,
    mut_swap,
)
from deap_nas.settings import Settings, make_settings

FOREVER = 10**9


@dataclass(frozen=True)
class Variant:
    """A search. Fields that its loop does not use do not matter.

    Args:
        children: bred a generation by the loops that say lambda; 0: as many as the population.
        optimism, candidates, patience, sample: as in the loops of ``deap_nas.algorithms``.
    """

    name: str
    loop: str = "mu_plus_lambda"
    population: int = 10
    children: int = 0
    selection: str = "tournament_2"
    crossover: str = "one_point"
    mutation: str = "mixture"
    cxpb: float = 0.5
    mutpb: float = 1.0
    elitism: int = 0
    sample: int = 0
    patience: int = 30
    candidates: int = 10
    optimism: float = 1.0

    def definition(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "name"}

    def search(self, memo: Memo, seed: int) -> None:
        """Search until the memo says that the budget is spent."""
        rng = random.Random(seed)
        random.seed(seed)  # DEAP's own selections draw from the module
        toolbox = make_toolbox(
            memo.problem.space,
            lambda genome: (memo(genome),),
            crossover=self.crossover,
            mutation=self._mutation(memo.problem.space, rng),
            selection=_SELECTIONS.get(self.selection, self.selection),
            rng=rng,
        )
        try:
            _LOOPS[self.loop](self, toolbox, memo, rng)
        except Spent:
            return

    def _mutation(self, space: Any, rng: random.Random) -> Any:
        named = {**MUTATIONS, **_MIXTURES}[self.mutation]
        return "pool" if self.mutation == "pool" else partial(named, space=space, rng=rng)


_TOURNAMENT = SELECTIONS["tournament"]
_SELECTIONS: dict[str, Any] = {
    f"tournament_{size}": partial(_TOURNAMENT, tournsize=size) for size in (2, 3, 5)
}
_STRUCTURE = (mut_attribute, mut_insert, mut_delete, mut_swap)
_MIXTURES: dict[str, Any] = {
    "attribute_mixture": partial(mut_mixture, mutations=_STRUCTURE, weights=(4, 1, 1, 1)),
    "step_mixture": partial(
        mut_mixture,
        mutations=(partial(mut_attribute, step=True), *_STRUCTURE[1:]),
        weights=(4, 1, 1, 1),
    ),
}


def _generational(it: Variant, toolbox: Any, memo: Memo, rng: random.Random) -> None:
    population = toolbox.population(n=it.population)
    ea_generational(population, toolbox, it.cxpb, it.mutpb, FOREVER, elitism=it.elitism, rng=rng)


def _mu_plus_lambda(it: Variant, toolbox: Any, memo: Memo, rng: random.Random) -> None:
    sizes = (it.population, it.children or it.population)
    population = toolbox.population(n=it.population)
    ea_mu_plus_lambda(population, toolbox, *sizes, it.cxpb, it.mutpb, FOREVER, rng=rng)


def _preselected(it: Variant, toolbox: Any, memo: Memo, rng: random.Random) -> None:
    ea_preselected(
        toolbox.population(n=it.population),
        toolbox,
        it.population,
        it.children or it.population,
        it.cxpb,
        it.mutpb,
        FOREVER,
        candidates=it.candidates,
        optimism=it.optimism,
        rng=rng,
    )


def _regularized(it: Variant, toolbox: Any, memo: Memo, rng: random.Random) -> None:
    population = toolbox.population(n=it.population)
    ea_regularized(population, toolbox, FOREVER, sample=it.sample or None, rng=rng)


def _steady_state(it: Variant, toolbox: Any, memo: Memo, rng: random.Random) -> None:
    population = toolbox.population(n=it.population)
    ea_steady_state(population, toolbox, it.cxpb, it.mutpb, FOREVER, rng=rng)


def _local_search(it: Variant, toolbox: Any, memo: Memo, rng: random.Random) -> None:
    population = toolbox.population(n=it.population)
    ea_local_search(population, toolbox, FOREVER, patience=it.patience, rng=rng)


def _random(it: Variant, toolbox: Any, memo: Memo, rng: random.Random) -> None:
    keys = memo.problem.reachable or memo.problem.keys
    while True:
        memo(rng.choice(keys))


_LOOPS: dict[str, Callable[..., None]] = {
    "generational": _generational,
    "mu_plus_lambda": _mu_plus_lambda,
    "preselected": _preselected,
    "regularized": _regularized,
    "steady_state": _steady_state,
    "local_search": _local_search,
    "random": _random,
}


def of_settings(name: str, settings: Settings) -> Variant:
    """The variant that a search of the project with these settings is."""
    return Variant(
        name,
        settings.algorithm,
        settings.population,
        settings.children,
        selection=settings.selection,
        crossover=settings.crossover,
        mutation=settings.mutation,
        cxpb=settings.cxpb,
        mutpb=settings.mutpb,
        elitism=settings.elitism,
    )


RANDOM = Variant("random", "random")
REPORT = of_settings("the report's GA", make_settings("paper"))
# What a search does unless told: Settings() says the same, which a test compares.
BEST = Variant("deap_nas", "preselected", 10, 4, "tournament", "uniform", "mixture")
LOCAL = Variant("local search", "local_search", 1, mutation="attribute_mixture")
AGING = Variant("regularized", "regularized", 10, sample=3, mutation="attribute_mixture")
PLUS = Variant("mu+lambda", population=5, children=1, mutation="attribute_mixture")


def variants() -> list[Variant]:
    """Everything that is compared; the first ones are what others are measured by."""
    steady = replace(PLUS, loop="steady_state", population=10)
    elite = replace(REPORT, elitism=1)
    legal = replace(elite, crossover="one_point", mutation="gene", mutpb=0.2)
    return [
        RANDOM,
        REPORT,
        replace(REPORT, name="report, population 10", population=10),
        replace(elite, name="report, elitism 1"),
        replace(elite, name="report, legal crossover", crossover="one_point"),
        replace(elite, name="report, mutpb 0.5", mutpb=0.5),
        replace(legal, name="report, legal operators"),
        replace(legal, name="generational, roulette", population=10),
        replace(legal, name="generational, mutpb 0.5", population=10, mutpb=0.5),
        replace(legal, name="generational, mutpb 1", population=10, mutpb=1.0),
        replace(
            legal, name="generational, rank", population=10, mutpb=0.5, selection="rank_roulette"
        ),
        *(
            replace(
                legal,
                name=f"generational, tournament {k}",
                population=10,
                mutpb=0.5,
                selection=f"tournament_{k}",
            )
            for k in (2, 3, 5)
        ),
        replace(
            legal,
            name="generational, mixture",
            population=10,
            mutpb=1.0,
            cxpb=0.5,
            selection="tournament_3",
            mutation="attribute_mixture",
        ),
        *(replace(PLUS, name=f"mu+lambda, mu {mu}", population=mu) for mu in (5, 10, 20)),
        replace(PLUS, name="mu+lambda, 10 + 10", population=10, children=10),
        replace(PLUS, name="mu+lambda, no crossover", cxpb=0.0),
        *(
            replace(PLUS, name=f"mu+lambda, {kind}", crossover=kind)
            for kind in ("two_point", "uniform", "uniform_by_kind")
        ),
        *(
            replace(PLUS, name=f"mu+lambda, {kind}", mutation=kind)
            for kind in ("gene", "attribute", "attribute_step", "mixture", "step_mixture")
        ),
        replace(PLUS, name="mu+lambda, random parents", selection="random"),
        replace(PLUS, name="mu+lambda, tournament 5", selection="tournament_5"),
        replace(PLUS, name="mu+lambda, roulette", selection="roulette"),
        replace(steady, name="steady state"),
        replace(steady, name="steady state, 5", population=5),
        replace(steady, name="steady state, uniform", crossover="uniform"),
        AGING,
        replace(AGING, name="regularized, 20 of 5", population=20, sample=5),
        replace(AGING, name="regularized, sample 5", sample=5),
        replace(AGING, name="regularized, gene", mutation="gene"),
        LOCAL,
        replace(LOCAL, name="local search, gene", mutation="gene"),
        replace(LOCAL, name="local search, attribute", mutation="attribute"),
        replace(LOCAL, name="local search, patience 60", patience=60),
        replace(LOCAL, name="local search, from 10", population=10),
        BEST,
        *ablations(BEST),
    ]


def ablations(best: Variant) -> list[Variant]:
    """The best with one thing changed."""
    changes: dict[str, dict[str, Any]] = {
        "no choice": {"candidates": 1},
        "candidates 5": {"candidates": 5},
        "candidates 30": {"candidates": 30},
        "optimism 0": {"optimism": 0.0},
        "optimism 0.5": {"optimism": 0.5},
        "optimism 2": {"optimism": 2.0},
        "no crossover": {"cxpb": 0.0},
        "crossover always": {"cxpb": 1.0},
        "one-point": {"crossover": "one_point"},
        "by kind": {"crossover": "uniform_by_kind"},
        "gene": {"mutation": "gene"},
        "attribute": {"mutation": "attribute"},
        "attribute mixture": {"mutation": "attribute_mixture"},
        "roulette": {"selection": "roulette"},
        "random parents": {"selection": "random"},
        "population 5": {"population": 5},
        "population 20": {"population": 20},
        "children 1": {"children": 1},
        "children 2": {"children": 2},
        "children 10": {"children": 10},
    }
    return [
        replace(best, name=f"{best.name}, {name}", **change) for name, change in changes.items()
    ]
