"""What needs no network: always the commonest class, and chance; and whether a network beats it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from deap_nas.evaluation.fitness import accuracy_of

ONE_SIDED_95 = 1.645  # standard deviations of a normal distribution


@dataclass(frozen=True)
class Guess:
    """Answers without a network, on the images that a network was scored on.

    Args:
        label: the commonest class of these images.
        accuracy: of always answering it.
        chance: the accuracy of answering each class as often as any other.
        images: how many there are.
        bound: with 95 % confidence the network's accuracy is so much or more.
    """

    label: int
    accuracy: float
    chance: float
    images: int
    bound: float

    @property
    def beaten(self) -> bool:
        """Whether the network is better than always answering the commonest class."""
        return self.bound > self.accuracy

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "beaten": self.beaten}


def guess(confusion: Any) -> Guess | None:
    """What guessing comes to on the images of a network's confusion counts; None without any.

    Args:
        confusion: [true class][predicted class].
    """
    counts = np.array(confusion)
    if not counts.size or not counts.sum():
        return None
    each = counts.sum(axis=1)
    images, label = int(each.sum()), int(each.argmax())
    low, _ = wilson(accuracy_of(counts), images, ONE_SIDED_95)
    return Guess(label, float(each[label] / images), 1 / len(each), images, low)


def wilson(share: float, n: int, z: float) -> tuple[float, float]:
    """The bounds of a share that was seen in ``n`` images, ``z`` standard deviations wide.

    Source: Wilson 1927, the score interval of a binomial share.
    """
    middle = share + z**2 / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - spread) / (1 + z**2 / n), (middle + spread) / (1 + z**2 / n)
