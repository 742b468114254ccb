"""What all operators promise: in place, on any list, with any space, by the rng they are given."""

import random
from copy import deepcopy
from functools import partial
from inspect import signature

import pytest
from deap import algorithms, base, creator, tools
from plain_spaces import EvenSum, Recipe
from strategies import is_legal

from deap_nas import (
    PAPER_SPACE,
    Genome,
    accuracy_per_log_params,
    count_params,
    cx_one_point,
    cx_one_point_reject,
    cx_two_point,
    cx_uniform,
    cx_uniform_by_kind,
    mut_attribute,
    mut_gene,
    mut_mixture,
    mut_pool,
    parse_genome,
    rejecting,
    sel_rank_roulette,
    sel_roulette,
)
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.operators import CROSSOVERS, MUTATIONS, SELECTIONS
from deap_nas.testing import check_crossover, check_mutation, check_selection

A = parse_genome("NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish")
B = parse_genome("NC 4 4 gelu;RC 2 5 relu;RC 8 3 sigmoid;FL tanh")


def pool():
    return [*A, *B]


OPERATORS = {  # operator, number of individuals, further arguments
    **{f"cx_{name}": (cx, 2, {}) for name, cx in CROSSOVERS.items()},
    **{f"mut_{name}": (mutate, 1, {}) for name, mutate in MUTATIONS.items()},
    "mut_pool": (mut_pool, 1, {"pool": pool}),
}
every_operator = pytest.mark.parametrize(
    ("operator", "arity", "kwargs"), OPERATORS.values(), ids=OPERATORS
)


class PlainSubclass(list):
    pass


@pytest.fixture
def created():
    """An individual class as DEAP's tutorials make it."""
    creator.create("CoreTestFitness", base.Fitness, weights=(1.0,))
    creator.create("CoreTestIndividual", list, fitness=creator.CoreTestFitness)
    yield creator.CoreTestIndividual
    del creator.CoreTestIndividual, creator.CoreTestFitness


@every_operator
class TestContract:
    @pytest.mark.parametrize("kind", [list, PlainSubclass, Genome, "created"])
    def test_works_in_place_on_any_list(self, operator, arity, kwargs, kind, created):
        make = created if kind == "created" else kind
        changed = False
        for seed in range(40):
            individuals = [make(A), make(B)][:arity]
            out = operator(*individuals, space=PAPER_SPACE, rng=random.Random(seed), **kwargs)
            assert type(out) is tuple
            assert len(out) == arity
            assert all(after is before for after, before in zip(out, individuals))
            assert all(type(ind) is make and is_legal(ind, PAPER_SPACE) for ind in out)
            changed |= list(out[0]) != list(A)
        assert changed

    def test_equal_seeds_equal_children(self, operator, arity, kwargs):
        def children(seed):
            rng, individuals = random.Random(seed), [Genome(A), Genome(B)][:arity]
            for _ in range(5):
                operator(*individuals, space=PAPER_SPACE, rng=rng, **kwargs)
            return [str(ind) for ind in individuals]

        assert [children(seed) for seed in range(20)] == [children(seed) for seed in range(20)]
        assert len({tuple(children(seed)) for seed in range(20)}) > 1

    def test_rng_is_the_module_unless_told(self, operator, arity, kwargs):
        random.seed(11)
        ours = [Genome(A), Genome(B)][:arity]
        for _ in range(10):
            operator(*ours, space=PAPER_SPACE, **kwargs)
        rng, theirs = random.Random(11), [Genome(A), Genome(B)][:arity]
        for _ in range(10):
            operator(*theirs, space=PAPER_SPACE, rng=rng, **kwargs)
        assert ours == theirs
        assert random.getstate() == rng.getstate()

    def test_a_private_rng_leaves_the_module_alone(self, operator, arity, kwargs):
        state = random.getstate()
        operator(*[Genome(A), Genome(B)][:arity], space=PAPER_SPACE, rng=random.Random(1), **kwargs)
        assert random.getstate() == state

    def test_clones_do_not_feel_it(self, operator, arity, kwargs):
        parents = [Genome(A), Genome(B)][:arity]
        clones = [deepcopy(ind) for ind in parents]
        for seed in range(10):
            operator(*clones, space=PAPER_SPACE, rng=random.Random(seed), **kwargs)
        assert parents == [A, B][:arity]
        assert clones != parents

    def test_works_with_any_space(self, operator, arity, kwargs):
        space, rng = EvenSum(), random.Random(3)
        kwargs = {"pool": lambda: list(range(10))} if kwargs else {}
        seen = set()
        for _ in range(300):
            individuals = [[1, 2, 1, 4], [3, 5, 8, 2, 6]][:arity]
            for ind in operator(*individuals, space=space, rng=rng, **kwargs):
                assert ind in space
                seen.add(tuple(ind))
        assert len(seen) > 1

    def test_registers_in_a_toolbox(self, operator, arity, kwargs):
        toolbox = base.Toolbox()
        toolbox.register("vary", operator, space=PAPER_SPACE, **kwargs)
        for ind in toolbox.vary(*[Genome(A), Genome(B)][:arity]):
            assert ind in PAPER_SPACE


