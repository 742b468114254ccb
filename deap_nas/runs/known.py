"""What is known of genomes before they are trained, for a search's model and for halving."""

from __future__ import annotations

from typing import Any

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.forecast import Forecast, bytes_in, cost_in, known_in, size_in
from deap_nas.evaluation.halving import Halving
from deap_nas.genome import parse_genome
from deap_nas.runs.checks import SettingsError
from deap_nas.runs.settings import Settings
from deap_nas.spaces import SearchSpace
from deap_nas.training.evaluator import Evaluator


def tell_what_is_known(
    toolbox: Any, settings: Settings, space: SearchSpace, evaluator: Evaluator
) -> None:
    """Give the toolbox what the model learns measurements by, where it is to learn them.

    A space with a layer that has no formula is left out: its model learns the fitness.
    """
    wanted = settings.loop.preselects and settings.learns == "measurements"
    if wanted and (size := size_in(space)):
        front = settings.front
        fitness = front.placed if settings.several else evaluator.fitness
        int8: Any = {"int8": bytes_in(space)} if settings.several and front.int8 else {}
        more: Any = {**int8, "known": known_in(space)}
        if settings.per_cost:
            cost = cost_in(space)
            more["cost"] = lambda genome: cost(genome) ** settings.per_cost
        Forecast(fitness, settings.learned, evaluator.measure, size, **more).register(toolbox)


def make_halving(settings: Settings, space: SearchSpace) -> Halving | None:
    """What says which trainings are stopped early; None where all are to be trained to the end.

    Raises:
        SettingsError: for a space that has a layer without a formula for its size.
    """
    if not settings.halving:
        return None
    size = size_in(space)
    if size is None:
        raise SettingsError(
            f"halving {settings.halving} in a space that has a layer without formulas for its "
            "shape, params and multiply_adds; give them to it, or use --halving 0"
        )
    front = settings.front
    fitness = front if settings.several else settings.judge
    weights = front.weights if settings.several else (1.0,)

    def place(evaluation: Evaluation) -> tuple[float, ...]:
        return tuple(value * weight for value, weight in zip(fitness(evaluation), weights))

    return Halving(
        settings.halving,
        settings.make_recipe().rungs,
        place,
        lambda text: size(parse_genome(text)),
        frozenset([str(parse_genome(settings.baseline))] if settings.baseline else []),
    )
