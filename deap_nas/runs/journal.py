"""What happened in a run, on disk before anything depends on it.

``journal.jsonl`` is one JSON object a line, each with a checksum. The search is a function of its
seeds and of these outcomes, so that resuming is searching again and taking outcomes from here:
there is no second state that could disagree.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.protocol import Budget, Request
from deap_nas.evaluation.trained import Trained, Weights, pack_weights, unpack_weights
from deap_nas.evaluation.worker import one_line
from deap_nas.files import remove_parts, write_whole
from deap_nas.runs.directory import RunDirectory, is_final

Scored = tuple[str, Budget, str]  # genome, budget, and the split that it was scored on


class JournalWarning(UserWarning):
    """A file of the run is damaged; what it said will be done again."""


class JournalError(RuntimeError):
    """The journal tells of another search than the one that is run."""


class Journal:
    """The outcomes and generations of one run, in its directory.

    Lines are ``{"kind": "evaluation" | "generation" | "stop" | "int8" | "choice" | "test" | "end" |
    "extend", ...}``. What the clock decided is written, too (the genomes that a generation had no
    time for, and "stop", the generation after which no more were bred), since by the time of a
    resume it says otherwise. Finalists are evaluations whose budget is a text; "choice" is what
    they came to, and only then each "test" is, a network's counts on the test set. "int8" is what
    a training came to in int8, on a split. A run that is
    given more ("extend") forgets its end, its choice, and the generations from one on.
    Weights are beside it, one file a training, written before the line that speaks of them.
    """

    def __init__(self, folder: Path) -> None:
        self._directory = RunDirectory(folder)
        self.path = self._directory.journal
        self._directory.weights.mkdir(parents=True, exist_ok=True)
        remove_parts(folder)
        remove_parts(self._directory.weights)
        # by genome and budget; None: the run is older than budgets, and has but one
        self._outcomes: dict[tuple[str, Budget], dict[str, Any]] = {}
        self._generations: dict[int, dict[str, Any]] = {}
        self._stop: dict[str, Any] | None = None
        self.choice: dict[str, Any] | None = None
        self.tests: dict[Request, Any] = {}  # confusion counts on the test set
        self.int8: dict[Scored, dict[str, Any]] = {}  # what trainings came to in int8
        self.end: dict[str, Any] | None = None
        self.generation: int | None = 0
        self._skipped: list[str] = []
        lines = self._read()
        for line in lines:
            self._learn(line)
        self._before: float = max([0.0, *(line["elapsed"] for line in lines)])
        self._opened = time.monotonic()
        self._file = self.path.open("ab", buffering=0)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What the evaluator asks for: evaluation.protocol.Record

    @property
    def directory(self) -> RunDirectory:
        """The run's files."""
        return self._directory

    def recall(self, genome: str, budget: Budget = None) -> Evaluation | None:
        """The outcome of a genome, if it is written."""
        line = self._outcomes.get((genome, budget))
        if line is None and not is_final(budget):
            line = self._outcomes.get((genome, None))
        if line and line["generation"] is None and self.generation is not None:
            # A baseline, which a run that was given more comes to breed: the search's from now on.
            same = ("genome", "cached", "evaluation")
            kept = {name: line[name] for name in same}
            self.append("evaluation", **kept, budget=budget, generation=self.generation)
        return Evaluation.from_dict(line["evaluation"]) if line else None

    def record(self, genome: str, trained: Trained, cached: bool, budget: Budget = None) -> None:
        """Write an outcome; on return it is on disk."""
        if trained.weights:
            self.keep_weights(genome, trained.weights, budget)
        self.append(
            "evaluation",
            genome=genome,
            budget=budget,
            generation=self.generation,
            cached=cached,
            evaluation=trained.evaluation.to_dict(),
        )

    def outcomes(self, budget: Budget = None) -> list[tuple[str, bool]]:
        """The search's outcomes in the order written: (genome, whether it was cached)."""
        return [
            (line["genome"], line["cached"])
            for (_, spent), line in self._outcomes.items()
            if line["generation"] is not None and spent in (budget, None)
        ]

    def closed(self) -> bool:
        """Whether the present generation is written, by an earlier session of this run."""
        return self.generation in self._generations

    def skips(self, genome: str) -> bool:
        """Whether an earlier session had no time for a genome in the present generation."""
        if self.generation is None or not self.closed():
            return False
        skipped = self._generations[self.generation].get("skipped")
        if skipped is None:  # the run is older than that: whatever has no outcome
            return all(genome != known for known, _ in self._outcomes)
        return genome in skipped

    def skip(self, genomes: list[str]) -> None:
        """Note genomes that the present generation has no time for."""
        self._skipped += genomes

    def skipped(self) -> bool:
        """Whether the last generation had no time for some of its genomes."""
        last = self._generations[max(self._generations)] if self._generations else {}
        return bool(last.get("skipped"))

    def elapsed(self) -> float:
        """Seconds that this run has been searching, pauses between resumes left out."""
        return self._before + time.monotonic() - self._opened

    # What the search writes and reads

    def start_generation(self, number: int | None) -> None:
        """Outcomes from now on belong to generation ``number``; None: to no generation."""
        self.generation, self._skipped = number, []

    def end_generation(
        self, number: int, population: list[str], record: dict[str, Any], **ancestry: Any
    ) -> None:
        """Write a generation, or, when it is written already, check that it is the same.

        Raises:
            JournalError: if the search has taken another way than the journal's.
        """
        written = self._generations.get(number)
        if written is None:
            content = {"population": population, "record": record, "skipped": self._skipped}
            self.append("generation", number=number, **content, **ancestry)
        elif written["population"] != population:
            raise JournalError(
                f"generation {number} is not the one in {self.path}: the program, a library or a "
                "file changed since; start a new run (the cache keeps what was trained)"
            )

    def stops(self, decide: Callable[[], object]) -> bool:
        """Whether breeding is over after the generation written last: as it was decided once, which
        is written; else as ``decide`` says now."""
        if self._stop is None and not self.closed() and decide():
            self.append("stop", before=self.generation)
        return self._stop is not None and self._stop["before"] == self.generation

    def extend(self, *, streams: bool) -> None:
        """Forget the run's end, and the generations in which its limits may show.

        Args:
            streams: whether that is all of them, not only the last.
        """
        last = max(self._generations, default=0)
        self.append("extend", generation=0 if streams else last)

    def rows(self) -> list[dict[str, Any]]:
        """Every outcome: ``genome budget generation cached elapsed evaluation``, in the order
        written; lines of before have no budget."""
        return list(self._outcomes.values())

    def weights(self, genome: str, budget: Budget = None) -> Weights | None:
        """The trained weights of a genome; None if there are none (it failed)."""
        return read_weights(self._directory.path, genome, budget)

    def keep_weights(self, genome: str, weights: Weights, budget: Budget = None) -> None:
        """Write the trained weights of a genome."""
        write_whole(self._directory.weights_of(genome, budget), pack_weights(weights))

    def append(self, kind: str, **content: Any) -> None:
        """Write one line and wait until it is on disk."""
        line = {"kind": kind, "elapsed": round(self.elapsed(), 3), **content}
        self._write(_seal(line))
        self._learn(line)

    def _write(self, data: bytes) -> None:
        """Append whole or, when the disk is full, not at all."""
        start = self._file.seek(0, os.SEEK_END)
        try:
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(start)
            raise

    def _learn(self, line: dict[str, Any]) -> None:
        if line["kind"] == "evaluation":
            learn_outcome(self._outcomes, (line["genome"], line.get("budget")), line)
        elif line["kind"] == "generation":
            self._generations.setdefault(line["number"], line)
        elif line["kind"] == "stop":
            self._stop = line
        elif line["kind"] == "choice":
            self.choice = line
        elif line["kind"] == "test":
            self.tests.setdefault((line["genome"], line["budget"]), line["confusion"])
        elif line["kind"] == "int8":
            self.int8.setdefault(scored(line), line)
        elif line["kind"] == "end":
            self.end = line
        elif line["kind"] == "extend":
            self._stop = self.choice = self.end = None
            forget_generations(self._generations, line)

    def _read(self) -> list[dict[str, Any]]:
        """The sound lines; damaged ones are moved to a file beside the journal, with a warning."""
        raw = self.path.read_bytes() if self.path.exists() else b""
        pieces = raw.splitlines(keepends=True)
        lines = [(piece, _unseal(piece)) for piece in pieces]
        damaged = [piece for piece, line in lines if line is None]
        if damaged:
            aside = self._directory.damaged
            before = aside.read_bytes() if aside.exists() else b""
            write_whole(aside, before + b"".join(damaged))
            write_whole(self.path, b"".join(piece for piece, line in lines if line is not None))
            warnings.warn(
                f"{self.path}: {len(damaged)} damaged line(s) moved to {aside.name}; what they "
                "said is done again",
                JournalWarning,
                stacklevel=3,
            )
        return [line for _, line in lines if line is not None]