class TestContractKit:
    """The checks that any DEAP project can run; networks are checked in test_testing.py."""

    @pytest.mark.parametrize("space", [EvenSum(), Recipe()], ids=["digits", "steps"])
    @pytest.mark.parametrize("name", CROSSOVERS)
    def test_crossovers_of_what_is_no_network(self, name, space):
        check_crossover(CROSSOVERS[name], space, conserves="reject" not in name)

    @pytest.mark.parametrize("space", [EvenSum(), Recipe()], ids=["digits", "steps"])
    @pytest.mark.parametrize("name", MUTATIONS)
    def test_mutations_of_what_is_no_network(self, name, space):
        genes = space.sample(random.Random(1))
        extra = {"pool": lambda: genes, "fixed": ()} if name == "pool" else {}
        assert check_mutation(partial(MUTATIONS[name], **extra), space) > 0

    @pytest.mark.parametrize("name", SELECTIONS)
    def test_selections(self, name):
        sizes = {"sus": (4, 12, 24)}.get(name, (0, 4, 12, 24))  # DEAP's divides by k
        check_selection(SELECTIONS[name], sizes=sizes)

    @pytest.mark.parametrize("weights", [(-1.0,), (1.0, -1.0), (1.0, -1.0, -1.0)])
    def test_ranks_of_any_weights(self, weights):
        check_selection(sel_rank_roulette, weights=weights)


@pytest.mark.parametrize("parents", [([1, 1], [3, 5, 2, 2]), ([3, 5, 2, 2], [1, 1])])
def test_crossover_cuts_at_the_ends_where_a_space_allows_it(parents):
    # Of the 15 cut pairs these four leave two new children, two to six long, of even sum.
    expected = [
        [[1, 1, 2], [3, 5, 2]],
        [[1, 1, 2, 2], [3, 5]],
        [[1, 5, 2, 2], [3, 1]],
        [[2, 2], [3, 5, 1, 1]],
    ]
    rng, seen = random.Random(1), []
    for _ in range(200):
        children = sorted(cx_one_point(*map(list, parents), space=EvenSum(), rng=rng))
        seen += [children] if children not in seen else []
    assert sorted(seen) == expected


def test_settings_are_keyword_only():
    for call in (
        lambda: cx_one_point(Genome(A), Genome(B), PAPER_SPACE),
        lambda: mut_gene(Genome(A), PAPER_SPACE),
        lambda: mut_attribute(Genome(A), PAPER_SPACE),
        lambda: cx_uniform(Genome(A), Genome(B), PAPER_SPACE),
        lambda: sel_roulette([], 0, random),
        lambda: sel_rank_roulette([], 0, 1.5),
    ):
        with pytest.raises(TypeError, match="positional"):
            call()


class OnlyThese:
    """A space of the individuals given, or of all others."""

    def __init__(self, individuals, but=False):
        self.individuals, self.but = individuals, but

    def __contains__(self, genes):
        return (genes in self.individuals) is not self.but


