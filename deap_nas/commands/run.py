"""``python -m deap_nas.run``: search, from the command line."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from deap_nas.algorithms import ALGORITHMS
from deap_nas.commands import repeat
from deap_nas.commands.options import (
    Parser,
    UserError,
    add_settings,
    given_settings,
    quiet,
    status_of,
)
from deap_nas.commands.output import say
from deap_nas.evaluation.own_fitness import parts_of
from deap_nas.layers.from_keras import check_installed
from deap_nas.runs.checks import SettingsWarning
from deap_nas.runs.config import ConfigError, read_config
from deap_nas.runs.directory import RunDirectory, RunsDirectory
from deap_nas.runs.presets import PRESETS, choose_preset, make_settings, read_settings
from deap_nas.runs.settings import Settings
from deap_nas.words import counted

EPILOG = """\
the search:
  --population genomes are drawn and trained. In each of the --generations, crossover and mutation
  make many candidates, a model of all trainings so far chooses the most promising --children of
  them, and only these are trained; the best live on. --algorithm names other ways.
  Then the best --finalists are trained again, longer and --final-seeds times, and their mean
  chooses: a single short training may have been luck.

presets:
  fashion full Fashion-MNIST, a front of networks of 600 parameters and more in the wide space,
          about two minutes on two cores, finalists included
  search  a front of networks to take home, of 600 to 9,000 parameters: full Fashion-MNIST, wide
          space (or --space paper), ten minutes on two cores, four finalists included
  quick   the same for few images, 20 epochs: yours, or the 7,000 of fashion_mnist_mini, in a
          few minutes (the default)
  paper   the report's own search: full Fashion-MNIST, population 25, 20 epochs, its operators.
          Scored on the TEST set, as the report did: its scores are optimistic. No finalists

examples:
  python -m deap_nas.run
  python -m deap_nas.run --dataset fashion_mnist --population 20 --generations 20 --epochs 10
  python -m deap_nas.run --dataset mine.npz --baseline "NC 8 3 relu;RC 8 3 relu;FL relu"
  python -m deap_nas.run --algorithm regularized --generations 9
  python -m deap_nas.run --preset paper --dry-run
  python -m deap_nas.run --resume results/runs/20261124-101500-quick
  python -m deap_nas.run --resume results/runs/20261124-101500-quick --generations 9

