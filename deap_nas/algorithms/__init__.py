"""Evolution loops in the shape of ``deap.algorithms``, for any DEAP toolbox."""

from deap_nas.algorithms.generational import ea_generational

__all__ = ["ea_generational"]
