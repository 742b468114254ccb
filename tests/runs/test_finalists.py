"""runs.finalists: which networks are trained again, and what their trainings come to."""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import Any

import pytest

from deap_nas.evaluation.fitness import Evaluation, accuracy_per_log_params, failed
from deap_nas.runs.finalists import (
    assemble,
    choose,
    final_budgets,
    finalists_table,
    pick_finalists,
    seed_of,
)
from deap_nas.runs.settings import Settings
from deap_nas.training.recipes import RECIPES

ONE, TWO, THREE = (f"final 1, epochs 30, seed {seed}" for seed in (1000, 2000, 3000))


def score(evaluation: Evaluation) -> float:
    return accuracy_per_log_params(evaluation)[0]


def row(genome: str, accuracy: float, n_params: int, generation: int | None = 0) -> dict[str, Any]:
    evaluation = Evaluation(accuracy, accuracy, n_params, 1.0).to_dict()
    return {"genome": genome, "generation": generation, "evaluation": evaluation}


# By 100 * accuracy / ln(parameters): b 13.0, a 12.6, c 12.3, d 10.1, e 9.9, x 8.9.
ROWS = [
    *(row("a", 0.58, 100), row("b", 0.77, 370), row("c", 0.80, 670), row("d", 0.85, 4500)),
    *(row("e", 0.86, 6000), row("x", 0.70, 2700)),
]


# --- which


def test_the_best_comes_first_then_the_front_by_fitness():
    assert pick_finalists(ROWS, score, 3, spread=False) == ["b", "a", "c"]
    assert pick_finalists(ROWS, score, 9, spread=False) == ["b", "a", "c", "d", "e"]


def test_several_objectives_spread_over_the_front():
    """From b to the far end e, then to the other end a; d and c lie between."""
    assert pick_finalists(ROWS, score, 3, spread=True) == ["b", "e", "a"]
    assert set(pick_finalists(ROWS, score, 9, spread=True)) == {*"abcde"}


def test_to_be_smaller_than_is_small_enough_makes_no_finalist():
    """a is smaller than b, but not for being chosen; the best is one in any case."""
    assert pick_finalists(ROWS, score, 3, spread=True, small_enough=400) == ["b", "e", "c"]
    assert "a" not in pick_finalists(ROWS, score, 9, spread=True, small_enough=400)
    assert pick_finalists(ROWS, score, 9, spread=True, small_enough=10**4) == ["b", "e"]


def test_one_alone_is_the_best():
    for spread in (True, False):
        assert pick_finalists(ROWS, score, 1, spread=spread) == ["b"]
        assert pick_finalists([row("a", 0.5, 100)], score, 3, spread=spread) == ["a"]


def test_who_is_best_need_not_be_on_the_front():
    def last(evaluation: Evaluation) -> float:
        return float(evaluation.n_params == 2700)

    for spread in (True, False):
        assert pick_finalists(ROWS, last, 2, spread=spread)[0] == "x"


def test_nobody_who_failed_and_no_baseline_is_a_finalist():
    lost = {"genome": "f", "generation": 1, "evaluation": failed("oom", "", 9).to_dict()}
    assert pick_finalists([lost], score, 3, spread=True) == []
    assert pick_finalists([lost, *ROWS], score, 0, spread=True) == []
    own = row("own", 0.99, 90, generation=None)
    assert pick_finalists([own, lost, *ROWS], score, 1, spread=False) == ["b"]


# --- how


def test_their_seeds_are_none_of_the_searchs_nor_of_its_repeats():
    seeds: set[int] = set()
    for train_seed in range(100):
        found = final_budgets(Settings(finalists=1, final_seeds=3, train_seed=train_seed))
        assert [seed for _, seed in found.values()] == [seed_of(budget) for budget in found]
        seeds |= {seed for _, seed in found.values()}
    assert len(seeds) == 300
    assert min(seeds) >= 1000


def test_their_recipe_is_named_with_version_and_epochs():
    found = final_budgets(Settings(finalists=2, final_seeds=1, final_recipe="fast", final_epochs=7))
    ((budget, (recipe, seed)),) = found.items()
    assert budget == f"fast {RECIPES['fast'].version}, epochs 7, seed 1000"
    assert (recipe.name, recipe.epochs, seed) == ("fast", 7, 1000)
    assert final_budgets(Settings()) == {}


# --- what they come to


def trainings(**accuracies: list[float]) -> dict[Any, Evaluation]:
    sizes = {"a": 100, "b": 1000}
    return {
        (genome, budget): Evaluation(accuracy, 0.5, sizes[genome], 2.0, multiply_adds=7)
        for genome, each in accuracies.items()
        for budget, accuracy in zip((ONE, TWO, THREE), each)
    }


def test_the_mean_decides_not_the_best_training():
    found = assemble(trainings(a=[0.9, 0.5, 0.5], b=[1, 0.99, 0.98]), {}, None, score)
    assert [each.fitness for each in found] == [
        pytest.approx(100 * fmean(each) / math.log(size))
        for each, size in (([0.9, 0.5, 0.5], 100), ([1, 0.99, 0.98], 1000))
    ]
    assert max(100 * 0.9 / math.log(100), 0) > found[1].fitness  # by one training it would be a
    chosen = choose(found)
    assert chosen is not None
    assert (chosen.genome, chosen.best) == ("b", ONE)


def test_a_training_that_failed_counts_as_nothing_right():
    found = trainings(a=[0.6, 0.9])
    found["a", TWO] = failed("diverged", "loss nan", 100)
    (each,) = assemble(found, {("a", ONE): [[3, 1], [0, 4]]}, None, score)
    assert each.accuracies == [0.6, 0.0]
    assert each.test_accuracies == [7 / 8, 0.0]
    assert each.mean.accuracy == 0.3
    assert each.best == ONE


def test_of_nothing_but_failures_nobody_is_chosen():
    lost = {("a", ONE): failed("diverged", "loss nan", 100)}
    (each,) = assemble(lost, {}, None, score)
    assert (each.best, each.fitness, choose([each])) == (None, 0.0, None)
    assert choose([]) is None


def test_of_equals_the_smaller_is_chosen():
    def only_accuracy(evaluation: Evaluation) -> float:
        return evaluation.accuracy

    chosen = choose(assemble(trainings(b=[0.5, 0.7], a=[0.6, 0.6]), {}, None, only_accuracy))
    assert chosen is not None
    assert chosen.genome == "a"


def test_the_table_has_mean_and_spread():
    tests = {("b", ONE): [[9, 1], [0, 0]], ("b", TWO): [[8, 2], [0, 0]]}
    found = assemble(trainings(a=[0.5], b=[0.8, 0.9]), tests, "b", score)
    table = finalists_table(found).set_index("genome")
    assert table.index.tolist() == ["b", "a"]
    assert table.loc["b", "accuracy_mean"] == pytest.approx(0.85)
    assert table.loc["b", "accuracy_std"] == pytest.approx(stdev([0.8, 0.9]))
    assert table.loc["b", "test_accuracy_mean"] == pytest.approx(0.85)
    assert table.loc["b", "test_accuracy_std"] == pytest.approx(stdev([0.8, 0.9]))
    assert table["seeds"].tolist() == [2, 1]
    assert table["chosen"].tolist() == [True, False]
    assert table.loc["b", "multiply_adds"] == 7
    assert table.loc["a", ["accuracy_std", "test_accuracy_mean"]].isna().all()
