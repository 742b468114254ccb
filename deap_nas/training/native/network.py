"""A network in the kernels' hands: training, scoring, weights."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from deap_nas.genome import Gene
from deap_nas.training.native.library import Training, load
from deap_nas.training.native.plan import Array, Plan, plan_of
from deap_nas.training.recipes import OPTIMIZERS, Recipe
from deap_nas.training.targets import class_weights

MOST = 2**25  # numbers of a feature map: 16 images of it are counted in 32 bits, borders too


class NativeNetwork:
    """Trains a network, an epoch a call, and scores it.

    Args:
        genome: genes whose layers have ``operations``.
        input_shape: (height, width, channels).
        n_classes: classes of the data.
        recipe: how it is trained.
        images: uint8 (0..255) or float32 (0..1), shape (n, height, width, channels).
        labels: whole numbers, shape (n,).
        seed: initial weights and dropout are a function of it.
        weights: to begin with instead, in the order of ``model.get_weights()``.

    Raises:
        GenomeError: for a genome that does not fit the images.
        MemoryError: where its feature maps do not fit into memory, before anything is trained.
        NativeError: without the library.
        ValueError: for images of another shape, labels that are not as many, or a label that is
            no class.
    """

    def __init__(
        self,
        genome: Sequence[Gene],
        input_shape: tuple[int, int, int],
        n_classes: int,
        recipe: Recipe,
        images: Array,
        labels: Array,
        *,
        seed: int = 0,
        weights: Sequence[Array] | None = None,
    ) -> None:
        self._handle: Any = None
        self._library, self.plan = load(), plan_of(genome, input_shape, n_classes)
        self._n_classes, self._shape = n_classes, tuple(input_shape)
        self._batch_size = recipe.batch_size
        self._images, self._labels = self._paired(images, labels)
        _check("label", self._labels, n_classes)
        self._make(self.plan, (*input_shape, n_classes, recipe.batch_size), recipe, seed)
        self.weights = self.plan.initial(seed) if weights is None else list(weights)
        self._class_weights = class_weights(recipe, self._labels, n_classes)
        about = (self._images.ctypes.data, *_form(self._images), self._labels.ctypes.data)
        self._library.deap_nas_images(self._handle, *about, self._class_weights.ctypes.data)

    def _make(self, plan: Plan, sizes: tuple[int, ...], recipe: Recipe, seed: int) -> None:
        if plan.largest > MOST:
            raise MemoryError(
                f"a feature map has {plan.largest:,} numbers, allowed {MOST:,}: take smaller images"
            )
        need = ctypes.c_double()
        self._handle = self._library.deap_nas_make(
            plan.as_array(),
            len(plan.steps),
            *sizes,
            training_of(recipe),
            seed & 0xFFFFFFFF,
            need,
        )
        if not self._handle:
            raise MemoryError("a feature map with its border is too large: take smaller images")
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if need.value > memory or not self._allocate():
            raise MemoryError(
                f"feature maps of a batch of {recipe.batch_size} take "
                f"{need.value / 2**20:,.0f} MiB: take smaller images or batches"
            )

    def _allocate(self) -> bool:
        return bool(self._library.deap_nas_allocate(self._handle))

    def __del__(self) -> None:
        if self._handle:
            self._library.deap_nas_free(self._handle)
            self._handle = None

    def __call__(
        self, order: Array, rates: Array, moves: Array | None = None
    ) -> tuple[float, float]:
        """One pass over images; the loss and the accuracy, averaged over them while training.

        Args:
            order: places of images, int32, shape (n,).
            rates: a learning rate a step, float32.
            moves: how each image of the data is moved, as ``draw_moves`` gives it.

        Raises:
            ValueError: for an image that is not there, too few rates, or moves of another shape.
        """
        order, rates = self._known(order), np.ascontiguousarray(rates, "f4")
        steps = -(-len(order) // self._batch_size)
        if len(rates) < steps:
            raise ValueError(f"{len(rates)} learning rates, allowed one for each of {steps} steps")
        by = None if moves is None else self._fitting(moves)
        right = ctypes.c_int64()
        about = (order.ctypes.data, len(order), rates.ctypes.data)
        loss = self._library.deap_nas_train(
            self._handle, *about, None if by is None else by.ctypes.data, right
        )
        n = max(1, len(order))
        return loss / n, right.value / n

    @property
    def weights(self) -> list[Array]:
        """The weights by now, in the order of ``model.get_weights()``."""
        parts = {False: self._numbers(0), True: self._numbers(1)}
        at, found = {False: 0, True: 0}, []
        for each in self.plan.weights:
            size = int(np.prod(each.shape))
            start = at[each.moving]
            found.append(parts[each.moving][start : start + size].reshape(each.shape).copy())
            at[each.moving] += size
        return found

    @weights.setter
    def weights(self, arrays: Sequence[Array]) -> None:
        shapes = [each.shape for each in self.plan.weights]
        if [array.shape for array in arrays] != shapes:
            raise ValueError(f"weights of {[a.shape for a in arrays]}, allowed {shapes}")
        for moving in (False, True):
            flat = [a.ravel() for a, w in zip(arrays, self.plan.weights) if w.moving == moving]
            self._numbers(int(moving))[:] = np.concatenate([*flat, np.zeros(0, np.float32)])

    def gradient(self, order: Array) -> list[Array]:
        """The mean loss's gradient by each trainable weight, of one batch.

        Raises:
            ValueError: for an image that is not there, or more than a batch.
        """
        order = self._known(order)
        if len(order) > self._batch_size:
            raise ValueError(f"a batch of {len(order)} images, allowed {self._batch_size}")
        self._library.deap_nas_gradient(self._handle, order.ctypes.data, len(order))
        shapes = [each.shape for each in self.plan.weights if not each.moving]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = np.split(self._numbers(2).copy(), ends)
        return [part.reshape(shape) for part, shape in zip(parts, shapes)]

    def score(self, x: Array, y: Array) -> tuple[Array, float]:
        """Confusion counts, [true class][predicted class], and the mean loss.

        Raises:
            ValueError: for images of another shape, or labels that are not as many.
        """
        answers, loss = self._answer(x, y)
        confusion = np.zeros((self._n_classes, self._n_classes), np.int64)
        np.add.at(confusion, (y, answers), 1)
        return confusion, loss / max(1, len(y))

    def predict(self, x: Array) -> Array:
        """Predicted labels, int32, shape (n,), of images, shape (n, height, width, channels).

        Raises:
            ValueError: for images of another shape.
        """
        return self._answer(x, None)[0]

    def _answer(self, x: Array, y: Array | None) -> tuple[Array, float]:
        x, labels = self._paired(x, np.zeros(len(x)) if y is None else y)
        answers = np.zeros(len(x), np.int32)
        to = answers.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        form = (x.ctypes.data, *_form(x))
        known = None if y is None else labels.ctypes.data
        loss = self._library.deap_nas_score(self._handle, *form, known, len(x), to)
        return answers, loss

    # The kernels ask nothing: what they would read or write elsewhere ends here.

    def _paired(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Images and labels as the kernels read them."""
        if x.shape[1:] != self._shape:
            raise ValueError(f"images of shape {x.shape[1:]}, allowed {self._shape}")
        if len(x) != len(y):
            raise ValueError(f"{len(y)} labels of {len(x)} images, allowed one each")
        kind = np.uint8 if x.dtype == np.uint8 else np.float32
        return np.ascontiguousarray(x, kind), np.ascontiguousarray(y, np.int32)

    def _known(self, order: Array) -> Array:
        """Places of images, as the kernels read them."""
        order = np.ascontiguousarray(order, np.int32)
        _check("image", order, len(self._labels))
        return order

    def _fitting(self, moves: Array) -> Array:
        """Moves, as the kernels read them."""
        shape = (len(self._labels), 3)
        if moves.dtype != np.int8 or moves.shape != shape:
            raise ValueError(f"moves {moves.dtype} {moves.shape}, allowed int8 {shape}")
        return np.ascontiguousarray(moves)

    def _numbers(self, which: int) -> Array:
        """A view of the weights (0), of what follows what is seen (1), or of the gradient (2)."""
        sizes = ctypes.c_int(), ctypes.c_int()
        self._library.deap_nas_sizes(self._handle, *sizes)
        size = sizes[which == 1].value
        if not size:
            return np.zeros(0, np.float32)
        address = self._library.deap_nas_numbers(self._handle, which)
        return np.ctypeslib.as_array(address, (size,))


def _check(what: str, numbers: Array, n: int) -> None:
    wrong = numbers[(numbers < 0) | (numbers >= n)]
    if wrong.size:
        raise ValueError(f"{what} {wrong[0]}, allowed 0 to {n - 1}")


def training_of(recipe: Recipe) -> Training:
    """What the kernels know of a recipe."""
    optimizer = OPTIMIZERS.index(recipe.optimizer)
    return Training(optimizer, recipe.momentum, recipe.label_smoothing, recipe.weight_decay)


def _form(x: Array) -> tuple[int]:
    return (int(x.dtype == np.uint8),)
