"""Which genomes are legal: rules as data, drawing, counting, and what operators ask of a space."""

from deap_nas.spaces.budgets import COSTS
from deap_nas.spaces.devices import DEVICES, budgets_of
from deap_nas.spaces.named import FULL_SPACE, PAPER_SPACE, SPACES, WIDE_SPACE, find_space
from deap_nas.spaces.rules import Rule, SpaceError
from deap_nas.spaces.runtime import is_for_device, left_out, supported
from deap_nas.spaces.space import SearchSpace
from deap_nas.spaces.telling import describe
from deap_nas.spaces.violations import misfits

__all__ = [
    "COSTS",
    "DEVICES",
    "FULL_SPACE",
    "PAPER_SPACE",
    "SPACES",
    "WIDE_SPACE",
    "Rule",
    "SearchSpace",
    "SpaceError",
    "budgets_of",
    "describe",
    "find_space",
    "is_for_device",
    "left_out",
    "misfits",
    "supported",
]
