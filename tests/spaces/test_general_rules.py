"""Spaces of any layers: which genomes are legal, and what a space is as data."""

import dataclasses
import json
import pickle
import random
import re

import pytest
from general_rules import every_genome, is_legal
from general_spaces import TIGHT, general_spaces, nearly_legal
from hypothesis import given, settings, strategies as st
from own_layer import own_layer, own_space
from strategies import odd_genes, seeds, spaces

from deap_nas import PAPER_SPACE, SearchSpace, SpaceError, parse_genome

RELU = {"filters": (4, 8), "kernel": (3,), "activation": "relu"}


class TestLegality:
    @settings(max_examples=150)
    @given(st.data())
    def test_violations_are_empty_if_and_only_if_legal(self, data):
        space = data.draw(general_spaces())
        genes = data.draw(nearly_legal(space) | st.lists(odd_genes(), max_size=4))
        legal = is_legal(genes, space)
        assert (genes in space) is legal
        assert (space.violations(genes) == []) is legal

    def test_in_a_space_with_a_layer_of_ones_own(self):
        with own_layer():
            space, rng = own_space(), random.Random(1)
            genes = [gene for genome in every_genome(own_space(depth=1)) for gene in genome]
            legal = 0
            for _ in range(500):
                genome = [*rng.choices(genes, k=rng.randint(1, 4)), *parse_genome("GP")]
                legal += is_legal(genome, space)
                assert (genome in space) is is_legal(genome, space)
                assert (space.violations(genome) == []) is is_legal(genome, space)
            assert 20 < legal < 480

    @pytest.mark.parametrize("thing", [None, 3, "GP", [], (), {}, object(), [[]], [("GP",)]])
    def test_what_is_no_gene_list_is_not_in_a_space(self, thing):
        assert thing not in TIGHT

    @pytest.mark.parametrize(
        ("text", "violations"),
        [
            ("CB 4 3 relu;MP 2;GP", []),
            (
                "CB 4 3 relu;CB 6 3 relu;MP 2;GP",
                ["gene 2 of 4, 'CB 6 3 relu': filters 6, allowed 4, 8"],
            ),
            (
                "CB 4 3 tanh;MP 2;GP",
                ["gene 1 of 3, 'CB 4 3 tanh': activation tanh, allowed relu"],
            ),
            (
                "MP 2;MP 4;GP",
                [
                    "gene 2 of 3, 'MP 4': does not fit the feature map that reaches it, "
                    "3 x 3 x 1; allowed size up to 3"
                ],
            ),
            (
                "SB 4 3 relu;MP 2;GP",
                ["gene 1 of 3, 'SB 4 3 relu': kind SB, allowed CB, MP, CR, GP"],
            ),
            (
                "MP 2;GD 16 relu",
                [
                    "gene 2 of 2, 'GD 16 relu': kind GD, allowed CB, MP, CR, GP",
                    "0 GP genes, allowed exactly 1",
                ],
            ),
            ("CB 4 3 relu;GP", ["0 CR or MP genes, allowed 1 to 2"]),
            (
                "CB 4 3 relu;CB 4 3 relu;CB 4 3 relu;MP 2;GP",
                ["3 CB genes, allowed 0 to 2", "4 genes before the head, allowed 1 to 3"],
            ),
            (
                "CR 4 3 relu;CR 4 3 relu;MP 2;GP",
                ["2 CR genes, allowed 0 to 1", "3 CR or MP genes, allowed 1 to 2"],
            ),
        ],
    )
    def test_each_broken_rule_is_a_sentence(self, text, violations):
        genome = parse_genome(text)
        assert TIGHT.violations(genome) == violations
        assert (genome in TIGHT) is (not violations)

    def test_reductions_of_a_single_kind_are_held_too(self):
        space = SearchSpace(
            layers={"CB": RELU, "CR": RELU}, heads="GP", depth=(2, 3), reductions=(1, 1)
        )
        for text, n in (("CB 4 3 relu;CB 4 3 relu;GP", 0), ("CR 4 3 relu;CR 4 3 relu;GP", 2)):
            genome = parse_genome(text)
            assert genome not in space
            assert space.violations(genome) == [f"{n} CR genes, allowed exactly 1"]


class TestData:
    @given(general_spaces() | spaces(), seeds)
    def test_round_trips(self, space, seed):
        space.size()
        genome = space.sample(random.Random(seed))
        for other in (
            SearchSpace.from_dict(space.to_dict()),
            SearchSpace.from_dict(json.loads(json.dumps(space.to_dict()))),
            pickle.loads(pickle.dumps(space)),
            dataclasses.replace(space),
        ):
            assert other == space
            assert hash(other) == hash(space)
            assert other.to_dict() == space.to_dict()
            assert other.size() == space.size()
            assert other.sample(random.Random(seed)) == genome

    def test_the_short_form_has_the_keys_that_it_had(self):
        assert PAPER_SPACE.to_dict() == {
            "n_normal": [1, 3],
            "n_reduction": 2,
            "filters": [2, 4, 6, 8, 10, 12, 14, 16],
            "kernels": [3, 4, 5],
            "activations": ["relu", "sigmoid", "tanh", "swish", "gelu"],
            "input_shape": [28, 28, 1],
            "n_classes": 10,
            "head_activations": [],
        }

    def test_the_general_form_is_what_a_space_file_holds(self):
        assert TIGHT.to_dict() == {
            "input_shape": [6, 6, 1],
            "n_classes": 10,
            "layers": {
                "CB": {"count": [0, 2], "filters": [4, 8], "kernel": [3], "activation": ["relu"]},
                "MP": {"count": [0, 3], "size": [2, 4]},
                "CR": {"count": [0, 1], "filters": [4, 8], "kernel": [3], "activation": ["relu"]},
            },
            "heads": {"GP": {}},
            "depth": [1, 3],
            "reductions": [1, 2],
        }

    def test_equal_spaces_have_one_hash_whatever_the_order_of_their_layers(self):
        rules = {"CB": RELU, "CR": {"count": 1, **RELU}}
        one = SearchSpace(layers=rules, heads="GP", depth=2)
        other = SearchSpace(layers=dict(reversed(rules.items())), heads="GP", depth=2)
        assert one == other
        assert hash(one) == hash(other)

    def test_differs_where_a_rule_does(self):
        for changed in ({"depth": (1, 2)}, {"reductions": None}, {"n_classes": 7}):
            assert dataclasses.replace(TIGHT, **changed) != TIGHT

    @pytest.mark.parametrize(
        ("setting", "message"),
        [
            ({"depth": 3}, "depth without layers, allowed only with layers; give layers"),
            ({"layers": {"CB": RELU}, "depth": 2}, "heads None, allowed one or more of"),
            (
                {"layers": {"CB": RELU}, "heads": "GP", "filters": (2,)},
                "filters with layers, allowed only without; put it into layers",
            ),
            (
                {"layers": {"CB": RELU}, "heads": "GP"},
                "layer CB: no count, and no depth; give one of them",
            ),
        ],
    )
    def test_forms_that_do_not_go_together(self, setting, message):
        with pytest.raises(SpaceError, match=f"^{re.escape(message)}"):
            SearchSpace(**setting)
