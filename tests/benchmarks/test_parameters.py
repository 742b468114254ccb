"""The translation of spaces into the parameters of other packages."""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from variants.parameters import genome_of, looked_up, parameters
from variants.problems import MacroSpace

from deap_nas import PAPER_SPACE, WIDE_SPACE, SearchSpace
from deap_nas.tabular import TABLE_SPACE

SMALL = SearchSpace(
    layers={
        "CB": {"filters": (4, 8), "kernel": 3, "activation": ("relu", "tanh")},
        "SB": {"filters": (4, 8), "kernel": (3, 5), "activation": "relu"},
        "SK": {"kernel": (3, 5), "activation": "relu"},
    },
    heads={"GP": {}, "GD": {"units": (8, 16), "activation": "relu"}},
    depth=(1, 2),
)


def at_random(space, rng):
    return genome_of(space, lambda parameter: rng.choice(parameter.values))


@pytest.mark.parametrize(
    ("space", "draws"), [(SMALL, 6000), (TABLE_SPACE, 3000), (MacroSpace(), 500)]
)
def test_every_answer_is_a_legal_genome(space, draws):
    rng = random.Random(0)
    seen = {tuple(at_random(space, rng)) for _ in range(draws)}
    assert all(genes in space for genes in seen)
    assert space is not SMALL or len(seen) == SMALL.size(), "all are found"


def test_genomes_of_the_wide_space_break_no_rule_but_of_counts_and_maps():
    rng, legal = random.Random(0), Counter()
    for _ in range(300):
        genome = at_random(WIDE_SPACE, rng)
        broken = WIDE_SPACE.violations(genome)
        legal[not broken] += 1
        assert all("allowed 0 to 3" in each or "does not fit" in each for each in broken)
    assert legal[True] > legal[False] > 0


@pytest.mark.parametrize("space", [SMALL, WIDE_SPACE, PAPER_SPACE, MacroSpace()])
def test_what_is_asked_for_is_declared_and_its_conditions_hold(space):
    known = {each.name: each for each in parameters(space)}
    assert len(known) == len(parameters(space)), "names are unique"
    rng = random.Random(1)
    for _ in range(50):
        answers = {}

        def note(parameter, answers=answers):
            assert known[parameter.name] == parameter
            answers[parameter.name] = rng.choice(parameter.values)
            return answers[parameter.name]

        found = genome_of(space, note)
        assert genome_of(space, looked_up(answers)) == found
        held = [
            name
            for name, each in known.items()
            if all(answers.get(parent) in values for parent, values in each.given)
        ]
        assert sorted(held) == sorted(answers), "asked for where its conditions hold, only there"


def test_kinds_with_the_same_values_share_a_parameter():
    names = {each.name for each in parameters(SMALL)}
    assert {"filters of layer 0", "filters of layer 1", "units of head"} <= names
    assert "kernel of layer 0 if SB SK" in names, "CB has one value"
    given = {each.name: each.given for each in parameters(SMALL)}
    assert given["filters of layer 1"] == (("depth", (2,)), ("layer 1", ("CB", "SB")))
