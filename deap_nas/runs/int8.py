"""A run's trainings in int8: each made and scored once, on disk before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deap_nas.devices.int8 import Int8
from deap_nas.devices.kernels import kernels
from deap_nas.devices.quantise import draw_sample
from deap_nas.evaluation.protocol import Budget, Request
from deap_nas.files import write_whole
from deap_nas.runs.journal import Journal, Scored
from deap_nas.runs.kept import kept_weights
from deap_nas.training.evaluator import Evaluator

TEST = "test"


class Quantising:
    """Makes int8 models of trainings, and scores them.

    Args:
        evaluator: whose ``saver`` is a ``devices.int8.Quantiser``.
        journal: the run's; gets a line for each split that a training is scored on.
        sample: how many training images the ranges of activations are taken from.
    """

    def __init__(self, evaluator: Evaluator, journal: Journal, sample: int) -> None:
        self._evaluator, self._journal = evaluator, journal
        images, _, *self._scored = evaluator.dataset.split(evaluator.split)
        self._sample = draw_sample(images, sample)

    def measure(self, genome: str, budget: Budget) -> Int8:
        """What a training that went well comes to on the scored split."""
        split = self._evaluator.split
        self._score(genome, budget, split, *self._scored)
        return read_int8(self._journal.int8, split)[genome, budget]

    def test(self, genome: str, budget: Budget) -> Int8:
        """The same, and on the test set: for a network that will be shown, after the choice."""
        found = self.measure(genome, budget)
        dataset = self._evaluator.dataset
        if not found.reason:
            self._score(genome, budget, TEST, dataset.x_test, dataset.y_test)
        return read_int8(self._journal.int8, self._evaluator.split)[genome, budget]

    def content(self, genome: str, budget: Budget) -> bytes:
        """The int8 model of a training, as it goes into flash; where its file is lost, made anew,
        the same.

        Raises:
            RuntimeError: where TensorFlow Lite cannot make it.
        """
        path = self._journal.directory.int8_of(genome, budget)
        if not path.exists():
            weights = kept_weights(genome, budget, self._evaluator, self._journal)
            ask = self._evaluator.ask_saver
            write_whole(path, ask("quantise", genome, weights, self._sample))
        return path.read_bytes()

    def file(self, genome: str, budget: Budget) -> bytes:
        """The same as the content of a ``.tflite`` file.

        Raises:
            RuntimeError: where TensorFlow Lite cannot make it.
        """
        found: bytes = self._evaluator.ask_saver("expand", self.content(genome, budget))
        return found

    def _score(self, genome: str, budget: Budget, split: str, x: Any, y: Any) -> None:
        if (genome, budget, split) in self._journal.int8:
            return
        try:
            content = self.content(genome, budget)
            counts = self._evaluator.ask_saver("score_int8", content, x, y)
            found = {"confusion": counts.tolist(), "flash": len(content), "kernels": kernels()}
        except RuntimeError as error:
            found = {"reason": str(error)}
        self._journal.append("int8", genome=genome, budget=budget, split=split, **found)


def read_int8(lines: Mapping[Scored, Mapping[str, Any]], split: str) -> dict[Request, Int8]:
    """What trainings came to in int8, from the lines of a journal.

    Args:
        lines: by genome, budget and split.
        split: that the search scores on.
    """
    found = {}
    for (genome, budget, on), line in lines.items():
        if on == split:
            test = line if split == TEST else lines.get((genome, budget, TEST), {})
            found[genome, budget] = Int8(
                _counts(line), line.get("flash", 0), _counts(test), line.get("reason", "")
            )
    return found


def _counts(line: Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, line.get("confusion", ())))
