"""The contract kit: it passes what keeps the contract, and names what does not."""

import random
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from functools import partial

import numpy as np
import pytest
from deap import base, tools
from plain_spaces import Fixed, Longer, Order

from deap_nas import (
    FULL_SPACE,
    PAPER_SPACE,
    Conv,
    SearchSpace,
    cx_one_point,
    mut_gene,
)
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS, rejecting
from deap_nas.testing import ContractError, check_crossover, check_mutation, check_selection

SMALL = SearchSpace((0, 4), kernels=(2, 3, 5), input_shape=(8, 8, 1))
SPACES = {"paper": PAPER_SPACE, "full": FULL_SPACE, "small": SMALL}
TRIALS = 20
EVERYTHING = type("Everything", (), {"__contains__": lambda self, genes: True})()
POOL = [Conv("NC", 4, 3, "relu"), Conv("RC", 8, 3, "tanh"), Conv("NC", 2, 5, "gelu")]


class TestOurOperators:
    @pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
    @pytest.mark.parametrize("name", CROSSOVERS)
    def test_crossover(self, name, space):
        assert check_crossover(CROSSOVERS[name], space, trials=TRIALS) > 0

    @pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
    @pytest.mark.parametrize("name", MUTATIONS)
    def test_mutation(self, name, space):
        extra = {"pool": lambda: POOL} if name == "pool" else {}
        assert check_mutation(partial(MUTATIONS[name], **extra), space, trials=TRIALS) > 0

    def test_one_point_conserves_the_genes(self):
        assert check_crossover(cx_one_point, PAPER_SPACE, conserves=True, trials=TRIALS) > 0

    @pytest.mark.parametrize("name", SELECTIONS)
    def test_selection(self, name):
        sizes = (1, 4, 12, 24) if name == "sus" else (0, 4, 12, 24)  # DEAP's divides by k
        check_selection(SELECTIONS[name], sizes=sizes)

    def test_those_of_a_toolbox_with_space_and_rng_bound(self):
        toolbox = base.Toolbox()
        toolbox.register("mate", cx_one_point, space=PAPER_SPACE, rng=random.Random(1))
        assert check_crossover(toolbox.mate, PAPER_SPACE, trials=TRIALS) > 0

    def test_a_space_without_a_sample_takes_deaps_way_to_make_individuals(self):
        toolbox = base.Toolbox()
        toolbox.register("individual", tools.initRepeat, list, partial(random.randrange, 4), n=6)
        space = Fixed()
        space.sample = None
        assert check_crossover(cx_one_point, space, sample=toolbox.individual, trials=5) > 0


def name_of(op):
    return getattr(op, "func", op).__name__


class TestDeapsOperators:
    @pytest.mark.parametrize(
        "op", [tools.cxOnePoint, tools.cxTwoPoint, partial(tools.cxUniform, indpb=0.5)], ids=name_of
    )
    def test_crossovers_keep_it_where_every_list_is_legal(self, op):
        assert check_crossover(op, Fixed(), conserves=True) > 0

    def test_messy_crossover_may_double_genes_of_one_individual_given_twice(self):
        space = Longer(([1], [2], [3]))
        assert check_crossover(tools.cxMessyOnePoint, space) > 0

    @pytest.mark.parametrize("op", [tools.cxPartialyMatched, tools.cxOrdered], ids=name_of)
    def test_crossovers_of_permutations_keep_it(self, op):
        assert check_crossover(op, Order(), conserves=True) > 0

    def test_mutations_keep_it(self):
        assert check_mutation(partial(tools.mutShuffleIndexes, indpb=0.3), Order()) > 0
        draw = partial(tools.mutUniformInt, low=0, up=3, indpb=0.3)
        assert check_mutation(draw, Fixed()) > 0

    @pytest.mark.parametrize(
        "op",
        [
            tools.selRandom,
            tools.selBest,
            tools.selWorst,
            tools.selLexicase,
            partial(tools.selTournament, tournsize=3),
        ],
        ids=name_of,
    )
    def test_selections_keep_it(self, op):
        check_selection(op)

    @pytest.mark.parametrize("op", [tools.selNSGA2, tools.selSPEA2])
    def test_selections_by_two_objectives_keep_it(self, op):
        check_selection(op, weights=(1.0, -1.0), trials=5)

    def test_rejecting_mends_it(self):
        assert check_crossover(rejecting(tools.cxTwoPoint, PAPER_SPACE), PAPER_SPACE) > 0

    def test_rejecting_mends_one_that_must_have_an_rng(self):
        def swap_heads(ind1, ind2, *, rng):
            i = rng.randrange(1, 5)
            ind1[:i], ind2[:i] = ind2[:i], ind1[:i]
            return ind1, ind2

        assert check_crossover(rejecting(swap_heads, PAPER_SPACE), PAPER_SPACE) > 0

    def test_roulette_selects_nobody_where_fitness_is_zero(self):
        with pytest.raises(ContractError, match="selRoulette breaks 'arity': it selects 0") as info:
            check_selection(tools.selRoulette)
        assert "fitness (zero): (0.0,)" in str(info.value)

    def test_universal_sampling_fails_for_nobody(self):
        with pytest.raises(ContractError, match="'raises': ZeroDivisionError"):
            check_selection(tools.selStochasticUniversalSampling)
        check_selection(tools.selStochasticUniversalSampling, sizes=(1, 4, 12, 24))


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Value:
    n: int


