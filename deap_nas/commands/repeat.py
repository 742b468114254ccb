"""``--repeat N``: one search with N pairs of seeds, and the comparison of what they found."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deap_nas.commands.options import UserError
from deap_nas.commands.output import say
from deap_nas.files import read_text, write_whole
from deap_nas.runs.config import read_config
from deap_nas.runs.directory import RunsDirectory
from deap_nas.runs.settings import Settings
from deap_nas.words import counted

STOPPED = (130, 143)  # by Ctrl-C, by SIGTERM
OWN = ("repeat", "resume", "out", "config", "preset")


def begin(folder: Path, settings: Settings, preset: str, count: int) -> None:
    """Write down what is repeated, so that it can be resumed."""
    content = {"repeat": count, "preset": preset, "settings": settings.to_dict()}
    write_whole(RunsDirectory(folder).repeats, json.dumps(content, indent=2))


def _read(folder: Path) -> dict[str, Any]:
    path = RunsDirectory(folder).repeats
    with contextlib.suppress(ValueError, AttributeError):
        content: dict[str, Any] = json.loads(read_text(path))
        if {"repeat", "preset", "settings"} <= content.keys():
            return content
    raise UserError(f"--resume {folder}: its {path.name} is damaged; start anew with --repeat")


def repeat(folder: Path, arguments: dict[str, Any], run: Callable[[dict[str, Any]], int]) -> int:
    """Run, or resume, each repeat in ``folder``/repeat-1, -2, ...; then compare them.

    Repeat i adds i - 1 to the seed of the search and to that of the training, so that the spread
    is of both. A finished repeat is left alone, unless there is more for it to do.

    Args:
        folder: of all repeats, with what ``begin`` wrote there.
        arguments: of the command line, for every repeat.
        run: the command with such arguments; returns its exit status.
    """
    from deap_nas.runs.extend import raised

    directory, content = RunsDirectory(folder), _read(folder)
    settings = content["settings"]
    if limits := raised(settings, arguments):  # for those that come later, too
        settings |= limits
        write_whole(directory.repeats, json.dumps(content, indent=2))
    given = {name: value for name, value in arguments.items() if name not in OWN}
    worst = 0
    for i in range(content["repeat"]):
        each = directory.repeat(i + 1)
        new = {
            **{"config": directory.repeats, "preset": content["preset"], "out": each.path},
            **{seed: settings[seed] + i for seed in ("seed", "train_seed")},
        }
        if each.begun():
            now = read_config(each.path)["settings"]
            new = {"resume": each.path, **raised(now, settings)}
        status = run({**given, **new})
        if status in STOPPED:
            say(f"go on with all: python -m deap_nas.run --resume {folder}", error=True)
            return status
        worst = max(worst, status)
    from deap_nas.report.compare import make_comparison

    page = make_comparison([folder], directory.comparison)
    say(f"\n{counted(content['repeat'], 'run')} compared: {page}")
    return worst
