"""The work, in parts: each is a contestant on a problem over a block of seeds, kept once done."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from variants.memo import run_seed
from variants.problems import find_problem

from deap_nas.files import write_whole

BLOCK = 10
SHARED = tuple(Path(__file__).with_name(f"{name}.py") for name in ("memo", "problems"))


@dataclass(frozen=True)
class Part:
    """``contestant`` has ``name``, ``definition()``, ``search(memo, seed)``, and says what that
    depends on: ``code()``, files, and ``versions()``, of packages."""

    contestant: Any
    problem: str
    seeds: tuple[int, ...]
    budget: int

    @cached_property
    def key(self) -> str:
        """Changes with what the outcome depends on: definition, scores, code, versions."""
        about = {
            "definition": self.contestant.definition(),
            "problem": find_problem(self.problem).fingerprint,
            "seeds": self.seeds,
            "budget": self.budget,
            "code": digests(SHARED + self.contestant.code()),
            "versions": self.contestant.versions(),
        }
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]


@cache
def digests(files: tuple[Path, ...]) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files]


def run_part(part: Part) -> list[dict[str, Any]]:
    """A row per seed."""
    problem = find_problem(part.problem)
    return [run_seed(part.contestant, problem, seed, part.budget) for seed in part.seeds]


def plan(
    contestants: Iterable[Any], problems: Iterable[str], seeds: Sequence[int], budget: int
) -> list[Part]:
    blocks = [tuple(seeds[i : i + BLOCK]) for i in range(0, len(seeds), BLOCK)]
    chosen = list(contestants)
    return [
        Part(contestant, problem, block, budget)
        for problem in problems
        for block in blocks
        for contestant in chosen
    ]


def run_all(
    parts: Sequence[Part], folder: Path, workers: int, title: str
) -> dict[Part, list[dict[str, Any]]]:
    """Every part's rows: from ``folder`` where it is there, else run now and kept there."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {part: folder / f"{part.key}.json" for part in parts}
    missing = [part for part in parts if not files[part].exists()]
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with bar:
        task = bar.add_task(title, total=len(parts), completed=len(parts) - len(missing))
        for i, rows in _outcomes(missing, workers):
            write_whole(files[missing[i]], json.dumps(rows, separators=(",", ":")))
            bar.advance(task)
    return {part: json.loads(files[part].read_text()) for part in parts}


def _outcomes(parts: Sequence[Part], workers: int) -> Iterator[tuple[int, Any]]:
    work = [(i, part, part.key) for i, part in enumerate(parts)]
    if workers == 1 or len(parts) < 2:
        yield from map(_numbered, work)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(_numbered, work)


def _numbered(work: tuple[int, Part, str]) -> tuple[int, list[dict[str, Any]]]:
    i, part, key = work
    if Part(part.contestant, part.problem, part.seeds, part.budget).key != key:
        raise RuntimeError("the code was changed while the benchmark ran: start it again")
    return i, run_part(part)
