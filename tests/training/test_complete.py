"""RAM and flash of an outcome: known by formula, whoever trained it, and whenever."""

from __future__ import annotations

from dataclasses import replace

import drivers
import pytest

from deap_nas import LAYERS, arena_head, flash, parse_genome
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.training.evaluator import RecipeTrainer
from deap_nas.training.recipes import find_recipe

GENOME = "CR 4 3 relu;SB 8 3 swish;GP"


@pytest.fixture
def trainer() -> RecipeTrainer:
    return RecipeTrainer(drivers.tiny_dataset(), find_recipe("fast"), "validation", 0)


def test_an_outcome_of_before_gets_them(trainer):
    before = Evaluation(0.5, 0.4, 1000, 2.0)
    assert (before.ram, before.flash) == (None, None)
    genome, size = parse_genome(GENOME), ((14, 14, 1), 3)
    expected = replace(before, ram=arena_head(genome, *size), flash=flash(genome, *size))
    assert trainer.complete(GENOME, before) == expected
    assert Evaluation.from_dict(expected.to_dict()) == expected
    assert "ram" not in before.to_dict()


def test_what_a_file_has_stays(trainer):
    measured = Evaluation(0.5, 0.4, 1000, 2.0, flash=7777)
    assert trainer.complete(GENOME, measured) is measured


def test_a_layer_that_does_not_tell_leaves_them_unknown(trainer, monkeypatch):
    monkeypatch.setitem(LAYERS, "SB", replace(LAYERS["SB"], operations=None))
    before = Evaluation(0.5, 0.4, 1000, 2.0)
    assert trainer.complete(GENOME, before) is before
