"""The work, in parts: each is a contestant on a problem over a block of seeds, kept once done."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
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
from variants.memo import Memo
from variants.problems import Problem, find_problem

from deap_nas import algorithms, operators
from deap_nas.files import write_whole

BLOCK = 10


@dataclass(frozen=True)
class Part:
    """``contestant`` has ``name``, ``definition()`` and ``search(memo, seed)``."""

    contestant: Any
    problem: str
    seeds: tuple[int, ...]
    budget: int

    def key(self, sources: Sequence[str]) -> str:
        """Changes with whatever the outcome depends on: definition, scores, code, versions."""
        about = {
            "definition": self.contestant.definition(),
            "problem": find_problem(self.problem).fingerprint,
            "seeds": self.seeds,
            "budget": self.budget,
            "sources": [*sources, *getattr(self.contestant, "versions", list)()],
        }
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]


def run_part(part: Part) -> list[dict[str, Any]]:
    """A row per seed: asks, and each improvement as [evaluations, index of the genome]."""
    problem = find_problem(part.problem)
    return [_run_seed(part.contestant, problem, seed, part.budget) for seed in part.seeds]


def _run_seed(contestant: Any, problem: Problem, seed: int, budget: int) -> dict[str, Any]:
    memo = Memo(problem, budget)
    contestant.search(memo, seed)
    steps: list[list[int]] = []
    before = None
    for evaluations, best in enumerate(memo.incumbents(), 1):
        if best != before:
            steps.append([evaluations, problem.index[best]])
            before = best
    return {
        "seed": seed,
        "asks": memo.asks,
        "evaluations": len(memo.found),
        "capped": memo.capped and len(memo.found) < budget,
        "steps": steps,
    }


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
    sources = source_digests()
    files = {part: folder / f"{part.key(sources)}.json" for part in parts}
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
    work = list(enumerate(parts))
    if workers == 1 or len(parts) < 2:
        yield from map(_numbered, work)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(_numbered, work)


def _numbered(work: tuple[int, Part]) -> tuple[int, list[dict[str, Any]]]:
    i, part = work
    return i, run_part(part)


@cache
def source_digests() -> tuple[str, ...]:
    """Of the operators, the loops and what is beside this file: a changed one runs anew."""
    folders = [Path(str(module.__file__)).parent for module in (operators, algorithms)]
    here = [Path(__file__).with_name(f"{name}.py") for name in ("variants", "rivals", "memo")]
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))] + here
    return tuple(hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files)
