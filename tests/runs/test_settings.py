"""deap_nas.runs.settings: values, where they come from, and what is refused."""

from __future__ import annotations

import json
import math
import random
from dataclasses import fields, replace
from pathlib import Path

import pytest

from deap_nas.algorithms import ALGORITHMS
from deap_nas.evaluation.forecast import size_in
from deap_nas.runs.checks import SettingsError
from deap_nas.runs.initial import read_genomes
from deap_nas.runs.presets import PRESETS, choose_preset, make_settings, read_settings
from deap_nas.runs.settings import Settings, data_options
from deap_nas.spaces import find_space
from deap_nas.training.recipes import find_recipe

GENOME = "NC 2 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh"
BAD = {
    "dataset": [3], "split": ["train", ""], "recipe": ["slow"], "epochs": [-1, 1.5, "3", True],
    "early_stopping": ["no", 1], "train_seed": [-1], "space": ["all"],
    "population": [-5, 0, 1, 2.5, None], "generations": [-1], "crossover": ["two"],
    "mutation": ["two"], "selection": ["worst"], "cxpb": [-0.1, 1.1, math.nan, "x"],
    "mutpb": [2], "elitism": [-1, 10, 11], "algorithm": ["luck"], "children": [-1, 2.5],
    "candidates": [0, 1.5], "optimism": [-0.1, math.nan, "x"], "per_cost": [-0.1, 11, "x"],
    "learns": ["accuracy", ""], "first": ["random", ""],
    "fitness": ["acuracy", "mine.py"], "class_weights": ["heavy"], "flips": ["yes", 1],
    "shifts": [-1, 1.5, 101], "label_smoothing": [-0.1, 1, math.nan, "x"], "halving": [-1, 1, 2.5],
    "small_enough": [-1, 0.5],
    "grey": ["yes"],
    "image_size": ["32", "0x3", "3x3x3", 32], "seed": [-1],
    "target_fitness": [-1.0, math.nan], "max_evaluations": [0], "time_budget": [0, -1, math.nan],
    "max_seconds": [0], "max_memory": [0, 0.5], "max_failures": [0], "workers": [0, -1, 1.5],
    "initial": [[GENOME], (3,), (GENOME,) * 11], "baseline": ["NC 2 3 relu", "x"],
    "accelerator": ["tpu", ""], "device": ["gpu", "cpu", "auto", "board"],
    "finalists": [-1, 1.5], "final_seeds": [0], "final_recipe": ["slow"], "final_epochs": [-1],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(name, value):
    with pytest.raises(SettingsError) as caught:
        Settings(**{name: value})
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    assert "allowed" in message or "genome" in message


def test_every_setting_says_what_it_is():
    assert all(field.metadata["help"] for field in fields(Settings))


def test_whole_numbers_are_fine_where_a_float_is_allowed():
    assert Settings(cxpb=1, time_budget=60).cxpb == 1


def test_what_holds_for_every_training_is_in_both_recipes():
    assert Settings().make_recipe() == find_recipe("fast")
    given = {"class_weights": "balanced", "flips": True, "shifts": 2, "label_smoothing": 0.1}
    settings = Settings(**given, final_epochs=3)
    for recipe in (settings.make_recipe(), settings.make_final_recipe()):
        assert {name: getattr(recipe, name) for name in given} == given
    assert settings.make_final_recipe().epochs == 3


def test_what_data_are_told_also_by_an_old_run():
    given = Settings(image_size="9x14", grey=True, split_seed=3).to_dict()
    told = {"data_dir": None, "split_seed": 3, "image_size": (9, 14), "grey": True}
    assert data_options(given) == told
    old = {name: given[name] for name in ("data_dir", "split_seed")}
    assert data_options(old) == {**told, "image_size": None, "grey": False}


# --- presets


def test_quick_is_what_runs_without_a_word():
    assert make_settings() == make_settings("quick")
    assert make_settings().make_recipe().epochs == 20  # results/quick_recipe
    assert make_settings().births(make_settings().generations) == 20
    assert Settings().dataset == "fashion_mnist_mini"
    assert Settings().split == "validation"


def test_the_default_search():
    settings = Settings()
    assert settings.births(settings.generations) == 50
    looked_at = {name: getattr(settings, name) for name in settings.loop.settings}
    assert (settings.algorithm, settings.population, settings.generations) == (
        "preselected",
        10,
        10,
    )
    assert looked_at == {
        **{"crossover": "uniform", "mutation": "mixture", "selection": "tournament"},
        **{"cxpb": 0.5, "mutpb": 1.0, "children": 4, "candidates": 10, "optimism": 2.0},
        "learns": "measurements",
    }


def test_paper_owes_nothing_to_the_default_search():
    """All that its algorithm looks at is in the preset itself."""
    assert {*ALGORITHMS["generational"].settings, "algorithm", "population", "generations"} <= set(
        PRESETS["paper"]
    )
    assert PRESETS["paper"] == {
        **{"dataset": "fashion_mnist", "split": "test", "recipe": "paper"},
        **{"algorithm": "generational", "population": 25, "generations": 3, "elitism": 0},
        **{"crossover": "one_point_reject", "mutation": "pool", "selection": "roulette"},
        **{"cxpb": 0.9, "mutpb": 0.05, "children": 0, "first": "drawn", "finalists": 0},
    }


def test_paper_is_the_report():
    settings = make_settings("paper")
    assert (settings.population, settings.generations) == (25, 3)  # 4, counting the initial one
    assert (settings.dataset, settings.split, settings.recipe) == ("fashion_mnist", "test", "paper")
    assert (settings.crossover, settings.mutation) == ("one_point_reject", "pool")
    assert settings.make_recipe().epochs == 20


@pytest.mark.parametrize("space", ["wide", "paper"])
def test_search_breeds_a_front_of_sizes_worth_having_in_either_space(space):
    settings = make_settings("search", None, {"space": space})
    assert settings.several
    assert settings.front.weights == (1.0, -1.0)
    sizes = size_in(find_space(space, **settings.budgets))
    assert sizes
    rng, few = random.Random(0), 0
    for _ in range(50):
        n_params, multiply_adds = sizes(find_space(space, **settings.budgets).sample(rng))
        assert n_params <= 9000
        assert multiply_adds <= 400_000
        few += n_params >= settings.small_enough
    assert few > 25
    assert (settings.finalists, settings.final_seeds, settings.time_budget) == (4, 3, 600)
    assert settings.make_final_recipe().epochs == 20


@pytest.mark.parametrize(
    ("given", "breeds"),
    [
        ({}, True),
        ({"fitness": "accuracy"}, False),
        ({"algorithm": "regularized"}, False),
        ({"algorithm": "nsga2"}, True),
        ({"algorithm": "nsga2", "fitness": "accuracy"}, True),
    ],
)
def test_what_a_preset_says_of_fronts_is_of_searches_that_breed_one(given, breeds):
    settings = make_settings("search", None, given)
    assert settings.several is breeds
    assert settings.small_enough == 600, "that is of any fitness but one's own"
    assert settings.max_params == 9000
    assert settings.telling == ("accuracy" if "fitness" in given else "accuracy_per_log_params")


@pytest.mark.parametrize("algorithm", ["nsga2", "preselected"])
def test_a_preset_says_of_sizes_nothing_to_a_fitness_of_ones_own(tmp_path, algorithm):
    own = tmp_path / "mine.py"
    own.write_text("def score(evaluation):\n    return evaluation.accuracy\n")
    settings = make_settings("search", None, {"fitness": f"{own}:score", "algorithm": algorithm})
    assert settings.small_enough == 0


def test_an_unknown_preset():
    with pytest.raises(SettingsError, match="preset 'x', allowed fashion, search, quick, paper"):
        make_settings("x")


@pytest.mark.parametrize("preset", PRESETS)
def test_settings_survive_json(preset):
    settings = make_settings(preset, None, {"initial": (GENOME,), "workers": 2})
    again = make_settings("quick", None, json.loads(json.dumps(settings.to_dict())))
    assert again == settings


# --- files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('population = 7\nseed = 3\nfitness = "time_penalised"\n')
    return path


def test_defaults_then_preset_then_file_then_flags(file):
    settings = make_settings("paper", file, {"seed": 9})
    assert (settings.recipe, settings.population, settings.seed) == ("paper", 7, 9)
    assert settings.fitness == "time_penalised"
    assert make_settings("paper", file).seed == 3


def test_json_is_read_too(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"population": 7, "initial": [GENOME]}))
    settings = make_settings("quick", path)
    assert (settings.population, settings.initial) == (7, (GENOME,))


