"""Budgets: what is legal within them, how genomes are drawn, what operators draw from."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from budgets import COUNTS, budgeted_spaces, costs, limit_for, within
from general_rules import every_genome
from general_spaces import general_spaces, nearly_legal
from hypothesis import given, settings, strategies as st
from own_layer import own_layer, own_space
from strategies import assert_drawn_from, seeds
from test_general_draws import SPACE, check_neighbours

from deap_nas import WIDE_SPACE, SearchSpace, SpaceError, parse_genome
from deap_nas.operators import CROSSOVERS, MUTATIONS
from deap_nas.spaces import describe, estimating
from deap_nas.spaces.budgets import COSTS


def those_within(space: SearchSpace) -> list[Any]:
    return [genes for genes in every_genome(space) if within(genes, space)]


class TestLegal:
    @settings(max_examples=50)
    @given(st.data())
    def test_is_what_keeps_the_budgets(self, data):
        space = data.draw(budgeted_spaces())
        genes = data.draw(nearly_legal(replace(space, **dict.fromkeys(COUNTS))))
        assert (genes in space) == within(genes, space)
        assert (space.violations(genes) == []) == within(genes, space)

    def test_what_is_beyond_is_a_sentence(self):
        space = replace(WIDE_SPACE, max_params=500, max_flash=3000, max_ram=10**6)
        genome = parse_genome("CB 16 3 relu;CB 16 3 relu;GP")
        params = 9 * 16 + 32 + 9 * 16 * 16 + 32 + 170
        flash = costs(genome, space)["max_flash"]
        assert space.violations(genome) == [
            f"{params:,} parameters, allowed at most 500",
            f"about {flash:,} bytes of flash, allowed at most 2,900 (max_flash 3,000 less 100 to "
            "spare)",
        ]
        assert genome not in space

    @pytest.mark.parametrize("limit", [1, 99, 100, 101, 150, 5099, 5100, 5101, 5150, 10**18])
    def test_the_room_of_an_estimate_is_all_that_is_within(self, limit):
        cost = COSTS["max_flash"]
        room = cost.room(limit)
        assert room == 0 or cost.limit_for(room) <= limit
        assert cost.limit_for(room + 1) > limit
        assert COSTS["max_params"].room(limit) == limit

    def test_the_rules_as_a_person_reads_them(self):
        space = replace(SPACE, max_ram=4096, max_params=5000)
        assert "  in all at most 5,000 parameters, at most 4,096 bytes of RAM" in describe(space)

    def test_to_dict_and_back(self):
        space = replace(WIDE_SPACE, max_multiply_adds=10**5, max_flash=20_000)
        assert space.to_dict()["max_flash"] == 20_000
        assert "max_ram" not in space.to_dict()
        assert SearchSpace.from_dict(space.to_dict()) == space != WIDE_SPACE
        assert hash(space) != hash(WIDE_SPACE)
        assert not any(name in WIDE_SPACE.to_dict() for name in COUNTS)

    @pytest.mark.parametrize("name", COUNTS)
    @pytest.mark.parametrize("wrong", [0, -5, 2.5, "8k", True, 10**19])
    def test_a_budget_is_a_whole_number(self, name, wrong):
        with pytest.raises(SpaceError, match=f"{name} {wrong!r}, allowed a whole number from 1 to"):
            SearchSpace(**{name: wrong})

    @pytest.mark.parametrize("name", ["max_ram", "max_flash"])
    def test_what_is_unknown_is_refused_by_name(self, name):
        with own_layer(), pytest.raises(SpaceError, match=f"{name} 9000 with layer GC: .* unknown"):
            own_space(**{name: 9000})

    @settings(max_examples=50)
    @given(st.data())
    def test_where_nothing_meets_it_the_cheapest_is_named(self, data):
        space = data.draw(general_spaces())
        name = data.draw(st.sampled_from(sorted(COUNTS)))
        about = (space.input_shape, space.n_classes)
        limit = min(limit_for(COUNTS[name], genes, about) for genes in every_genome(space))
        least = min(costs(genes, space)[name] for genes in every_genome(space))
        if limit < 2:
            return
        with pytest.raises(SpaceError) as caught:
            replace(space, **{name: data.draw(st.integers(1, limit - 1))})
        (text,) = re.findall(r"the cheapest, '(.*)', has", str(caught.value))
        assert costs(parse_genome(text), space)[name] == least
        assert str(caught.value).endswith(f"raise {name} to {limit}")
        assert parse_genome(text) in replace(space, **{name: limit})

    def test_budgets_that_exclude_each_other(self):
        # One filter spares the head parameters, and costs multiply-adds.
        layers = {"CB": {"filters": 1, "kernel": (1, 3), "activation": "relu"}}
        space = SearchSpace(layers=layers, heads="GP", depth=(0, 1), input_shape=(8, 8, 16))
        few = min(costs(g, space)["max_params"] for g in every_genome(space))
        small = [g for g in every_genome(space) if costs(g, space)["max_params"] == few]
        least = min(costs(g, space)["max_multiply_adds"] for g in small)
        alone = min(costs(g, space)["max_multiply_adds"] for g in every_genome(space))
        assert alone < least
        replace(space, max_multiply_adds=alone)
        with pytest.raises(SpaceError) as caught:
            replace(space, max_params=few, max_multiply_adds=least - 1)
        assert f"and at most {few:,} parameters: the cheapest, " in str(caught.value)
        assert str(caught.value).endswith(f"raise max_multiply_adds to {least}")


class TestSample:
    @settings(max_examples=50)
    @given(budgeted_spaces(), seeds)
    def test_within_and_equal_for_equal_seeds(self, space, seed):
        genome = space.sample(random.Random(seed))
        assert within(genome, space)
        assert space.sample(random.Random(seed)) == genome

    @pytest.mark.parametrize(
        "budgets",
        [
            {"max_params": 300},
            {"max_multiply_adds": 3_000, "max_params": 350},
            {"max_ram": 180, "max_flash": 4_000},
        ],
    )
    def test_each_genome_as_likely_as_its_draws(self, budgets):
        space = replace(SPACE, **budgets)
        expected = chances_within(space)
        assert 5 < len(expected) < len(every_genome(space))
        rng = random.Random(1)
        assert_drawn_from(expected, (tuple(space.sample(rng)) for _ in range(8000)))

    def test_also_where_a_layer_looks_at_channels(self):
        with own_layer():
            space = own_space(depth=(1, 2), input_shape=(4, 4, 3), max_params=150)
            expected = chances_within(space)
            assert len(expected) > 20
            rng = random.Random(2)
            assert_drawn_from(expected, (tuple(space.sample(rng)) for _ in range(8000)))

    @pytest.mark.parametrize("space", [WIDE_SPACE, SPACE])
    def test_a_budget_that_everything_meets_changes_no_draw(self, space):
        free = replace(space, max_params=10**9, max_ram=10**9, max_flash=10**9)
        for seed in range(20):
            assert free.sample(random.Random(seed)) == space.sample(random.Random(seed))


def chances_within(space: SearchSpace) -> dict[tuple[Any, ...], Fraction]:
    """How likely ``sample`` is to draw each genome within the budgets: its docstring, naively."""
    free = every_genome(replace(space, **dict.fromkeys(COUNTS)))
    orders = {tuple(gene.kind for gene in genes[:-1]) for genes in free}
    depths = defaultdict(list)
    for genes in those_within(space):
        depths[len(genes)].append(genes)
    return {
        genes: chance / len(depths)
        for several in depths.values()
        for genes, chance in by_kinds(several, [o for o in orders if len(o) == len(several[0]) - 1])
    }


def by_kinds(several: list[Any], orders: list[Any], i: int = 0) -> Iterable[tuple[Any, Fraction]]:
    """Kinds from left to right, each as likely as there are orders that begin so."""
    if i == len(several[0]) - 1:
        yield from by_values(several, 0)
        return
    kinds = {genes[i].kind for genes in several}
    total = sum(order[i] in kinds for order in orders)
    for kind in kinds:
        there = [order for order in orders if order[i] == kind]
        share = Fraction(len(there), total)
        for genes, chance in by_kinds([g for g in several if g[i].kind == kind], there, i + 1):
            yield genes, share * chance


def by_values(several: list[Any], i: int) -> Iterable[tuple[Any, Fraction]]:
    """Then values from left to right, the head's kind before its own, each value as likely."""

    def draws(genes):
        *body, head = genes
        return [*(v for gene in body for v in gene.values), head.kind, *head.values]

    if i == len(draws(several[0])):
        yield several[0], Fraction(1)
        return
    parts = defaultdict(list)
    for genes in several:
        parts[draws(genes)[i]].append(genes)
    for part in parts.values():
        for genes, chance in by_values(part, i + 1):
            yield genes, chance / len(parts)


