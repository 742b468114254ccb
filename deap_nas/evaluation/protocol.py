"""What an evaluator is handed besides its workers: a trainer and a record."""

from __future__ import annotations

from typing import Any, Protocol

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.trained import Trained

Budget = int | float | str | None
Request = tuple[str, Budget]  # a genome, and what may be spent on it


class Trainer(Protocol):
    """What measures genomes; an evaluator knows nothing else of them.

    The parent asks for keys, and each worker has a copy, by pickle, that trains. Where there is a
    method ``start()``, a worker calls it once before its first task, and no limit of time applies.
    Where there is a method ``complete(genome, evaluation)``, the parent has it add to each
    Evaluation what is known without training; that is not part of the cache.

    Budgets are the trainer's own: epochs, steps, a number of samples, the name of a way to train;
    None where it has none.
    """

    def train(self, genome: str, budget: Any, /) -> Trained | Evaluation:
        """Measure a genome. An exception is its failure, and nobody else's."""

    def key(self, genome: str, budget: Any, /) -> str:
        """All that the outcome depends on, as one canonical text."""


class Record(Protocol):
    """Where outcomes are written before anything depends on them, and read again on resume.

    They are kept by genome and budget. One thread at a time calls.
    """

    def recall(self, genome: str, budget: Budget, /) -> Evaluation | None:
        """The outcome, if it is written."""

    def record(self, genome: str, trained: Trained, cached: bool, budget: Budget, /) -> None:
        """Write an outcome; on return it is safe."""

    def outcomes(self, budget: Budget, /) -> list[tuple[str, bool]]:
        """The search's outcomes in the order written: (genome, whether it was cached)."""

    def closed(self) -> bool:
        """Whether the present generation is written, by an earlier session."""

    def skips(self, genome: str, /) -> bool:
        """Whether an earlier session had no time for a genome in the present generation."""

    def skip(self, genomes: list[str], /) -> None:
        """Note genomes that the present generation has no time for."""

    def elapsed(self) -> float:
        """Seconds of searching, pauses between sessions left out."""
