"""``deap-nas cache``: the trainings that are kept, how large they are, and fewer of them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deap_nas.commands.options import Parser, UserError, command, quiet
from deap_nas.commands.output import say
from deap_nas.words import counted, noun

UNITS = ("B", "kB", "MB", "GB", "TB")  # each a thousand times the one before
DAY = 24 * 3600
SECONDS = {"h": 3600, "d": DAY, "w": 7 * DAY}
SPANS = (("within a day", DAY), ("within a week", 7 * DAY), ("within 30 days", 30 * DAY))


def make_parser() -> Any:
    parser = Parser(
        prog="deap-nas cache",
        description="Show where trainings are kept for later searches, how many and how large; or "
        "delete those used longest ago. What a running search has used stays, whatever is asked; "
        "a deleted one is trained again when a search asks for it.",
    )
    parser.add_argument(
        "--cache", metavar="DIR", type=Path, help="the folder (default: the one of your searches)"
    )
    parser.add_argument("--keep", metavar="SIZE", help="delete until so much is left, such as 5G")
    parser.add_argument(
        "--older-than", metavar="AGE", help="delete what was not used for so long, such as 90d"
    )
    parser.add_argument("--clear", action="store_true", help="delete everything")
    parser.add_argument("--json", action="store_true", help="print it for programs")
    return parser


def _cache(arguments: Any) -> int:
    from deap_nas.evaluation.cache import default_cache
    from deap_nas.evaluation.cache_folder import CacheFolder

    keep = 0.0 if arguments.clear else _size(arguments.keep)
    older_than = _age(arguments.older_than)
    if arguments.clear and (arguments.keep or arguments.older_than):
        raise UserError("--clear with --keep or --older-than, allowed alone")
    if arguments.cache and not arguments.cache.is_dir():
        raise UserError(f"--cache {arguments.cache}, allowed a folder that is there")
    with quiet():
        path = arguments.cache or default_cache()
    if path is None:
        return 1
    folder = CacheFolder(path)
    pruned = None if keep is None and older_than is None else folder.prune(keep, older_than)
    if arguments.json:
        say(json.dumps(_content(folder, pruned)))
    else:
        for line in _lines(folder, pruned):
            say(line)
    return 0


def _content(folder: Any, pruned: Any) -> dict[str, Any]:
    content = {
        "folder": str(folder.path),
        **_told(folder.entries()),
        "damaged": _told(folder.damaged()),
        "searches": len(folder.searches()),
    }
    if pruned:
        content |= {"deleted": _told(pruned.deleted), "in_use": _told(pruned.in_use)}
    return content


def _told(entries: Sequence[Any]) -> dict[str, int]:
    return {"entries": len(entries), "bytes": sum(entry.size for entry in entries)}


def _lines(folder: Any, pruned: Any) -> list[str]:
    """What a person reads: a row for each span of time since the last use."""
    entries, now = folder.entries(), time.time()
    lines = [f"trainings kept in {folder.path}", f"{'last used':<16}{'trainings':>12}{'size':>12}"]
    rest = entries
    for title, span in SPANS:
        lines.append(_row(title, [entry for entry in rest if now - entry.used <= span]))
        rest = [entry for entry in rest if now - entry.used > span]
    lines += [_row("before", rest), _row("in all", entries)]
    if damaged := folder.damaged():
        lines.append(f"set aside as damaged: {counted(len(damaged), 'training')}")
    if pruned:
        lines.append(f"deleted {_said(pruned.deleted)}")
    if pruned and pruned.in_use:
        lines.append(f"left {_said(pruned.in_use)}, in use by a running search")
    elif running := len(folder.searches()):
        lines.append(f"{counted(running, 'search', 'searches')} {noun(running, 'uses', 'use')} it")
    return lines


def _row(title: str, entries: Sequence[Any]) -> str:
    told = _told(entries)
    return f"{title:<16}{told['entries']:>12,}{said_size(told['bytes']):>12}"


def _said(entries: Sequence[Any]) -> str:
    told = _told(entries)
    return f"{counted(told['entries'], 'training', form=',')}, {said_size(told['bytes'])}"


def said_size(size: float) -> str:
    """Bytes as a person says them: "340 B", "1.5 MB"."""
    for unit in UNITS:
        if size < 999.5 or unit == UNITS[-1]:
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 99.5 or unit == "B" else f"{size:.1f} {unit}"


def _size(text: str | None) -> float | None:
    """Bytes: a number, and K, M, G or T for thousands of thousands."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?) *([KMGT]?)B?", text.strip(), re.IGNORECASE | re.ASCII)
    if not found:
        raise UserError(f"--keep {text}, allowed a size such as 500M, 5G or 1.5T")
    thousands: int = " KMGT".index(found[2].upper() or " ")
    return float(found[1]) * 1000.0**thousands


def _age(text: str | None) -> float | None:
    """Seconds: a number of hours, days or weeks."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?) *([hdw])", text.strip(), re.IGNORECASE | re.ASCII)
    if not found:
        raise UserError(f"--older-than {text}, allowed an age such as 12h, 90d or 8w")
    return float(found[1]) * SECONDS[found[2].lower()]


main = command(make_parser, _cache)