class TestNeighbours:
    @settings(max_examples=40)
    @given(budgeted_spaces(), seeds)
    def test_are_all_that_there_are(self, space, seed):
        check_neighbours(space, space.sample(random.Random(seed)), within)

    @pytest.mark.parametrize("seed", range(5))
    def test_also_where_a_layer_looks_at_channels(self, seed):
        with own_layer():
            space = own_space(max_params=400, max_multiply_adds=10_000)
            check_neighbours(space, space.sample(random.Random(seed)), within)

    @settings(max_examples=30)
    @given(budgeted_spaces(), seeds)
    def test_every_child_is_within(self, space, seed):
        rng = random.Random(seed)
        a, b = space.sample(rng), space.sample(rng)
        for name, mate in CROSSOVERS.items():
            children = mate(list(a), list(b), space=space, rng=rng)
            assert all(within(child, space) for child in children), name
        for name, mutate in MUTATIONS.items():
            pool = {"pool": lambda: [*a[:-1], *b[:-1]]} if name == "pool" else {}
            (child,) = mutate(list(a), space=space, rng=rng, **pool)
            assert within(child, space), name


CONVOLUTIONS = SearchSpace(
    layers={kind: {"filters": range(4, 65, 4), "kernel": (3, 5)} for kind in ("CB", "CR", "SB")},
    heads=("GP",),
    depth=(6, 8),
    reductions=(0, 3),
)
TIGHT = [
    {"max_params": 1000},
    {"max_multiply_adds": 60_000},
    {"max_ram": 3000, "max_flash": 6_500},
    {"max_multiply_adds": 100_000, "max_params": 1300},
    {"max_multiply_adds": 90_000, "max_params": 1500, "max_ram": 4000, "max_flash": 6_500},
]


