"""A variant's search: which operators and which loop its fields name."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from variants.memo import Memo, Spent

import deap_nas
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

FOREVER = 10**9
PACKAGE = Path(str(deap_nas.__file__)).parent
FOLDERS, FILES = (
    ("operators", "algorithms", "layers", "spaces"),
    ("toolbox", "genome", "files", "extras", "words"),
)
CODE = (
    *(path for name in FOLDERS for path in sorted((PACKAGE / name).rglob("*.py"))),
    *(PACKAGE / f"{name}.py" for name in FILES),
    Path(__file__),
)


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

    def code(self) -> tuple[Path, ...]:
        return CODE

    def versions(self) -> list[str]:
        return [metadata.version(package) for package in ("deap", "numpy")]

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
