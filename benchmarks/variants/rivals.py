"""Other people's searches, through their own packages, counted by the same memo.

A genome is handed to them as natural parameters: the order of kinds, then each place's attributes;
those that a space does not vary are left out. Optuna asks for a place only where there is one; the
others have a parameter for each place of the longest order.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from itertools import combinations
from pathlib import Path
from typing import Any

from variants.problems import MacroSpace

from deap_nas import Conv, Head
from deap_nas.benchmark.memo import Memo, Spent
from deap_nas.benchmark.problem import Key

Suggest = Callable[[str, Sequence[Any], bool], Any]


def genome_of(space: Any, suggest: Suggest) -> Key:
    """The genome for the answers to ``suggest(name, values, whether they have an order)``."""

    def one(name: str, values: Sequence[Any], ordered: bool) -> Any:
        return suggest(name, values, ordered) if len(values) > 1 else values[0]

    if isinstance(space, MacroSpace):
        return tuple(one(f"place {i}", space.values, True) for i in range(space.length))
    convs = [
        Conv(
            kind,
            one(f"filters {i}", space.filters, True),
            one(f"kernel {i}", space.kernels, True),
            one(f"activation {i}", space.activations, False),
        )
        for i, kind in enumerate(one("order", orders(space), False).split())
    ]
    return (*convs, Head(one("head", space.head_activations or space.activations, False)))


def orders(space: Any) -> list[str]:
    """Every order of kinds, the longest last."""
    return [
        " ".join("RC" if i in places else "NC" for i in range(n + space.n_reduction))
        for n in range(space.n_normal[0], space.n_normal[1] + 1)
        for places in combinations(range(n + space.n_reduction), space.n_reduction)
    ]


def parameters(space: Any) -> dict[str, tuple[list[Any], bool]]:
    """All parameters of the longest genome: name to values, and whether they have an order."""
    found: dict[str, tuple[list[Any], bool]] = {}

    def note(name: str, values: Sequence[Any], ordered: bool) -> Any:
        found[name] = (list(values), ordered)
        return values[-1]

    genome_of(space, note)
    return found


@dataclass(frozen=True)
class Rival:
    """A package's search: ``run(memo, seed, **settings)`` asks until the memo raises Spent."""

    name: str
    package: str
    run: Callable[..., None]
    settings: tuple[tuple[str, Any], ...] = ()

    def definition(self) -> dict[str, Any]:
        return {"run": self.run.__name__, **dict(self.settings)}

    def versions(self) -> list[str]:
        return [metadata.version(self.package)]

    def code(self) -> tuple[Path, ...]:
        return (Path(__file__),)

    def search(self, memo: Memo, seed: int) -> None:
        random.seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # experimental features, budgets that duplicates exceed
            try:
                self.run(memo, seed, **dict(self.settings))
            except Spent:
                return


def optuna_tpe(memo: Memo, seed: int, *, numbers: bool = False, **settings: Any) -> None:
    """Tree-structured Parzen estimator (Bergstra et al. 2011; Watanabe 2023)."""
    import optuna

    _study(memo, optuna.samplers.TPESampler(seed=seed, **settings), numbers)


def optuna_nsga2(memo: Memo, seed: int, *, numbers: bool = False, **settings: Any) -> None:
    """Optuna's genetic algorithm, with one objective."""
    import optuna

    _study(memo, optuna.samplers.NSGAIISampler(seed=seed, **settings), numbers)


def _study(memo: Memo, sampler: Any, numbers: bool) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: Any) -> float:
        def suggest(name: str, values: Sequence[Any], ordered: bool) -> Any:
            if numbers and ordered:
                return values[trial.suggest_int(name, 0, len(values) - 1)]
            return trial.suggest_categorical(name, values)

        return memo(genome_of(memo.problem.space, suggest))

    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=None)


