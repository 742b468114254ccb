"""What a point adds to a front's volume; preselection with several objectives."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from deap import tools

from deap_nas import Genome, SearchSpace, count_params, make_toolbox
from deap_nas.algorithms import ea_preselected, sel_crowded_tournament
from deap_nas.algorithms.volume import MARGIN, Volume
from deap_nas.genome import FITNESS_CLASSES

SPACE = SearchSpace(filters=(2, 4, 8, 16), kernels=(3, 5), activations=("relu", "tanh"))


def size(genome: Any) -> float:
    return math.log(count_params(genome))


def skill(genome: Any) -> float:
    return math.log(count_params(genome)) + 0.3 * sum(g.activation == "tanh" for g in genome)


# --- the volume


def test_the_gain_is_the_area_that_is_added() -> None:
    volume = Volume(np.array([[0.0, 4.0], [2.0, 2.0], [4.0, 0.0]]))
    # Units: ranges of 4. The reference is MARGIN below 0; (3, 1) is ahead of (2, 2) in the first.
    assert volume.gain(np.array([3.0, 1.0])) == pytest.approx(0.25 * 0.25)
    assert volume.gain(np.array([4.0, 4.0])) == pytest.approx(
        (1 + MARGIN) ** 2 - (1 + 2 * MARGIN + MARGIN**2 - 0.75)
    )


def test_units_do_not_matter() -> None:
    points = np.random.default_rng(0).random((9, 2))
    factors, shift = np.array([1e4, 1e-3]), np.array([5.0, -7.0])
    one, other = Volume(points), Volume(points * factors + shift)
    for point in np.random.default_rng(1).random((9, 2)) * 1.3:
        assert one.gain(point) == pytest.approx(other.gain(point * factors + shift))


def test_who_is_beaten_is_worth_the_less_the_farther_behind() -> None:
    volume = Volume(np.array([[0.0, 4.0], [2.0, 2.0], [4.0, 0.0]]))
    behind = [volume.gain(np.array([x, x])) for x in (1.9, 1.5, 0.5, -3.0)]
    assert behind == sorted(behind, reverse=True)
    assert behind[0] < 0
    assert volume.gain(np.array([2.0, 2.0])) == 0
    assert volume.gain(np.array([math.nan, 9.0])) == -math.inf


def test_a_point_that_was_added_adds_no_more() -> None:
    volume, point = Volume(np.array([[0.0, 4.0], [4.0, 0.0]])), np.array([3.0, 3.0])
    assert volume.gain(point) > 0
    volume.add(point)
    assert volume.gain(point) == 0
    assert volume.gain(np.array([1.0, 1.0])) < 0


def test_three_objectives_and_no_range_at_all() -> None:
    volume = Volume(np.array([[1.0, 1.0, 5.0]]))
    assert volume.gain(np.array([2.0, 1.0, 5.0])) == pytest.approx(MARGIN**2)


# --- the loop


def search(
    seed: int = 0,
    *,
    parts: bool = True,
    ngen: int = 8,
    failed: Any = None,
    cost: Any = None,
) -> Any:
    rng, asked = random.Random(seed), []
    random.seed(seed)

    def evaluate(genome: Genome) -> tuple[float, float]:
        asked.append(list(genome))
        return (skill(genome), math.exp(size(genome)))

    toolbox = make_toolbox(
        SPACE, evaluate, crossover="uniform", mutation="mixture",
        selection=sel_crowded_tournament, weights=(1.0, -1.0), rng=rng,
    )  # fmt: skip
    if parts:
        toolbox.register("known", lambda genome: (size(genome),))
        toolbox.register("learned", lambda genome: (skill(genome),))
        toolbox.register("combine", lambda genome, numbers: (numbers[0], size(genome)))
    if failed:
        toolbox.register("failed", failed)
    if cost:
        toolbox.register("cost", cost)
    archive = tools.ParetoFront()
    population, logbook = ea_preselected(
        toolbox.population(n=8), toolbox, 8, 3, 0.5, 1.0, ngen, halloffame=archive, rng=rng
    )
    return population, asked, archive, logbook


def covered(asked: Any) -> float:
    """The volume of what was evaluated, by a reference of its own."""
    import moocore

    points = np.array([(-skill(genome), size(genome)) for genome in asked])
    return float(moocore.hypervolume(points, ref=np.array([0.0, 12.0])))


@pytest.mark.parametrize("parts", [True, False])
def test_several_objectives(parts: bool) -> None:
    population, asked, archive, logbook = search(parts=parts)
    assert len(asked) == 8 + 8 * 3 == sum(logbook.select("nevals"))
    assert len(population) == 8
    assert all(hasattr(ind.fitness, "crowding_dist") for ind in population)
    best = [ind for ind in archive if any(list(ind) == list(other) for other in population)]
    # One may be beaten by another that was crowded out before.
    assert len(best) >= min(8, len(archive)) - 1
    assert search(parts=parts)[1] == asked != search(1, parts=parts)[1]


def test_what_is_promised_counts_by_its_cost() -> None:
    def spent(cost: Any) -> float:
        return sum(
            math.exp(size(genome)) for seed in range(4) for genome in search(seed, cost=cost)[1]
        )

    assert spent(lambda genome: math.exp(size(genome))) < 0.8 * spent(None)
    assert search(cost=lambda _: 7.0)[1] == search()[1]


def test_the_front_covers_more_than_with_the_one_number() -> None:
    def one_number(seed: int) -> list[Any]:
        rng, asked = random.Random(seed), []
        random.seed(seed)

        def evaluate(genome: Genome) -> tuple[float]:
            asked.append(list(genome))
            return (skill(genome) / size(genome),)

        operators = {"crossover": "uniform", "mutation": "mixture", "selection": "tournament"}
        toolbox = make_toolbox(SPACE, evaluate, **operators, rng=rng)
        ea_preselected(toolbox.population(n=8), toolbox, 8, 3, 0.5, 1.0, 8, rng=rng)
        return asked

    seeds = range(5)
    front = np.mean([covered(search(seed)[1]) for seed in seeds])
    assert front > np.mean([covered(one_number(seed)) for seed in seeds])


def test_who_failed_is_no_parent_no_point_and_lives_on_last() -> None:
    population, asked, archive, _ = search(failed=lambda genome: len(genome) > 5)
    assert any(len(genome) > 5 for genome in asked)
    assert all(len(genome) <= 5 for genome in [*population, *archive])


def test_where_all_failed_the_search_goes_on() -> None:
    population, asked, archive, _ = search(failed=lambda genome: True, ngen=2)
    assert len(asked) == 8 + 2 * 3
    assert len(population) == 8
    assert not archive


def test_there_is_a_fitness_for_up_to_four_objectives() -> None:
    assert {len(weights) for weights in FITNESS_CLASSES} == {1, 2, 3, 4}