def test_the_config_of_a_run_is_read(tmp_path):
    path = tmp_path / "config.json"
    run = {"preset": "paper", "settings": {"population": 7}, "recipe": {}, "machine": {}}
    path.write_text(json.dumps(run))
    assert choose_preset(None, read_settings(path)) == "paper"
    settings = make_settings("quick", path)
    assert settings.population == 7
    assert settings.algorithm == "generational"  # the run is older than the setting


def test_a_table_named_settings_is_read_as_settings(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("[settings]\npopulation = 7\ncache = false\n")
    settings = make_settings(file=path)
    assert (settings.population, settings.cache) == (7, None)
    assert settings.algorithm == Settings().algorithm


def test_a_file_may_name_the_preset_and_a_flag_overrides_it(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('preset = "paper"\npopulation = 7\n')
    settings = make_settings(file=path)
    assert (settings.recipe, settings.population) == ("paper", 7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("populaton = 7", "setting 'populaton', allowed .*population"),
        ("population = ", "neither TOML nor JSON"),
        ("population = 'x'", "population 'x', allowed a whole number"),
        ("preset = 'x'", "preset 'x', allowed fashion, search, quick, paper"),
        ("preset = []", "preset"),
        ("[search]\npopulation = 3", "setting 'search'"),
        ("epochs = true", "epochs True, allowed a whole number"),
        ("settings = 3", "settings"),
        ("initial = 'genomes.txt'", "initial 'genomes.txt', allowed a list of genomes"),
        ("max_seconds = 'long'", "max_seconds 'long', allowed a number or none"),
    ],
)
def test_bad_files(tmp_path, text, words):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words) as caught:
        make_settings("quick", path)
    assert "\n" not in str(caught.value)


