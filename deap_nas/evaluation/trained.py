"""What a training gives: an Evaluation, and the weights it is of."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deap_nas.evaluation.fitness import Evaluation

Weights = list[np.ndarray[Any, Any]]
COUNT = "count"  # the array of an archive that says how many others there are


@dataclass(frozen=True)
class Trained:
    """An Evaluation and the weights it is of, in the order of ``model.get_weights()``."""

    evaluation: Evaluation
    weights: Weights = field(default_factory=list)


def as_trained(value: Any) -> Trained:
    """What a trainer returned; an Evaluation alone has no weights.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(value, Evaluation):
        return Trained(value)
    if not isinstance(value, Trained):
        found = type(value).__name__
        raise TypeError(f"train returned {found} {value!r:.60}, allowed an Evaluation or a Trained")
    return value


def pack_weights(weights: Weights) -> bytes:
    """Weights as the bytes of a compressed .npz file."""
    buffer, count = io.BytesIO(), {COUNT: len(weights)}
    np.savez_compressed(buffer, *weights, **count)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack_weights(data: bytes) -> Weights:
    """The inverse of ``pack_weights``; archives of before, without a count, are read too.

    Raises:
        Exception: of any kind, for an archive that is damaged.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    # The archive checks its members, but not how many there are.
    count = int(found.pop(COUNT, len(found)))
    names = [f"arr_{i}" for i in range(count)]
    if found.keys() != set(names):
        raise ValueError(f"{len(found)} arrays, {count} were packed")
    return [found[name] for name in names]
