"""training.recipes: a name and a version stand for settings, and rates are those of the papers."""

from __future__ import annotations

import math
from dataclasses import replace

import drivers
import pytest

from deap_nas.training import evaluator
from deap_nas.training.recipes import LATER, RECIPES, Recipe, RecipeError, find_recipe, rungs_of

# What each (name, version) has meant since it was first used in results that are cached.
GOLDEN = {
    ("paper", 1): {
        "optimizer": "sgd", "learning_rate": 0.01, "epochs": 20, "batch_size": 128,
        "momentum": 0.9, "schedule": "constant", "warmup": 0.0, "scored": "all",
        "patience": 2, "min_delta": 0.005, "best_epoch": True,
    },
    ("fast", 1): {
        "optimizer": "adam", "learning_rate": 0.015, "epochs": 5, "batch_size": 128,
        "momentum": 0.0, "schedule": "cosine", "warmup": 0.1, "scored": "last",
        "patience": 0, "min_delta": 0.0, "best_epoch": False,
    },
    ("final", 1): {
        "optimizer": "adam", "learning_rate": 0.012, "epochs": 30, "batch_size": 128,
        "momentum": 0.0, "schedule": "cosine", "warmup": 0.1, "scored": "last",
        "patience": 0, "min_delta": 0.0, "best_epoch": False,
    },
    ("final", 2): {
        "optimizer": "adam", "learning_rate": 0.012, "epochs": 50, "batch_size": 128,
        "momentum": 0.0, "schedule": "cosine", "warmup": 0.1, "scored": "last",
        "patience": 0, "min_delta": 0.0, "best_epoch": False,
    },
    ("normalised", 1): {  # final has its rate since version 3
        "optimizer": "adam", "learning_rate": 0.048, "epochs": 30, "batch_size": 128,
        "momentum": 0.0, "schedule": "cosine", "warmup": 0.1, "scored": "last",
        "patience": 0, "min_delta": 0.0, "best_epoch": False,
    },
    ("fast", 2): {
        "optimizer": "adam", "learning_rate": 0.015, "epochs": 5, "batch_size": 128,
        "momentum": 0.0, "schedule": "cosine", "warmup": 0.1, "scored": "last",
        "patience": 0, "min_delta": 0.0, "best_epoch": False,
        "least_steps": 100, "normalised_rate": 0.048,
    },
    ("final", 3): {
        "optimizer": "adam", "learning_rate": 0.012, "epochs": 50, "batch_size": 128,
        "momentum": 0.0, "schedule": "cosine", "warmup": 0.1, "scored": "last",
        "patience": 0, "min_delta": 0.0, "best_epoch": False,
        "least_steps": 100, "normalised_rate": 0.048,
    },
    ("final", 4): {
        "optimizer": "adam", "learning_rate": 0.012, "epochs": 50, "batch_size": 128,
        "momentum": 0.0, "schedule": "cosine", "warmup": 0.1, "scored": "last",
        "patience": 0, "min_delta": 0.0, "best_epoch": False,
        "least_steps": 100, "normalised_rate": 0.048, "shift_share": 0.04,
    },
}  # fmt: skip

CHANGED = """\
recipe {name!r} is no longer what version {version} meant: {differences}.
Cached results and published ones speak of the old one. Either take the change back, or raise
`version` in deap_nas/training/recipes.py to {next} and ADD ({name!r}, {next}) to GOLDEN here,
leaving the old entry as it is."""


@pytest.mark.parametrize("name", RECIPES)
def test_a_changed_recipe_has_a_new_version(name):
    now = RECIPES[name].to_dict()
    version = now.pop("version")
    assert now.pop("name") == name
    golden = GOLDEN.get((name, version))
    assert golden is not None, (
        f"recipe {name!r} version {version} is not in GOLDEN of this file: add it, with {now}"
    )
    differences = {key: (golden.get(key), now[key]) for key in now if golden.get(key) != now[key]}
    assert not differences, CHANGED.format(
        name=name, version=version, differences=differences, next=version + 1
    )
    assert golden.keys() == now.keys(), f"a field is gone or new: {golden.keys() ^ now.keys()}"


