"""Budgets and devices as settings of a search."""

from __future__ import annotations

import drivers
import pytest

from deap_nas.runs.search import make_space
from deap_nas.runs.settings import Settings, SettingsError
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
