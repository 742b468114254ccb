"""Evolution loops in the shape of ``deap.algorithms``, for any DEAP toolbox."""

from deap_nas.algorithms.generational import ea_generational
from deap_nas.algorithms.local_search import ea_local_search
from deap_nas.algorithms.mu_plus_lambda import ea_mu_plus_lambda
from deap_nas.algorithms.nsga2 import ea_nsga2, sel_crowded_tournament
from deap_nas.algorithms.preselected import ea_preselected
from deap_nas.algorithms.regularized import ea_regularized
from deap_nas.algorithms.steady_state import ea_steady_state

__all__ = [
    "ea_generational",
    "ea_local_search",
    "ea_mu_plus_lambda",
    "ea_nsga2",
    "ea_preselected",
    "ea_regularized",
    "ea_steady_state",
    "sel_crowded_tournament",
]