@pytest.mark.parametrize(
    "n", [200, pytest.param(100_000, marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.parametrize("budgets", TIGHT, ids=str)
def test_children_at_tight_budgets(budgets, n):
    space, rng = replace(CONVOLUTIONS, **budgets), random.Random(0)
    population = [space.sample(rng) for _ in range(20)]
    born = 0
    while born < n:
        a, b = map(list, rng.sample(population, 2))
        children = CROSSOVERS["uniform"](a, b, space=space, rng=rng)
        for child in children:
            (mutant,) = MUTATIONS["mixture"](child, space=space, rng=rng)
            found = costs(mutant, space)
            assert all(found[name] <= most for name, most in budgets.items())
            population[rng.randrange(len(population))] = mutant
            born += 1


class TestSize:
    @settings(max_examples=50)
    @given(budgeted_spaces())
    def test_is_the_length_of_the_list_of_all(self, space):
        assert space.size() == len(those_within(space))
        assert space.size_error == 0
        assert not space.size_is_bound

    @pytest.mark.parametrize(
        "budgets",
        [{"max_params": 700}, {"max_multiply_adds": 9_000, "max_flash": 4_500, "max_params": 600}],
    )
    def test_an_estimate_says_so_and_is_as_near_as_it_says(self, monkeypatch, budgets):
        values = {"kernel": (1, 3), "activation": ("relu", "swish"), "filters": (1, 3, 6, 9)}
        layers = {"CB": values, "SR": values, "MP": {"size": (2, 3)}}
        space = SearchSpace(
            **{"layers": layers, "heads": ("GP",), "depth": (1, 3), "input_shape": (9, 9, 1)},
            **budgets,
        )
        exact = space.size()
        assert space.size_error == 0
        monkeypatch.setattr(estimating, "MOST_WORK", 0)
        guessed = replace(space)
        assert guessed.size_error > 0
        assert abs(guessed.size() - exact) < 4 * guessed.size_error
        assert guessed.size_error < 0.1 * exact
        share = 100 * guessed.size_error / guessed.size()
        assert guessed.said_size() == f"about {guessed.size():.2g} (± {share:.0f} %)"
        assert not guessed.size_is_bound