def test_the_golden_test_can_fail(monkeypatch):
    monkeypatch.setitem(RECIPES, "fast", replace(RECIPES["fast"], epochs=6))
    with pytest.raises(AssertionError, match=r"`version` in deap_nas/training/recipes\.py to "):
        test_a_changed_recipe_has_a_new_version("fast")
    monkeypatch.setitem(RECIPES, "fast", replace(RECIPES["fast"], version=1000))
    with pytest.raises(AssertionError, match="version 1000 is not in GOLDEN"):
        test_a_changed_recipe_has_a_new_version("fast")


def test_the_key_of_the_cache_names_recipe_version_and_that_of_training(monkeypatch):
    def key(recipe: Recipe = RECIPES["fast"]) -> str:
        with evaluator.Evaluator(drivers.tiny_dataset(), recipe=recipe, cache=None) as it:
            return it.key("NC 2 3 relu;FL relu")

    before = key()
    assert key() == before
    assert key(replace(RECIPES["fast"], version=1000)) != before
    monkeypatch.setattr(evaluator, "TRAINING_VERSION", evaluator.TRAINING_VERSION + 1)
    assert key() != before


def test_a_field_that_came_later_is_in_keys_only_where_it_says_something():
    before = RECIPES["paper"].to_dict()
    changed = {
        **{"label_smoothing": 0.1, "class_weights": "balanced", "flips": True, "shifts": 1},
        **{"weight_decay": 0.01, "rungs": (1, 3), "normalised_rate": 0.1, "least_steps": 9},
        "shift_share": 0.1,
    }
    assert changed.keys() == LATER.keys()
    for field, value in changed.items():
        assert replace(RECIPES["paper"], **{field: value}).to_dict() == {**before, field: value}
        assert replace(RECIPES["paper"], **{field: LATER[field]}).to_dict() == before


@pytest.mark.parametrize(
    ("epochs", "eta", "rungs"),
    [(1, 2, ()), (2, 2, (1,)), (3, 2, (2,)), (4, 2, (2,)), (3, 3, (1,)), (20, 4, (5,))],
)
def test_a_rung_is_after_a_share_of_the_epochs(epochs: int, eta: int, rungs: tuple[int]) -> None:
    assert rungs_of(epochs, eta) == rungs


# --- rates


def test_constant():
    recipe = RECIPES["paper"]
    assert {recipe.rate(step, 100) for step in range(100)} == {0.01}


def test_warm_up_and_cosine_by_hand():
    """Ten steps, two of them rising: 1/2, 2/2, then half a cosine over the eight that are left."""
    recipe = Recipe("r", 1, "adam", 2.0, 1, schedule="cosine", warmup=0.2)
    expected = [
        *(1.0, 2.0),  # rising
        *(2.0, 1 + math.sqrt(2 + math.sqrt(2)) / 2, 1 + math.sqrt(2) / 2),
        1 + math.sqrt(2 - math.sqrt(2)) / 2,
        *(1.0, 1 - math.sqrt(2 - math.sqrt(2)) / 2, 1 - math.sqrt(2) / 2),
        1 - math.sqrt(2 + math.sqrt(2)) / 2,
    ]
    assert [recipe.rate(step, 10) for step in range(10)] == pytest.approx(expected, abs=1e-12)


def test_warm_up_before_a_constant_rate():
    recipe = Recipe("r", 1, "sgd", 1.0, 1, warmup=0.5)
    assert [recipe.rate(step, 8) for step in range(8)] == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("steps", [1, 2, 3, 9, 10, 200, 2345])
def test_the_fast_rate_rises_then_falls_towards_zero_and_is_never_zero(steps):
    recipe = RECIPES["fast"]
    rates = [recipe.rate(step, steps) for step in range(steps)]
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert max(rates) == pytest.approx(0.015, rel=0.3)
    assert min(rates) > 0
    if steps > 100:
        assert top == pytest.approx(0.1 * steps, abs=2)
        assert rates[-1] < 1e-5


