"""Several objectives at once: what each is of, and which way is better. One more is one entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.forecast import LOG_OF_ERROR


@dataclass(frozen=True)
class Objective:
    """A number of an Evaluation.

    Args:
        of: the number.
        weight: 1.0 where more is better, -1.0 where less is.
        learned: what only training tells of it (a name of ``forecast.SCALES``); "" where all is
            known without.
        scale: where equal steps count alike; a front's volume is measured there.
        int8: whether it is known only where all layers give their operations.
    """

    of: Callable[[Evaluation], float]
    weight: float
    learned: str = ""
    scale: Callable[[float], float] = float
    int8: bool = False


def _log(number: float) -> float:
    return math.log(max(1e-9, number))


OBJECTIVES = {
    # By the logarithm of the error: from 89 to 90 % is more than from 79 to 80 %.
    "accuracy": Objective(lambda e: e.accuracy, 1.0, "accuracy", LOG_OF_ERROR.to),
    "n_params": Objective(lambda e: float(e.n_params), -1.0, scale=_log),
    "multiply_adds": Objective(lambda e: float(e.multiply_adds), -1.0, scale=_log),
    "cpu_seconds": Objective(lambda e: e.train_cpu_seconds, -1.0, "train_cpu_seconds", _log),
    "ram": Objective(lambda e: float(e.ram or 0), -1.0, scale=_log, int8=True),
    "flash": Objective(lambda e: float(e.flash or 0), -1.0, scale=_log, int8=True),
}
MOST = 4


def _at_least(least: float, objective: Objective) -> Objective:
    return replace(objective, of=lambda evaluation: max(least, objective.of(evaluation)))


class Objectives:
    """Some of ``OBJECTIVES``, in their order: a fitness for evaluators.

    Args:
        names: of two to ``MOST`` objectives, accuracy among them.
        small_enough: parameters that are few enough; fewer count as so many, so that no network is
            on a front for being smaller still.

    Raises:
        ValueError: for a name that is unknown or there twice, and where there are too few or many.
    """

    def __init__(self, names: Iterable[str], small_enough: int = 0) -> None:
        given = tuple(names)
        if unknown := [name for name in given if name not in OBJECTIVES]:
            raise ValueError(f"{unknown[0]!r}, allowed {', '.join(OBJECTIVES)}")
        if len(set(given)) < max(2, len(given)):
            raise ValueError(f"{','.join(given)!r}, allowed two or more that differ")
        if "accuracy" not in given or len(given) > MOST:
            said = f"allowed accuracy and up to {MOST - 1} others"
            raise ValueError(f"{','.join(given)!r}, {said}")
        self.names = tuple(name for name in OBJECTIVES if name in given)
        known = {**OBJECTIVES, "n_params": _at_least(small_enough, OBJECTIVES["n_params"])}
        self._each = tuple(known[name] for name in self.names)
        self.weights = tuple(each.weight for each in self._each)

    def __call__(self, evaluation: Evaluation) -> tuple[float, ...]:
        """The objectives of an Evaluation; a failed genome has accuracy 0.0."""
        return tuple(each.of(evaluation) for each in self._each)

    @property
    def learned(self) -> tuple[str, ...]:
        """What only training tells."""
        return tuple(each.learned for each in self._each if each.learned)

    @property
    def int8(self) -> tuple[str, ...]:
        """Those that are known only where all layers give their operations."""
        return tuple(name for name in self.names if OBJECTIVES[name].int8)

    def placed(self, evaluation: Evaluation) -> tuple[float, ...]:
        """The objectives, each on its scale."""
        return tuple(each.scale(each.of(evaluation)) for each in self._each)
