"""``python -m deap_nas.run``: search, from the command line."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from deap_nas.commands import repeat
from deap_nas.commands.options import (
    Parser,
    Terminated,
    UserError,
    add_settings,
    exit_status,
    given_settings,
    quiet,
    status_of,
)
from deap_nas.runs.presets import PRESETS, choose_preset, make_settings, read_config
from deap_nas.runs.settings import ALGORITHMS, Settings

EPILOG = """\
the search:
  --population genomes are drawn and trained. In each of the --generations, crossover and mutation
  make many candidates, a model of all trainings so far chooses the most promising --children of
  them, and only these are trained; the best live on. --algorithm names other ways.

presets:
  quick   real images in about two minutes on two cores: fashion_mnist_mini, recipe fast, scored on
          validation images (the default)
  paper   the report's own search: full Fashion-MNIST, population 25, 20 epochs, its operators.
          Scored on the TEST set, as the report did: its scores are optimistic

examples:
  python -m deap_nas.run
  python -m deap_nas.run --dataset fashion_mnist --population 20 --generations 20 --epochs 10
  python -m deap_nas.run --dataset mine.npz --baseline "NC 8 3 relu;RC 8 3 relu;FL relu"
  python -m deap_nas.run --algorithm regularized --generations 9
  python -m deap_nas.run --preset paper --dry-run
  python -m deap_nas.run --resume results/runs/20261124-101500-quick

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
    parser.add_argument("--preset", metavar="NAME", help=f"{', '.join(PRESETS)}")
    parser.add_argument("--config", metavar="FILE", help="settings from a .toml or .json file")
    parser.add_argument("--out", metavar="DIR", help="the run's directory (default: a new one)")
    parser.add_argument("--resume", metavar="DIR", help="go on with an interrupted run")
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
    if "repeat" in arguments or (resumed and (resumed / repeat.FILE).is_file()):
        return _repeat(arguments, resumed)
    settings, preset = _settings(arguments, resumed)
    with quiet():
        from deap_nas.commands.terminal import make_console
        from deap_nas.runs.provenance import describe
        from deap_nas.runs.search import load

        dataset, space = load(settings)
        _warn_of_unused(settings, arguments)
        config = {"preset": preset, **describe(settings, dataset, space)}
        console = make_console()
        if arguments.get("dry_run"):
            from deap_nas.commands.estimate import explain

            console.print(explain(settings, dataset, space), highlight=False, soft_wrap=True)
            return 0
        if resumed:
            _check_same(resumed, config)
            return _search(settings, resumed, dataset, space, console, arguments)
        folder = _new_folder(arguments.get("out"), preset)
        from deap_nas.files import write_whole

        write_whole(folder / "config.json", json.dumps(config, indent=2, default=str))
        return _search(settings, folder, dataset, space, console, arguments)


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
        print(f"{count} times, each with other seeds:")
        return _run({name: value for name, value in arguments.items() if name != "repeat"})
    from deap_nas.runs.search import load

    load(settings)  # before anything is written
    folder = _new_folder(arguments.get("out"), preset)
    repeat.begin(folder, settings, preset, count)
    return repeat.repeat(folder, arguments, _run)


def _settings(arguments: dict[str, Any], resumed: Path | None) -> tuple[Settings, str]:
    flags = given_settings(arguments)
    if resumed is None:
        file = arguments.get("config")
        preset = choose_preset(arguments.get("preset"), read_config(Path(file)) if file else {})
        return make_settings(preset, file, flags), preset
    _check_for_resume(arguments)
    if not (resumed / "config.json").is_file():
        raise UserError(f"--resume {resumed}: no run is there (no config.json); check the path")
    before = read_config(resumed / "config.json")
    preset = _config_of(resumed)["preset"]
    before.pop("preset", None)
    return make_settings(preset, None, {**before, **flags}), preset


def _check_for_resume(arguments: dict[str, Any]) -> None:
    for name in ("preset", "config", "out", "dry_run"):
        if name in arguments:
            flag = "--" + name.replace("_", "-")
            raise UserError(f"{flag} with --resume: the run has its settings; leave out {flag}")


def _config_of(folder: Path) -> dict[str, Any]:
    """A run's configuration, as far as it is one."""
    try:
        config = json.loads((folder / "config.json").read_text())
        if {"preset", "settings", "recipe", "space", "data"} <= config.keys():
            return dict(config)
    except (ValueError, AttributeError):
        pass
    raise UserError(f"--resume {folder}: its config.json is damaged; start a new run")


