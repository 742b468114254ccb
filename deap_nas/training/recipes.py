"""Recipes: how a network is trained, named and versioned.

A recipe's name and version stand for its settings in results that are cached: change a setting and
its version must change too (a test compares).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from math import cos, pi
from typing import Any

OPTIMIZERS = ("sgd", "adam", "rmsprop")
SCHEDULES = ("constant", "cosine")
SCORED = ("all", "doubling", "last")
CLASS_WEIGHTS = ("none", "balanced")
SMALLEST_BATCH = 16  # the kernels' own unit: a smaller one takes as long
FARTHEST = 100  # pixels: a move is kept in a byte


class RecipeError(ValueError):
    """An unknown recipe, or settings that make none."""


def _later(default: Any) -> Any:
    """A field that recipes have had since trainings are cached; at its default it is left out of
    ``to_dict``, so that keys and configurations of before stay what they were."""
    return field(default=default, metadata={"later": True})


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Args:
        name: what it is called in ``RECIPES`` and in settings.
        version: of what the name stands for; a change of it makes outcomes of before unknown.
        optimizer: "sgd" (with ``momentum``), "adam" or "rmsprop", all as Keras has them.
        learning_rate: the rate, or the peak of it where there is a schedule.
        epochs: passes over the training images, the most where ``patience`` can stop it.
        batch_size: images a step; the last batch of an epoch is what remains.
        schedule: "constant" or "cosine" (to zero at the last step).
        warmup: share of all steps in which the rate rises linearly from zero.
        scored: after which epochs the scored split is scored: "all", "doubling" (1, 2, 4, ... and
            the last) or "last".
        patience: epochs without an improvement of the scored loss by ``min_delta`` after which
            training stops; 0 never stops.
        best_epoch: scores and weights are of the epoch with the best scored accuracy, not the last.
        label_smoothing: share of an image's label that is spread evenly over all classes while
            training (Szegedy et al. 2016, section 7).
        class_weights: how much an image counts in the loss: "none", all the same, or "balanced",
            images / (classes x images of its class), so that rare classes count as much as others.
        flips: each image is mirrored, left for right, in half of the epochs, drawn anew in each.
        shifts: most pixels by which each image is moved, drawn anew in each epoch, down or up and
            right or left; what comes in is 0.
        shift_share: the same where ``shifts`` is 0, as a share of the image's shorter side, rounded
            down to pixels.
        weight_decay: share, times the rate, by which all weights shrink before each step, apart
            from the gradient, as Keras's optimizers have it (Loshchilov and Hutter 2019).
        rungs: epochs after which the scored split is scored, too, and after which a search may stop
            training (``Halving``).
        least_steps: steps of an epoch at the least: where there are too few images for that, the
            batch is halved until it has them, but to no fewer than ``SMALLEST_BATCH`` images.
        normalised_rate: the rate, or the peak of it, of networks all of whose convolutions are
            normalised, which bear a higher one; 0: the same as of others.
    """

    name: str
    version: int
    optimizer: str
    learning_rate: float
    epochs: int
    batch_size: int = 128
    momentum: float = 0.0
    schedule: str = "constant"
    warmup: float = 0.0
    scored: str = "last"
    patience: int = 0
    min_delta: float = 0.0
    best_epoch: bool = False
    label_smoothing: float = _later(0.0)
    class_weights: str = _later("none")
    flips: bool = _later(False)
    shifts: int = _later(0)
    weight_decay: float = _later(0.0)
    rungs: tuple[int, ...] = _later(())
    least_steps: int = _later(0)
    normalised_rate: float = _later(0.0)
    shift_share: float = _later(0.0)

    def __post_init__(self) -> None:
        checks: list[tuple[str, bool, str]] = [
            ("optimizer", self.optimizer in OPTIMIZERS, ", ".join(OPTIMIZERS)),
            ("learning_rate", 0 < self.learning_rate < float("inf"), "more than 0"),
            ("least_steps", type(self.least_steps) is int and self.least_steps >= 0, "0 or more"),
            ("normalised_rate", 0 <= self.normalised_rate < float("inf"), "0 or more"),
            ("epochs", type(self.epochs) is int and self.epochs >= 1, "a whole number from 1"),
            ("batch_size", type(self.batch_size) is int and self.batch_size >= 1, "from 1"),
            ("momentum", 0 <= self.momentum < 1, "0 up to, but not, 1"),
            ("schedule", self.schedule in SCHEDULES, ", ".join(SCHEDULES)),
            ("warmup", 0 <= self.warmup <= 1, "0 to 1"),
            ("scored", self.scored in SCORED, ", ".join(SCORED)),
            ("patience", self.patience >= 0, "0 or more"),
            ("min_delta", self.min_delta >= 0, "0 or more"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "0 up to, but not, 1"),
            ("class_weights", self.class_weights in CLASS_WEIGHTS, ", ".join(CLASS_WEIGHTS)),
            ("flips", type(self.flips) is bool, "True or False"),
            ("shifts", type(self.shifts) is int and 0 <= self.shifts <= FARTHEST, "0 to 100"),
            ("shift_share", 0 <= self.shift_share <= 1, "0 to 1"),
            ("weight_decay", 0 <= self.weight_decay < float("inf"), "0 or more"),
            ("rungs", all(type(n) is int and n >= 1 for n in self.rungs), "epochs from 1"),
        ]
        for name, good, allowed in checks:
            if not good:
                raise RecipeError(f"recipe {name} {getattr(self, name)!r}, allowed {allowed}")

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON has them; see ``_later``."""
        found = asdict(self)
        return {name: found[name] for name in found if LATER.get(name, ...) != found[name]}

    def for_images(self, n: int, side: int) -> Recipe:
        """The same with the batch for ``n`` training images, and the shifts for their shorter side
        of so many pixels."""
        batch, shifts = self.batch_size, self.shifts or int(self.shift_share * side)
        while n < self.least_steps * batch and batch >= 2 * SMALLEST_BATCH:
            batch //= 2
        return replace(self, batch_size=batch, shifts=min(shifts, FARTHEST))

    def for_network(self, *, normalised: bool) -> Recipe:
        """The same with the rate for a network that is normalised, or is not."""
        rate = self.normalised_rate if normalised and self.normalised_rate else self.learning_rate
        return replace(self, learning_rate=rate)

    def is_scored(self, epoch: int) -> bool:
        """Whether the scored split is scored after ``epoch`` (from 1)."""
        if self.scored == "all" or self.patience or self.best_epoch or epoch == self.epochs:
            return True
        if epoch in self.rungs:
            return True
        return self.scored == "doubling" and epoch & (epoch - 1) == 0

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of ``step`` (from 0) of ``steps`` in all."""
        return self.learning_rate * self._shape(step, steps)

    def _shape(self, step: int, steps: int) -> float:
        rising = round(self.warmup * steps)
        if step < rising:
            return (step + 1) / rising
        if self.schedule == "constant":
            return 1.0
        # cosine annealing, Loshchilov and Hutter 2017, eq. 5, one cycle
        return (1 + cos(pi * (step - rising) / max(1, steps - rising))) / 2


