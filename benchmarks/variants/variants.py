"""What is compared: a variant is data. To add one, add a line to ``variants()``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deap_nas.benchmark.comparison import RANDOM as RANDOM, of_settings
from deap_nas.benchmark.variant import Variant
from deap_nas.runs.presets import make_settings

REPORT = of_settings("the report's GA", make_settings("paper"))
BASE = Variant("preselected", "preselected", 10, 4, "tournament", "uniform", "mixture")
# What a search does unless told: Settings() says the same, which a test compares. Of all variants
# the first on the seeds that choose.
BEST = replace(BASE, name="deap_nas", optimism=2.0, first="spread")
LOCAL = Variant("local search", "local_search", 1, mutation="attribute_mixture")
AGING = Variant("regularized", "regularized", 10, sample=3, mutation="attribute_mixture")
PLUS = Variant("mu+lambda", population=5, children=1, mutation="attribute_mixture")


def variants() -> list[Variant]:
    """Everything that is compared; the first ones are what others are measured by."""
    steady = replace(PLUS, loop="steady_state", population=10)
    elite = replace(REPORT, elitism=1)
    legal = replace(elite, crossover="one_point", mutation="gene", mutpb=0.2)
    return [
        RANDOM,
        REPORT,
        replace(REPORT, name="report, population 10", population=10),
        replace(elite, name="report, elitism 1"),
        replace(elite, name="report, legal crossover", crossover="one_point"),
        replace(elite, name="report, mutpb 0.5", mutpb=0.5),
        replace(legal, name="report, legal operators"),
        replace(legal, name="generational, roulette", population=10),
        replace(legal, name="generational, mutpb 0.5", population=10, mutpb=0.5),
        replace(legal, name="generational, mutpb 1", population=10, mutpb=1.0),
        replace(
            legal, name="generational, rank", population=10, mutpb=0.5, selection="rank_roulette"
        ),
        *(
            replace(
                legal,
                name=f"generational, tournament {k}",
                population=10,
                mutpb=0.5,
                selection=f"tournament_{k}",
            )
            for k in (2, 3, 5)
        ),
        replace(
            legal,
            name="generational, mixture",
            population=10,
            mutpb=1.0,
            cxpb=0.5,
            selection="tournament_3",
            mutation="attribute_mixture",
        ),
        PLUS,
        *(replace(PLUS, name=f"mu+lambda, mu {mu}", population=mu) for mu in (10, 20)),
        replace(PLUS, name="mu+lambda, 10 + 10", population=10, children=10),
        replace(PLUS, name="mu+lambda, no crossover", cxpb=0.0),
        *(
            replace(PLUS, name=f"mu+lambda, {kind}", crossover=kind)
            for kind in ("two_point", "uniform", "uniform_by_kind")
        ),
        *(
            replace(PLUS, name=f"mu+lambda, {kind}", mutation=kind)
            for kind in ("gene", "attribute", "attribute_step", "mixture", "step_mixture")
        ),
        replace(PLUS, name="mu+lambda, random parents", selection="random"),
        replace(PLUS, name="mu+lambda, tournament 5", selection="tournament_5"),
        replace(PLUS, name="mu+lambda, roulette", selection="roulette"),
        replace(steady, name="steady state"),
        replace(steady, name="steady state, 5", population=5),
        replace(steady, name="steady state, uniform", crossover="uniform"),
        AGING,
        replace(AGING, name="regularized, 20 of 5", population=20, sample=5),
        replace(AGING, name="regularized, sample 5", sample=5),
        replace(AGING, name="regularized, gene", mutation="gene"),
        LOCAL,
        replace(LOCAL, name="local search, gene", mutation="gene"),
        replace(LOCAL, name="local search, attribute", mutation="attribute"),
        replace(LOCAL, name="local search, patience 60", restart_after=60),
        replace(LOCAL, name="local search, from 10", population=10),
        BEST,
        BASE,
        *changed(BASE),
    ]


def changed(base: Variant) -> list[Variant]:
    """The same with one thing changed."""
    changes: dict[str, dict[str, Any]] = {
        "no choice": {"candidates": 1},
        "candidates 5": {"candidates": 5},
        "candidates 30": {"candidates": 30},
        "optimism 0": {"optimism": 0.0},
        "optimism 0.5": {"optimism": 0.5},
        "no crossover": {"cxpb": 0.0},
        "crossover always": {"cxpb": 1.0},
        "one-point": {"crossover": "one_point"},
        "by kind": {"crossover": "uniform_by_kind"},
        "gene": {"mutation": "gene"},
        "attribute": {"mutation": "attribute"},
        "attribute mixture": {"mutation": "attribute_mixture"},
        "roulette": {"selection": "roulette"},
        "random parents": {"selection": "random"},
        "population 5": {"population": 5},
        "population 20": {"population": 20},
        "children 1": {"children": 1},
        "children 2": {"children": 2},
        "children 10": {"children": 10},
    }
    return [
        replace(base, name=f"{base.name}, {name}", **change) for name, change in changes.items()
    ]
