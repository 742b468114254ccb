"""Runs of the command, each gone on with where it was stopped."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common import ROOT
from benchmarks.pages import command
from benchmarks.paper.run import note, run
from benchmarks.search.plan import DATASET, MINUTES, PRESET, SPACES
from deap_nas.runs.directory import RunDirectory


def go(folder: Path, flags: dict[str, Any], *, page: bool) -> int:
    """Begin a run or go on with it, unless it is finished; returns the exit status.

    Beside what a run writes, ``run.json`` says what it was made with.

    Args:
        folder: the run's directory.
        flags: settings besides the preset's.
        page: whether it makes its page.
    """
    there = RunDirectory(folder)
    if there.finished():
        return 0
    place = os.path.relpath(folder, ROOT)  # where commands run
    begin = ["--preset", PRESET, *words(flags), "--out", place]
    resumed = there.begun()
    print(folder.name, "goes on" if resumed else "begins", flush=True)
    note(folder, ["python", "-m", "deap_nas.run", *begin], resumed)
    given = ["--resume", place] if resumed else begin
    return run(*given, *([] if page else ["--no-report"]))


def read_finalists(folder: Path) -> pd.DataFrame:
    """The finalists of a run that is finished, with what it was made with: ``minutes`` that it was
    given, ``command commit machine``, and ``seconds`` that it took."""
    directory = RunDirectory(folder)
    made = json.loads((folder / "run.json").read_text())
    settings = json.loads(directory.config.read_text())["settings"]
    return pd.read_csv(directory.finalists).assign(
        minutes=settings["time_budget"] / 60,
        command=command(made),
        commit=made["commit"],
        machine=made["machine"]["processor"],
        seconds=json.loads(directory.result.read_text())["seconds"],
    )


def words(flags: dict[str, Any]) -> list[str]:
    """Settings as the command line has them."""
    given = {f"--{name.replace('_', '-')}": value for name, value in flags.items()}
    cached = given.pop("--cache", "") is not None
    pairs = [[flag] if value is True else [flag, str(value)] for flag, value in given.items()]
    found = [word for pair in pairs for word in pair]
    return found if cached else [*found, "--no-cache"]


def make_parser(
    doc: str | None, out: Path, seeds: tuple[int, ...], spaces: tuple[str, ...]
) -> argparse.ArgumentParser:
    """The options that runs of the command share.

    Args:
        doc: of the benchmark.
        out: where results go unless told.
        seeds: of the searches unless told.
        spaces: of the searches unless told.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--space", nargs="+", choices=SPACES, default=list(spaces))
    parser.add_argument("--seed", nargs="+", type=int, default=list(seeds), metavar="N")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="(default: %(default)s)")
    parser.add_argument("--dataset", default=DATASET, help="(default: %(default)s)")
    parser.add_argument("--out", type=Path, default=out, help="(default: %(default)s)")
    parser.add_argument(
        "--quick", action="store_true", help="a smoke test: 8 trainings of an epoch"
    )
    return parser


def minutes_of(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> float:
    """The minutes of a search; and ``arguments.changes``, the settings that other options make."""
    if not arguments.minutes > 0:
        parser.error(f"--minutes {arguments.minutes}, allowed more than 0")
    arguments.changes = {"dataset": arguments.dataset}
    if arguments.quick:
        arguments.changes |= {"epochs": 1, "max_evaluations": 8}
        arguments.changes |= {"final_epochs": 1, "final_seeds": 2}
    return float(arguments.minutes)
