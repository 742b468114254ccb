"""What a search's model is told of genomes before they are trained."""

from __future__ import annotations

from typing import Any

from deap_nas.evaluation.fitness import LEARNED
from deap_nas.evaluation.forecast import Forecast, bytes_in, size_in
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
        learned = front.learned if settings.several else LEARNED.get(settings.fitness, ())
        int8 = {"int8": bytes_in(space)} if settings.several and front.int8 else {}
        Forecast(fitness, learned, evaluator.measure, size, **int8).register(toolbox)
