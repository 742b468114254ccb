"""Evolution, on DEAP, searches small convolutional networks.

Names load on first use, so that ``import deap_nas`` costs next to nothing and who only wants the
operators never pays for Keras.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "genome": (
        "ACTIVATIONS Conv FITNESS_CLASSES FitnessMax FitnessMaxMin FitnessMaxMinMin Gene Genome "
        "GenomeError Head parse_genome"
    ),
    "cost": "count_multiply_adds count_params feature_maps",
    "space": "FULL_SPACE PAPER_SPACE SearchSpace SpaceError",
    "fitness": (
        "Evaluation FITNESSES WEIGHTS accuracy_and_params accuracy_per_log_params time_penalised"
    ),
    "operators": (
        "Space cx_one_point cx_one_point_reject cx_two_point cx_two_point_reject cx_uniform "
        "cx_uniform_by_kind cx_uniform_reject mut_attribute mut_delete mut_gene mut_insert "
        "mut_mixture mut_pool mut_swap rejecting sel_rank_roulette sel_roulette"
    ),
    "data": "DataError Dataset load_dataset",
    "model": "build_model",
    "recipes": "RECIPES Recipe",
    "evaluator": "Evaluator",
    "toolbox": "make_toolbox",
    "algorithms": (
        "ea_generational ea_local_search ea_mu_plus_lambda ea_nsga2 ea_preselected ea_regularized "
        "ea_steady_state sel_crowded_tournament"
    ),
    "watcher": "Watcher",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
