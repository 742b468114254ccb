"""An Evaluation is what was measured of a genome; a fitness is a pure function of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field, replace
from functools import partial
from typing import Any

STATUSES = ("ok", "stopped", "diverged", "error", "oom", "timeout", "killed")
Confusion = tuple[tuple[int, ...], ...]  # counts, [true class][predicted class]
CLASSIFICATION = ("accuracy", "train_accuracy")  # metrics that are attributes, too


@dataclass(frozen=True)
class Evaluation:
    """What training one genome gave.

    Whoever measures something else than a classifier says it in ``metrics``, and leaves out what
    there is none of: ``Evaluation(metrics={"error": 0.2})``.

    Args:
        accuracy: share of the scored split that is classified rightly, in [0, 1].
        train_accuracy: the same of the training images, averaged while training, in [0, 1].
        n_params: trainable parameters.
        train_seconds: wall clock of the training alone; no building, no scoring.
        train_cpu_seconds: the process's CPU time over the same stretches.
        multiply_adds: per image, forward.
        epochs: epochs trained; ``best_epoch`` is the one that the scores and weights are of.
        confusion: counts on the scored split, ``confusion[true class][predicted class]``.
        curve: one row an epoch: ``epoch loss accuracy`` of training, ``val_loss val_accuracy`` of
            the scored split where it was scored.
        status: ``ok``, or why there is no score; a failed genome has accuracy 0. ``stopped``: it
            was not trained to the end (``Halving``), and its accuracy is of ``epochs`` epochs.
        reason: one line on a failure.
        measured_on: the machine that the seconds are of.
        metrics: all scores by name, those of classification among them.
        ram: bytes that the network's tensors take in int8 on TensorFlow Lite Micro, by formula;
            None where that is not known.
        flash: bytes of the network as an int8 model: of its file, where there is one, else by
            formula; None where that is not known.
        int8_accuracy: of that model, on the scored split, in [0, 1]; None where there is none.

    Raises:
        ValueError: for a value that no measurement can have.
    """

    accuracy: float = None  # type: ignore[assignment]  # None: not a classifier
    train_accuracy: float = None  # type: ignore[assignment]
    n_params: int = 0
    train_seconds: float = 0.0
    _: KW_ONLY
    train_cpu_seconds: float = 0.0
    multiply_adds: int = 0
    epochs: int = 0
    best_epoch: int = 0
    confusion: tuple[tuple[int, ...], ...] = ()
    curve: tuple[dict[str, float], ...] = ()
    status: str = "ok"
    reason: str = ""
    measured_on: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict, hash=False)
    ram: int | None = None
    flash: int | None = None
    int8_accuracy: float | None = None

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status {self.status!r}, allowed {', '.join(STATUSES)}")
        given = {name: getattr(self, name) for name in CLASSIFICATION}
        metrics = {**self.metrics, **{n: v for n, v in given.items() if v is not None}}
        for name in CLASSIFICATION:
            if not 0 <= metrics.get(name, 0) <= 1:
                raise ValueError(f"{name} {metrics[name]}, allowed 0 to 1")
            object.__setattr__(self, name, metrics.get(name))
        object.__setattr__(self, "metrics", {n: float(v) for n, v in metrics.items()})
        for name in ("n_params", "train_seconds", "train_cpu_seconds"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} {value}, allowed finite and 0 or more")

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def stopped(self) -> bool:
        """Whether training was stopped early: no failure, but no score to rank by either."""
        return self.status == "stopped"

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, texts and lists, ready for JSON."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        others = {n: v for n, v in values.pop("metrics").items() if n not in CLASSIFICATION}
        return {**values, "metrics": others} if others else values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Evaluation:
        """The inverse of ``to_dict``, also behind JSON."""
        return cls(
            **{
                **values,
                "confusion": tuple(map(tuple, values.get("confusion", ()))),
                "curve": tuple(values.get("curve", ())),
            }
        )


def accuracy_of(confusion: Any) -> float:
    """Share of the counts, ``confusion[true class][predicted class]``, that are right."""
    right = sum(row[i] for i, row in enumerate(confusion))
    return float(right / sum(map(sum, confusion)))


def failed(status: str, reason: str, n_params: int = 0, **measured: Any) -> Evaluation:
    """The Evaluation of a genome that has no score: accuracy 0, a status and a reason."""
    measured = {"train_seconds": 0.0, **measured}
    return Evaluation(0.0, 0.0, n_params, status=status, reason=reason, **measured)


def accuracy_per_log_params(evaluation: Evaluation) -> tuple[float]:
    """``100 * accuracy / ln(n_params)``; the report, section III.3. A failed genome has 0.0."""
    return (_per_log(evaluation.accuracy, evaluation) if evaluation.ok else 0.0,)


def time_penalised(evaluation: Evaluation) -> tuple[float]:
    """The same divided by ``train_seconds``; the report, section VI. A failed genome has 0.0."""
    if not evaluation.ok:
        return (0.0,)
    if not evaluation.train_seconds:
        raise ValueError("train_seconds 0.0, allowed more than 0: measure the training time")
    return (accuracy_per_log_params(evaluation)[0] / evaluation.train_seconds,)


def balanced_accuracy_per_log_params(evaluation: Evaluation) -> tuple[float]:
    """``100 * balanced accuracy / ln(n_params)``, from the confusion counts: the mean share that is
    right, over the classes that there are images of. A failed genome has 0.0."""
    if not evaluation.ok:
        return (0.0,)
    rows = [(row[i], sum(row)) for i, row in enumerate(_counted(evaluation))]
    return (_per_log(_mean_share(rows), evaluation),)


def accuracy_in_percent(evaluation: Evaluation) -> tuple[float]:
    """``100 * accuracy``, whatever the size: for spaces with budgets. A failed genome has 0.0."""
    return (100 * evaluation.accuracy if evaluation.ok else 0.0,)


def macro_f1_per_log_params(evaluation: Evaluation) -> tuple[float]:
    """``100 * macro F1 / ln(n_params)``, from the confusion counts: the mean F1, over the classes
    that there are images of, or that are predicted. A failed genome has 0.0."""
    if not evaluation.ok:
        return (0.0,)
    counts = _counted(evaluation)
    predicted = list(map(sum, zip(*counts)))
    # The harmonic mean of precision and recall is twice the right ones, by those that are of the
    # class and those that are called so.
    rows = [(2 * row[i], sum(row) + predicted[i]) for i, row in enumerate(counts)]
    return (_per_log(_mean_share(rows), evaluation),)


def _per_log(share: float, evaluation: Evaluation) -> float:
    if evaluation.n_params < 2:
        raise ValueError(f"n_params {evaluation.n_params}, allowed 2 or more: ln must be positive")
    return 100 * share / math.log(evaluation.n_params)


def _counted(evaluation: Evaluation) -> Confusion:
    if not evaluation.confusion:
        raise ValueError(
            "the Evaluation has no confusion counts: this fitness is of classifiers; use another"
        )
    return evaluation.confusion


def _mean_share(rows: list[tuple[int, int]]) -> float:
    """The mean of right / of all, over the rows of which there is anything."""
    shares = [right / of for right, of in rows if of]
    return sum(shares) / len(shares)


def accuracy_and_params(evaluation: Evaluation) -> tuple[float, float]:
    """``(accuracy, n_params)``: more of the first, fewer of the second. A failed genome has
    accuracy 0.0."""
    return evaluation.accuracy, float(evaluation.n_params)


FITNESSES: dict[str, Callable[[Evaluation], tuple[float, ...]]] = {
    "accuracy_per_log_params": accuracy_per_log_params,
    "time_penalised": time_penalised,
    "macro_f1_per_log_params": macro_f1_per_log_params,
    "balanced_accuracy_per_log_params": balanced_accuracy_per_log_params,
    "accuracy": accuracy_in_percent,
    "accuracy_and_params": accuracy_and_params,
}
WEIGHTS: dict[str, tuple[float, ...]] = {  # 1.0: maximised, -1.0: minimised
    "accuracy_per_log_params": (1.0,),
    "time_penalised": (1.0,),
    "macro_f1_per_log_params": (1.0,),
    "balanced_accuracy_per_log_params": (1.0,),
    "accuracy": (1.0,),
    "accuracy_and_params": (1.0, -1.0),
}
LEARNED: dict[str, tuple[str, ...]] = {  # of what it looks at, what only training tells
    "accuracy_per_log_params": ("accuracy",),
    "time_penalised": ("accuracy", "train_seconds"),
    "accuracy": ("accuracy",),
    "accuracy_and_params": ("accuracy",),
}  # of another, the fitness itself is learned
SINGLE = tuple(name for name, weights in WEIGHTS.items() if weights == (1.0,))


def at_least(
    n_params: int, fitness: Callable[[Evaluation], tuple[float, ...]]
) -> Callable[[Evaluation], tuple[float, ...]]:
    """The same fitness, for which fewer parameters count as so many: no network is better for being
    so small that it knows nothing."""
    return partial(_at_least, n_params, fitness) if n_params else fitness


def _at_least(
    n_params: int, fitness: Callable[[Evaluation], tuple[float, ...]], evaluation: Evaluation
) -> tuple[float, ...]:
    return fitness(replace(evaluation, n_params=max(n_params, evaluation.n_params)))


def telling(fitness: str) -> str:
    """The fitness that tells the best: itself or, where it is several objectives, the usual one."""
    return SINGLE[0] if breeds_front(fitness) else fitness


def breeds_front(fitness: str) -> bool:
    """Whether a fitness, by its name, is several objectives; a user's own is one."""
    return len(WEIGHTS.get(fitness, (1.0,))) > 1
