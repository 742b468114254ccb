"""How much an image counts, by its class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from deap_nas import Recipe
from deap_nas.training.targets import class_weights
from deap_nas.training.trainer import Trainer

PLAIN = Recipe("plain", 1, "adam", 0.05, 20, batch_size=50)
BALANCED = replace(PLAIN, class_weights="balanced")


def test_all_count_the_same_unless_the_recipe_says_otherwise():
    assert class_weights(PLAIN, np.array([0, 0, 2]), 3).tolist() == [1, 1, 1]


def test_balanced_weights_are_those_of_scikit_learn():
    labels = np.random.default_rng(0).choice(4, 200, p=[0.7, 0.2, 0.07, 0.03])
    found = class_weights(BALANCED, labels, 4)
    expected = compute_class_weight("balanced", classes=np.arange(4), y=labels)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_class_without_images_weighs_nothing():
    assert class_weights(BALANCED, np.array([0, 2, 2, 2]), 3) == pytest.approx([4 / 3, 0, 4 / 9])


def test_a_rare_class_is_predicted_only_where_it_is_balanced():
    """97 images of 100 are a bit darker than the others."""
    rng = np.random.default_rng(0)
    y = (np.arange(600) % 100 < 3).astype(np.int32)
    brightness = rng.normal(0.4 + 0.1 * y, 0.07)
    x = np.broadcast_to(brightness[:, None, None, None], (600, 3, 3, 1)).astype(np.float32)
    trainer = Trainer(x, y, x, y, 2, engine="native")
    plain, balanced = (
        np.array(trainer.train("GD 4 tanh", recipe).evaluation.confusion)
        for recipe in (PLAIN, BALANCED)
    )
    assert plain[:, 1].sum() == 0
    assert balanced[1, 1] / balanced[1].sum() > 0.7
    assert balanced[0, 0] / balanced[0].sum() > 0.7


def test_a_label_that_is_no_class_is_refused():
    x, y = np.zeros((3, 2, 2, 1), np.float32), np.array([0, 1, 2])
    with pytest.raises(ValueError, match="label 2, allowed 0 to 1"):
        Trainer(x, y, x, y, 2, engine="native").train("GP", PLAIN)
