"""The work, in parts: each is a contestant on a problem over some seeds, kept once done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from rich import get_console
from rich.progress import TextColumn, TimeRemainingColumn

from deap_nas.bars import make_bar
from deap_nas.benchmark.memo import run_seed
from deap_nas.benchmark.problem import Problem
from deap_nas.files import write_whole

SHARED = tuple(Path(__file__).with_name(f"{name}.py") for name in ("memo", "problem"))
Row = dict[str, Any]  # of a search: seed, asks, evaluations, steps


@dataclass(frozen=True, eq=False)
class Part:
    """Some searches of one contestant on one problem.

    Args:
        contestant: has ``name``, ``definition()``, ``search(memo, seed)``, and says what that
            depends on: ``code()``, files, and ``versions()``, of packages.
        problem: what is searched.
        seeds: one for each search.
        budget: unique evaluations of each.
    """

    contestant: Any
    problem: Problem
    seeds: tuple[int, ...]
    budget: int

    @property
    def code(self) -> list[str]:
        return digests(SHARED + self.contestant.code())

    @cached_property
    def key(self) -> str:
        """Changes with what the outcome depends on: definition, scores, code, versions."""
        about = {
            "definition": self.contestant.definition(),
            "problem": [self.problem.name, self.problem.fingerprint],
            "seeds": self.seeds,
            "budget": self.budget,
            "code": self.code,
            "versions": self.contestant.versions(),
        }
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]


@cache
def digests(files: tuple[Path, ...]) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files]


def run_part(part: Part) -> list[Row]:
    """A row per seed."""
    return [run_seed(part.contestant, part.problem, seed, part.budget) for seed in part.seeds]


def plan(
    contestants: Iterable[Any],
    problems: Iterable[Problem],
    seeds: Sequence[int],
    budget: int,
    block: int = 1,
) -> list[Part]:
    """All parts of a benchmark, the first seeds of everybody first.

    Args:
        contestants: who searches.
        problems: what each searches.
        seeds: one for each search.
        budget: unique evaluations of a search.
        block: searches in a part.
    """
    blocks = [tuple(seeds[i : i + block]) for i in range(0, len(seeds), block)]
    chosen = list(contestants)
    return [
        Part(contestant, problem, some, budget)
        for problem in problems
        for some in blocks
        for contestant in chosen
    ]


def run_all(
    parts: Sequence[Part], folder: Path, workers: int, title: str, console: Any = None
) -> list[list[Row]]:
    """Every part's rows: from ``folder`` where it is there, else run now and kept there.

    Args:
        parts: what is to be done.
        folder: a file for each part, written whole; made if it is not there.
        workers: processes.
        title: of the progress bar.
        console: where that is shown; standard output unless given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{part.key}.json" for part in parts]
    missing = [i for i, file in enumerate(files) if not file.exists()]
    with make_bar(console or get_console(), TextColumn("left"), TimeRemainingColumn()) as bar:
        task = bar.add_task(title, total=len(parts), completed=len(parts) - len(missing))
        for i, rows in _outcomes({i: parts[i] for i in missing}, workers):
            write_whole(files[i], json.dumps(rows, separators=(",", ":")))
            bar.advance(task)
    return [json.loads(file.read_text()) for file in files]


def _outcomes(parts: dict[int, Part], workers: int) -> Iterator[tuple[int, list[Row]]]:
    """Each part's number and rows, as they are done."""
    import joblib

    run = joblib.delayed(_numbered)
    work = (run(i, part, part.code) for i, part in parts.items())
    yield from joblib.Parallel(workers, return_as="generator_unordered", batch_size=1)(work)


def _numbered(i: int, part: Part, code: list[str]) -> tuple[int, list[Row]]:
    if part.code != code:
        raise RuntimeError("the code was changed while the benchmark ran: start it again")
    return i, run_part(part)
