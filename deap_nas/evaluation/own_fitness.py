"""A fitness by its name, or from a user's own file: ``mine.py:score``."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from deap_nas.evaluation.fitness import FITNESSES, SINGLE, WEIGHTS, Evaluation, at_least
from deap_nas.evaluation.worker import one_line
from deap_nas.files import line_of, read_text, run_python

OWN = "own_fitness"  # in tables, the column of what a run maximises, where it is not the report's
Fitness = Callable[[Evaluation], tuple[float, ...]]


class FitnessError(ValueError):
    """A fitness that is none; the message is one line."""


class FitnessWarning(UserWarning):
    """A fitness that has no value for some genome; the message is one line."""


class OwnFitness:
    """A user's function of an Evaluation, that returns a finite number, 0 or more; it is maximised.

    It is asked in the process of the search, of each genome that was trained well. A genome for
    which it raises, or returns anything else, fails alone: it has 0.0, and enters no elite, hall of
    fame or front.

    Args:
        path: of the file, as the user gave it.
        text: of the file.
        name: of the function in it.

    Raises:
        FitnessError: if the file raises, or has no such function.
    """

    def __init__(self, path: str, text: str, name: str) -> None:
        self.path, self.name = path, name
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        try:
            module = run_python(path, text, f"deap_nas_fitness_{self.sha256[:12]}")
        except (Exception, SystemExit) as error:
            why = f"{line_of(error, path)}: {one_line(error)}"
            raise FitnessError(f"fitness {path}{why}; mend the file") from error
        self._function: Any = getattr(module, name, None)
        if not callable(self._function):
            raise FitnessError(
                f"fitness {path} has no function {name!r}; define {name}(evaluation) in it"
            )
        self._known: dict[int, tuple[Evaluation, float | None]] = {}  # by identity
        self._warned = False

    def __call__(self, evaluation: Evaluation) -> tuple[float]:
        return (self._value(evaluation) or 0.0,)

    def fails(self, evaluation: Evaluation) -> bool:
        """Whether it has no value for a genome that was trained well."""
        return evaluation.ok and self._value(evaluation) is None

    def _value(self, evaluation: Evaluation) -> float | None:
        if not evaluation.ok:
            return None
        if id(evaluation) not in self._known:
            self._known[id(evaluation)] = (evaluation, self._ask(evaluation))
        return self._known[id(evaluation)][1]

    def _ask(self, evaluation: Evaluation) -> float | None:
        try:
            value = self._function(evaluation)
        except Exception as error:
            self._warn(f"{line_of(error, self.path)} raised {one_line(error)}")
            return None
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not (math.isfinite(number) and number >= 0):
            self._warn(f" returned {value!r}")
            return None
        return number

    def _warn(self, what: str) -> None:
        if not self._warned:
            warnings.warn(
                f"fitness {self.path}, {self.name}{what} for a genome, which counts as failed, as "
                "will any others; return a finite number, 0 or more",
                FitnessWarning,
                stacklevel=5,
            )
        self._warned = True


def find_fitness(name: str, small_enough: int = 0) -> Fitness:
    """The fitness of that name, or from a file: "mine.py:score".

    Args:
        name: one of ``FITNESSES``, or FILE.py:NAME.
        small_enough: fewer parameters count as so many, unless it is from a file.

    Raises:
        FitnessError: for what names none.
    """
    if name in FITNESSES:
        return at_least(small_enough, FITNESSES[name])
    path, function = parts_of(name)
    if not path:
        raise FitnessError(
            f"fitness {name!r}, allowed {', '.join(SINGLE)}, or FILE.py:NAME; use one of them"
        )
    try:
        text = read_text(Path(path))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise FitnessError(f"fitness {path}: {why}; give a Python file") from None
    return _load(path, text, function)


@cache  # run once, however often it is asked for
def _load(path: str, text: str, name: str) -> OwnFitness:
    return OwnFitness(path, text, name)


def parts_of(fitness: str) -> tuple[str, str]:
    """The file and the function of a user's own fitness; ("", "") of any other."""
    path, _, name = fitness.rpartition(":")
    return (path, name) if path.endswith(".py") and name.isidentifier() else ("", "")


def weights_of(fitness: str) -> tuple[float, ...]:
    """1.0 for each value that is maximised, -1.0 for each that is minimised."""
    return WEIGHTS.get(fitness, (1.0,))
