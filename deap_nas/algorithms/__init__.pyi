"""What this room offers, for type checkers and, by lazy_loader, for imports on first use."""

from .generational import ea_generational as ea_generational
from .local_search import ea_local_search as ea_local_search
from .mu_plus_lambda import ea_mu_plus_lambda as ea_mu_plus_lambda
from .nsga2 import (
    ea_nsga2 as ea_nsga2,
    sel_crowded_tournament as sel_crowded_tournament,
)
from .preselected import ea_preselected as ea_preselected
from .regularized import ea_regularized as ea_regularized
from .steady_state import ea_steady_state as ea_steady_state
from .table import (
    ALGORITHMS as ALGORITHMS,
    Algorithm as Algorithm,
)
