"""Somebody's own operators and loops, from a Python file or as functions; and their contract."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from deap_nas.benchmark.memo import Memo
from deap_nas.benchmark.problem import FunctionProblem, Problem
from deap_nas.benchmark.variant import Own, Variant
from deap_nas.files import read_text
from deap_nas.testing import ContractError, check_crossover, check_mutation, check_selection

KINDS = {"cx_": "crossover", "mut_": "mutation", "sel_": "selection", "ea_": "loop"}
TRIED = 20  # evaluations of each of the two searches by which a loop is checked


class BenchmarkError(ValueError):
    """What is to be compared cannot be; one line that says why."""


def kind_of(name: str) -> str:
    """What an operator is, by how its name begins; "" for none."""
    return next((kind for start, kind in KINDS.items() if name.startswith(start)), "")


def load_operators(path: str | Path) -> dict[str, Own]:
    """Those of a Python file whose names begin with ``cx_``, ``mut_``, ``sel_`` or ``ea_``, but
    for what it imports from this package.

    Raises:
        BenchmarkError: for a file that cannot be run, or has none.
    """
    module, code = _run(path)
    found = {
        name: Own(name, value, code)
        for name, value in vars(module).items()
        if kind_of(name) and callable(value) and not _is_ours(value)
    }
    if not found:
        raise BenchmarkError(
            f"{path} has no operators: name your functions so that they begin with {_some()}"
        )
    return found


def load_function(path: str | Path) -> FunctionProblem:
    """The function ``evaluate`` of a Python file over the file's ``space``.

    Raises:
        BenchmarkError: for a file that cannot be run, or lacks one of them.
    """
    module, code = _run(path)
    lacks = [name for name in ("evaluate", "space") if not hasattr(module, name)]
    if lacks:
        raise BenchmarkError(
            f"{path} has no {' and no '.join(lacks)}: define evaluate, from a list of genes to a "
            "number (more is better), and space, whose sample(rng) draws such a list"
        )
    name = Path(path).stem
    return FunctionProblem(name, name, module.space, module.evaluate, code)


def as_operators(operators: str | Path | Mapping[str, Callable[..., Any]]) -> dict[str, Own]:
    """Operators from a file, or functions by names that tell what each is.

    Raises:
        BenchmarkError: for a file without operators, or a name that begins otherwise.
    """
    if not isinstance(operators, Mapping):
        return load_operators(operators)
    for name in operators:
        if not kind_of(name):
            raise BenchmarkError(f"operator {name!r}, allowed names that begin with {_some()}")
    return {name: Own(name, each, _code_of(each)) for name, each in operators.items()}


def check(own: Own, problem: Problem) -> None:
    """Check an operator by the contract kit, a loop by two small searches.

    Raises:
        BenchmarkError: for one that breaks a rule, in one line.
    """
    kind, space = kind_of(own.name), problem.space
    # The kit names what a function is called; a benchmark, what the file calls it.
    try:
        if kind == "crossover":
            check_crossover(own.function, space)
        elif kind == "mutation":
            check_mutation(own.function, space)
        elif kind == "selection":
            check_selection(own.function)
        else:
            _check_loop(own, problem)
    except ContractError as error:
        what = str(error).splitlines()[0].partition(" breaks ")[2]
        raise BenchmarkError(
            f"{own.name} breaks {what} (deap_nas.testing.check_{kind} shows the case)"
        ) from None


def _check_loop(own: Own, problem: Problem) -> None:
    searches = [Memo(problem, TRIED) for _ in range(2)]
    for memo in searches:
        try:
            replace(Variant(own.name), loop=own).search(memo, 0)
        except Exception as error:
            text = " ".join(f"{type(error).__name__}: {error}".split())
            raise BenchmarkError(f"{own.name} breaks 'raises': {text}") from error
    one, other = searches
    if not one.found:
        raise BenchmarkError(f"{own.name} evaluates nobody: call toolbox.evaluate by toolbox.map")
    if list(one.found) != list(other.found):
        raise BenchmarkError(
            f"{own.name} breaks 'randomness': equal seeds, unequal searches; allowed are rng, if "
            "it takes one, and the random module"
        )


def _run(path: str | Path) -> tuple[types.ModuleType, str]:
    """A Python file as a module, and a digest of it. It is in no list of modules, so that what it
    defines goes to other processes as a whole; what lies beside it can be imported."""
    try:
        text = read_text(Path(path))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise BenchmarkError(f"{path}: {why}; give a Python file") from None
    code = hashlib.sha256(text.encode()).hexdigest()[:16]
    module = types.ModuleType(f"deap_nas_benchmark_{code}")
    module.__file__ = str(path)
    if (folder := str(Path(path).resolve().parent)) not in sys.path:
        sys.path.append(folder)
    sys.modules[module.__name__] = module
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise BenchmarkError(f"{path} cannot be run: {what}") from error
    finally:
        del sys.modules[module.__name__]
    return module, code


def _is_ours(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).partition(".")[0] == "deap_nas"


def _code_of(function: Any) -> str:
    """A digest of what a function is defined by, as far as Python tells."""
    given = ""
    while isinstance(function, partial):
        given += f"{function.args!r} {function.keywords!r}"
        function = function.func
    with contextlib.suppress(OSError, TypeError):
        given += inspect.getsource(function)
    return hashlib.sha256(given.encode()).hexdigest()[:16]


def _some() -> str:
    return ", ".join(KINDS)
