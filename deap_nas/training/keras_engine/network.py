"""A network in Keras's hands: training, scoring, weights."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from deap_nas.genome import Gene
from deap_nas.training.cards import Card
from deap_nas.training.keras_engine.card import blame, use_card
from deap_nas.training.keras_engine.epoch import KerasEpoch
from deap_nas.training.keras_engine.inference import Scorer, trained_model, use_one_thread
from deap_nas.training.model import build_model
from deap_nas.training.recipes import Recipe

Array = np.ndarray[Any, Any]


class KerasNetworks:
    """Makes networks over images that TensorFlow holds once.

    Args:
        images: uint8 (0..255) or float32 (0..1), shape (n, height, width, channels).
        labels: whole numbers, shape (n,).
        n_classes: classes of the data.
        card: a share of the card to train on; None for the CPU.

    Raises:
        CardError: where the card is gone.
    """

    def __init__(
        self, images: Array, labels: Array, n_classes: int, card: Card | None = None
    ) -> None:
        use_one_thread()
        if card:
            use_card(card)
        self._card = card
        # uint8 stays uint8: 47 MiB of Fashion-MNIST, not 188
        self._tensors = tf.constant(images), tf.constant(labels.astype(np.int32))
        height, width, channels = map(int, images.shape[1:])
        self._size = (height, width, channels), n_classes
        gc.freeze()  # TensorFlow's million objects: no collection needs to look at them again

    def make(self, genome: Sequence[Gene], recipe: Recipe, seed: int) -> KerasNetwork:
        """One to be trained."""
        keras.utils.set_random_seed(seed)  # for what a user's layer draws on its own
        model = build_model(genome, *self._size, seed=seed)
        return KerasNetwork(model, self._size[1], KerasEpoch(model, recipe, *self._tensors))

    def trained(self, genome: Sequence[Gene], weights: Sequence[Array]) -> Scorer:
        """What scores a trained one."""
        return Scorer(trained_model(genome, weights, *self._size), self._size[1])

    def blame(self, error: Exception) -> None:
        """Raise what the card has to do with an error, if it has; see ``card.blame``."""
        if self._card:
            blame(self._card, error)

    def forget(self) -> None:
        """Let go of what Keras keeps for a model's sake, without which a worker grows by each."""
        keras.backend.clear_session()
        gc.collect()


class KerasNetwork:
    """Trains a network, an epoch a call, and scores it; as ``native.network.NativeNetwork``."""

    def __init__(self, model: Any, n_classes: int, epoch: KerasEpoch) -> None:
        self._model, self._epoch, self._scorer = model, epoch, Scorer(model, n_classes)

    def __call__(
        self, order: Array, rates: Array, moves: Array | None = None
    ) -> tuple[float, float]:
        return self._epoch(order, rates, moves)

    @property
    def weights(self) -> list[Array]:
        """The weights by now, in the order of ``model.get_weights()``."""
        return self._epoch.weights

    def score(self, x: Array, y: Array) -> tuple[Array, float]:
        """Confusion counts, [true class][predicted class], and the mean loss."""
        self._model.set_weights(self.weights)
        return self._scorer.score(x, y)
