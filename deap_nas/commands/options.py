"""What the commands share: options from ``Settings``, and errors as one line."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from deap_nas.commands.output import say
from deap_nas.extras import lacking
from deap_nas.layers import load_layers
from deap_nas.runs.initial import read_genomes
from deap_nas.runs.presets import DEFAULT, PRESETS
from deap_nas.runs.settings import Settings


class UserError(Exception):
    """Bad input from the command line, as one line."""


class Terminated(BaseException):
    """SIGTERM arrived."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and where to read more."""

    def error(self, message: str) -> NoReturn:
        say(f"error: {message}; see {self.prog} --help", error=True)
        sys.exit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            say(message.rstrip("\n"), error=file is sys.stderr)


def add_settings(group: Any, names: Sequence[str]) -> None:
    """Add an option for each named field of ``Settings``."""
    for each in fields(Settings):
        if each.name in names:
            _add_option(group, each)


def given_settings(arguments: dict[str, Any]) -> dict[str, Any]:
    """The settings among parsed arguments."""
    if arguments.get("layers"):
        load_layers(arguments["layers"])  # before any genome is read
    flags = {each.name: arguments[each.name] for each in fields(Settings) if each.name in arguments}
    if arguments.get("no_cache"):
        flags["cache"] = None
    if "initial" in flags:
        flags["initial"] = read_genomes(Path(flags["initial"]))
    return flags


def _add_option(group: Any, each: Any) -> None:
    flag = "--" + each.name.replace("_", "-")
    # Not the field's own default: without --preset, the preset DEFAULT is in effect.
    allowed, default = each.metadata["allowed"], PRESETS[DEFAULT].get(each.name, each.default)
    text = each.metadata["help"].replace("%", "%%")
    if allowed:
        text += f": {', '.join(allowed)}"
    if default not in ("", None, ()) and "bool" not in each.type:
        text += f" (default: {default})"
    if "bool" in each.type:
        group.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)
        return
    kind = int if "int" in each.type else float if "float" in each.type else str
    group.add_argument(flag, type=kind, help=text, metavar=each.metadata["metavar"] or "NAME")


class Quiet:
    """Warnings as one line each on standard error, while any command runs: they are the whole
    process's, and in a program's threads several commands may run at once."""

    def __init__(self) -> None:
        self._lock, self._running, self._filters = threading.Lock(), 0, contextlib.ExitStack()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._running:
                self._filters.enter_context(warnings.catch_warnings())
                warnings.showwarning = _show_warning
                warnings.simplefilter("default")
            self._running += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                if not self._running:
                    self._filters.close()


quiet = Quiet()


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any
) -> None:
    """One line; of this package, and of the user's own files: libraries talk to programmers."""
    if category.__module__.startswith("deap_nas.") or not _is_library(Path(filename)):
        say(f"warning: {' '.join(str(message).split())}", error=True)


def _is_library(file: Path) -> bool:
    """Whether a file is of an installed package, of Python, or of this package: libraries blame
    their caller."""
    homes = (sys.prefix, sys.base_prefix, Path(__file__).parents[1])
    return not file.exists() or any(file.absolute().is_relative_to(home) for home in homes)


def status_of(work: Callable[[], int]) -> int:
    """Do a command's work; the exit status that it comes to.

    What a user can mend is one line on standard error and exit status 2, what stops a search one
    line and exit status 1, Ctrl-C and SIGTERM one word; anything else is a bug, and keeps its
    traceback.
    """
    try:
        with terminable():
            return work()
    except (KeyboardInterrupt, Terminated) as stop:
        say("stopped", error=True)
        return exit_status(stop)
    except (ValueError, UserError) as error:
        say(f"error: {' '.join(str(error).split())}", error=True)
        return 2
    except (OSError, RuntimeError, ImportError) as error:
        said = lacking(error) if isinstance(error, ImportError) else error
        say(f"error: {' '.join(str(said).split())}", error=True)
        return 1


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C does; a second Ctrl-C ends at once (workers die with us). In any
    thread but the main one, as of a web server, signals stay the program's own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

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
            signal.signal(number, handler or signal.SIG_DFL)  # None: not one of Python's


def exit_status(stop: BaseException) -> int:
    """What a shell expects of a command that was stopped so."""
    return 143 if isinstance(stop, Terminated) else 130