class TestRejecting:
    """Any move may be wrapped; the space here is EvenSum."""

    @pytest.mark.parametrize("illegal", [0, 1])
    def test_each_illegal_individual_is_put_back_and_the_other_kept(self, illegal):
        def move(*pair, rng):
            pair[illegal][0] += 1
            pair[1 - illegal][0] += 2
            rng.random()
            return pair

        before = [2, 2], [4, 4]
        pair = [2, 2], [4, 4]
        out = rejecting(move, EvenSum())(*pair, rng=random.Random(1))
        assert out[0] is pair[0]
        assert out[1] is pair[1]
        assert out[illegal] == before[illegal]
        assert out[1 - illegal] != before[1 - illegal]

    def test_puts_back_the_length_too(self):
        def clear(ind):
            del ind[:]
            return (ind,)

        ind = Genome(A)
        assert rejecting(clear, PAPER_SPACE)(ind) == (A,)

    @pytest.mark.parametrize("nested", [False, True])
    def test_puts_back_a_gene_that_was_changed_in_place(self, nested):
        def grow(ind):
            (ind[0][1] if nested else ind[0]).append(5)
            ind[1].append(6)
            return (ind,)

        ind = [("x", [1]), [2]] if nested else [[1], [2]]
        before = deepcopy(ind)
        (after,) = rejecting(grow, OnlyThese([]))(ind)
        assert after is ind
        assert after == before
        (after,) = rejecting(grow, OnlyThese([deepcopy(ind)], but=True))(ind)
        assert after is ind
        assert after != before

    def test_immutable_genes_are_put_back_themselves(self):
        def clear(ind):
            del ind[:]
            return (ind,)

        genes = [*A, ("n", (1, 2.5, None)), "text", 7]
        ind = list(genes)
        rejecting(clear, OnlyThese([]))(ind)
        assert len(ind) == len(genes)
        assert all(after is before for after, before in zip(ind, genes))

    def test_a_tuple_with_attributes_is_copied(self):
        class Tagged(tuple):
            pass

        def tag(ind):
            ind[0].tag = "changed"
            return (ind,)

        gene = Tagged((1, 2))
        gene.tag = "as it was"
        (ind,) = rejecting(tag, OnlyThese([]))([gene])
        assert ind == [(1, 2)]
        assert (type(ind[0]), ind[0].tag) == (Tagged, "as it was")

    def test_shows_the_name_the_words_and_the_settings_of_what_it_wraps(self):
        def mut_mine(ind, *, strength, rng):
            "Mine."

        wrapped = rejecting(mut_mine, PAPER_SPACE)
        assert (wrapped.__name__, wrapped.__doc__) == ("mut_mine", "Mine.")
        bound = rejecting(partial(mut_mine, rng=random), PAPER_SPACE)
        for shown in (wrapped, bound):
            assert list(signature(shown).parameters) == ["ind", "strength", "rng"]

    def test_wraps_deaps_own_operators(self):
        random.seed(1)
        mate = rejecting(tools.cxTwoPoint, PAPER_SPACE)
        a, b = Genome(A), Genome(B)
        for _ in range(50):
            mate(a, b)
            assert is_legal(a, PAPER_SPACE)
            assert is_legal(b, PAPER_SPACE)


@pytest.mark.parametrize("kind", [Genome, "created"])
@pytest.mark.parametrize(
    ("mate", "mutate", "kwargs"),
    [
        (cx_one_point, mut_gene, {}),
        (cx_two_point, mut_mixture, {}),
        (cx_uniform_by_kind, mut_attribute, {"step": True}),
        (cx_one_point_reject, mut_pool, {"pool": pool}),
    ],
    ids=["gene", "mixture", "attribute step", "rejecting"],
)
def test_deaps_ea_simple_runs_unchanged(mate, mutate, kwargs, kind, created):
    make = created if kind == "created" else kind
    rng = random.Random(1)
    evaluated = []

    def evaluate(genome):
        evaluated.append(genome in PAPER_SPACE)
        n_params = count_params(genome)
        return accuracy_per_log_params(Evaluation(0.8, 0.8, n_params, 1.0))

    toolbox = base.Toolbox()
    toolbox.register("evaluate", evaluate)
    toolbox.register("mate", mate, space=PAPER_SPACE, rng=rng)
    toolbox.register("mutate", mutate, space=PAPER_SPACE, rng=rng, **kwargs)
    toolbox.register("select", sel_roulette, rng=rng)
    random.seed(1)
    population = [make(PAPER_SPACE.sample(rng)) for _ in range(20)]
    best = tools.HallOfFame(1)
    population, logbook = algorithms.eaSimple(
        population, toolbox, 0.9, 0.3, ngen=10, halloffame=best, verbose=False
    )
    assert len(population) == 20
    assert len(logbook) == 11
    assert len(evaluated) == sum(logbook.select("nevals"))
    assert all(evaluated)
    assert all(is_legal(ind, PAPER_SPACE) for ind in population)
    assert all(ind.fitness.values == evaluate(ind) for ind in population)
    assert best[0].fitness.values[0] >= max(ind.fitness.values[0] for ind in population)
