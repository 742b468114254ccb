"""What is known of genomes, in memory, on record, in the cache; and what is going to be."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from deap_nas.evaluation.cache import Cache
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.protocol import Budget, Record, Trainer
from deap_nas.evaluation.trained import Trained, Weights


class Outcomes:
    """Evaluations by genome and budget. Genomes are texts; all that is asked is of one budget.
    Threads may share it; ``lock`` makes several calls one.

    Args:
        cache: a folder; None for none.
        tell: called with (genome, evaluation, whether it was found, not trained), once for each.
    """

    def __init__(
        self,
        trainer: Trainer,
        budget: Budget,
        cache: str | Path | None,
        record: Record | None,
        tell: Callable[[str, Evaluation, bool], None],
    ) -> None:
        self._trainer, self._budget = trainer, budget
        self._record, self._tell = record, tell
        self._cache = Cache(cache) if cache else None
        self._known: dict[tuple[str, Budget], Evaluation] = {}
        self._weights: dict[tuple[str, Budget], Weights] = {}
        self._promised: Counter[str] = Counter()  # by how many that asked
        self.lock, self._weights_lock = threading.RLock(), threading.RLock()

    def close(self) -> None:
        """Say that the cache is no longer used."""
        if self._cache:
            self._cache.close()

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, text: str) -> bool:
        return (text, self._budget) in self._known

    def get(self, text: str) -> Evaluation | None:
        """What is known without looking anywhere else."""
        return self._known.get((text, self._budget))

    def find(self, text: str) -> bool:
        """Take an outcome from the record or the cache; whether there is one."""
        with self.lock:
            if text in self:
                return True
            evaluation = self._record.recall(text, self._budget) if self._record else None
            if evaluation:
                self._learn(text, evaluation, cached=True)
                return True
            trained = self._cached(text)
            if trained:
                self._write(text, trained, cached=True)
            return trained is not None

    def keep(self, text: str, trained: Trained) -> None:
        """Take an outcome from a training."""
        with self.lock:
            if self._cache:
                self._cache.put(self._trainer.key(text, self._budget), trained)
            self._write(text, trained, cached=False)

    def promise(self, text: str, most: int | None) -> bool:
        """Count a genome as measured, so that no other takes its place; whether there is a place.

        Args:
            text: the genome.
            most: genomes that may be measured in all; None: any number.
        """
        with self.lock:
            if most is not None and text not in self._promised and self._taken() >= most:
                return False
            self._promised[text] += 1
            return True

    def release(self, texts: Iterable[str]) -> None:
        """Take promises back: the genomes are known by now, or will not be."""
        with self.lock:
            self._promised -= Counter(texts)

    def written(self) -> list[tuple[str, bool]]:
        """The record's outcomes in its order: (genome, whether it was cached)."""
        with self.lock:
            return self._record.outcomes(self._budget) if self._record else []

    def skips(self, text: str) -> bool:
        """Whether the record says that there was no time for a genome."""
        with self.lock:
            return self._record is not None and self._record.skips(text)

    def skip(self, texts: list[str]) -> None:
        """Have the record note that there was no time for genomes."""
        with self.lock:
            if self._record:
                self._record.skip(texts)

    def weights(self, text: str, train: Callable[[], Trained]) -> Weights:
        """Trained weights, trained anew where they are not at hand."""
        with self._weights_lock:
            if (text, self._budget) not in self._weights:
                trained = self._cached(text) or train()
                self._weights[text, self._budget] = trained.weights
            return self._weights[text, self._budget]

    def _taken(self) -> int:
        return len(self) + sum(text not in self for text in self._promised)

    def _cached(self, text: str) -> Trained | None:
        return self._cache.get(self._trainer.key(text, self._budget)) if self._cache else None

    def _write(self, text: str, trained: Trained, cached: bool) -> None:
        if self._record:
            self._record.record(text, trained, cached, self._budget)
        elif trained.weights:
            self._weights[text, self._budget] = trained.weights
        self._learn(text, trained.evaluation, cached)

    def _learn(self, text: str, evaluation: Evaluation, cached: bool) -> None:
        self._known[text, self._budget] = evaluation
        self._tell(text, evaluation, cached)