def test_initial_genomes_of_a_file_are_parsed(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(f"initial = ['{GENOME}', 'x']")
    with pytest.raises(SettingsError, match="initial genome 2: gene 1 of 1, 'x'"):
        make_settings("quick", path).initial_genomes()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1, 2]", b"3", b'"x"', b"", b"{"])
def test_bad_json(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="config"):
        read_settings(path)


def test_missing_files(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="Is a directory"):
        read_settings(tmp_path)
    with pytest.raises(SettingsError, match="No such file"):
        read_genomes(tmp_path / "none.txt")


def test_genomes_are_read_one_a_line(tmp_path):
    path = tmp_path / "genomes.txt"
    path.write_text(f"# mine\n\n {GENOME} ; \n  # more\n{GENOME}")
    assert read_genomes(path) == (GENOME, GENOME)


def test_a_bad_line_is_named(tmp_path):
    path = tmp_path / "genomes.txt"
    path.write_text(f"{GENOME}\n\nNC 3 relu;FL relu\n")
    with pytest.raises(SettingsError, match=r"genomes.txt, line 3: gene 1 of 2"):
        read_genomes(path)


# --- recipes


def test_settings_change_the_recipe():
    assert Settings(epochs=3).make_recipe().epochs == 3
    assert Settings().make_recipe().epochs == 5
    recipe = Settings(recipe="paper", early_stopping=False).make_recipe()
    assert (recipe.patience, recipe.best_epoch, recipe.scored) == (0, False, "last")
    assert replace(Settings(), recipe="paper").make_recipe().patience == 2
