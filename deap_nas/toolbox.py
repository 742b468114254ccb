"""The composition root: a DEAP toolbox from a space, an evaluator and the names of operators."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from deap import base, tools

from deap_nas.genome import FITNESS_CLASSES, Gene, Genome
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.operators.selection import OWN_SELECTIONS


class GenePool:
    """The conv genes of the current population, with multiplicity: what ``mut_pool`` draws from.

    The current population is the one last selected from.
    """

    def __init__(self) -> None:
        self._genes: list[Gene] = []

    def __call__(self) -> list[Gene]:
        return self._genes

    def watching(self, select: Callable[..., Any]) -> Callable[..., Any]:
        """A selection that also takes note of whom it selects from."""

        def select_and_note(individuals: list[Any], k: int, *args: Any, **settings: Any) -> Any:
            self._genes = [gene for ind in individuals for gene in ind[:-1]]
            return select(individuals, k, *args, **settings)

        return select_and_note


def sample_individual(space: Any, fitness_class: type[base.Fitness], rng: Any) -> Genome:
    """A genome drawn from the space, with the fitness class that the search needs."""
    return Genome(space.sample(rng), fitness_class)


def make_toolbox(
    space: Any,
    evaluate: Callable[[Any], Any],
    *,
    crossover: str | Callable[..., Any] = "one_point",
    mutation: str | Callable[..., Any] = "gene",
    selection: str | Callable[..., Any] = "roulette",
    weights: Sequence[float] = (1.0,),
    rng: random.Random | Any = random,
) -> base.Toolbox:
    """A toolbox on which our loops, and DEAP's own, run.

    Args:
        space: any object with the methods of ``operators.Space`` and ``sample(rng)``, which draws
            a list of genes.
        evaluate: genome -> fitness tuple. Its ``map``, ``stream``, ``failed`` and ``stopped`` are
            registered too, if it has them, as an ``Evaluator`` does.
        crossover: a name of ``CROSSOVERS``, or an operator that is already complete.
        mutation: a name of ``MUTATIONS``, or an operator that is already complete.
        selection: a name of ``SELECTIONS``, or an operator that is already complete.
        weights: of the fitness; those of ``FITNESS_CLASSES``. What is to be minimised alone is
            negated by ``evaluate``.
        rng: what individuals and our operators draw from.

    Raises:
        ValueError: for an unknown name or weights, or a space that cannot draw.
    """
    weights = tuple(weights)
    if weights not in FITNESS_CLASSES:
        allowed = ", ".join(map(str, FITNESS_CLASSES))
        raise ValueError(f"weights {weights}, allowed {allowed}; to minimise, negate the fitness")
    if not hasattr(space, "sample"):
        raise ValueError(f"space {space!r} has no sample(rng), which draws a list of genes; add it")
    toolbox, pool = base.Toolbox(), GenePool()
    toolbox.register("individual", sample_individual, space, FITNESS_CLASSES[weights], rng)
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", evaluate)
    for name in ("map", "stream", "failed", "stopped"):
        if hasattr(evaluate, name):
            toolbox.register(name, getattr(evaluate, name))
    mate = _named(crossover, CROSSOVERS, "crossover")
    toolbox.register("mate", mate, **_settings(crossover, space=space, rng=rng))
    mutate = _named(mutation, MUTATIONS, "mutation")
    extra = {"pool": pool} if mutation == "pool" else {}
    toolbox.register("mutate", mutate, **_settings(mutation, space=space, rng=rng, **extra))
    select = _named(selection, SELECTIONS, "selection")
    own_rng = {"rng": rng} if selection in OWN_SELECTIONS else {}
    toolbox.register("select", pool.watching(select), **own_rng)
    return toolbox


def _named(chosen: Any, known: dict[str, Any], what: str) -> Callable[..., Any]:
    if callable(chosen):
        return chosen  # type: ignore[no-any-return]
    if chosen not in known:
        raise ValueError(f"{what} {chosen!r}, allowed {', '.join(known)}")
    return known[chosen]  # type: ignore[no-any-return]


def _settings(chosen: Any, **settings: Any) -> dict[str, Any]:
    """Arguments for an operator of ours; a caller's own is complete."""
    return {} if callable(chosen) else settings