class TestTheKitItself:
    @pytest.mark.parametrize("alphabet", [tuple(Colour), (Value(1), Value(2)), ("a", "b")])
    def test_immutable_genes_may_be_shared(self, alphabet):
        def both(ind1, ind2):
            ind1[:] = ind2
            return ind1, ind2

        assert check_crossover(both, Fixed(alphabet), trials=5) > 0
        assert check_mutation(mut_gene, Fixed(alphabet), trials=5) == 5

    def test_an_operator_may_vary_other_attributes_and_delete_the_fitness(self):
        def vary(ind, *, rng):
            if hasattr(ind, "note"):
                ind.note[:] = [rng.random()]
            del ind.fitness.values
            return (ind,)

        assert check_mutation(vary, PAPER_SPACE, trials=5) == 0

    def test_an_attribute_may_refer_to_genes(self):
        def index(ind):
            if hasattr(ind, "note"):
                ind.note[:] = [ind[0]]
            return (ind,)

        assert check_mutation(index, Fixed(([1, 2], [3, 4])), trials=5) == 0

    def test_what_copies_share_may_be_at_two_places(self):
        class Settings(list):
            def __deepcopy__(self, memo):
                return self

        space = Fixed(tuple((i, Settings([i])) for i in (1, 2)))

        def again(ind):
            ind[1] = ind[0]
            return (ind,)

        assert check_mutation(again, space, trials=5) > 0

    def test_a_wrapped_operator_is_called_and_named_as_it_is(self):
        def cx_careless(ind1, ind2, *, space, rng):
            return list(ind1), rng

        toolbox = base.Toolbox()
        toolbox.register("mate", cx_careless)
        for op in (cx_careless, toolbox.mate):
            with pytest.raises(ContractError, match=r"^cx_careless breaks 'in place': child 1"):
                check_crossover(rejecting(op, EVERYTHING), PAPER_SPACE)

    def test_an_operator_that_does_nothing_passes_with_zero(self):
        assert check_crossover(lambda a, b: (a, b), PAPER_SPACE, trials=5) == 0
        assert check_mutation(lambda ind: (ind,), PAPER_SPACE, trials=5) == 0

    def test_the_callers_randomness_is_left_alone(self):
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002
        expected = random.Random(5).random(), np.random.RandomState(5).rand()
        check_crossover(tools.cxOnePoint, Fixed(), trials=3)
        check_selection(tools.selRandom, trials=1)
        assert (random.random(), np.random.rand()) == expected  # noqa: NPY002

    def test_the_space_given_wins_over_the_one_bound(self):
        bound = partial(mut_gene, space=FULL_SPACE)
        assert check_mutation(bound, PAPER_SPACE, trials=TRIALS) > 0

    def test_a_sample_that_is_illegal_is_the_samples_fault(self):
        with pytest.raises(ValueError, match="sample gave 1, 2 at seed 0, allowed a list that is"):
            check_mutation(mut_gene, Fixed(), sample=lambda: [1, 2])
        with pytest.raises(ValueError, match="sample gave 'ab' at seed 0"):
            check_mutation(mut_gene, Fixed(("a", "b"), 2), sample=lambda rng: "ab")

    def test_a_space_without_sample(self):
        with pytest.raises(ValueError, match=r"object has no sample\(rng\): give sample="):
            check_crossover(cx_one_point, object())

    def test_it_imports_neither_tensorflow_nor_pandas_nor_pytest(self):
        code = (
            "import sys; from deap_nas.testing import *\n"
            "from deap_nas import PAPER_SPACE, cx_one_point, sel_roulette\n"
            "check_crossover(cx_one_point, PAPER_SPACE, trials=1); check_selection(sel_roulette)\n"
            "print([n for n in ('tensorflow', 'keras', 'pandas', 'pytest') if n in sys.modules])\n"
            "from deap import creator; print([n for n in vars(creator) if 'Made' in n])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout == "[]\n[]\n", done.stderr
