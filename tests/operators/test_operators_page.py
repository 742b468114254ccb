"""docs/operators.md and the code say the same."""

import re
from inspect import isfunction, signature
from pathlib import Path

import pytest

import deap_nas
from deap_nas import algorithms, operators
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.runs.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operators.md").read_text()
PREFIXES = ("cx_", "mut_", "sel_", "ea_")
SECTIONS = dict(zip(*[iter(re.split(r"^## (.+)\n", PAGE, flags=re.M)[1:])] * 2))


def rows(section):
    """First two cells of each row of a section's table."""
    table = re.findall(r"^\| (.+?) \| (.+?) \|", SECTIONS[section], flags=re.M)
    return [(first, second.strip("`")) for first, second in table[1:]]


def public(module):
    return {name for name in module.__all__ if name.startswith(PREFIXES)}


def test_every_public_name_is_in_the_first_column():
    first = " ".join(cell for section in SECTIONS for cell, _ in rows(section))
    listed = {name for name in re.findall(r"[a-z_0-9]+", first) if name.startswith(PREFIXES)}
    assert listed == public(operators) | public(algorithms)


def test_every_name_on_the_page_exists():
    named = {name for name in re.findall(r"`([a-z_0-9]+)", PAGE) if name.startswith(PREFIXES)}
    assert named <= public(operators) | public(algorithms)
    assert named <= set(deap_nas.__all__)


@pytest.mark.parametrize(
    ("section", "names"),
    [("Crossover", CROSSOVERS), ("Mutation", MUTATIONS), ("Selection", SELECTIONS)],
)
def test_names_for_the_command_line_are_those_of_the_code(section, names):
    assert {name for _, name in rows(section)} - {"-"} == set(names)


FUNCTIONS = {
    name: getattr(module, name)
    for module in (operators, algorithms)
    for name in module.__all__
    if isfunction(getattr(module, name))
}


def test_functions_are_all_that_the_page_lists_and_rejecting():
    assert set(FUNCTIONS) == public(operators) | public(algorithms) | {"rejecting"}


@pytest.mark.parametrize("name", FUNCTIONS)
class TestDocstring:
    def test_has_a_picture(self, name):
        assert re.search(r"\. ::\n\n {8}.*->  ?\S", FUNCTIONS[name].__doc__, flags=re.S)

    def test_says_its_draws(self, name):
        draws = r"[Rr]ng\s+calls?\b|``rng\.\w+``|[Dd]raws from the random module"
        assert re.search(draws, FUNCTIONS[name].__doc__)

    def test_says_its_source(self, name):
        assert re.search(r"\n\n    Source: \S", FUNCTIONS[name].__doc__)


def test_what_is_used_unless_told():
    said = re.search(
        r"`deap-nas run` uses `(\w+)` \(`(\w+)`\) with `(\w+)`, `(\w+)` and\s+`(\w+)` unless told, "
        r"`make_toolbox` `(\w+)`, `(\w+)` and `(\w+)`",
        PAGE,
    )
    assert said
    settings, parameters = Settings(), signature(deap_nas.make_toolbox).parameters
    names = ("crossover", "mutation", "selection")
    assert said[2] == f"ea_{said[1]}"
    assert said[1] == settings.algorithm
    assert list(said.groups()[2:5]) == [getattr(settings, name) for name in names]
    assert list(said.groups()[5:]) == [parameters[name].default for name in names]
