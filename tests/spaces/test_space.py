"""Which genomes are legal, how they are drawn, counted, and varied."""

import dataclasses
import pickle
import random
from fractions import Fraction
from itertools import permutations
from math import comb

import pytest
from hypothesis import given, settings, strategies as st
from strategies import (
    TIGHT_SPACE,
    assert_drawn_from,
    every_genome,
    is_legal,
    maybe_legal,
    odd_genes,
    seeds,
    shares,
    spaces,
)

from deap_nas import (
    FULL_SPACE,
    PAPER_SPACE,
    Conv,
    Genome,
    Head,
    SearchSpace,
    SpaceError,
    parse_genome,
)

SPACES = {
    "paper": PAPER_SPACE,
    "full": FULL_SPACE,
    "tight": TIGHT_SPACE,
    "8x8": SearchSpace(input_shape=(8, 8, 1)),
    "7x40": SearchSpace(kernels=(1, 3, 7), input_shape=(7, 40, 3), n_classes=2),
    "40x7": SearchSpace(n_reduction=3, kernels=(1, 2, 6), input_shape=(40, 7, 3)),
    "1x1": SearchSpace(n_normal=0, kernels=(1, 2), input_shape=(1, 1, 1)),
    "no RC": SearchSpace(n_normal=(0, 2), n_reduction=0, input_shape=(2, 2, 1)),
    "four RC": SearchSpace(n_normal=2, n_reduction=4, kernels=(2, 3, 5), input_shape=(32, 32, 3)),
}
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


