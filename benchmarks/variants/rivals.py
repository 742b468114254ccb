"""Other people's searches, through their own packages, counted by the same memo.

A genome is handed to them as natural parameters (``parameters``). Optuna asks for a place only
where there is one; the others have a parameter for each place of the longest genome.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from variants.parameters import Parameter, genome_of, looked_up, parameters

from deap_nas.benchmark.memo import Memo, Spent


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
        return (Path(__file__), Path(__file__).with_name("parameters.py"))

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
        def suggest(parameter: Parameter) -> Any:
            name, values, ordered, _ = parameter
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
        else Choice(options=list(values))
        for name, values, ordered, _ in parameters(space)
    }

    class Wrapped(ElementwiseProblem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(vars=variables, n_obj=1)

        def _evaluate(self, x: Any, out: Any, *_: Any, **__: Any) -> None:
            def suggest(parameter: Parameter) -> Any:
                answer = x[parameter.name]
                return parameter.values[answer] if numbers and parameter.ordered else answer

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
        name: (ng.p.TransitionChoice if numbers and ordered else ng.p.Choice)(list(values))
        for name, values, ordered, _ in parameters(space)
    }
    parametrization = ng.p.Dict(**choices)
    parametrization.random_state = np.random.RandomState(seed)
    found = ng.optimizers.registry[optimizer](parametrization=parametrization, budget=memo.budget)
    while True:
        candidate = found.ask()
        found.tell(candidate, -memo(genome_of(space, looked_up(candidate.value))))


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
