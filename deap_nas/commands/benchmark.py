"""``deap-nas benchmark``: your operators and loops beside ours, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deap_nas.commands.options import Parser, UserError, command, quiet
from deap_nas.commands.output import say
from deap_nas.evaluation.fitness import SINGLE

OUT = Path("results", "benchmark")


def make_parser() -> Any:
    parser = Parser(
        prog="deap-nas benchmark",
        description="Compare your crossovers (cx_...), mutations (mut_...), selections (sel_...) "
        "and loops (ea_...) with ours, on a table of trained networks or a function of yours: the "
        "contract of each first, then searches with equal seeds and budgets, statistics and a "
        "page. What is done is kept: the same command goes on where it was stopped.",
    )
    parser.add_argument(
        "--operators", metavar="FILE.py", type=Path, required=True, help="functions by these names"
    )
    parser.add_argument(
        "--table", metavar="FILE.csv.gz", help="another table than the package's own"
    )
    parser.add_argument("--space", metavar="NAME|FILE", help="whose genomes that table holds")
    parser.add_argument(
        "--fitness", metavar="NAME", default=SINGLE[0], help=f"{', '.join(SINGLE)} (default: first)"
    )
    parser.add_argument(
        "--function",
        metavar="FILE.py",
        type=Path,
        help="instead, its evaluate over its space",
    )
    parser.add_argument(
        "--algorithm", metavar="NAME", default="preselected", help="the loop operators are tried in"
    )
    parser.add_argument(
        "--others", action="store_true", help="beside each of ours of the same kind, too"
    )
    for name, default, what in (
        ("seeds", 50, "searches of each contestant"),
        ("evaluations", 100, "distinct ones of each search"),
        ("workers", None, "processes"),
    ):
        told = f"{what} (default: {default or 'all cores'})"
        parser.add_argument(f"--{name}", type=int, metavar="N", default=default, help=told)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help=f"(default: {OUT}/NAME of the file)"
    )
    return parser


def _benchmark(arguments: Any) -> int:
    with quiet():
        from deap_nas.benchmark import compare, write_page
        from deap_nas.commands.terminal import make_console

        problem = _problem(arguments)
        folder = arguments.out or OUT / arguments.operators.stem
        if folder.exists() and not folder.is_dir():
            raise UserError(f"--out {folder} is a file: name a directory")
        if arguments.workers is not None and arguments.workers < 1:
            raise UserError(f"--workers {arguments.workers}, allowed 1 or more")
        numbers = ("seeds", "evaluations", "algorithm", "others", "workers")
        found = compare(
            arguments.operators,
            problem,
            folder=folder,
            console=make_console(),
            **{name: getattr(arguments, name) for name in numbers},
        )
        for verdict in found.verdicts():
            say(verdict)
        say(f"\nsee {write_page(found, folder)}")
    return 0


def _problem(arguments: Any) -> Any:
    from deap_nas.benchmark import default_problem, load_function
    from deap_nas.spaces import find_space
    from deap_nas.tabular import TABLE_SPACE

    if arguments.function:
        if arguments.table or arguments.space:
            raise UserError("--function with --table or --space, allowed alone")
        return load_function(arguments.function)
    if bool(arguments.table) != bool(arguments.space):
        raise UserError("--table without --space or the other way round, allowed together")
    if arguments.fitness not in SINGLE:
        raise UserError(f"--fitness {arguments.fitness}, allowed {', '.join(SINGLE)}")
    space = find_space(arguments.space) if arguments.space else TABLE_SPACE
    return default_problem(arguments.table, space, arguments.fitness)


main = command(make_parser, _benchmark)