class TestLegality:
    @settings(max_examples=300)
    @given(st.data())
    def test_violations_are_empty_if_and_only_if_legal(self, data):
        space = data.draw(spaces())
        genes = data.draw(maybe_legal(space) | st.lists(odd_genes(), max_size=5))
        legal = is_legal(genes, space)
        assert (genes in space) is legal
        assert (space.violations(genes) == []) is legal

    @pytest.mark.parametrize("thing", [None, 3, "FL relu", [], (), {}, b"", object(), [[]], [None]])
    def test_what_is_no_gene_list_is_not_in_a_space(self, thing):
        assert thing not in SearchSpace(n_normal=0, n_reduction=0)

    def test_a_bare_tuple_is_no_head(self):
        space, genes = SearchSpace(n_normal=0, n_reduction=0), [("relu",)]
        assert space.violations(genes)
        assert genes not in space

    def test_violations_survive_a_kernel_that_is_no_number(self):
        genes = [Conv("RC", 4, "3", "relu"), *parse_genome("NC 4 3 relu;RC 4 3 relu;FL relu")]
        assert genes not in PAPER_SPACE
        assert PAPER_SPACE.violations(genes) == [
            "gene 1 of 4, 'RC 4 3 relu': kernel 3, allowed 3 to 5"
        ]

    @pytest.mark.parametrize(
        ("rules", "text", "violations"),
        [
            ({}, "NC 16 5 gelu;RC 2 3 relu;RC 4 4 tanh;FL swish", []),
            (
                {},
                "NC 3 3 relu;RC 4 3 relu;RC 4 3 relu;FL relu",
                ["gene 1 of 4, 'NC 3 3 relu': filters 3, allowed 2 to 16 in steps of 2"],
            ),
            (
                {"filters": (4, 9)},
                "NC 4 3 relu;RC 6 3 relu;RC 9 3 relu;FL relu",
                ["gene 2 of 4, 'RC 6 3 relu': filters 6, allowed 4, 9"],
            ),
            (
                {},
                "NC 4 9 relu;RC 4 3 relu;RC 4 2 relu;FL relu",
                [
                    "gene 1 of 4, 'NC 4 9 relu': kernel 9, allowed 3 to 5",
                    "gene 3 of 4, 'RC 4 2 relu': kernel 2, allowed 3 to 5",
                ],
            ),
            (
                {"activations": ("relu", "gelu"), "head_activations": ("tanh",)},
                "NC 4 3 tanh;RC 4 3 gelu;RC 4 3 relu;FL relu",
                [
                    "gene 1 of 4, 'NC 4 3 tanh': activation tanh, allowed relu, gelu",
                    "gene 4 of 4, 'FL relu': activation relu, allowed tanh",
                ],
            ),
            ({}, "RC 4 3 relu;RC 4 3 relu;FL relu", ["0 NC genes, allowed 1 to 3"]),
            ({"n_normal": 1}, "RC 4 3 relu;RC 4 3 relu;FL relu", ["0 NC genes, allowed exactly 1"]),
            (
                {},
                "RC 4 3 relu;" + "NC 4 3 relu;" * 4 + "FL relu",
                ["4 NC genes, allowed 1 to 3", "1 RC gene, allowed exactly 2"],
            ),
            (
                {"input_shape": (8, 8, 1)},
                "NC 2 5 relu;RC 2 3 relu;RC 2 5 relu;FL relu",
                [
                    "gene 3 of 4, 'RC 2 5 relu': does not fit the feature map that reaches it, "
                    "3 x 3 x 2; allowed kernel up to 3"
                ],
            ),
            (
                {"input_shape": (40, 4, 1), "n_reduction": 1},
                "RC 2 5 relu;NC 2 5 relu;FL relu",
                [
                    "gene 1 of 3, 'RC 2 5 relu': does not fit the feature map that reaches it, "
                    "40 x 4 x 1; allowed kernel up to 4"
                ],
            ),
        ],
    )
    def test_each_broken_rule_is_a_sentence(self, rules, text, violations):
        space, genome = SearchSpace(**rules), parse_genome(text)
        assert space.violations(genome) == violations
        assert (genome in space) is (not violations)

    @pytest.mark.parametrize(
        ("genes", "violations"),
        [
            (
                [Conv("XX", 4, 3, "relu"), Head("relu")],
                ["gene 1 of 2, 'XX 4 3 relu': kind XX, allowed NC, RC, FL"],
            ),
            (
                [None, Head("relu")],
                ["gene 1 of 2, 'None': not a gene but NoneType, allowed the genes of layers"],
            ),
            (
                [("relu",), Head("relu")],
                ["gene 1 of 2, '('relu',)': not a gene but tuple, allowed the genes of layers"],
            ),
            ([Conv("NC", 4, 3, "relu")], ["0 FL genes, allowed exactly 1"]),
            ([], ["0 FL genes, allowed exactly 1"]),
            (
                [Head("relu"), Conv("NC", 4, 3, "relu")],
                ["gene 1 of 2, 'FL relu': FL at place 1, allowed only as the last gene"],
            ),
            (
                [Head("relu"), Head("tanh")],
                [
                    "gene 1 of 2, 'FL relu': FL at place 1, allowed only as the last gene",
                    "2 FL genes, allowed exactly 1",
                ],
            ),
        ],
    )
    def test_genes_that_no_text_gives(self, genes, violations):
        space = SearchSpace(n_normal=(0, 1), n_reduction=0)
        assert space.violations(genes) == violations


