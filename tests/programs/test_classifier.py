"""EvolvedClassifier: scikit-learn's own checks, and a search on digits by its rules."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from deap_nas import EvolvedClassifier, SearchSpace, parse_genome

SPACE = SearchSpace(
    layers={"CR": {"count": (1, 2), "filters": (8, 16), "kernel": (3,), "activation": ("relu",)}},
    heads=("GP",),
    depth=(1, 2),
)
SMALL = {"space": SPACE, "population": 2, "generations": 0, "epochs": 8, "workers": 1}
SMALL["settings"] = {"finalists": 1, "final_seeds": 1, "final_epochs": 8, "cache": None}


@pytest.fixture(scope="module")
def digits():
    bunch = load_digits()
    return (bunch.images / 16).astype("f4"), np.array([f"digit {t}" for t in bunch.target])


@pytest.fixture(scope="module")
def fitted(digits):
    return EvolvedClassifier(**SMALL).fit(*digits)


def test_it_learns_and_names_the_classes(fitted, digits):
    x, y = digits
    assert fitted.score(x, y) > 0.6  # a tenth by chance
    assert list(fitted.classes_) == sorted(set(y))
    shares = fitted.predict_proba(x[:50])
    assert shares.shape == (50, 10)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (fitted.classes_[shares.argmax(axis=1)] == fitted.predict(x[:50])).all()
    assert 0 < fitted.test_accuracy_ <= 1
    assert len(fitted.evaluations_) == 2


def test_the_network_is_trained_on_all_images(fitted, digits):
    """Its weights are those of a training on all images, and not the search's."""
    x, y = digits
    keras = fitted.model()
    assert keras.count_params() == sum(np.prod(w.shape) for w in fitted.weights_)
    again = clone(fitted).fit(x, y)
    assert again.genome_ == fitted.genome_
    for one, other in zip(again.weights_, fitted.weights_, strict=True):
        np.testing.assert_array_equal(one, other)
    assert parse_genome(fitted.genome_) in SPACE.__class__.from_dict(
        {**SPACE.to_dict(), "input_shape": (8, 8, 1)}
    )


def test_it_is_pickled_without_keras(fitted, digits):
    x, _ = digits
    before = fitted.predict(x[:100])
    assert len(pickle.dumps(fitted)) < 200_000
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(x[:100]), before)


def test_rows_of_pixels_are_images_of_a_shape(digits):
    x, y = digits
    rows = EvolvedClassifier(**SMALL, image_shape=(8, 8))
    assert cross_val_score(rows, x.reshape(len(x), -1), y, cv=2).min() > 0.3


@pytest.mark.parametrize(
    ("change", "images", "message"),
    [
        ({}, lambda x: x.reshape(len(x), -1), r"Reshape your data.* image_shape"),
        ({"image_shape": (7, 8)}, lambda x: x.reshape(len(x), -1), r"image_shape \(7, 8\).* 64"),
        ({"population": 1}, lambda x: x, "population 1, allowed 2 or more"),
        ({"space": "narrow"}, lambda x: x, "space 'narrow', allowed paper"),
        ({}, lambda x: x * 300, "^the images .* allowed uint8"),
    ],
)
def test_bad_input_is_named(digits, change, images, message):
    x, y = digits
    with pytest.raises(ValueError, match=message):
        EvolvedClassifier(**{**SMALL, **change}).fit(images(x), y)


def test_what_is_refused_is_taken_when_it_is_mended(digits):
    x, y = digits[0].reshape(len(digits[0]), -1), digits[1]
    rows = EvolvedClassifier(**SMALL, image_shape=(8, 8))
    with pytest.raises(ValueError, match="y has one class, allowed two or more"):
        rows.fit(x, np.zeros(len(x)))
    rows.fit(x, y)
    with pytest.raises(ValueError, match=r"X has 63 features.* give rows as long as in fit"):
        rows.predict(x[:, 1:])
    assert rows.predict(x[:3]).shape == (3,)


def test_it_must_be_fitted_first(digits):
    with pytest.raises(NotFittedError):
        EvolvedClassifier().predict(digits[0])


class Rows(EvolvedClassifier):
    """Takes any table, as scikit-learn's checks have them: a row is an image one pixel high."""

    def _images(self, X):
        if X.ndim != 2:
            return super()._images(X)
        return (1 / (1 + np.exp(-np.asarray(X, float) / 10))).reshape(len(X), 1, -1, 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.classifier_tags.poor_score = True  # an epoch is no training
        return tags


# Not for this classifier: (a check, why). Anything else must pass.
APART = {"check_array_api_input": "needs scipy's support for other arrays, which is off"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks_pass():
    estimator = Rows(
        population=2, generations=0, epochs=1, settings={"finalists": 0, "cache": None}
    )
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    others = {r["check_name"]: r["exception"] for r in results if r["status"] != "passed"}
    assert others.keys() <= APART.keys(), others
    assert len(results) > 40
