"""Other people's searches, asked for a network and told what it came to.

A searcher is used by several threads, one call at a time. Each has its package's defaults but for
the numbers named here, which ten minutes leave room for.
"""

from __future__ import annotations

import random
import threading
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.search.engines import Stretch, Trained
from benchmarks.search.plan import REFERENCE, SMALL_ENOUGH
from benchmarks.variants.parameters import Parameter, genome_of, looked_up, parameters
from deap_nas import Evaluation, accuracy_per_log_params, count_params

STARTUP = 10  # drawn at random before a model or a population is used; as many as ours begins with
ENDLESS = 10**6


@dataclass(frozen=True)
class Suggestion:
    """A network to train.

    Args:
        genome: it may be illegal.
        stretch: which epochs; all of the recipe's unless given.
        handle: what the searcher knows it by.
    """

    genome: Any
    stretch: Stretch | None = None
    handle: Any = field(default=None, compare=False)


class Searcher(Protocol):
    """A search from outside."""

    def ask(self) -> Suggestion | None:
        """The next network; None where others must end first."""

    prunes: bool  # whether it wants to be asked after each epoch but the last

    def stops(self, suggestion: Suggestion, epoch: int, accuracy: float) -> bool:
        """Whether a training is not worth going on with."""

    def tell(self, suggestion: Suggestion, trained: Trained | None) -> None:
        """What it came to; None of an illegal one."""


class _Searcher:
    """What they have in common.

    Args:
        space: whose genomes they suggest.
        seed: of the search.
        epochs: of a whole training.
        folder: an empty one, for whoever keeps files.
    """

    package = ""  # whose version is written down
    prunes = False

    def __init__(self, space: Any, seed: int, epochs: int, folder: Path) -> None:
        self.space, self.seed, self.epochs, self.folder = space, seed, epochs, folder
        self._begin()

    def _begin(self) -> None: ...

    def stops(self, suggestion: Suggestion, epoch: int, accuracy: float) -> bool:
        return False

    def _fitness(self, genome: Any, accuracy: float) -> float:
        return accuracy_per_log_params(Evaluation(accuracy, n_params=self._size(genome)))[0]

    def _size(self, genome: Any) -> int:
        """Parameters, as many as they count."""
        n_params = count_params(genome, self.space.input_shape, self.space.n_classes)
        return max(SMALL_ENOUGH, n_params)


class Random(_Searcher):
    """Draws of the space itself, which are never illegal."""

    def _begin(self) -> None:
        self._rng = random.Random(self.seed)

    def ask(self) -> Suggestion:
        return Suggestion(self.space.sample(self._rng))

    def tell(self, suggestion: Suggestion, trained: Trained | None) -> None:
        pass


class Optuna(_Searcher):
    """Tree-structured Parzen estimator (Bergstra et al. 2011) with the median pruner."""

    package = "optuna"
    prunes = True
    directions: Sequence[str] = ("maximize",)
    worst: Sequence[float] = (0.0,)  # what an illegal network counts as

    def _begin(self) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is experimental
            sampler, pruner = self._sampler(optuna)
        self._study = optuna.create_study(
            directions=list(self.directions), sampler=sampler, pruner=pruner
        )

    def _sampler(self, optuna: Any) -> tuple[Any, Any]:
        return optuna.samplers.TPESampler(
            seed=self.seed, n_startup_trials=STARTUP
        ), optuna.pruners.MedianPruner()

    def ask(self) -> Suggestion:
        trial = self._study.ask()

        def suggest(parameter: Parameter) -> Any:
            name, values, ordered, _ = parameter
            if ordered:
                return values[trial.suggest_int(name, 0, len(values) - 1)]
            return trial.suggest_categorical(name, values)

        return Suggestion(genome_of(self.space, suggest), handle=trial)

    def stops(self, suggestion: Suggestion, epoch: int, accuracy: float) -> bool:
        suggestion.handle.report(self._fitness(suggestion.genome, accuracy), epoch)
        return bool(suggestion.handle.should_prune())

    def tell(self, suggestion: Suggestion, trained: Trained | None) -> None:
        from optuna.trial import TrialState

        if trained is None:  # told that it failed, it would suggest the like for ever
            self._study.tell(suggestion.handle, list(self.worst))
        elif trained.status != "ok" or trained.epochs < self.epochs:
            state = TrialState.PRUNED if trained.status == "ok" else TrialState.FAIL
            self._study.tell(suggestion.handle, state=state)
        else:
            self._study.tell(suggestion.handle, self._values(suggestion.genome, trained.accuracy))

    def _values(self, genome: Any, accuracy: float) -> list[float]:
        return [self._fitness(genome, accuracy)]