class TestSample:
    @every_space
    def test_legal_and_of_every_depth(self, space):
        rng = random.Random(1)
        drawn = [space.sample(rng) for _ in range(500)]
        assert all(type(genome) is Genome and is_legal(genome, space) for genome in drawn)
        low, high = (n + space.n_reduction + 1 for n in space.n_normal)
        assert {len(genome) for genome in drawn} == set(range(low, high + 1))

    @given(spaces(), seeds)
    def test_legal_in_any_space_and_equal_for_equal_seeds(self, space, seed):
        genome = space.sample(random.Random(seed))
        assert is_legal(genome, space)
        assert space.sample(random.Random(seed)) == genome

    def test_draws_from_the_module_unless_told(self):
        random.seed(7)
        drawn = [str(PAPER_SPACE.sample()) for _ in range(5)]
        rng = random.Random(7)
        assert drawn == [str(PAPER_SPACE.sample(rng)) for _ in range(5)]

    def test_every_genome_as_likely_as_its_draws(self):
        # Depth: 1/3 each. Order: 1/comb(depth, 2) each. NC kernel: 1/3 each. The first RC kernel is
        # 2, 3 or 5, each 1/3, as kernel 2 can follow any; the second must fit the map that the
        # first leaves: (2 or 3), (2 or 3), 2. So (2,2) (2,3) (3,2) (3,3) are 1/6 each, (5,2) is
        # 1/3. Head: 1/2 each.
        second = {2: Fraction(1, 2), 3: Fraction(1, 2), 5: Fraction(1)}
        expected = {}
        for *convs, head in every_genome(TIGHT_SPACE):
            first = next(gene.kernel for gene in convs if gene.kind == "RC")
            order = Fraction(1, comb(len(convs), 2))
            normal = Fraction(1, 3) ** (len(convs) - 2)
            likelihood = order * normal * second[first] / 3 / 3 / 2
            expected[tuple(convs), head] = likelihood
        rng = random.Random(2)
        drawn = (TIGHT_SPACE.sample(rng) for _ in range(20_000))
        assert_drawn_from(expected, ((tuple(convs), head) for *convs, head in drawn))

    def test_a_first_kernel_that_leaves_no_second_is_never_drawn(self):
        # 8 -> kernel 3 or 4 -> 3 wide -> kernel 3 alone; 8 -> kernel 5 -> 2 wide -> none.
        rng, space = random.Random(3), SPACES["8x8"]
        drawn = (space.sample(rng) for _ in range(2000))
        kernels = (tuple(gene.kernel for gene in genome if gene.kind == "RC") for genome in drawn)
        assert_drawn_from(shares([(3, 3), (4, 3)]), kernels)

    def test_depth_order_and_attributes_are_uniform(self):
        # Nothing binds on 28x28, so that each attribute is uniform over all of its values.
        rng, space = random.Random(4), PAPER_SPACE
        drawn = [space.sample(rng) for _ in range(5000)]
        assert_drawn_from(shares([1, 2, 3]), (len(genome) - 3 for genome in drawn))
        orders = ["".join(gene.kind[0] for gene in genome[:-1]) for genome in drawn]
        assert_drawn_from(shares(["NRR", "RNR", "RRN"]), (o for o in orders if len(o) == 3))
        deep = shares({"".join(order) for order in permutations("NNNRR")})
        assert_drawn_from(deep, (o for o in orders if len(o) == 5))
        convs = [gene for genome in drawn for gene in genome[:-1]]
        for kind in ("NC", "RC"):
            some = [gene for gene in convs if gene.kind == kind]
            assert_drawn_from(shares(space.filters), (gene.filters for gene in some))
            assert_drawn_from(shares(space.kernels), (gene.kernel for gene in some))
            assert_drawn_from(shares(space.activations), (gene.activation for gene in some))
        assert_drawn_from(shares(space.activations), (genome[-1].activation for genome in drawn))


class TestSize:
    @given(spaces(small=True))
    def test_is_the_length_of_the_list_of_all(self, space):
        assert space.size() == len(set(every_genome(space)))

    def test_where_the_maps_bind(self):
        assert TIGHT_SPACE.size() == len(set(every_genome(TIGHT_SPACE))) == 640
        assert SPACES["1x1"].size() == 40**2 * 5

    @pytest.mark.parametrize(
        ("space", "depths", "attributes"),
        [(PAPER_SPACE, range(1, 4), 8 * 3 * 5), (FULL_SPACE, range(7), 64 * 7 * 5)],
    )
    def test_of_the_named_spaces(self, space, depths, attributes):
        # Nothing binds on 28x28: orders of kinds times attributes of each conv times heads.
        assert space.size() == sum(comb(n + 2, 2) * attributes ** (n + 2) * 5 for n in depths)

    def test_of_paper_space_is_this_number(self):
        assert PAPER_SPACE.size() == 1_250_406_720_000


