"""``deap-nas report DIR``: a run's page, figures and tables."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deap_nas.commands.options import Parser, quiet, status_of
from deap_nas.commands.output import say
from deap_nas.runs.directory import RunDirectory


def main(argv: Sequence[str] | None = None, prog: str = "deap-nas report") -> int:
    """Run the command; returns the exit status."""
    arguments = make_parser(prog).parse_args(argv)
    return status_of(lambda: _report(arguments))


def make_parser(prog: str) -> argparse.ArgumentParser:
    run = RunDirectory(Path("DIR"))
    parser = Parser(
        prog=prog,
        description=f"Write {run.page} (one file, no network needed), and in {run.figures}/ each "
        "figure as SVG and PNG and each table as CSV. The run may be finished, running or killed.",
    )
    parser.add_argument("dir", metavar="DIR", type=Path, help="the run's directory")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--genome", metavar="GENOME", help="the network to show (default: the best by fitness)"
    )
    shown.add_argument("--knee", action="store_true", help="show the one at the front's knee")
    shown.add_argument(
        "--at-most",
        metavar="N",
        type=int,
        help="show the most accurate one with at most so many parameters",
    )
    parser.add_argument(
        "--export",
        choices=("best", "front"),
        help=f"write the shown network, or each of the Pareto front, to {run.export}/ as .keras",
    )
    parser.add_argument("--onnx", action="store_true", help="with --export: as .onnx too")
    parser.add_argument(
        "--no-tensorflow",
        action="store_true",
        help="leave out what TensorFlow would have to be started for",
    )
    return parser


def _report(arguments: Any) -> int:
    with quiet():
        from deap_nas.report.page import make_report

        genome = _genome(arguments)
        page = make_report(arguments.dir, genome=genome, tensorflow=not arguments.no_tensorflow)
        say(f"page: {page}")
        if arguments.export:
            from deap_nas.report.export import export

            formats = ["keras", "onnx"] if arguments.onnx else ["keras"]
            for line in export(arguments.dir, arguments.export, genome, formats):
                say(line)
    return 0


def _genome(arguments: Any) -> str | None:
    """The network to show; None for the best by fitness."""
    if not arguments.knee and arguments.at_most is None:
        return arguments.genome  # type: ignore[no-any-return]
    from deap_nas.report.picking import pick_at_most, pick_knee
    from deap_nas.runs.record import read_run

    record = read_run(arguments.dir)
    return pick_knee(record) if arguments.knee else pick_at_most(record, arguments.at_most)
