"""The contract kit names what broke: operators and selections that are wrong on purpose."""

import copy
import random
import re

import numpy as np
import pytest
from deap import tools
from plain_spaces import Fixed, Longer

from deap_nas import (
    PAPER_SPACE,
    FitnessMax,
    Genome,
    Head,
    cx_one_point,
    mut_gene,
)
from deap_nas.testing import ContractError, check_crossover, check_mutation, check_selection


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
    def test_deaps_one_point_makes_illegal_networks(self):
        broken("closure", "RC genes, allowed exactly 2", check_crossover, tools.cxOnePoint)

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
