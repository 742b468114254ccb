"""What is searched in a benchmark, and how good an answer is."""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.forecast import Forecast, known_in, size_in
from deap_nas.tabular import Table

Key = tuple[Any, ...]  # the genes of an individual


class Score(NamedTuple):
    """How good an individual is; more is better.

    Args:
        seen: what a search is told.
        held_out: what its answer is judged by: other images, or a mean over trainings.
    """

    seen: float
    held_out: float


@dataclass(frozen=True)
class Measured:
    """What a training of each individual told, and the fitness that is made of it.

    Args:
        evaluations: by the individual's genes; its parameters and multiply-adds are known before.
        fitness: a function of an Evaluation.
        learned: what a model must learn of it, as ``Forecast`` takes it.
        known: by the individual's genes, numbers that a model learns from; unless given, the
            logarithms of parameters and multiply-adds.
    """

    evaluations: Mapping[Key, Evaluation]
    fitness: Callable[[Evaluation], tuple[float, ...]]
    learned: tuple[str, ...] = ()
    known: Mapping[Key, tuple[float, ...]] = field(default_factory=dict)

    def measure(self, genes: Iterable[Any]) -> Evaluation:
        return self.evaluations[tuple(genes)]

    def size(self, genes: Iterable[Any]) -> tuple[int, int]:
        """Parameters and multiply-adds."""
        return self.measure(genes).n_params, self.measure(genes).multiply_adds

    def register(self, toolbox: Any, measure: Callable[[Any], Evaluation] | None = None) -> None:
        """Have a model that uses the toolbox learn measurements, and compute the fitness.

        Args:
            toolbox: of the search.
            measure: individual -> its Evaluation, where that is not the one that is kept here.
        """
        known = (lambda genes: self.known[tuple(genes)]) if self.known else None
        of = (self.fitness, self.learned, measure or self.measure, self.size)
        Forecast(*of, known=known).register(toolbox)


class Problem(Protocol):
    """What a benchmark needs of a problem."""

    @property
    def name(self) -> str:
        """In tables and files."""

    @property
    def title(self) -> str:
        """As a person reads it."""

    @property
    def space(self) -> Any:
        """Any object with the methods of ``operators.Space`` and ``sample(rng)``."""

    @property
    def optimum(self) -> Score:
        """The best scores there are; of a function, the best that any search has found."""

    @property
    def fingerprint(self) -> str:
        """Changes when any score does."""

    @property
    def measured(self) -> Measured | None:
        """What is known of every individual besides its score."""

    def score(self, key: Key) -> Score:
        """Of an individual."""

    def draw(self, rng: random.Random) -> Key:
        """A legal individual, for the search at random."""

    def rank(self, held_out: float) -> float:
        """1 is the best there is; equals share the better rank; NaN where nobody knows."""


@dataclass(frozen=True)
class TableProblem:
    """A space of which everything is known, so that regret and rank are exact.

    Args:
        name: in tables and files.
        title: as a person reads it.
        space: whose individuals these are.
        scores: of every individual that is judged, by its genes.
        reachable: the individuals that are legal, if not all that have scores.
        measured: what the scores are made of; None: a model can learn nothing but the scores.
    """

    name: str
    title: str
    space: Any
    scores: Mapping[Key, Score]
    reachable: tuple[Key, ...] = ()
    measured: Measured | None = None

    @cached_property
    def optimum(self) -> Score:
        return Score(*map(max, zip(*self.scores.values())))

    @cached_property
    def fingerprint(self) -> str:
        return _digest(f"{key} {score!r}" for key, score in self.scores.items())

    @cached_property
    def _legal(self) -> tuple[Key, ...]:
        return self.reachable or tuple(self.scores)

    @cached_property
    def _held_out(self) -> list[float]:
        return sorted(score.held_out for score in self.scores.values())

    def score(self, key: Key) -> Score:
        return self.scores[key]

    def draw(self, rng: random.Random) -> Key:
        return rng.choice(self._legal)

    def rank(self, held_out: float) -> float:
        return 1 + len(self._held_out) - bisect_right(self._held_out, held_out)


@dataclass(frozen=True)
class FunctionProblem:
    """A function over a space, of which no optimum is known.

    Args:
        name: in tables and files.
        title: as a person reads it.
        space: with ``sample(rng)`` and the methods of ``operators.Space``.
        function: a list of genes -> a number, or a tuple of one; more is better.
        code: what the function is defined by, as a digest.
        best: the best score that any search has found.
    """

    name: str
    title: str
    space: Any
    function: Callable[[Any], Any] = field(compare=False)
    code: str = ""
    best: float = float("nan")

    @property
    def optimum(self) -> Score:
        return Score(self.best, self.best)

    @property
    def fingerprint(self) -> str:
        return self.code

    @property
    def measured(self) -> None:
        return None

    def score(self, key: Key) -> Score:
        value = self.function(list(key))
        value = float(value[0] if isinstance(value, tuple | list) else value)
        return Score(value, value)

    def draw(self, rng: random.Random) -> Key:
        return tuple(self.space.sample(rng))

    def rank(self, held_out: float) -> float:
        return float("nan")

    def judged_by(self, best: float) -> FunctionProblem:
        """The same, with the best that is known."""
        return replace(self, best=best)


def table_problem(
    table: Table,
    name: str,
    title: str,
    fitness: Callable[[Evaluation], tuple[float, ...]],
    learned: tuple[str, ...] = (),
) -> TableProblem:
    """A fitness over a table: searched on validation accuracy, judged by test accuracy.

    Args:
        table: of every genome of its space.
        name: of the problem, in tables and files.
        title: as a person reads it.
        fitness: a function of an Evaluation; its first value counts.
        learned: what a model must learn of it, as ``Forecast`` takes it.
    """
    evaluations = {tuple(genome): evaluation for genome, evaluation in table.items()}
    known: dict[Key, tuple[float, ...]] = {}
    if size_in(table.space):  # else Keras would be asked about every genome
        describe = known_in(table.space)
        known = {genes: describe(genes) for genes in evaluations}
    measured = Measured(evaluations, fitness, learned, known)
    scores: dict[Key, Score] = {}
    for genes, evaluation in measured.evaluations.items():
        test = replace(evaluation, accuracy=table.test_accuracy(genes))
        scores[genes] = Score(fitness(evaluation)[0], fitness(test)[0])
    return TableProblem(name, title, table.space, scores, measured=measured)


def _digest(lines: Iterable[Hashable]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()[:16]
