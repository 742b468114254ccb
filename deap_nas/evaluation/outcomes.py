"""What is known of genomes, in memory, on record, in the cache; and what is going to be."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from deap_nas.evaluation.cache import Cache
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.protocol import Budget, Record, Request, Trainer
from deap_nas.evaluation.trained import Trained, Weights


class Outcomes:
    """Evaluations by request: genome, as text, and budget. Threads may share it; ``lock`` makes
    several calls one.

    Args:
        trainer: has the keys of the cache.
        cache: a folder; None for none.
        record: writes outcomes, and recalls them.
        tell: called with (request, evaluation, whether it was found, not trained), once for each.
    """

    def __init__(
        self,
        trainer: Trainer,
        cache: str | Path | None,
        record: Record | None,
        tell: Callable[[Request, Evaluation, bool], None],
    ) -> None:
        self._trainer, self._record, self._tell = trainer, record, tell
        self._cache = Cache(cache) if cache else None
        self._known: dict[Request, Evaluation] = {}
        self._weights: dict[Request, Weights] = {}
        self._promised: Counter[Request] = Counter()  # by how many that asked
        self.lock, self._weights_lock = threading.RLock(), threading.RLock()

    def close(self) -> None:
        """Say that the cache is no longer used."""
        if self._cache:
            self._cache.close()

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, request: Request) -> bool:
        return request in self._known

    def get(self, request: Request) -> Evaluation | None:
        """What is known without looking anywhere else."""
        return self._known.get(request)

    def find(self, request: Request) -> bool:
        """Take an outcome from the record or the cache; whether there is one."""
        with self.lock:
            if request in self:
                return True
            evaluation = self._record.recall(*request) if self._record else None
            if evaluation:
                self._learn(request, evaluation, cached=True)
                return True
            trained = self._cached(request)
            if trained:
                self._write(request, trained, cached=True)
            return trained is not None

    def keep(self, request: Request, trained: Trained) -> None:
        """Take an outcome from a training."""
        with self.lock:
            if self._cache:
                self._cache.put(self._trainer.key(*request), trained)
            self._write(request, trained, cached=False)

    def promise(self, request: Request, most: int | None) -> bool:
        """Count a request as measured, so that no other takes its place; whether there is a place.

        Args:
            request: what was asked for.
            most: requests that may be measured in all; None: any number.
        """
        with self.lock:
            if most is not None and request not in self._promised and self._taken() >= most:
                return False
            self._promised[request] += 1
            return True

    def release(self, requests: Iterable[Request]) -> None:
        """Take promises back: the requests are known by now, or will not be."""
        with self.lock:
            self._promised -= Counter(requests)

    def written(self, budget: Budget) -> list[tuple[str, bool]]:
        """The record's outcomes of a budget in its order: (genome, whether it was cached)."""
        with self.lock:
            return self._record.outcomes(budget) if self._record else []

    def skips(self, text: str) -> bool:
        """Whether the record says that there was no time for a genome."""
        with self.lock:
            return self._record is not None and self._record.skips(text)

    def skip(self, texts: list[str]) -> None:
        """Have the record note that there was no time for genomes."""
        with self.lock:
            if self._record:
                self._record.skip(texts)

    def weights(self, request: Request, train: Callable[[], Trained]) -> Weights:
        """Trained weights, trained anew where they are not at hand."""
        with self._weights_lock:
            if request not in self._weights:
                trained = self._cached(request) or train()
                self._weights[request] = trained.weights
            return self._weights[request]

    def _taken(self) -> int:
        return len(self) + sum(request not in self for request in self._promised)

    def _cached(self, request: Request) -> Trained | None:
        return self._cache.get(self._trainer.key(*request)) if self._cache else None

    def _write(self, request: Request, trained: Trained, cached: bool) -> None:
        text, budget = request
        trained = replace(trained, evaluation=self._complete(text, trained.evaluation))
        if self._record:
            self._record.record(text, trained, cached, budget)
        elif trained.weights:
            self._weights[request] = trained.weights
        self._learn(request, trained.evaluation, cached)

    def _complete(self, text: str, evaluation: Evaluation) -> Evaluation:
        complete = getattr(self._trainer, "complete", None)
        return complete(text, evaluation) if complete else evaluation

    def _learn(self, request: Request, evaluation: Evaluation, cached: bool) -> None:
        evaluation = self._complete(request[0], evaluation)
        self._known[request] = evaluation
        self._tell(request, evaluation, cached)
