"""The contract kit: it passes what keeps the contract, and names what does not."""

import copy
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from functools import partial

import numpy as np
import pytest
from deap import base, tools

from deap_nas import (
    FULL_SPACE,
    PAPER_SPACE,
    Conv,
    FitnessMax,
    Genome,
    Head,
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


class Fixed:
    """Any list of ``n`` of the ``alphabet``'s values: a space without further rules."""

    def __init__(self, alphabet=(0, 1, 2, 3), n=6):
        self.alphabet, self.n = alphabet, n

    def __contains__(self, genes):
        return len(genes) == self.n and all(gene in self.alphabet for gene in genes)

    def kind(self, gene):
        return "value"

    def replacements(self, genes, i):
        return [gene for gene in self.alphabet if gene != genes[i]]

    def insertions(self, genes):
        return []

    def deletions(self, genes):
        return []

    def sample(self, rng):
        return [rng.choice(self.alphabet) for _ in range(self.n)]


class Longer(Fixed):
    """The same without a length."""

    def __contains__(self, genes):
        return all(gene in self.alphabet for gene in genes)


class Order(Fixed):
    """Permutations of 0 to ``n - 1``: no gene can be replaced, inserted or deleted."""

    def __contains__(self, genes):
        return sorted(genes) == list(range(self.n))

    def replacements(self, genes, i):
        return []

    def sample(self, rng):
        return rng.sample(range(self.n), self.n)


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

    def test_one_point_makes_illegal_networks(self):
        broken("closure", "RC genes, allowed exactly 2", check_crossover, tools.cxOnePoint)

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


def broken(rule, what, check, op, space=PAPER_SPACE, **settings):
    """The check must fail by this rule with a message that one can act on; and on each repeat."""
    with pytest.raises(ContractError) as info:
        check(op, space, **settings)
    message = str(info.value)
    assert info.value.rule == rule
    assert f"breaks '{rule}': " in message.splitlines()[0]
    assert what in message.splitlines()[0]
    assert "  parent" in message or "given twice" in message
    seed = int(re.search(r"seed=(\d+), trials=1", message)[1])
    with pytest.raises(ContractError, match=re.escape(message.splitlines()[0])):
        check(op, space, **{**settings, "seed": seed, "trials": 1})
    return message


class TestPlantedBugsInCrossover:
    def test_illegal_child(self):
        def swap_tails(ind1, ind2):
            ind1[1:], ind2[1:] = ind2[:-1], ind1[:-1]
            return ind1, ind2

        message = broken("closure", "child 1 is illegal; ", check_crossover, swap_tails)
        assert all(f"  {label}: " in message for label in ("parent 1", "parent 2", "child 2"))

    @pytest.mark.parametrize(
        ("result", "found"),
        [
            (lambda a, b: None, "a NoneType, allowed a tuple of 2"),
            (lambda a, b: [a, b], "a list of 2, allowed a tuple of 2"),
            (lambda a, b: (a,), "a tuple of 1, allowed a tuple of 2"),
        ],
    )
    def test_wrong_arity(self, result, found):
        broken("arity", found, check_crossover, result)

    def test_copies(self):
        def on_copies(ind1, ind2, *, space, rng):
            return cx_one_point(copy.copy(ind1), copy.copy(ind2), space=space, rng=rng)

        broken("in place", "child 1 is a new Genome", check_crossover, on_copies)

    def test_the_list_subclass_is_lost(self):
        def concatenate(ind1, ind2):
            return ind1, ind2[:2] + ind2[2:]

        broken("in place", "child 2 is a new list", check_crossover, concatenate)

    def test_swapped_individuals(self):
        broken("in place", "child 1 is the other one", check_crossover, lambda a, b: (b, a))

    def test_a_lost_fitness(self):
        def bare(ind1, ind2):
            del ind2.fitness
            return ind1, ind2

        broken("attributes", "a child has lost its 'fitness'", check_crossover, bare)

    def test_a_fitness_of_another_class(self):
        def reset(ind1, ind2):
            if type(ind1) is not Genome:
                ind1.fitness = FitnessMax()
            return ind1, ind2

        what = "a child's 'fitness' has become a FitnessMax"
        assert "class: CreatorMade" in broken("attributes", what, check_crossover, reset)

    def test_a_shared_fitness(self):
        def share(ind1, ind2):
            ind2.fitness = ind1.fitness
            return ind1, ind2

        what = "child 2's 'fitness' is the other's, allowed the object that it came with"
        broken("attributes", what, check_crossover, share)

    def test_swapped_fitnesses(self):
        def swap(ind1, ind2):
            ind1.fitness, ind2.fitness = ind2.fitness, ind1.fitness
            return ind1, ind2

        what = "child 1's 'fitness' is the other's"
        message = broken("attributes", what, check_crossover, swap)
        assert all(f"  {label}: " in message for label in ("parent 1", "parent 2", "child 2"))

    def test_all_attributes_swapped(self):
        def swap(ind1, ind2):
            ind1.__dict__, ind2.__dict__ = ind2.__dict__, ind1.__dict__
            return ind1, ind2

        broken("attributes", "child 1's 'fitness' is the other's", check_crossover, swap)

    def test_a_new_fitness(self):
        def renew(ind1, ind2):
            ind2.fitness = type(ind2.fitness)()
            return ind1, ind2

        broken("attributes", "child 2's 'fitness' is a new FitnessMax", check_crossover, renew)

    def test_swapped_fitness_values(self):
        def swap(ind1, ind2):
            if ind1.fitness.valid:
                values = ind1.fitness.values
                ind1.fitness.values = ind2.fitness.values
                ind2.fitness.values = values
            return ind1, ind2

        what = "child 1 is given the fitness (2.0, 3.0), allowed (1.0, 2.0) as before"
        broken("attributes", what, check_crossover, swap)

    def test_another_class(self):
        class Other(Genome):
            pass

        def convert(ind1, ind2):
            if type(ind2) is Genome:
                ind2.__class__ = Other
            return ind1, ind2

        broken("attributes", "child 2 has become a Other", check_crossover, convert)

    def test_a_shared_attribute(self):
        def share(ind1, ind2):
            if hasattr(ind1, "note"):
                ind2.note = ind1.note
            return ind1, ind2

        broken("aliasing", "(list) is shared by two children", check_crossover, share)

    def test_a_mutable_gene_at_two_places_of_a_child(self):
        def again(ind1, ind2):
            ind2[1] = ind2[0]
            return ind1, ind2

        what = "(list) is in both gene 1 and gene 2 of child 2: give each place a copy"
        broken("aliasing", what, check_crossover, again, Fixed(([1, 2], [3, 4])))

    def test_mutable_genes_in_both_children(self):
        def both(ind1, ind2):
            ind1[0] = ind2[0]
            return ind1, ind2

        space = Fixed(alphabet=([1, 2], [3, 4]))
        broken("aliasing", "(list) is shared by two children", check_crossover, both, space)
        check_crossover(tools.cxOnePoint, space)

    def test_one_individual_given_twice(self):
        def drain(ind1, ind2):
            genes = list(ind2)
            ind2[:] = ind1
            ind1.clear()
            ind1.extend(genes if ind1 is not ind2 else ind2)
            return ind1, ind2

        message = broken("closure", "child 1 is illegal", check_crossover, drain, Fixed())
        assert "one individual given twice: " in message

    def test_a_hidden_rng(self):
        hidden = random.Random(7)

        def secretly(ind1, ind2, *, space):
            return cx_one_point(ind1, ind2, space=space, rng=hidden)

        message = broken_by_hidden_rng(secretly)
        assert "second call's child 1" in message

    def test_the_random_module_in_spite_of_an_rng(self):
        def ignoring(ind1, ind2, *, space, rng):
            return cx_one_point(ind1, ind2, space=space)

        what = "draws from (or seeds) the random module; allowed: the rng given alone"
        broken("randomness", what, check_crossover, ignoring)

    @pytest.mark.parametrize("takes_rng", [True, False])
    def test_numpys_global_rng(self, takes_rng):
        def draw(ind1, ind2):
            i = np.random.randint(1, 6)  # noqa: NPY002
            return tools.cxOnePoint(ind1, ind2) if i > 9 else (ind1, ind2)

        op = (lambda a, b, rng: draw(a, b)) if takes_rng else draw
        broken("randomness", "numpy's global rng", check_crossover, op, Fixed())

    def test_an_invented_gene(self):
        def invent(ind1, ind2, *, rng):
            ind1[0] = (ind1[0] + 1) % 10
            return ind1, ind2

        what = "gene 1 of child 1, '8' (int), is in no parent"
        space = Fixed(alphabet=range(10))
        space.sample = lambda rng: [7] * 6
        broken("provenance", what, check_crossover, invent, space)

    def test_a_gene_that_has_lost_its_class(self):
        def plain(ind1, ind2):
            ind1[0] = tuple(ind1[0])
            return ind1, ind2

        what = "gene 1 of child 1, '('relu',)' (tuple), is in no parent"
        broken("provenance", what, check_crossover, plain, Fixed((Head("relu"),)))

    def test_genes_lost_or_doubled_where_they_should_be_conserved(self):
        def double(ind1, ind2):
            ind1[0] = ind2[0]
            return ind1, ind2

        check_crossover(double, Fixed())
        what = "the children lack"
        broken("provenance", what, check_crossover, double, Fixed(), conserves=True)

    def test_an_exception(self):
        def fail(ind1, ind2):
            raise IndexError("pop from empty list")

        broken("raises", "IndexError: pop from empty list", check_crossover, fail)


def broken_by_hidden_rng(op):
    what = "equal seeds, unequal children: allowed is the random module alone"
    with pytest.raises(ContractError, match="randomness") as info:
        check_crossover(op, PAPER_SPACE)
    assert what in str(info.value)
    return str(info.value)


class TestPlantedBugsInMutation:
    def test_illegal_child(self):
        def drop(ind):
            del ind[-1]
            return (ind,)

        broken("closure", "0 FL genes, allowed exactly 1", check_mutation, drop)

    def test_the_individual_itself_in_place_of_a_tuple(self):
        broken("arity", "a list of 6, allowed a tuple of 1", check_mutation, lambda i: i, Fixed())

    def test_a_copy(self):
        def on_copy(ind, *, space, rng):
            return mut_gene(copy.deepcopy(ind), space=space, rng=rng)

        broken("in place", "child 1 is a new Genome", check_mutation, on_copy)

    def test_a_gene_that_the_space_does_not_offer(self):
        class Careless(Fixed):
            def __contains__(self, genes):
                return len(genes) == self.n

        def invent(ind):
            ind[2] = 99
            return (ind,)

        what = "gene 3 of the child, '99' (int), is neither the parent's nor one that the space"
        broken("provenance", what, check_mutation, invent, Careless())

    def test_a_mutable_gene_of_the_space_put_in_uncopied(self):
        space = Fixed(alphabet=([1, 2], [3, 4]))
        broken("aliasing", "(list) is shared by two children", check_mutation, mut_gene, space)

    @pytest.mark.parametrize("alphabet", [([1, 2], [3, 4]), ((1, [2]), (3, [4]))])
    def test_a_mutable_gene_appended_again(self, alphabet):
        def again(ind):
            ind.append(ind[0])
            return (ind,)

        what = "(list) is in both gene 1 and gene 7 of child 1"
        message = broken("aliasing", what, check_mutation, again, Longer(alphabet))
        assert "  child: " in message

        def copied(ind):
            ind.append(copy.deepcopy(ind[0]))
            return (ind,)

        assert check_mutation(copied, Longer(alphabet), trials=5) == 5

    def test_a_fitness_given(self):
        def score(ind):
            ind.fitness.values = [0.5] * len(ind.fitness.weights)
            return (ind,)

        what = "child 1 is given the fitness (0.5,), allowed none as before: only evaluation gives"
        broken("attributes", what, check_mutation, score)

    def test_a_fitness_changed(self):
        def penalise(ind):
            if ind.fitness.valid:
                ind.fitness.values = [value / 2 for value in ind.fitness.values]
            return (ind,)

        what = "child 1 is given the fitness (0.5, 1.0), allowed (1.0, 2.0) as before"
        broken("attributes", what, check_mutation, penalise)

    def test_a_hidden_rng(self):
        def secretly(ind, *, space, rng):
            return mut_gene(ind, space=space, rng=random.SystemRandom())

        with pytest.raises(ContractError, match="equal seeds, unequal children"):
            check_mutation(secretly, PAPER_SPACE)


class TestPlantedBugsInSelection:
    @pytest.mark.parametrize(
        ("op", "rule", "what"),
        [
            (lambda pop, k: pop[: max(0, k - 1)], "arity", "it selects 3, allowed 4"),
            (lambda pop, k: tuple(pop[:k]), "arity", "it returns a tuple, allowed a list of 0"),
            (lambda pop, k: copy.deepcopy(pop[:k]), "in place", "a copy of one of the individuals"),
            (lambda pop, k: [pop[0][:]] * k, "in place", "of the individuals given"),
            (lambda pop, k: pop if k == len(pop) else pop[:k], "in place", "the population itself"),
            (lambda pop, k: [pop.pop() for _ in range(k)], "in place", "changes the population"),
            (lambda pop, k: [pop[0]] * min(k, 12), "arity", "24, or each of the population once"),
            (lambda pop, k: random.SystemRandom().choices(pop, k=k), "randomness", "unequal"),
            (lambda pop, k, rng: random.choices(pop, k=k), "randomness", "the random module"),
            (lambda pop, k: 1 / k, "raises", "ZeroDivisionError"),
        ],
    )
    def test_is_named(self, op, rule, what):
        with pytest.raises(ContractError) as info:
            check_selection(op)
        assert info.value.rule == rule
        assert what in str(info.value).splitlines()[0]
        assert "of 12 individuals of class CreatorMade" in str(info.value)

    def test_a_changed_fitness(self):
        def scale(population, k):
            for individual in population:
                individual.fitness.values = (0.5,)
            return population[:k]

        with pytest.raises(ContractError, match=r"individual 1's 'fitness' was .*, is .*\(0.5,\)"):
            check_selection(scale)

    def test_a_changed_attribute_of_the_chosen(self):
        def note(population, k):
            for individual in population[1 : k + 1]:
                if hasattr(individual, "note"):
                    individual.note.append(1)
            return population[:k]

        what = r"breaks 'in place': .* individual 2's 'note' was \['kept'\], is \['kept', 1\]"
        with pytest.raises(ContractError, match=what) as info:
            check_selection(note)
        assert "repeat it with seed=0, trials=1" in str(info.value)

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            (lambda ind: setattr(ind, "chosen", 2), "'chosen' was none, is 2"),
            (lambda ind: delattr(ind, "fitness"), "'fitness' was .*, is none"),
        ],
    )
    def test_an_attribute_more_or_less(self, change, what):
        def mark(population, k):
            for individual in population[:k]:
                change(individual)
            return population[:k]

        with pytest.raises(ContractError, match=f"individual 1's {what}"):
            check_selection(mark)

    def test_one_that_knows_no_genomes(self):
        def by_note(population, k):
            return sorted(population, key=lambda individual: individual.note)[:k]

        with pytest.raises(ContractError, match="no attribute 'note'") as info:
            check_selection(by_note)
        assert "of class Genome" in str(info.value)


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
            "import sys; from deap_nas.testing import *; from deap_nas import *\n"
            "check_crossover(cx_one_point, PAPER_SPACE, trials=1); check_selection(sel_roulette)\n"
            "print([n for n in ('tensorflow', 'keras', 'pandas', 'pytest') if n in sys.modules])\n"
            "from deap import creator; print([n for n in vars(creator) if 'Made' in n])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout == "[]\n[]\n", done.stderr
