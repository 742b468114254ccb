"""Budgets and devices as settings of a search."""

from __future__ import annotations

from dataclasses import replace

import drivers
import pytest

from deap_nas import WIDE_SPACE
from deap_nas.__main__ import main
from deap_nas.runs.checks import SettingsError
from deap_nas.runs.search import make_space
from deap_nas.runs.settings import Settings
from deap_nas.spaces import DEVICES, SpaceError

FILE = """
depth = 2
max_params = 700
heads = "GP"
[layers.CB]
filters = [4, 8]
kernel = 3
activation = "relu"
"""


def space_of(**settings):
    return make_space(Settings(**settings), drivers.tiny_dataset())


def test_a_space_has_the_budgets_of_its_settings():
    space = space_of(max_params=2000, max_flash=20_000)
    assert (space.max_params, space.max_flash, space.max_ram) == (2000, 20_000, None)
    assert space_of().budgets == ()


def test_the_files_own_stay_unless_others_are_given(home):
    (home / "mine.toml").write_text(FILE)
    assert space_of(space="mine.toml", max_ram=9000).max_params == 700
    assert space_of(space="mine.toml", max_params=900).max_params == 900


def test_a_device_gives_ram_and_flash_unless_they_are_given():
    board = DEVICES["microbit_v1"]
    space = space_of(device="microbit_v1")
    assert (space.max_ram, space.max_flash) == (board.ram, board.flash)
    assert space_of(device="microbit_v1", max_ram=4000).max_ram == 4000


@pytest.mark.parametrize("board", DEVICES.values(), ids=DEVICES)
def test_devices_say_where_their_sizes_are_from(board):
    assert 1024 <= board.ram < board.flash
    assert "; " in board.source


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_params": 0}, "max_params 0, allowed 1 or more"),
        ({"max_ram": -1}, "max_ram -1, allowed 1 or more"),
        ({"max_flash": 2.5}, "max_flash 2.5, allowed a whole number or none"),
        ({"device": "uno"}, "device 'uno', allowed arduino_uno"),
    ],
)
def test_refused(settings, words):
    with pytest.raises(SettingsError, match=words):
        Settings(**settings)


def test_a_budget_that_nothing_meets_names_the_cheapest():
    with pytest.raises(SpaceError, match=r"max_params 50: the cheapest, '.*', has [\d,]+ param"):
        space_of(max_params=50)


@pytest.mark.parametrize("settings", [{"device": "microbit_v1"}, {"max_ram": 9000}])
def test_a_device_has_no_gelu(settings):
    space = space_of(space="wide", **settings)
    assert "gelu" not in str(space.to_dict())
    assert "gelu" in str(space_of(space="wide", max_params=9000).to_dict())


def test_a_run_of_before_keeps_gelu():
    settings, data = Settings(space="wide", max_ram=9000), drivers.tiny_dataset()
    images = {"input_shape": data.input_shape, "n_classes": data.n_classes}
    written = replace(WIDE_SPACE, max_ram=9000, **images)
    assert make_space(settings, data, written) == written
    narrow = make_space(settings, data)
    assert make_space(settings, data, narrow) == narrow != written


@pytest.mark.parametrize("name", ["--initial", "train"])
def test_a_genome_with_gelu_is_told_by_name(home, data, capsys, name):
    (home / "g.txt").write_text("CB 4 3 relu;SB 8 3 gelu;GP\n")
    if name == "train":
        words = ["train", "CB 4 3 relu;SB 8 3 gelu;GP"]
    else:
        words = ["run", "--space", "wide", "--initial", "g.txt", "--dry-run"]
    assert main([*words, "--dataset", str(data), "--device", "pico"]) == 2
    err = capsys.readouterr().err
    assert "gene 2 of 3, 'SB 8 3 gelu': TensorFlow Lite Micro has no GELU; use hard_swish" in err
    assert err.count("\n") == 1


def test_int8_is_for_devices_unless_it_is_said():
    narrow, wide = space_of(max_flash=9000), space_of()
    assert [Settings(int8=given).quantises(narrow) for given in (None, True, False)] == [
        *(True, True, False)
    ]
    assert [Settings(int8=given).quantises(wide) for given in (None, True, False)] == [
        *(False, True, False)
    ]
