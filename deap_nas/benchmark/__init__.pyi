"""What this room offers, for type checkers and, by lazy_loader, for imports on first use."""

from .comparison import (
    Comparison as Comparison,
    compare as compare,
    contestants as contestants,
    default_problem as default_problem,
)
from .own import (
    BenchmarkError as BenchmarkError,
    load_function as load_function,
    load_operators as load_operators,
)
from .page import write_page as write_page
from .problem import (
    FunctionProblem as FunctionProblem,
    Score as Score,
    TableProblem as TableProblem,
)
from .variant import (
    Own as Own,
    Variant as Variant,
)