class TestSettings:
    def test_paper_space(self):
        expected = SearchSpace(
            n_normal=(1, 3),
            n_reduction=2,
            filters=(2, 4, 6, 8, 10, 12, 14, 16),
            kernels=(3, 4, 5),
            activations=("relu", "sigmoid", "tanh", "swish", "gelu"),
            input_shape=(28, 28, 1),
            n_classes=10,
        )
        assert expected == PAPER_SPACE

    def test_full_space_is_the_grammar_with_an_end(self):
        assert FULL_SPACE.kernels == (1, 2, 3, 4, 5, 6, 7)
        assert (FULL_SPACE.filters[0], FULL_SPACE.filters[-1]) == (1, 64)
        assert FULL_SPACE.n_normal == (0, 6)
        assert all(PAPER_SPACE.sample(random.Random(i)) in FULL_SPACE for i in range(100))

    def test_any_iterable_in_any_order_with_repeats(self):
        one = SearchSpace(3, 2, [8, 4, 4], {5, 3}, ["tanh", "relu", "tanh"], [9, 9, 1])
        assert one == SearchSpace((3, 3), 2, (4, 8), (3, 5), ("tanh", "relu"), (9, 9, 1))
        assert hash(one) == hash(SearchSpace(3, 2, (4, 8), (3, 5), ("tanh", "relu"), (9, 9, 1)))
        assert {
            gene.activation for gene in (one.sample(random.Random(i))[-1] for i in range(40))
        } == {"tanh", "relu"}

    @given(spaces())
    def test_pickle_equal_used_or_not(self, space):
        unused = pickle.loads(pickle.dumps(space))
        genome = space.sample(random.Random(1))
        assert genome in space
        assert [space.replacements(genome, i) for i in range(len(genome))]
        used = pickle.loads(pickle.dumps(space))
        assert unused == used == space
        assert hash(used) == hash(space)
        assert genome in used
        assert used.sample(random.Random(1)) == genome

    def test_differ_where_a_setting_does(self):
        assert dataclasses.replace(PAPER_SPACE, n_classes=7) != PAPER_SPACE
        with pytest.raises(dataclasses.FrozenInstanceError):
            PAPER_SPACE.n_classes = 7

    @pytest.mark.parametrize(
        ("setting", "message"),
        [
            ({"n_normal": (3, 1)}, "n_normal (3, 1), allowed two whole numbers, fewest and most"),
            ({"n_normal": -1}, "n_normal (-1, -1), allowed two whole numbers, fewest and most"),
            ({"n_normal": (1, 2, 3)}, "n_normal (1, 2, 3), allowed two whole numbers"),
            ({"n_normal": (1, 2.5)}, "n_normal (1, 2.5), allowed two whole numbers"),
            ({"n_normal": True}, "n_normal (True, True), allowed two whole numbers"),
            ({"n_reduction": -1}, "n_reduction -1, allowed a whole number, 0 or more"),
            ({"n_reduction": "2"}, "n_reduction '2', allowed a whole number, 0 or more"),
            ({"filters": ()}, "filters (), allowed whole numbers, 1 or more"),
            ({"filters": (4, 0)}, "filters (0, 4), allowed whole numbers, 1 or more"),
            ({"filters": "48"}, "filters ('4', '8'), allowed whole numbers, 1 or more"),
            ({"kernels": (3, 4.5)}, "kernels (3, 4.5), allowed whole numbers, 1 or more"),
            ({"kernels": ()}, "kernels (), allowed whole numbers, 1 or more"),
            ({"activations": ()}, "activations (), allowed relu, sigmoid, tanh, swish, gelu"),
            ({"activations": ["elu"]}, "activations ('elu',), allowed relu, sigmoid, tanh"),
            ({"head_activations": ["elu"]}, "head_activations ('elu',), allowed relu, sigmoid"),
            ({"input_shape": (28, 28)}, "input_shape (28, 28), allowed (height, width, channels)"),
            ({"input_shape": (28, 0, 1)}, "input_shape (28, 0, 1), allowed (height, width"),
            ({"n_classes": 1}, "n_classes 1, allowed a whole number, 2 or more"),
            ({"n_classes": None}, "n_classes None, allowed a whole number, 2 or more"),
            (
                {"input_shape": (50, 6, 1)},
                "no genome is legal: even the smallest do not fit images of shape (50, 6, 1); "
                "allow smaller kernels, or fewer genes",
            ),
        ],
    )
    def test_bad_ones_are_named(self, setting, message):
        with pytest.raises(SpaceError) as error:
            SearchSpace(**setting)
        assert str(error.value).startswith(message)
        assert issubclass(SpaceError, ValueError)

    @pytest.mark.parametrize(
        "setting",
        [
            {"n_normal": 2.5},
            {"filters": 4},
            {"filters": (2, "4")},
            {"activations": 3},
            {"input_shape": 28},
        ],
        ids=str,
    )
    def test_bad_ones_of_the_wrong_type_are_named(self, setting):
        with pytest.raises(SpaceError, match=next(iter(setting))):
            SearchSpace(**setting)