class OptunaNSGA2(Optuna):
    """Optuna's NSGA-II with two objectives, which it cannot prune."""

    prunes = False
    directions = ("maximize", "minimize")
    worst = (0.0, float(REFERENCE[1]))

    def _sampler(self, optuna: Any) -> tuple[Any, Any]:
        return optuna.samplers.NSGAIISampler(
            seed=self.seed, population_size=STARTUP
        ), optuna.pruners.NopPruner()

    def _values(self, genome: Any, accuracy: float) -> list[float]:
        return [accuracy, float(self._size(genome))]


class KerasTuner(_Searcher):
    """KerasTuner's Bayesian optimisation (a Gaussian process)."""

    package = "keras-tuner"

    def _begin(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its imports
            import keras_tuner
        self._oracle = self._make(keras_tuner)
        self._oracle.verbose = 0
        self._oracle._set_project_dir(str(self.folder), "oracle")
        self._weights: dict[str, Sequence[Any]] = {}

    def _make(self, keras_tuner: Any) -> Any:
        return keras_tuner.oracles.BayesianOptimizationOracle(
            max_trials=ENDLESS, num_initial_points=STARTUP, **self._common(keras_tuner)
        )

    def _common(self, keras_tuner: Any) -> dict[str, Any]:
        space = keras_tuner.HyperParameters()
        for each in parameters(self.space):
            with ExitStack() as conditions:
                for parent, values in each.given:
                    conditions.enter_context(space.conditional_scope(parent, list(values)))
                space.Choice(each.name, list(each.values), ordered=each.ordered)
        return {
            "objective": keras_tuner.Objective("fitness", "max"),
            "hyperparameters": space,
            "allow_new_entries": False,
            # 0 is none to it; and a draw's seed is one more than that of the draw before
            "seed": 1 + 10**6 * self.seed,
            "max_consecutive_failed_trials": ENDLESS,
        }

    def ask(self) -> Suggestion | None:
        trial = self._oracle.create_trial(str(threading.get_ident()))  # one at a time by each
        if trial.status != "RUNNING":
            return None
        values = trial.hyperparameters.values
        return Suggestion(genome_of(self.space, looked_up(values)), self._stretch(values), trial)

    def _stretch(self, values: Any) -> Stretch | None:
        return None

    def tell(self, suggestion: Suggestion, trained: Trained | None) -> None:
        trial = suggestion.handle
        if trained is None or trained.status != "ok":
            self._fail(trial)
        else:
            self._complete(trial, self._fitness(suggestion.genome, trained.accuracy))
            self._weights[trial.trial_id] = trained.weights
        self._oracle.end_trial(trial)

    def _fail(self, trial: Any) -> None:
        trial.status = "FAILED"

    def _complete(self, trial: Any, fitness: float) -> None:
        self._oracle.update_trial(trial.trial_id, {"fitness": fitness})
        trial.status = "COMPLETED"


class Hyperband(KerasTuner):
    """KerasTuner's Hyperband (Li et al. 2018), which goes on from the weights of a round before,
    as ``keras_tuner.Hyperband`` does, at the rate where the recipe's schedule is by then."""

    def _make(self, keras_tuner: Any) -> Any:
        return keras_tuner.oracles.HyperbandOracle(
            max_epochs=self.epochs, hyperband_iterations=ENDLESS, **self._common(keras_tuner)
        )

    def _fail(self, trial: Any) -> None:
        """As the worst: a round waits for as many as were begun, and would be given up."""
        self._complete(trial, 0.0)

    def _stretch(self, values: Any) -> Stretch:
        before = self._weights.get(values.get("tuner/trial_id", ""))
        first = values["tuner/initial_epoch"] + 1 if before else 1
        return Stretch(first, values["tuner/epochs"], before)


SEARCHERS: dict[str, type[Any]] = {
    "random": Random,
    "optuna_tpe": Optuna,
    "optuna_nsga2": OptunaNSGA2,
    "keras_hyperband": Hyperband,
    "keras_bayesian": KerasTuner,
}
