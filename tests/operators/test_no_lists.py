"""Individuals that are no lists: refused in one line, and left as they are."""

from __future__ import annotations

import array
import random
from collections import UserList, deque
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from deap import creator, tools
from plain_spaces import EvenSum

from deap_nas.operators import CROSSOVERS, MUTATIONS, rejecting
from deap_nas.toolbox import make_toolbox

GENES = [1, 3, 5, 7, 2, 4]
NO_LISTS: dict[str, Callable[[list[int]], Any]] = {
    "ndarray": np.array,
    "array": lambda genes: array.array("i", genes),
    "deque": deque,
    "UserList": UserList,
    "tuple": tuple,
    "bytearray": bytearray,
}
OPERATORS: dict[str, tuple[int, Callable[..., Any]]] = {
    **{name: (2, operator) for name, operator in CROSSOVERS.items()},
    **{name: (1, operator) for name, operator in MUTATIONS.items()},
}


def settings_of(name: str) -> dict[str, Any]:
    """What an operator needs besides individuals."""
    pool = {"pool": lambda: [0, 2]} if name == "pool" else {}
    return {"space": EvenSum(), "rng": random.Random(0), **pool}


@pytest.mark.parametrize("sort", NO_LISTS)
@pytest.mark.parametrize("name", OPERATORS)
def test_refused_and_left_as_it_is(name: str, sort: str) -> None:
    n, operator = OPERATORS[name]
    individuals = [NO_LISTS[sort](genes) for genes in (GENES, GENES[::-1])][:n]
    before = deepcopy(individuals)
    with pytest.raises(TypeError) as caught:
        operator(*individuals, **settings_of(name))
    message = str(caught.value)
    assert "\n" not in message
    assert f"{type(individuals[0]).__qualname__}, allowed a list" in message
    assert list(map(list, individuals)) == list(map(list, before))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", CROSSOVERS)
def test_one_of_two_is_enough(name: str, place: int) -> None:
    individuals: list[Any] = [list(GENES), list(GENES)]
    individuals[place] = np.array(GENES)
    with pytest.raises(TypeError, match=r"numpy\.ndarray"):
        CROSSOVERS[name](*individuals, **settings_of(name))


def test_rejecting_refuses_for_the_move_that_it_wraps() -> None:
    """DEAP's own one-point crossover loses genes of numpy arrays."""
    move = rejecting(tools.cxOnePoint, EvenSum())
    with pytest.raises(TypeError, match=r"numpy\.ndarray, allowed a list"):
        move(np.array(GENES), np.array(GENES[::-1]))


def test_the_remedy() -> None:
    """A class as ``creator.create`` makes it of list is taken, with all of its genes."""
    creator.create("ListOfDigits", list)
    individual_class = creator.ListOfDigits
    for name, (n, operator) in OPERATORS.items():
        individuals = [individual_class(genes) for genes in (GENES, GENES[::-1])][:n]
        children = operator(*individuals, **settings_of(name))
        assert all(type(child) is individual_class for child in children)
        if n == 2:
            assert sorted([*children[0], *children[1]]) == sorted(GENES * 2), name
    del creator.ListOfDigits


def test_a_toolbox_breeds_lists() -> None:
    toolbox = make_toolbox(EvenSum(), lambda genes: (sum(genes),), rng=random.Random(0))
    assert all(isinstance(individual, list) for individual in toolbox.population(n=5))
