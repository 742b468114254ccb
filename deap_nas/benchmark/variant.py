"""A search of a benchmark as data: which loop, which operators, which numbers."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from deap_nas.algorithms import ALGORITHMS
from deap_nas.benchmark.memo import Memo, Spent
from deap_nas.operators import (
    MUTATIONS,
    SELECTIONS,
    mut_attribute,
    mut_delete,
    mut_insert,
    mut_mixture,
    mut_swap,
)
from deap_nas.runs.first import spread
from deap_nas.toolbox import make_toolbox

FOREVER = 10**9  # generations: the memo ends a search
PACKAGE = Path(__file__).parents[1]
FOLDERS, FILES = (
    ("operators", "algorithms", "layers", "spaces"),
    (
        *("toolbox", "genome", "files", "extras", "words", "benchmark/variant"),
        *("evaluation/fitness", "evaluation/forecast", "runs/first"),
    ),
)
CODE = (
    *(path for name in FOLDERS for path in sorted((PACKAGE / name).rglob("*.py"))),
    *(PACKAGE / f"{name}.py" for name in FILES),
)


@dataclass(frozen=True)
class Own:
    """An operator or a loop that is not of this package.

    Args:
        name: that its results have.
        function: called the way its signature asks for: with ``space`` and ``rng`` where it names
            them (see ``deap_nas.testing``); a loop as ``call_loop`` says.
        code: a digest of what it is defined by; with another, results are made anew.
    """

    name: str
    function: Callable[..., Any]
    code: str = ""


@dataclass(frozen=True)
class Variant:
    """A search. Fields that its loop does not use do not matter.

    Args:
        name: in tables and figures; changes nothing else.
        loop: a name of ``ALGORITHMS``, ``random``, or somebody's own.
        population: individuals to begin with.
        children: bred a generation by the loops that say lambda; 0: as many as the population.
        selection: a name of ``SELECTIONS``, ``tournament_2``, ``_3`` or ``_5``, or one's own.
        crossover: a name of ``CROSSOVERS``, or one's own.
        mutation: a name of ``MUTATIONS``, ``attribute_mixture``, ``step_mixture``, or one's own.
        cxpb: the probability that two parents are mated.
        mutpb: the probability that a child is mutated.
        elitism: as ``ea_generational`` takes it.
        sample: as ``ea_regularized`` takes it; 0: its own choice.
        restart_after: the patience of ``ea_local_search``.
        candidates: as ``ea_preselected`` takes it.
        optimism: as ``ea_preselected`` takes it.
        first: the first individuals: as they are ``drawn``, or ``spread`` over sizes where these
            are known.
        learns: what the model of a loop that has one learns: ``fitness``, or ``measurements``,
            from which the fitness is computed, where these are known.
    """

    name: str
    loop: str | Own = "mu_plus_lambda"
    population: int = 10
    children: int = 0
    selection: str | Own = "tournament_2"
    crossover: str | Own = "one_point"
    mutation: str | Own = "mixture"
    cxpb: float = 0.5
    mutpb: float = 1.0
    elitism: int = 0
    sample: int = 0
    restart_after: int = 30
    candidates: int = 10
    optimism: float = 1.0
    first: str = "drawn"
    learns: str = "measurements"

    def definition(self) -> dict[str, Any]:
        """What the outcome depends on, ready for JSON."""
        return {
            name: f"{value.name} {value.code}" if isinstance(value, Own) else value
            for name, value in self._fields().items()
        }

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "name"}

    def code(self) -> tuple[Path, ...]:
        """Files that the outcome depends on."""
        return CODE

    def versions(self) -> list[str]:
        """Of packages that the outcome depends on."""
        return [metadata.version(package) for package in ("deap", "numpy")]

    def search(self, memo: Memo, seed: int) -> None:
        """Search until the memo says that the budget is spent."""
        rng = random.Random(seed)
        random.seed(seed)  # DEAP's own selections draw from the module
        try:
            if self.loop == "random":
                while True:
                    memo(memo.problem.draw(rng))
            toolbox, measured = self._toolbox(memo, rng), memo.problem.measured
            if measured and self.learns == "measurements":
                measured.register(toolbox)
            if measured and self.first == "spread":
                population = spread(toolbox.individual, self.population, measured.size)
            else:
                population = toolbox.population(n=self.population)
            if isinstance(self.loop, Own):
                call_loop(self.loop.function, population, toolbox, self, rng)
            else:
                values = {**self._fields(), "slots": 1}
                ALGORITHMS[self.loop].run(population, toolbox, FOREVER, values, rng=rng)
        except Spent:
            return

    def _toolbox(self, memo: Memo, rng: random.Random) -> Any:
        space = memo.problem.space
        select = self.selection
        named = _SELECTIONS.get(select, select) if isinstance(select, str) else select
        return make_toolbox(
            space,
            lambda genome: (memo(genome),),
            crossover=_given(self.crossover, space=space, rng=rng),
            mutation=_given(_mutation(self.mutation), space=space, rng=rng),
            selection=_given(named, rng=rng),
            rng=rng,
        )


def _mutation(mutation: str | Own) -> Any:
    return _MIXTURES.get(mutation, mutation) if isinstance(mutation, str) else mutation


def _given(operator: Any, **offered: Any) -> Any:
    """A name as it is; a function with what its signature asks for."""
    if isinstance(operator, str):
        return operator
    function = operator.function if isinstance(operator, Own) else operator
    return partial(function, **asked_for(function, offered))


def asked_for(function: Callable[..., Any], offered: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments offered that the function names."""
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a builtin that does not say
        return {}
    return {name: value for name, value in offered.items() if name in names}


def call_loop(
    loop: Callable[..., Any],
    population: list[Any],
    toolbox: Any,
    variant: Variant,
    rng: random.Random,
) -> None:
    """Run somebody's loop: ``loop(population, toolbox, ...)`` with those of ``cxpb``, ``mutpb``,
    ``ngen``, ``mu``, ``lambda_``, ``rng`` and ``verbose`` that it names.

    Args:
        loop: as those of ``deap.algorithms``.
        population: the first individuals, without a fitness.
        toolbox: with ``map evaluate select mate mutate clone individual``.
        variant: the numbers.
        rng: what the loop may draw from, if it takes one.
    """
    offered = {
        "cxpb": variant.cxpb,
        "mutpb": variant.mutpb,
        "ngen": FOREVER,
        "mu": variant.population,
        "lambda_": variant.children or variant.population,
        "rng": rng,
        "verbose": False,
    }
    loop(population, toolbox, **asked_for(loop, offered))


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
MUTATION_NAMES = (*MUTATIONS, *_MIXTURES)