def pymoo_ga(memo: Memo, seed: int, *, numbers: bool = False, pop_size: int = 20) -> None:
    """pymoo's mixed-variable genetic algorithm."""
    from pymoo.core.mixed import MixedVariableGA
    from pymoo.core.problem import ElementwiseProblem
    from pymoo.core.variable import Choice, Integer

    space = memo.problem.space
    variables = {
        name: Integer(bounds=(0, len(values) - 1))
        if numbers and ordered
        else Choice(options=values)
        for name, (values, ordered) in parameters(space).items()
    }

    class Wrapped(ElementwiseProblem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(vars=variables, n_obj=1)

        def _evaluate(self, x: Any, out: Any, *_: Any, **__: Any) -> None:
            def suggest(name: str, values: Sequence[Any], ordered: bool) -> Any:
                return values[x[name]] if numbers and ordered else x[name]

            out["F"] = -memo(genome_of(space, suggest))

    algorithm = MixedVariableGA(pop_size=pop_size)
    algorithm.setup(Wrapped(), termination=("n_gen", 10**6), seed=seed, verbose=False)
    while algorithm.has_next():
        algorithm.next()


def nevergrad(memo: Memo, seed: int, *, optimizer: str, numbers: bool = False) -> None:
    """An optimizer of nevergrad's; ``numbers``: ordered values as a ``TransitionChoice``."""
    import nevergrad as ng
    import numpy as np

    space = memo.problem.space
    choices = {
        name: (ng.p.TransitionChoice if numbers and ordered else ng.p.Choice)(values)
        for name, (values, ordered) in parameters(space).items()
    }
    parametrization = ng.p.Dict(**choices)
    parametrization.random_state = np.random.RandomState(seed)
    found = ng.optimizers.registry[optimizer](parametrization=parametrization, budget=memo.budget)
    while True:
        candidate = found.ask()
        found.tell(candidate, -memo(genome_of(space, partial(_answer, candidate.value))))


def _answer(answers: dict[str, Any], name: str, values: Sequence[Any], ordered: bool) -> Any:
    return answers[name]


CONFIGURATIONS = 12


def rivals() -> dict[str, list[Rival]]:
    """Each contestant's configurations, the package's own defaults first."""
    both: list[dict[str, Any]] = [{}, {"numbers": True}]
    tpe: list[dict[str, Any]] = [
        {},
        {"multivariate": True, "group": True},
        {"n_startup_trials": 20},
        {"n_startup_trials": 5},
        {"n_ei_candidates": 100},
        {"multivariate": True, "group": True, "n_startup_trials": 20},
    ]
    nsga2: list[dict[str, Any]] = [
        {"population_size": size, "mutation_prob": mutation}
        for size in (10, 20, 50)
        for mutation in (None, 0.3)
    ]
    optimizers = (
        "NGOpt",
        "DiscreteOnePlusOne",
        "PortfolioDiscreteOnePlusOne",
        "DiscreteLenglerOnePlusOne",
        "DoubleFastGADiscreteOnePlusOne",
        "TwoPointsDE",
    )
    given: list[tuple[str, str, Callable[..., None], list[dict[str, Any]]]] = [
        ("Optuna TPE", "optuna", optuna_tpe, tpe),
        ("Optuna NSGA-II", "optuna", optuna_nsga2, nsga2),
        ("pymoo GA", "pymoo", pymoo_ga, [{"pop_size": n} for n in (5, 8, 10, 20, 30, 50)]),
        ("Nevergrad", "nevergrad", nevergrad, [{"optimizer": name} for name in optimizers]),
    ]
    return {
        name: [
            Rival(_label(name, {**settings, **encoding}), package, run, _frozen(settings, encoding))
            for settings in configurations
            for encoding in both
        ]
        for name, package, run, configurations in given
    }


def _frozen(*settings: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(item for each in settings for item in each.items())


def _label(name: str, settings: dict[str, Any]) -> str:
    told = ", ".join(
        value if key == "optimizer" else key if value is True else f"{key} {value}"
        for key, value in settings.items()
        if value is not None
    )
    return f"{name}, {told}" if told else name
