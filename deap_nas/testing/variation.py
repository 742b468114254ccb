"""The contract of crossover and mutation."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Container
from copy import deepcopy
from typing import Any

from deap import base

from deap_nas.testing.contract import Case, Operator, creator_made, global_rngs_restored, text
from deap_nas.testing.parts import among, mutable_parts, same, same_genes, without

Sample = Callable[..., Any]


def check_crossover(
    op: Callable[..., Any],
    space: Any,
    *,
    sample: Sample | None = None,
    conserves: bool = False,
    trials: int = 50,
    seed: int = 0,
) -> int:
    """Check a crossover of two individuals against the contract (see ``deap_nas.testing``).

    Args:
        op: the crossover.
        space: the rules; any object with the methods of ``deap_nas.operators.Space``.
        sample: makes a legal individual, called with an rng if it takes one, else DEAP's way, as
            ``toolbox.individual()``, on a seeded ``random`` module; ``space.sample`` unless given.
        conserves: whether the children together must have exactly the parents' genes.
        trials: pairs of parents, from the seeds ``seed`` to ``seed + trials - 1``.
        seed: the first of them.

    Returns:
        In how many trials a child differed from its parent: zero means an operator that does
        nothing, which is legal.

    Raises:
        ContractError: for an operator that breaks a rule.
        ValueError: where ``sample`` does not give legal individuals.
    """

    def provenance(parents: list[Any], children: list[Any]) -> str:
        genes = [gene for parent in parents for gene in parent]
        for n, child in enumerate(children, 1):
            for i, gene in enumerate(child, 1):
                if not among(gene, genes):
                    return f"gene {i} of child {n}, {_gene(gene)}, is in no parent"
        bred = [gene for child in children for gene in child]
        if conserves and (lost := without(genes, bred)):
            return f"the children lack {text(lost)}: together they must have the parents' genes"
        if conserves and (added := without(bred, genes)):
            return f"the children have {text(added)} too often: together the parents' genes"
        return ""

    return _check(op, space, 2, provenance, sample or _sample_of(space), trials, seed)


def check_mutation(
    op: Callable[..., Any],
    space: Any,
    *,
    sample: Sample | None = None,
    trials: int = 50,
    seed: int = 0,
) -> int:
    """Check a mutation of one individual against the contract; as ``check_crossover``.

    A new gene must be one that ``space.replacements`` or ``space.insertions`` offers in its place.
    """

    def provenance(parents: list[Any], children: list[Any]) -> str:
        (parent,), (child,) = parents, children
        for i, gene in enumerate(child):
            if not among(gene, parent) and not _offered(space, child, i):
                where = f"gene {i + 1} of the child, {_gene(gene)}"
                return f"{where}, is neither the parent's nor one that the space offers there"
        return ""

    return _check(op, space, 1, provenance, sample or _sample_of(space), trials, seed)


def _offered(space: Any, child: list[Any], i: int) -> bool:
    """Whether the space lists the gene at place ``i`` of a legal child, asked by way of another
    legal individual, since a space does not list a gene as an alternative to itself."""
    others = space.replacements(child, i)
    if len(others):
        twin = [*child[:i], others[0], *child[i + 1 :]]
        return among(child[i], space.replacements(twin, i))
    rest = [*child[:i], *child[i + 1 :]]
    if rest in space:
        return any(place == i and same(gene, child[i]) for place, gene in space.insertions(rest))
    return True  # the only gene that is legal here


def _check(
    op: Callable[..., Any],
    space: Any,
    n: int,
    provenance: Callable[[list[Any], list[Any]], str],
    sample: Sample,
    trials: int,
    seed: int,
) -> int:
    operator, changed, earlier = Operator(op, space=space), 0, dict[int, Any]()
    with global_rngs_restored():
        for s in range(seed, seed + trials):
            drawn = [_draw(sample, space, s, random.Random(f"{s} {i}")) for i in range(n)]
            made = [creator_made(deepcopy(list(ind)), least=i) for i, ind in enumerate(drawn, 1)]
            twice = [[parents[0]] * 2 for parents in (drawn, made) if n > 1]
            for parents in (drawn, made, *twice):
                trial = _Trial(operator, space, parents, s)
                children = trial.bred(provenance, other=s + 1)
                again = trial.bred(provenance, other=s + 2)
                if not all(map(same_genes, children, again)):
                    raise trial.case.broken(
                        "randomness",
                        f"equal seeds, unequal children: allowed is {operator.source} alone",
                        **_labelled("child", children),
                        **_labelled("second_call's_child", again),
                    )
                trial.check_apart(children, earlier)
                trial.check_apart(again, earlier)
                changed += parents is drawn and not all(map(same_genes, children, parents))
    return changed


class _Trial:
    """One pair of parents (or one parent), never handed out themselves: an operator gets copies."""

    def __init__(self, operator: Operator, space: Any, parents: list[Any], seed: int) -> None:
        self.operator, self.space, self.parents, self.seed = operator, space, parents, seed
        given = _labelled("parent", parents)
        if len(parents) > 1 and parents[0] is parents[1]:
            given = {"one_individual_given_twice": text(parents[0])}
        given["class"] = type(parents[0]).__name__
        self.case = Case(operator.name, given, f"seed={seed}, trials=1")

    def bred(self, provenance: Callable[..., str], other: int) -> list[Any]:
        """The children of copies of the parents, which keep every rule but those of two calls."""
        given = deepcopy(self.parents)  # as one, so that an individual given twice stays one
        came_with = [dict(getattr(individual, "__dict__", {})) for individual in given]
        result = self.operator(self.case, *given, seed=self.seed, other=other)
        n = len(given)
        if not isinstance(result, tuple) or len(result) != n:
            size = f" of {len(result)}" if hasattr(result, "__len__") else ""
            what = f"it returns a {type(result).__name__}{size}, allowed a tuple of {n}"
            raise self.case.broken("arity", what)
        children = list(result)
        self._check_in_place(given, children)
        for i in range(n):
            self._check_attributes(i, children, came_with)
            self._check_fitness(i, children, came_with)
        for i, child in enumerate(children, 1):
            if child not in self.space:
                raise self._broken(
                    "closure", f"child {i} is {_illegal(self.space, child)}", children
                )
        if found := provenance(self.parents, children):
            raise self._broken("provenance", found, children)
        return children

    def _check_in_place(self, given: list[Any], children: list[Any]) -> None:
        for i, (child, individual) in enumerate(zip(children, given), 1):
            if child is not individual:
                kind = type(child).__name__
                found = f"a new {kind}" if all(child is not g for g in given) else "the other one"
                what = f"child {i} is {found}, allowed the {type(individual).__name__} given as "
                raise self._broken("in place", f"{what}argument {i}, changed in place", children)

    def _check_attributes(
        self, i: int, children: list[Any], came_with: list[dict[str, Any]]
    ) -> None:
        if type(children[i]) is not type(self.parents[i]):
            what = f"child {i + 1} has become a {type(children[i]).__name__}"
            raise self._broken("attributes", what, children)
        now = getattr(children[i], "__dict__", {})
        for name, value in came_with[i].items():
            if name not in now:
                raise self._broken("attributes", f"a child has lost its {name!r}", children)
            if type(now[name]) is not type(value):
                what = f"a child's {name!r} has become a {type(now[name]).__name__}"
                raise self._broken("attributes", what, children)

    def _check_fitness(self, i: int, children: list[Any], came_with: list[dict[str, Any]]) -> None:
        """A child has the fitness object that it came with, and in it no values but those it had.

        Other attributes, such as the ``strategy`` of an evolution strategy, may be varied.
        """
        for name, fitness in came_with[i].items():
            if not isinstance(fitness, base.Fitness):
                continue
            now, was = getattr(children[i], name), getattr(self.parents[i], name)
            if now is not fitness:
                others = any(now is other for own in came_with for other in own.values())
                found = "the other's" if others else f"a new {type(now).__name__}"
                what = f"child {i + 1}'s {name!r} is {found}, allowed the object that it came with"
                raise self._broken("attributes", what, children)
            if now.valid and now.wvalues != was.wvalues:
                had = f"{was.values}" if was.valid else "none"
                what = f"child {i + 1} is given the {name} {now.values}, allowed {had} as before"
                raise self._broken("attributes", f"{what}: only evaluation gives any", children)

    def check_apart(self, children: list[Any], earlier: dict[int, Any]) -> None:
        """No mutable part of a child belongs to its sibling or to the child of an earlier call, and
        no mutable gene has two places in a child."""
        exempt = mutable_parts(self.parents)  # what copies share, they were made to share
        # Of one individual given twice it is asked no more than that it stays legal.
        twice = len(children) > 1 and children[0] is children[1]
        for n, child in enumerate(children[:1] if twice else children, 1):
            if not twice and (found := _two_places(child, exempt)):
                what = f"{found} of child {n}: give each place a copy of its own"
                raise self._broken("aliasing", what, children)
            parts = mutable_parts(child)
            for key, part in parts.items():
                if key in earlier and key not in exempt:
                    what = f"{_gene(part)} is shared by two children: give each a copy of its own"
                    raise self._broken("aliasing", what, children)
            earlier |= parts

    def _broken(self, rule: str, what: str, children: list[Any]) -> Exception:
        return self.case.broken(rule, what, **_labelled("child", children))


def _two_places(child: Any, exempt: Container[int]) -> str:
    """A mutable object that two genes have in common; attributes may refer to genes."""
    places: dict[int, int] = {}
    for i, gene in enumerate(child, 1):
        for key, part in mutable_parts(gene).items():
            if places.setdefault(key, i) != i and key not in exempt:
                return f"{_gene(part)} is in both gene {places[key]} and gene {i}"
    return ""


def _labelled(label: str, individuals: list[Any]) -> dict[str, str]:
    numbers = [f"_{i}" for i in range(1, len(individuals) + 1)] if len(individuals) > 1 else [""]
    return {f"{label}{number}": text(ind) for number, ind in zip(numbers, individuals)}


def _illegal(space: Any, child: Any) -> str:
    """What is wrong with a child, in the space's own words where it has some."""
    sentences = space.violations(child) if hasattr(space, "violations") else []
    return "; ".join(["illegal", *sentences[:3]])


def _gene(gene: Any) -> str:
    return f"'{gene}' ({type(gene).__name__})"


def _sample_of(space: Any) -> Sample:
    if not hasattr(space, "sample"):
        raise ValueError(f"{type(space).__name__} has no sample(rng): give sample=")
    sample: Sample = space.sample
    return sample


def _draw(sample: Sample, space: Any, seed: int, rng: random.Random) -> Any:
    """A legal individual that shares nothing with what ``sample`` keeps."""
    random.seed(rng.random())
    try:
        inspect.signature(sample).bind(rng)
    except (TypeError, ValueError):
        individual = sample()
    else:
        individual = sample(rng)
    if not isinstance(individual, list) or individual not in space:
        raise ValueError(
            f"sample gave {text(individual)} at seed {seed}, allowed a list that is in the space: "
            "correct the sample or the space"
        )
    individual = deepcopy(individual)
    individual[:] = [deepcopy(gene) for gene in individual]  # nor one gene with another place
    return individual
