"""What the checks share: the error, how an operator is called, where its randomness comes from."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from deap import base, creator


class ContractError(AssertionError):
    """An operator that breaks the contract; ``rule`` is the name of the rule."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True)
class Case:
    """One call of an operator, as a message tells it.

    Args:
        name: of the operator.
        given: what the call was about, label -> text.
        repeat: how to have the same call again.
    """

    name: str
    given: Mapping[str, str]
    repeat: str

    def broken(self, rule: str, what: str, **got: str) -> ContractError:
        lines = [f"{self.name} breaks '{rule}': {what}"]
        lines += [f"  {label.replace('_', ' ')}: {text}" for label, text in self.given.items()]
        lines += [f"  {label.replace('_', ' ')}: {text}" for label, text in got.items()]
        return ContractError(rule, "\n".join([*lines, f"  repeat it with {self.repeat}"]))


class Operator:
    """An operator, called the way its signature asks for, its use of randomness watched."""

    def __init__(self, op: Callable[..., Any], **offered: Any) -> None:
        takes = _parameters(op)
        self._op = op
        self._settings = {name: value for name, value in offered.items() if name in takes}
        self._takes_rng = "rng" in takes
        self.name = _name(op)
        self.source = "the rng given" if self._takes_rng else "the random module"

    def __call__(self, case: Case, *args: Any, seed: int, other: int) -> Any:
        """Call it with randomness from ``seed``; ``other`` seeds what it has no business with."""
        settings = dict(self._settings)
        random.seed(other if self._takes_rng else seed)
        if self._takes_rng:
            settings["rng"] = random.Random(seed)
        numpy_random = _numpy_random()
        if numpy_random:
            numpy_random.seed(other)
        before = _states()
        try:
            result = self._op(*args, **settings)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise case.broken("raises", what) from error
        for name, state in _states().items():
            watched = name != "the random module" or self._takes_rng
            if watched and name in before and state != before[name]:
                what = f"it draws from (or seeds) {name}; allowed: {self.source} alone"
                raise case.broken("randomness", what)
        return result


@contextmanager
def global_rngs_restored() -> Iterator[None]:
    """Leave the random module, and numpy's if it is loaded, as they were."""
    state, numpy_random = random.getstate(), _numpy_random()
    numpy_state = numpy_random.get_state() if numpy_random else None
    try:
        yield
    finally:
        random.setstate(state)
        if numpy_random:
            numpy_random.set_state(numpy_state)


def _numpy_random() -> Any:
    """Looked up, not imported: only an operator that uses numpy needs watching."""
    return getattr(sys.modules.get("numpy"), "random", None)


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {"the random module": random.getstate()}
    numpy_random = _numpy_random()
    if numpy_random:
        name, words, *rest = numpy_random.get_state()
        states["numpy's global rng"] = (name, words.tobytes(), *rest)
    return states


def _parameters(op: Callable[..., Any]) -> set[str]:
    try:
        return set(inspect.signature(op).parameters)
    except (TypeError, ValueError):  # a builtin that does not say
        return set()


def _name(op: Any) -> str:
    while isinstance(op, partial) or hasattr(op, "__wrapped__"):
        # A toolbox calls its partials "mate" and "mutate"; a wrapper of one has no name to show.
        op = op.func if isinstance(op, partial) else op.__wrapped__
    return getattr(op, "__name__", None) or type(op).__name__


def text(genes: Any) -> str:
    """Genes as a message shows them."""
    return ", ".join(map(str, genes)) if isinstance(genes, list) else repr(genes)


def creator_made(genes: Any, weights: tuple[float, ...] = (1.0, -1.0), least: int = 1) -> Any:
    """``genes`` as an individual that ``deap.creator`` would make, with a note, and a fitness whose
    values count up from ``least``."""
    individual = _creator_class(weights)(genes)
    individual.fitness.values = tuple(float(least + i) for i in range(len(weights)))
    individual.note = ["kept"]
    return individual


def _creator_class(weights: tuple[float, ...]) -> Any:
    # What creator.create does, without registering names in a module that is the project's own.
    if weights not in _CREATED:
        fitness = creator.MetaCreator("FitnessOfContract", base.Fitness, {"weights": weights})
        _CREATED[weights] = creator.MetaCreator("CreatorMade", list, {"fitness": fitness})
    return _CREATED[weights]


_CREATED: dict[tuple[float, ...], Any] = {}
