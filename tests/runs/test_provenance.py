"""What differs between two configurations of a run, as a resumed run is told."""

from __future__ import annotations

import copy

import drivers
import pytest

from deap_nas import PAPER_SPACE
from deap_nas.runs.provenance import describe, differences
from deap_nas.runs.settings import Settings


@pytest.fixture
def config():
    return describe(Settings(), drivers.tiny_dataset(), PAPER_SPACE)


def test_a_configuration_does_not_differ_from_itself(config):
    assert differences(config, copy.deepcopy(config)) == []


def test_a_recipe_differs_by_fields_that_came_later_too(config):
    smoothed = copy.deepcopy(config)
    smoothed["recipe"]["label_smoothing"] = 0.1
    assert differences(config, smoothed) == ["label_smoothing 0.0 in the run, 0.1 now"]
    assert differences(smoothed, config) == ["label_smoothing 0.1 in the run, 0.0 now"]