LATER = {each.name: each.default for each in fields(Recipe) if each.metadata.get("later")}

# What else was tried of "fast" and "final": results/recipes. Without batch normalisation the higher
# rate is too high; with few images larger batches are too few; a pixel is much of a small image.
RECIPES = {
    recipe.name: recipe
    for recipe in (
        # The report, section IV.2; early stopping and the best epoch as in the authors' notebook.
        Recipe(
            "paper",
            version=1,
            optimizer="sgd",
            learning_rate=0.01,
            momentum=0.9,
            epochs=20,
            scored="all",
            patience=2,
            min_delta=0.005,
            best_epoch=True,
        ),
        Recipe(
            "fast",
            version=2,
            optimizer="adam",
            learning_rate=0.015,
            epochs=5,
            schedule="cosine",
            warmup=0.1,
            least_steps=100,
            normalised_rate=0.048,
        ),
        # For networks that are chosen, trained to the end.
        Recipe(
            "final",
            version=4,
            optimizer="adam",
            learning_rate=0.012,
            epochs=50,
            schedule="cosine",
            warmup=0.1,
            least_steps=100,
            normalised_rate=0.048,
            shift_share=0.04,  # a pixel of 25 to 49
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        RecipeError: naming those there are.
    """
    if name not in RECIPES:
        raise RecipeError(f"recipe {name!r}, allowed {', '.join(RECIPES)}")
    return RECIPES[name]


def rungs_of(epochs: int, eta: int) -> tuple[int, ...]:
    """The rung of so many epochs: after a share ``1 / eta`` of them, rounded up. There is but one:
    on the table an earlier one says too little of who will be best (``results/halving``)."""
    rung = -(-epochs // eta)
    return (rung,) if rung < epochs else ()
