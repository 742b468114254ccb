"""``deap-nas export DIR``: networks of a run as files to take home."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deap_nas.commands.options import Parser, quiet, status_of
from deap_nas.commands.output import say
from deap_nas.report.formats import FORMATS
from deap_nas.runs.directory import ExportDirectory

if TYPE_CHECKING:  # --help needs no numpy
    from deap_nas.report.exporter import Exported


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    arguments = make_parser().parse_args(argv)
    return status_of(lambda: _export(arguments))


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="deap-nas export",
        description="Write trained networks of a run to a new folder. Each file is read back and "
        "scored on the images that the run scored on.",
    )
    parser.add_argument("dir", metavar="DIR", type=Path, help="the run's directory")
    parser.add_argument(
        "--what",
        metavar="best|front|GENOME",
        default="best",
        help="the best network, each of the Pareto front, or the one named (default: best)",
    )
    parser.add_argument(
        "--format",
        nargs="+",
        choices=FORMATS,
        required=True,
        help="; ".join(f"{name}: {what}" for name, what in FORMATS.items()),
    )
    parser.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="the new folder")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the folder, if an earlier export made it"
    )
    return parser


def _export(arguments: Any) -> int:
    with quiet():
        from deap_nas.report.export_folder import export_folder

        to: Path = arguments.to
        how = (arguments.what, arguments.format, to)
        found = export_folder(arguments.dir, *how, overwrite=arguments.overwrite)
        _print(found)
        say(f"\n{ExportDirectory(to).summary}: all that is known of them")
    return 0


def _print(exported: Sequence[Exported]) -> None:
    """A row for each file: what it takes, and its accuracy when it was read back."""
    from rich.table import Table

    from deap_nas.commands.terminal import fold, make_console

    console, shown = make_console(), Table(box=None, pad_edge=False, header_style="dim")
    for column in ("file", "genome", "bytes", "accuracy", "int8 accuracy"):
        shown.add_column(column, justify="left" if column in ("file", "genome") else "right")
    for each in exported:
        scores = (each.accuracy, each.int8_accuracy)
        texts = ("-" if score is None else f"{score:.4f}" for score in scores)
        shown.add_row(each.name, fold(each.genome), f"{each.size:,}", *texts)
    console.print(shown)
    for why in dict.fromkeys(each.why for each in exported if each.why):
        say(f"not read back: {why}")