exit status: 0 done; 1 the search could not go on; 2 bad input, nothing written; 130 or 143 stopped
by Ctrl-C or SIGTERM, to go on with --resume.
"""


def main(
    argv: Sequence[str] | None = None, prog: str = "python -m deap_nas.run", watcher: Any = None
) -> int:
    """Run the command; returns the exit status.

    Args:
        argv: the arguments; those of the process unless given.
        prog: what the command is called, for its help.
        watcher: a ``Watcher`` that is told of the search as well.
    """
    arguments = {**vars(make_parser(prog).parse_args(argv)), "watcher": watcher}
    return status_of(lambda: _run(arguments))


def make_parser(prog: str) -> argparse.ArgumentParser:
    """Options for every field of ``Settings``, absent from the result unless given."""
    parser = Parser(
        prog=prog,
        description="Evolve small convolutional networks on images, and show the best.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help=f"{', '.join(PRESETS)} (default: fashion where Fashion-MNIST is found and no other "
        "data set is named; else quick)",
    )
    parser.add_argument("--config", metavar="FILE", help="settings from a .toml or .json file")
    parser.add_argument("--out", metavar="DIR", help="the run's directory (default: a new one)")
    parser.add_argument(
        "--resume",
        metavar="DIR",
        help="go on with an interrupted run; or with any, given more --generations, "
        "--max-evaluations or --time-budget",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would run, and about how long"
    )
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="search N times with other seeds, and compare"
    )
    parser.add_argument("--no-cache", action="store_true", help="train everything anew")
    parser.add_argument("--no-report", action="store_true", help="make no page at the end")
    group = parser.add_argument_group("settings", "defaults < preset < config file < these")
    add_settings(group, [each.name for each in fields(Settings)])
    return parser


def _run(arguments: dict[str, Any]) -> int:
    resumed = Path(arguments["resume"]) if "resume" in arguments else None
    if "repeat" in arguments or (resumed and RunsDirectory(resumed).repeats.is_file()):
        return _repeat(arguments, resumed)
    settings, preset = _settings(arguments, resumed)
    with quiet():
        from deap_nas.commands.decoding import Decoding
        from deap_nas.commands.terminal import make_console
        from deap_nas.runs.begin import check_same
        from deap_nas.runs.cluster import connect
        from deap_nas.runs.provenance import describe
        from deap_nas.runs.search import load

        written = _written_space(resumed) if resumed else None
        dataset, space = load(settings, written, Decoding())
        _warn_of_unused(settings, arguments)
        config = {"preset": preset, **describe(settings, dataset, space)}
        console = make_console()
        if arguments.get("dry_run"):
            from deap_nas.commands.estimate import explain

            console.print(explain(settings, dataset, space), highlight=False, soft_wrap=True)
            return 0
        check_installed()
        if resumed:
            check_same(resumed, config)
        with connect(settings, dataset) as client:
            if client:
                config["machine"]["workers"] = max(1, len(client.nthreads()))
            search = (settings, dataset, space, console)
            return _begin(arguments, preset, config, resumed, search, client)


def _begin(
    arguments: dict[str, Any],
    preset: str,
    config: dict[str, Any],
    resumed: Path | None,
    search: tuple[Any, ...],
    client: Any,
) -> int:
    """All is well: write, and search."""
    from deap_nas.commands.session import run_session
    from deap_nas.runs.begin import begin, discard_unless_begun, new_folder
    from deap_nas.runs.extend import extend, raised

    if resumed and (limits := raised(_config_of(resumed)["settings"], config["settings"])):
        extend(resumed, limits)
    was_there = "out" in arguments and Path(arguments["out"]).exists()
    folder = resumed or new_folder(arguments.get("out"), preset)
    if not resumed:
        begin(folder, search[0], config)
    wanted = {"watcher": arguments["watcher"], "report": "no_report" not in arguments}
    try:
        return run_session(folder, *search, **wanted, client=client)
    except (OSError, RuntimeError, ImportError):
        if not resumed:
            discard_unless_begun(folder, was_there)
        raise


def _usual_preset(arguments: dict[str, Any]) -> str | None:
    """The preset where none is named: real images where there are all of them."""
    from deap_nas.data.fashion import fashion_mnist_is_here

    others = ("config", "dataset", "data_dir", "initial", "baseline")
    chosen = any(name in arguments for name in others)
    return "fashion" if not chosen and fashion_mnist_is_here() else None


def _written_space(folder: Path) -> Any:
    from deap_nas.runs.record import read_space

    return read_space(_config_of(folder))


def _repeat(arguments: dict[str, Any], resumed: Path | None) -> int:
    count = arguments.get("repeat", 1)
    if count < 1 or (resumed and "repeat" in arguments):
        allowed = "none with --resume: it goes on with all of them" if resumed else "1 or more"
        raise UserError(f"--repeat {count}, allowed {allowed}")
    if resumed:
        _check_for_resume(arguments)
        return repeat.repeat(resumed, arguments, _run)
    settings, preset = _settings(arguments, None)
    if arguments.get("dry_run"):
        say(f"{counted(count, 'time')}, each with other seeds:")
        return _run({name: value for name, value in arguments.items() if name != "repeat"})
    from deap_nas.commands.decoding import Decoding
    from deap_nas.runs.begin import new_folder
    from deap_nas.runs.search import load

    load(settings, tell=Decoding())  # before anything is written
    check_installed()
    folder = new_folder(arguments.get("out"), preset)
    repeat.begin(folder, settings, preset, count)
    return repeat.repeat(folder, arguments, _run)


def _settings(arguments: dict[str, Any], resumed: Path | None) -> tuple[Settings, str]:
    flags = given_settings(arguments)
    if resumed is None:
        file = arguments.get("config")
        given = arguments.get("preset") or _usual_preset(arguments)
        preset = choose_preset(given, read_settings(Path(file)) if file else {})
        return make_settings(preset, file, flags), preset
    _check_for_resume(arguments)
    config = _config_of(resumed)
    _load_copy(resumed, config["settings"])
    if flags.get("backend") == "local":
        config["settings"].pop("scheduler", None)
    return make_settings(config["preset"], None, {**config["settings"], **flags}), config["preset"]


def _load_copy(folder: Path, settings: dict[str, Any]) -> None:
    """Where the user's file of layers, or of a fitness, is gone, the run's copy of it serves."""
    run = RunDirectory(folder)
    if settings.get("layers") and not Path(settings["layers"]).exists() and run.layers.exists():
        settings["layers"] = str(run.layers)
    file, name = parts_of(settings.get("fitness", ""))
    if file and not Path(file).exists() and run.fitness.exists():
        settings["fitness"] = f"{run.fitness}:{name}"


def _check_for_resume(arguments: dict[str, Any]) -> None:
    for name in ("preset", "config", "out", "dry_run"):
        if name in arguments:
            flag = "--" + name.replace("_", "-")
            raise UserError(f"{flag} with --resume: the run has its settings; leave out {flag}")


def _config_of(folder: Path) -> dict[str, Any]:
    try:
        return read_config(folder)
    except ConfigError as error:
        remedy = "start a new run" if RunDirectory(folder).begun() else "check the path"
        raise UserError(f"--resume {folder}: no run is there ({error}); {remedy}") from None


def _warn_of_unused(settings: Settings, given: Mapping[str, Any]) -> None:
    """Without this a comparison of two crossovers may compare a run with itself."""
    if settings.scheduler and "workers" in given:
        warnings.warn(
            f"--workers {given['workers']} changes nothing with --scheduler: its cluster has the "
            "workers that were started for it",
            SettingsWarning,
            stacklevel=2,
        )
    used = [n for n in settings.loop.settings if n != "selection" or not settings.several]
    some = {name for loop in ALGORITHMS.values() for name in loop.settings}
    for name in given:
        flag = "--" + name.replace("_", "-")
        if name.startswith("final_") and not settings.finalists:
            text = f"{flag} {given[name]} changes nothing without finalists"
            warnings.warn(text, SettingsWarning, stacklevel=2)
        if name in some and name not in used:
            warnings.warn(
                f"{flag} {given[name]} changes nothing with algorithm {settings.algorithm}, which "
                f"looks at {', '.join(used)}",
                SettingsWarning,
                stacklevel=2,
            )