def test_all_warm_up():
    recipe = Recipe("r", 1, "adam", 1.0, 1, schedule="cosine", warmup=1.0)
    assert [recipe.rate(step, 4) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]


# --- what is fitted to images and network


@pytest.mark.parametrize(
    ("n_images", "batch"),
    [(50_000, 128), (12_800, 128), (12_799, 64), (6_400, 64), (6_399, 32), (1_000, 16), (1, 16)],
)
def test_fewer_images_have_smaller_batches(n_images, batch):
    recipe = replace(RECIPES["fast"], least_steps=100)
    assert recipe.for_images(n_images, 28).batch_size == batch
    kept = replace(RECIPES["fast"], least_steps=0)
    assert kept.for_images(n_images, 28).batch_size == 128


def test_a_batch_that_was_small_stays():
    recipe = replace(RECIPES["fast"], batch_size=24, least_steps=100)
    assert recipe.for_images(10, 28).batch_size == 24


@pytest.mark.parametrize(
    ("side", "shifts"), [(8, 0), (24, 0), (25, 1), (28, 1), (49, 1), (64, 2), (5000, 100)]
)
def test_larger_images_are_moved_by_more_pixels(side: int, shifts: int) -> None:
    recipe = replace(RECIPES["fast"], shift_share=0.04)
    assert recipe.for_images(1, side).shifts == shifts
    assert replace(recipe, shifts=3).for_images(1, side).shifts == 3
    assert RECIPES["fast"].for_images(1, side).shifts == 0


def test_normalised_networks_have_their_own_rate_if_there_is_one():
    recipe = replace(RECIPES["fast"], normalised_rate=0.5)
    assert recipe.for_network(normalised=True).learning_rate == 0.5
    assert recipe.for_network(normalised=False).learning_rate == recipe.learning_rate
    one = replace(RECIPES["fast"], normalised_rate=0.0)
    assert one.for_network(normalised=True).learning_rate == one.learning_rate


# --- when scored


@pytest.mark.parametrize(
    ("scored", "epochs"),
    [("all", range(1, 12)), ("doubling", [1, 2, 4, 8, 11]), ("last", [11])],
)
def test_which_epochs_are_scored(scored, epochs):
    recipe = Recipe("r", 1, "sgd", 0.1, 11, scored=scored)
    assert [epoch for epoch in range(1, 12) if recipe.is_scored(epoch)] == list(epochs)


@pytest.mark.parametrize("needs", [{"patience": 1}, {"best_epoch": True}])
def test_who_needs_all_scores_gets_them(needs):
    recipe = Recipe("r", 1, "sgd", 0.1, 5, **needs)
    assert all(recipe.is_scored(epoch) for epoch in range(1, 6))


# --- what makes none


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("optimizer", "lion"), ("learning_rate", 0.0), ("learning_rate", -1.0),
        ("learning_rate", float("inf")), ("learning_rate", float("nan")), ("epochs", 0),
        ("epochs", 1.5), ("epochs", True), ("batch_size", 0), ("momentum", 1.0),
        ("schedule", "linear"), ("warmup", 1.1), ("warmup", -0.1), ("scored", "never"),
        ("patience", -1), ("min_delta", -0.1), ("label_smoothing", 1.0), ("label_smoothing", -0.1),
        ("label_smoothing", float("nan")), ("class_weights", "rare"),
        ("flips", 1), ("shifts", -1), ("shifts", 1.0), ("shifts", 101),
        ("least_steps", -1), ("least_steps", 1.5),
        ("normalised_rate", -0.1), ("normalised_rate", float("inf")),
        ("shift_share", -0.1), ("shift_share", 1.1),
        ("weight_decay", -0.1), ("weight_decay", float("inf")),
    ],
)  # fmt: skip
def test_settings_that_make_no_recipe(field, value):
    with pytest.raises(RecipeError, match=f"recipe {field} .*, allowed "):
        replace(RECIPES["fast"], **{field: value})


def test_find():
    assert find_recipe("paper") is RECIPES["paper"]
    with pytest.raises(RecipeError, match="recipe 'x', allowed paper, fast"):
        find_recipe("x")
