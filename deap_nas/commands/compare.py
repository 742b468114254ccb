"""``deap-nas compare DIR DIR...``: runs side by side, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deap_nas.commands.options import Parser, UserError, quiet, status_of
from deap_nas.commands.output import say
from deap_nas.runs.directory import RunDirectory, RunsDirectory


def main(argv: Sequence[str] | None = None, prog: str = "deap-nas compare") -> int:
    """Run the command; returns the exit status."""
    default = RunsDirectory(Path()).comparison
    parser = Parser(
        prog=prog,
        description="Write a page that shows runs side by side: fronts, progress, tables, "
        "hypervolume; runs that differ in their seeds alone are pooled.",
    )
    parser.add_argument(
        "dirs", metavar="DIR", nargs="+", type=Path, help="a run, or a folder that holds runs"
    )
    parser.add_argument(
        "--out",
        metavar="FILE.html",
        type=Path,
        help=f"the page (default: {default}, in DIR if that holds the runs)",
    )
    arguments = parser.parse_args(argv)
    return status_of(lambda: _compare(arguments.dirs, arguments.out))


def _compare(dirs: list[Path], out: Path | None) -> int:
    from deap_nas.report.compare import find_runs, make_comparison

    find_runs(dirs)  # an error names the run before the page
    holds_runs = len(dirs) == 1 and not RunDirectory(dirs[0]).begun()
    path = out or RunsDirectory(dirs[0] if holds_runs else Path()).comparison
    if path.suffix != ".html" or not path.parent.is_dir():
        raise UserError(f"--out {path}: give a name that ends in .html, in a folder that is there")
    with quiet():
        say(f"page: {make_comparison(dirs, path)}")
    return 0
