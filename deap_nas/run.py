"""``python -m deap_nas.run``: search, from the command line."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from deap_nas import repeat
from deap_nas.settings import PRESETS, Settings, make_settings, read_config, read_genomes

EPILOG = """\
presets:
  quick   real images in about two minutes on two cores: fashion_mnist_mini, recipe fast, scored on
          validation images (the default)
  paper   the report's own search: full Fashion-MNIST, population 25, 20 epochs, its operators.
          Scored on the TEST set, as the report did: its scores are optimistic

examples:
  python -m deap_nas.run
  python -m deap_nas.run --dataset fashion_mnist --population 20 --generations 9 --epochs 10
  python -m deap_nas.run --dataset mine.npz --baseline "NC 8 3 relu;RC 8 3 relu;FL relu"
  python -m deap_nas.run --preset paper --dry-run
  python -m deap_nas.run --resume results/runs/20261124-101500-quick

exit status: 0 done; 1 the search could not go on; 2 bad input, nothing written; 130 or 143 stopped
by Ctrl-C or SIGTERM, to go on with --resume.
"""


class UserError(Exception):
    """Bad input from the command line, as one line."""


class Terminated(BaseException):
    """SIGTERM arrived."""


def main(
    argv: Sequence[str] | None = None, prog: str = "python -m deap_nas.run", watcher: Any = None
) -> int:
    """Run the command; returns the exit status.

    Args:
        watcher: a ``search.Watcher`` that is told of the search as well.
    """
    arguments = {**vars(make_parser(prog).parse_args(argv)), "watcher": watcher}
    with one_line_errors() as status:
        status.code = _run(arguments)
    return status.code


def make_parser(prog: str) -> argparse.ArgumentParser:
    """Options for every field of ``Settings``, absent from the result unless given."""
    parser = argparse.ArgumentParser(
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
    group = parser.add_argument_group("settings", "defaults < preset < config file < these")
    add_settings(group, [each.name for each in fields(Settings)])
    return parser


def add_settings(group: Any, names: Sequence[str]) -> None:
    """Add an option for each named field of ``Settings``."""
    for each in fields(Settings):
        if each.name in names:
            _add_option(group, each)


def given_settings(arguments: dict[str, Any]) -> dict[str, Any]:
    """The settings among parsed arguments."""
    flags = {each.name: arguments[each.name] for each in fields(Settings) if each.name in arguments}
    if arguments.get("no_cache"):
        flags["cache"] = None
    if "initial" in flags:
        flags["initial"] = read_genomes(Path(flags["initial"]))
    return flags


def _add_option(group: Any, each: Any) -> None:
    flag = "--" + each.name.replace("_", "-")
    allowed, default = each.metadata["allowed"], each.default
    text = each.metadata["help"].replace("%", "%%")
    if allowed:
        text += f": {', '.join(allowed)}"
    if default not in ("", None, ()) and not isinstance(default, bool):
        text += f" (default: {default})"
    if isinstance(default, bool):
        group.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)
        return
    kind = int if "int" in each.type else float if "float" in each.type else str
    group.add_argument(flag, type=kind, help=text, metavar=each.metadata["metavar"] or "NAME")


def _run(arguments: dict[str, Any]) -> int:
    resumed = Path(arguments["resume"]) if "resume" in arguments else None
    if "repeat" in arguments or (resumed and (resumed / repeat.FILE).is_file()):
        return _repeat(arguments, resumed)
    settings, preset = _settings(arguments, resumed)
    with quiet():
        from deap_nas import search
        from deap_nas.terminal import make_console

        dataset, space = search.load(settings)
        config = {"preset": preset, **search.describe(settings, dataset, space)}
        console = make_console()
        if arguments.get("dry_run"):
            from deap_nas.estimate import explain

            console.print(explain(settings, dataset, space), highlight=False, soft_wrap=True)
            return 0
        if resumed:
            _check_same(resumed, config)
            return _search(settings, resumed, dataset, space, console, arguments["watcher"])
        folder = _new_folder(arguments.get("out"), preset)
        from deap_nas.files import write_whole

        write_whole(folder / "config.json", json.dumps(config, indent=2, default=str))
        return _search(settings, folder, dataset, space, console, arguments["watcher"])


def _repeat(arguments: dict[str, Any], resumed: Path | None) -> int:
    count = arguments.get("repeat", 1)
    if count < 1 or (resumed and "repeat" in arguments):
        allowed = "none with --resume: it goes on with all of them" if resumed else "1 or more"
        raise UserError(f"--repeat {count}, allowed {allowed}")
    if resumed:
        return repeat.repeat(resumed, arguments, _run)
    settings, preset = _settings(arguments, None)
    if arguments.get("dry_run"):
        print(f"{count} times, each with other seeds:")
        return _run({name: value for name, value in arguments.items() if name != "repeat"})
    folder = _new_folder(arguments.get("out"), preset)
    repeat.begin(folder, settings, preset, count)
    return repeat.repeat(folder, arguments, _run)


def _settings(arguments: dict[str, Any], resumed: Path | None) -> tuple[Settings, str]:
    flags = given_settings(arguments)
    if resumed is None:
        preset = arguments.get("preset", "quick")
        return make_settings(preset, arguments.get("config"), flags), preset
    if not (resumed / "config.json").is_file():
        raise UserError(f"--resume {resumed}: no run is there (no config.json); check the path")
    before = read_config(resumed / "config.json")
    preset = json.loads((resumed / "config.json").read_text())["preset"]
    return make_settings(preset, None, {**before, **flags}), preset


def _check_same(folder: Path, config: dict[str, Any]) -> None:
    from deap_nas.search import differences

    before = json.loads((folder / "config.json").read_text())
    if found := differences(before, config):
        raise UserError(
            f"--resume {folder}: other settings than the run's: {'; '.join(found)}; "
            "resume without them, or start a new run"
        )


def _new_folder(out: str | None, preset: str) -> Path:
    folder = Path(out or f"results/runs/{time.strftime('%Y%m%d-%H%M%S')}-{preset}")
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


def _search(
    settings: Settings, folder: Path, dataset: Any, space: Any, console: Any, watcher: Any
) -> int:
    import filelock

    from deap_nas.report.tables import evaluations_table
    from deap_nas.search import Watchers, search
    from deap_nas.terminal import Log, ProgressWatcher, print_result, print_tops

    result_file = folder / "result.json"
    if result_file.exists():
        console.print(f"{folder} is finished: see {result_file}", highlight=False, soft_wrap=True)
        return 0
    try:
        lock = filelock.FileLock(folder / ".lock").acquire(timeout=0)
    except filelock.Timeout:
        raise UserError(
            f"{folder} is in use by a running search: wait for it, or stop it"
        ) from None
    log = Log(folder / "log.txt")
    try:
        with lock, _terminable(), ProgressWatcher(settings, console, log) as progress:
            console.print(f"[dim]{_headline(settings, space)}; into {folder}[/dim]", soft_wrap=True)
            watchers = Watchers(progress, *([watcher] if watcher else []))
            result = search(settings, folder, dataset, space, watcher=watchers)
    except (KeyboardInterrupt, Terminated) as stop:
        console.print(
            f"stopped; go on with: python -m deap_nas.run --resume {folder}", soft_wrap=True
        )
        log(f"stopped by {type(stop).__name__}")
        return 130 if isinstance(stop, KeyboardInterrupt) else 143
    print_tops(evaluations_table(result.rows), console)
    print_result(result, settings.split, console)
    _report(folder, console)
    console.print(f"\nstopped after {result.stopped}; everything is in {folder}", soft_wrap=True)
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


def _headline(settings: Settings, space: Any) -> str:
    text = (
        f"{settings.dataset}, recipe {settings.recipe}, population {settings.population}, "
        f"{settings.generations} generations of {space.size():.3g} legal genomes, "
        f"scored on {settings.split}"
    )
    return text + (" (as the report did: optimistic)" if settings.split == "test" else "")


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C does; a second Ctrl-C ends at once (workers die with us)."""

    def terminate(*_: object) -> None:
        raise Terminated

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = [
        (number, signal.signal(number, handler))
        for number, handler in ((signal.SIGTERM, terminate), (signal.SIGINT, interrupt))
    ]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Warnings as one line each on standard error."""
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        warnings.simplefilter("default")
        yield


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)


class Status:
    """The exit status that a command comes to."""

    code = 0


@contextlib.contextmanager
def one_line_errors() -> Iterator[Status]:
    """Turn what a user can mend into one line on standard error and exit status 2, and what stops a
    search into one line and exit status 1; anything else is a bug, and keeps its traceback."""
    status = Status()
    try:
        yield status
    except (ValueError, UserError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        status.code = 2
    except (OSError, RuntimeError, ImportError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        status.code = 1


if __name__ == "__main__":
    sys.exit(main())