def scored(line: dict[str, Any]) -> Scored:
    """What a line "int8" is about."""
    return line["genome"], line["budget"], line["split"]


def learn_outcome(outcomes: dict[Any, dict[str, Any]], key: Any, line: dict[str, Any]) -> None:
    """Add an outcome: the first of a genome, but one of the search takes a baseline's place."""
    known = outcomes.get(key)
    if known is None or known["generation"] is None:
        outcomes[key] = line


def forget_generations(generations: dict[int, Any], extend: dict[str, Any]) -> None:
    """Remove those that a line "extend" makes void: a search writes them anew."""
    for number in [number for number in generations if number >= extend["generation"]]:
        del generations[number]


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """The sound lines of a run's journal, in order; touches nothing: a search may be writing."""
    path = RunDirectory(folder).journal
    raw = path.read_bytes() if path.exists() else b""
    lines = [_unseal(piece) for piece in raw.splitlines(keepends=True)]
    return [line for line in lines if line is not None]


def read_weights(folder: Path, genome: str, budget: Budget = None) -> Weights | None:
    """The trained weights of a genome in a run's directory; None if there are none, or they are
    damaged (with a warning)."""
    path = RunDirectory(folder).weights_of(genome, budget)
    if not path.exists():
        return None
    try:
        return unpack_weights(path.read_bytes())
    except Exception as error:  # a damaged .npz raises whatever its reader stumbles on
        warnings.warn(f"{path} is damaged ({one_line(error)})", JournalWarning, stacklevel=2)
        return None


def _seal(line: dict[str, Any]) -> bytes:
    body = json.dumps(line)
    return f"{_digest(body)} {body}\n".encode()


def _unseal(piece: bytes) -> dict[str, Any] | None:
    """The content of a line; None if it is damaged or its end is missing."""
    try:
        digest, _, body = piece.decode().partition(" ")
        if not body.endswith("\n") or digest != _digest(body[:-1]):
            return None
        content: dict[str, Any] = json.loads(body)
        return content
    except ValueError:
        return None


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]
