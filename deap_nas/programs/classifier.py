"""A search as a scikit-learn classifier of images."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from deap_nas.data import Dataset
from deap_nas.genome import parse_genome
from deap_nas.programs.evolve import Place, evolve_in
from deap_nas.programs.result import Result
from deap_nas.report.chosen import data_of
from deap_nas.runs.presets import make_settings
from deap_nas.spaces import SPACES
from deap_nas.training.evaluator import Evaluator

MOST = 20_000  # parameters of a network, unless more are asked for
Array = np.ndarray[Any, Any]


class EvolvedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Searches for the best small convolutional network, and trains it on all images.

    ``fit`` holds out two sixths of each class, one to choose by and one to score the choice; then
    the chosen genome is trained once more, on all images that it was given, as finalists are.

    Args:
        space: which genomes are legal: a name, a file, or a ``SearchSpace``.
        population: genomes drawn at first, and that live on to each next generation.
        generations: generations bred after the first.
        children: genomes trained in each of them.
        recipe: how a network is trained.
        epochs: passes over the training images; 0: as the recipe says.
        fitness: what is maximised, by name.
        max_params: parameters of the network at most; None: as the space says, and ``MOST`` where
            that is one of ours.
        time_budget: seconds after which no training is begun.
        image_shape: (height, width) or (height, width, channels) of an image where X has a row of
            pixels for each; None where X has images.
        out: the run's directory; None keeps none.
        workers: processes that train; as many as cores and memory allow unless given.
        random_state: seed of the search, of the images held out, and of each training.
        verbose: show the progress.
        settings: other settings, by name, as ``evolve`` takes them.

    Attributes:
        classes_: the labels, in the order of ``predict_proba``'s columns.
        genome_: of the network, as text; ``weights_`` are its weights, in Keras's order.
        validation_accuracy_: of the training in the search that chose it.
        test_accuracy_: of the same training, on images that nothing was chosen by.
        evaluations_: a row for each genome that was trained, a DataFrame.
    """

    def __init__(
        self,
        *,
        space: Any = "wide",
        population: int = 8,
        generations: int = 5,
        children: int = 4,
        recipe: str = "fast",
        epochs: int = 0,
        fitness: str = "accuracy",
        max_params: int | None = None,
        time_budget: float | None = None,
        image_shape: tuple[int, ...] | None = None,
        out: str | None = None,
        workers: int | None = None,
        random_state: int = 0,
        verbose: bool = False,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.space = space
        self.population = population
        self.generations = generations
        self.children = children
        self.recipe = recipe
        self.epochs = epochs
        self.fitness = fitness
        self.max_params = max_params
        self.time_budget = time_budget
        self.image_shape = image_shape
        self.out = out
        self.workers = workers
        self.random_state = random_state
        self.verbose = verbose
        self.settings = settings

    def fit(self, X: Any, y: Any) -> Self:
        """Search, and train the best.

        Args:
            X: images, shape (n, height, width) or (n, height, width, channels), uint8 in 0..255 or
                floats in 0..1; or rows of pixels, see ``image_shape``.
            y: labels, shape (n,).

        Raises:
            ValueError: for images, labels or settings that cannot be.
            RuntimeError: where no genome was trained with success.
        """
        X, y = validate_data(self, X, y, ensure_2d=False, allow_nd=True, dtype=None)
        if X.ndim == 2:
            self.n_features_in_ = X.shape[1]
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y has one class, allowed two or more: give images of another class")
        images = self._images(X)
        self._shape = images.shape[1:]
        with self._folder() as folder:
            place = Place(folder, progress=self.verbose, model=self.out is not None)
            data, settings = (images, codes, None, None), self._settings()
            preset = settings.pop("preset", None)
            result = evolve_in(place, data, self.space, preset, settings)
            best = result.best
            if best is None:
                raise RuntimeError(f"no genome was trained with success: {_reasons(result)}")
            self.genome_, self.evaluations_ = best.genome, result.evaluations
            self.validation_accuracy_, self.test_accuracy_ = best.accuracy, best.test_accuracy
            self.weights_ = self._trained(result)
        self._models: list[Any] = []  # the one, as soon as it is asked for
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class, shape (n, classes): the softmax of what the network gives."""
        check_is_fitted(self)
        X = validate_data(self, X, ensure_2d=False, allow_nd=True, dtype=None, reset=False)
        if X.ndim == 2 and X.shape[1] != getattr(self, "n_features_in_", X.shape[1]):
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input: give rows as long as in fit"
            )
        images = self._images(X)
        if images.shape[1:] != self._shape:
            raise ValueError(f"images of shape {images.shape[1:]}, allowed {self._shape} as in fit")
        scores = np.asarray(self.model().predict(_pixels(images), verbose=0), np.float64)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Array = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X: Any) -> Array:
        """The label of each image, shape (n,)."""
        shares = self.predict_proba(X)
        labels: Array = self.classes_[shares.argmax(axis=1)]
        return labels

    def model(self) -> Any:
        """The trained network as a ``keras.Model``: scores of the classes, before any softmax."""
        check_is_fitted(self)
        if not self._models:
            from deap_nas.layers.from_keras import import_keras

            import_keras()
            from deap_nas.training.keras_engine.inference import trained_model

            size = (self._shape, len(self.classes_))
            self._models.append(trained_model(parse_genome(self.genome_), self.weights_, *size))
        return self._models[0]

    def _images(self, X: Array) -> Array:
        if X.ndim < 2 or (X.ndim == 2 and self.image_shape is None):
            raise ValueError(
                f"Reshape your data: X has the shape {X.shape}, allowed images, shape (n, height, "
                "width) or (n, height, width, channels), or rows of pixels with image_shape"
            )
        if X.ndim == 2:
            assert self.image_shape is not None
            if np.prod(self.image_shape) != X.shape[1]:
                raise ValueError(
                    f"image_shape {self.image_shape}, allowed {X.shape[1]} pixels in all: as many "
                    "as a row of X has"
                )
            X = X.reshape(len(X), *self.image_shape)
        return X[..., None] if X.ndim == 3 else X

    def _settings(self) -> dict[str, Any]:
        names = ("population", "generations", "children", "recipe", "epochs", "fitness")
        own = {name: getattr(self, name) for name in (*names, "time_budget", "workers")}
        named = isinstance(self.space, str) and self.space in SPACES
        own["max_params"] = MOST if self.max_params is None and named else self.max_params
        seed = 0 if self.random_state is None else int(self.random_state)
        return {**own, **dict.fromkeys(("seed", "split_seed", "train_seed"), seed)} | (
            self.settings or {}
        )

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        if self.out is not None:
            yield Path(self.out)
            return
        with tempfile.TemporaryDirectory() as spare:
            yield Path(spare) / "run"

    def _trained(self, result: Result) -> list[Array]:
        """The weights of the best genome, trained on all images."""
        settings, dataset = (
            make_settings(None, None, result.record.settings),
            data_of(result.record),
        )
        with Evaluator(
            _whole(dataset),
            recipe=settings.make_final_recipe() if settings.finalists else settings.make_recipe(),
            split="test",  # what is trained on is all else, and here that is everything
            train_seed=settings.train_seed,
            engine=settings.engine,
            accelerator=settings.accelerator,
            cache=True if settings.cache == "" else settings.cache,
            workers=1,
        ) as evaluator:
            evaluation = evaluator.measure(parse_genome(self.genome_))
            weights = evaluator.weights(parse_genome(self.genome_))
        if weights is None:
            raise RuntimeError(f"{self.genome_}: {evaluation.status}, {evaluation.reason}")
        return weights

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {**state, "_models": []} if "_models" in state else state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = self.image_shape is not None
        tags.input_tags.three_d_array = True
        return tags


def _whole(dataset: Dataset) -> Dataset:
    """The same images, with those of the test set among those that are trained on."""
    x = np.concatenate([dataset.x_train, dataset.x_test])
    y = np.concatenate([dataset.y_train, dataset.y_test])
    parts = (x, y, dataset.x_val, dataset.y_val, dataset.x_test, dataset.y_test)
    return Dataset(dataset.name, *parts, dataset.n_classes, dataset.class_names, dataset.source)


def _pixels(images: Array) -> Array:
    """What a network is fed: float32 in 0..1."""
    return images.astype(np.float32) / (255 if images.dtype == np.uint8 else 1)


def _reasons(result: Result) -> str:
    table = result.evaluations
    return "; ".join(sorted(set(table["status"] + ", " + table["reason"])))
