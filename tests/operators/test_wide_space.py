"""Every operator on the widest space there is, and on one with a layer of one's own."""

import random
from functools import partial

import pytest
from own_layer import own_layer, own_space
from strategies import is_legal

from deap_nas import WIDE_SPACE
from deap_nas.operators import CROSSOVERS, MUTATIONS
from deap_nas.testing import check_crossover, check_mutation


@pytest.fixture(params=["wide", "own layer"])
def space(request):
    if request.param == "wide":
        yield WIDE_SPACE
    else:
        with own_layer():
            yield own_space()


def pool_of(space):
    rng = random.Random(1)
    return [gene for _ in range(20) for gene in space.sample(rng)]


def mutation(name, space):
    genes = pool_of(space)
    return partial(MUTATIONS[name], **({"pool": lambda: genes} if name == "pool" else {}))


@pytest.mark.parametrize("name", CROSSOVERS)
def test_crossovers_keep_the_contract(name, space):
    assert check_crossover(CROSSOVERS[name], space, conserves="reject" not in name) > 0


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutations_keep_the_contract(name, space):
    assert check_mutation(mutation(name, space), space) > 0


@pytest.mark.parametrize("n", [3000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_no_child_is_illegal(n, space):
    """Crossovers and mutations, each operator in turn, of a population that lives on."""
    rng = random.Random(n)
    population = [space.sample(rng) for _ in range(40)]
    crossovers = list(CROSSOVERS.values())
    mutations = [mutation(name, space) for name in MUTATIONS]
    for i in range(n):
        a, b = rng.sample(population, 2)
        crossovers[i % len(crossovers)](a, b, space=space, rng=rng)
        assert is_legal(a, space)
        assert is_legal(b, space)
        mutations[i % len(mutations)](a, space=space, rng=rng)
        assert is_legal(a, space)
        if i % 10 == 0:  # new blood
            population[rng.randrange(40)] = space.sample(rng)
