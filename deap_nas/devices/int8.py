"""Trained networks in int8: what they come to, and the process that makes and scores them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deap_nas.devices.compact import expand
from deap_nas.devices.kernels import int8_logits
from deap_nas.devices.quantise import quantise
from deap_nas.evaluation.fitness import Confusion, Evaluation, accuracy_of
from deap_nas.genome import parse_genome
from deap_nas.layers.from_keras import import_keras
from deap_nas.training.evaluator import Saver
from deap_nas.training.trainer import Weights

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Int8:
    """What a training comes to in int8.

    Args:
        confusion: counts on the scored split, a row a true class, a column a predicted one; ()
            where there is no int8 model of it.
        flash: bytes of the model.
        test: counts on the test set; () before that is scored.
        reason: why there is no model, in one line.
    """

    confusion: Confusion
    flash: int = 0
    test: Confusion = ()
    reason: str = ""

    @property
    def accuracy(self) -> float:
        """On the scored split, in [0, 1]; 0 where there is no model."""
        return accuracy_of(self.confusion) if self.confusion else 0.0

    @property
    def test_accuracy(self) -> float | None:
        """On the test set, in [0, 1]."""
        return accuracy_of(self.test) if self.test else None

    def shown(self, evaluation: Evaluation) -> Evaluation:
        """A training's Evaluation with what is known in int8 beside it."""
        flash = self.flash or evaluation.flash
        return replace(evaluation, int8_accuracy=self.accuracy, flash=flash)

    def deployed(self, evaluation: Evaluation) -> Evaluation:
        """A training's Evaluation as if it had been scored in int8: a fitness of it is that of what
        runs on a device."""
        shown = self.shown(evaluation)
        return replace(shown, accuracy=self.accuracy, confusion=self.confusion)


class Quantiser(Saver):
    """A ``Saver`` that makes int8 models as well, and scores them."""

    def start(self) -> None:
        super().start()
        from deap_nas.training.keras_engine import inference

        inference.use_one_thread()

    def quantise(self, genome: str, weights: Weights, sample: Array) -> bytes:
        """A trained network as what goes into flash; the same each time.

        Args:
            genome: the network, as text.
            weights: trained, in the order of ``model.get_weights()``.
            sample: of training images; see ``devices.quantise``.
        """
        from deap_nas.training.keras_engine.inference import trained_model

        import_keras().backend.clear_session()
        return quantise(trained_model(parse_genome(genome), weights, *self.size), sample)

    def expand(self, content: bytes) -> bytes:
        """A model as the content of a ``.tflite`` file; see ``devices.compact``."""
        return expand(content)

    def score_int8(self, content: bytes, x: Array, y: Array) -> Array:
        """Confusion counts, [true class][predicted class], of an int8 model.

        Args:
            content: of the model.
            x: uint8 or float32 images, shape (n, height, width, channels).
            y: their labels, shape (n,).
        """
        n_classes = self.size[1]
        confusion = np.zeros((n_classes, n_classes), np.int64)
        np.add.at(confusion, (y, int8_logits(content, x).argmax(axis=1)), 1)
        return confusion