def _check_same(folder: Path, config: dict[str, Any]) -> None:
    from deap_nas.runs.provenance import differences

    if found := differences(_config_of(folder), config):
        raise UserError(
            f"--resume {folder}: other settings than the run's: {'; '.join(found)}; "
            "resume without them, or start a new run"
        )


def _new_folder(out: str | None, preset: str) -> Path:
    if out is None:
        return _dated_folder(f"{time.strftime('%Y%m%d-%H%M%S')}-{preset}")
    folder = Path(out)
    if any((folder / name).exists() for name in ("config.json", "journal.jsonl", repeat.FILE)):
        raise UserError(
            f"--out {folder} holds another run: resume it with --resume, or name another"
        )
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out {folder} is a file: name a directory")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--out {folder} cannot be made: {error.strerror}") from None
    return folder


def _dated_folder(name: str) -> Path:
    """A new folder of its own, also where several runs start in one second."""
    runs = Path("results") / "runs"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            folder = runs / (name if number == 1 else f"{name}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
    except OSError as error:
        raise UserError(f"{runs} cannot be made: {error.strerror}; name another --out") from None
    return folder


def _search(
    settings: Settings,
    folder: Path,
    dataset: Any,
    space: Any,
    console: Any,
    arguments: dict[str, Any],
) -> int:
    import filelock

    from deap_nas.commands.terminal import Log, ProgressWatcher, print_result, print_tops
    from deap_nas.evaluation.worker import one_line
    from deap_nas.runs.search import search
    from deap_nas.runs.tables import evaluations_table
    from deap_nas.runs.watcher import Watchers

    watcher, report = arguments["watcher"], "no_report" not in arguments
    result_file = folder / "result.json"
    if result_file.exists():
        console.print(f"{folder} is finished: see {result_file}", highlight=False, soft_wrap=True)
        if report and not (folder / "report.html").exists():
            _report(folder, console)
        return 0
    try:
        lock = filelock.FileLock(folder / ".lock").acquire(timeout=0)
    except filelock.Timeout:
        raise UserError(
            f"{folder} is in use by a running search: wait for it, or stop it"
        ) from None
    log = Log(folder / "log.txt")
    try:
        with lock, ProgressWatcher(settings, console, log) as progress:
            console.print(f"[dim]{_headline(settings, space)}; into {folder}[/dim]", soft_wrap=True)
            watchers = Watchers(progress, *([watcher] if watcher else []))
            result = search(settings, folder, dataset, space, watcher=watchers)
            print_tops(evaluations_table(result.rows), console)
            print_result(result, settings, console)
            if report:
                _report(folder, console)
    except ValueError as error:  # the input was good: what follows is the search's own
        raise RuntimeError(f"{one_line(error)}; the run is in {folder}") from error
    except (KeyboardInterrupt, Terminated) as stop:
        console.print(
            f"stopped; go on with: python -m deap_nas.run --resume {folder}", soft_wrap=True
        )
        log(f"stopped by {type(stop).__name__}")
        return exit_status(stop)
    why = "all generations" if result.stopped == "generations" else result.stopped
    console.print(f"\nended after {why}; everything is in {folder}", soft_wrap=True)
    return 0 if result.best else 1


def _report(folder: Path, console: Any) -> None:
    """The run's page; without it a run is no less done."""
    from deap_nas.report.page import make_report

    try:
        console.print(
            f"\nsee {make_report(folder, tensorflow=False)}", highlight=False, soft_wrap=True
        )
    except Exception as error:
        text = f"no page: {type(error).__name__}: {error}; try: deap-nas report {folder}"
        print(f"warning: {' '.join(text.split())}", file=sys.stderr)


def _warn_of_unused(settings: Settings, given: Mapping[str, Any]) -> None:
    """Without this a comparison of two crossovers may compare a run with itself."""
    used = ALGORITHMS[settings.algorithm]
    some = {name for names in ALGORITHMS.values() for name in names}
    for name in given:
        if name in some and name not in used:
            warnings.warn(
                f"--{name.replace('_', '-')} {given[name]} changes nothing with algorithm "
                f"{settings.algorithm}, which looks at {', '.join(used)}",
                stacklevel=2,
            )


def _headline(settings: Settings, space: Any) -> str:
    text = (
        f"{settings.dataset}, recipe {settings.recipe}, {settings.make_recipe().epochs} epochs; "
        f"{settings.algorithm}, population {settings.population}, {settings.generations} "
        f"generations, in {space.size():.3g} legal genomes; scored on {settings.split}"
    )
    return text + (" (as the report did: optimistic)" if settings.split == "test" else "")
