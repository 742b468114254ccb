"""Genomes in, Evaluations out: what is known, what is cached, and what must be trained."""

from __future__ import annotations

import json
import os
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import platformdirs

from deap_nas.data import Dataset, load_dataset
from deap_nas.evaluation.cache import Cache
from deap_nas.evaluation.fitness import FITNESSES, Evaluation, accuracy_per_log_params, failed
from deap_nas.evaluation.replay import SLOTS, Source, Stream
from deap_nas.evaluation.workers import Outcome, Task, Workers
from deap_nas.genome import format_genes, parse_genome
from deap_nas.layers.cost import count_params
from deap_nas.training.recipes import Recipe, find_recipe
from deap_nas.training.trainer import ENVIRONMENT, TRAINING_VERSION, Trained, Weights

Fitness = Callable[[Evaluation], tuple[float, ...]]


class Record(Protocol):
    """Where outcomes are written before anything depends on them, and read again on resume."""

    def recall(self, genome: str, /) -> Evaluation | None: ...

    def record(self, genome: str, trained: Trained, cached: bool, /) -> None: ...

    def outcomes(self) -> list[tuple[str, bool]]: ...

    def closed(self) -> bool: ...

    def skips(self, genome: str, /) -> bool: ...

    def skip(self, genomes: list[str], /) -> None: ...

    def elapsed(self) -> float: ...


class TooManyFailures(RuntimeError):
    """So many genomes failed in a row that the search is pointless; the message says how."""


def default_cache() -> Path:
    """The user's cache folder for this package."""
    return Path(platformdirs.user_cache_dir("deap_nas")) / "trainings"


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


class Evaluator:
    """Measures genomes, each once: a callable for ``toolbox.register("evaluate", ...)``.

    Args:
        dataset: a name, a path to a .npz, or a ``Dataset``.
        recipe: how to train, by name or as a ``Recipe``.
        fitness: a function of an Evaluation, or its name.
        split: "validation", or "test" to score on the test set (and train on all else).
        train_seed: initial weights and batch order are a function of it.
        cache: a folder; True for the user's own; None or False for none.
        workers: processes that train; all cores unless given.
        max_seconds, max_memory: limits of one genome (seconds, MiB of its worker).
        max_evaluations: distinct genomes after which no more are measured; the rest get None.
        time_budget: seconds after which no training is begun; the rest get None.
        max_failures: failures in a row that stop the search.
        slots: genomes that ``stream`` has in training at once; unlike ``workers``, of which there
            should be no more, it changes the course of a search.
        record: writes and recalls outcomes; a run's journal.

    Use it as a context manager, or call ``close()``: it owns processes.

    Raises:
        DataError, RecipeError, ValueError: for arguments that name nothing.
    """

    def __init__(
        self,
        dataset: str | Path | Dataset,
        *,
        recipe: str | Recipe = "fast",
        fitness: str | Fitness = accuracy_per_log_params,
        split: str = "validation",
        train_seed: int = 0,
        cache: str | Path | bool | None = True,
        workers: int | None = None,
        max_seconds: float | None = None,
        max_memory: int | None = None,
        max_evaluations: int | None = None,
        time_budget: float | None = None,
        max_failures: int = 20,
        slots: int = SLOTS,
        record: Record | None = None,
    ) -> None:
        self.dataset = load_dataset(dataset) if isinstance(dataset, str | Path) else dataset
        self.recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
        self.fitness = _find_fitness(fitness) if isinstance(fitness, str) else fitness
        self.split, self.train_seed = split, train_seed
        self.max_evaluations, self.time_budget = max_evaluations, time_budget
        self.max_failures: int | None = max_failures
        self.slots = _at_least_1("slots", slots)
        self.observe: Callable[[str, Evaluation, bool], None] = lambda *_: None
        self._record = record
        self._known: dict[str, Evaluation] = {}
        self._weights: dict[str, Weights] = {}
        self._failures: list[Evaluation] = []
        self._stream: Stream | None = None
        self._started = time.monotonic()
        self._cache = Cache(default_cache() if cache is True else cache) if cache else None
        self._workers = Workers(
            "deap_nas.training.trainer:Trainer",
            (*self.dataset.split(split), self.dataset.n_classes),
            count=_check_workers(workers),
            max_seconds=max_seconds,
            max_memory=max_memory,
            environment=ENVIRONMENT,
        )

    def __enter__(self) -> Evaluator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes; measuring again starts new ones."""
        self._workers.close()

    def __call__(self, genome: Iterable[Any]) -> tuple[float, ...]:
        """The fitness of a genome, measured if it is not known."""
        return self.fitness(self.measure(genome))

    def measure(self, genome: Iterable[Any]) -> Evaluation:
        """The Evaluation of a genome.

        Raises:
            RuntimeError: when the budget is spent and the genome is not known.
        """
        (evaluation,) = self.measure_all([genome])
        if evaluation is None:
            raise RuntimeError(f"the budget is spent: '{format_genes(genome)}' was not measured")
        return evaluation

    def map(self, function: Callable[[Any], Any], genomes: Iterable[Iterable[Any]]) -> list[Any]:
        """``toolbox.register("map", evaluator.map)``: measure all that is new at once, on all
        workers, then apply ``function``; None for a genome that the budget did not reach."""
        genomes = list(genomes)
        measured = self.measure_all(genomes)
        return [function(g) if e is not None else None for g, e in zip(genomes, measured)]

    def measure_all(self, genomes: Iterable[Iterable[Any]]) -> list[Evaluation | None]:
        """Evaluations in order; each distinct genome is measured once; None beyond the budget."""
        texts = [format_genes(genome) for genome in genomes]
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        allowed = [text for text in new if not (self._record and self._record.skips(text))]
        if self.max_evaluations is not None:
            allowed = allowed[: max(0, self.max_evaluations - len(self._known))]
        untrained = [text for text in allowed if not self._recall(text)]
        if untrained:  # else a stream may have the workers, and its outcomes would end here
            # What a written generation did not skip was measured, whatever the clock says now.
            lost = self._record is not None and self._record.closed()
            for _ in self._train(deque(untrained), in_time=lost):
                pass
        if self._record:
            self._record.skip([text for text in new if text not in self._known])
        return [self._known.get(text) for text in texts]

    def stream(
        self, function: Callable[[Any], Any], genomes: Iterable[Iterable[Any]]
    ) -> Iterator[tuple[Any, Any]]:
        """``toolbox.register("stream", evaluator.stream)``: (genome, ``function(genome)``) as
        trainings end; genomes are taken as a slot is free; None beyond the budget.

        With a record, outcomes come in its order as far as it goes, so that who breeds from them
        breeds the same again.

        Raises:
            ReplayError: where the record's next outcome is of a genome that was not asked for.
        """
        outcomes = self._record.outcomes() if self._record else []
        source = Source(
            known=self._known.__contains__,
            recall=self._recall,
            find=self._recall,
            train=self._train,
            full=lambda flying: self._full(len(self._known) + flying),
            late=self._late,
        )
        written = deque(outcome for outcome in outcomes if outcome[0] not in self._known)
        self._stream = Stream(source, self.slots, written)
        for genome, measured in self._stream.run(genomes):
            yield genome, function(genome) if measured else None

    def foretold(self) -> bool:
        """Whether the record tells of genomes that were not asked for yet: then the search that
        wrote it went on, whatever the clock says now."""
        asked = self._stream.flying if self._stream else {}
        outcomes = self._record.outcomes() if self._record else []
        return any(text not in self._known and text not in asked for text, _ in outcomes)

    def lift_limits(self) -> None:
        """The search is over: measure what else is asked for, whatever was spent or has failed."""
        self.max_evaluations = self.time_budget = self.max_failures = None

    def failed(self, genome: Iterable[Any]) -> bool:
        """Whether a measured genome has no score: it may enter no elite, archive or front."""
        evaluation = self._known.get(format_genes(genome))
        return evaluation is not None and not evaluation.ok

    def spent(self) -> str:
        """Why no further genome will be measured; empty while the budget lasts."""
        if self._full(len(self._known)):
            return f"{self.max_evaluations} evaluations"
        return f"time budget of {self.time_budget:g} s" if self._late() else ""

    def weights(self, genome: Iterable[Any]) -> Weights | None:
        """Trained weights of a genome, trained anew where they are lost; None if it failed."""
        text = format_genes(genome)
        if self.failed(genome):
            return None
        if text not in self._weights:
            cached = self._cache.get(self.key(text)) if self._cache else None
            trained = cached or self._ask("train", *self._job(text))
            self._weights[text] = trained.weights
        return self._weights[text] or None

    def test(self, genome: Iterable[Any], weights: Weights) -> np.ndarray[Any, Any]:
        """Confusion counts, [true class][predicted class], of a trained network on the test set."""
        text = format_genes(genome)
        data = (self.dataset.x_test, self.dataset.y_test)
        confusion: np.ndarray[Any, Any] = self._ask("score", parse_genome(text), weights, *data)
        return confusion

    def predict(self, genome: Iterable[Any], weights: Weights) -> np.ndarray[Any, Any]:
        """Labels, shape (n,), that a trained network gives the images of the test set."""
        text = format_genes(genome)
        found: np.ndarray[Any, Any] = self._ask(
            "predict", parse_genome(text), weights, self.dataset.x_test
        )
        return found

    def save(self, genome: Iterable[Any], weights: Weights, path: str | Path) -> None:
        """Write a trained network as a plain Keras model (``.keras``), whole or not at all."""
        self._ask("save", parse_genome(format_genes(genome)), weights, str(path))

    def key(self, text: str) -> str:
        """What a training depends on, as one canonical JSON text: the cache's key."""
        return json.dumps(
            {
                "genome": text,
                "recipe": self.recipe.to_dict(),
                "training_version": TRAINING_VERSION,
                "data": self.dataset.fingerprint,
                "split": self.split,
                "train_seed": self.train_seed,
            },
            sort_keys=True,
        )

    def _full(self, measured: int) -> bool:
        return self.max_evaluations is not None and measured >= self.max_evaluations

    def _late(self) -> bool:
        return self.time_budget is not None and self._elapsed() >= self.time_budget

    def _train(self, texts: deque[str], in_time: bool = False) -> Iterator[str]:
        """Train and keep what is in a queue, which may grow meanwhile; each as it ends."""
        for task, outcome in self._workers.run(_Tasks(self, texts, in_time)):
            self._keep(task.key, self._trained(task.key, outcome), cached=False)
            yield task.key

    def _next_task(self, texts: deque[str], in_time: bool) -> Task | None:
        if not texts or (not in_time and self._late()):
            return None
        text = texts.popleft()
        return Task(text, "train", self._job(text))

    def _job(self, text: str) -> tuple[Any, ...]:
        return parse_genome(text), self.recipe, self.train_seed

    def _recall(self, text: str) -> bool:
        """Take an outcome from the record or the cache; whether there was one."""
        evaluation = self._record.recall(text) if self._record else None
        if evaluation:
            self._learn(text, evaluation, cached=True)
            return True
        trained = self._cache.get(self.key(text)) if self._cache else None
        if trained:
            self._keep(text, trained, cached=True)
        return trained is not None

    def _trained(self, text: str, outcome: Outcome) -> Trained:
        if outcome.status == "ok":
            trained: Trained = outcome.value
            return trained
        size = count_params(parse_genome(text), self.dataset.input_shape, self.dataset.n_classes)
        return Trained(
            failed(outcome.status, outcome.reason, size, train_seconds=outcome.seconds), []
        )

    def _keep(self, text: str, trained: Trained, cached: bool) -> None:
        if self._cache and not cached:
            self._cache.put(self.key(text), trained)
        if self._record:
            self._record.record(text, trained, cached)
        elif trained.weights:
            self._weights[text] = trained.weights
        self._learn(text, trained.evaluation, cached)

    def _learn(self, text: str, evaluation: Evaluation, cached: bool) -> None:
        self._known[text] = evaluation
        self.observe(text, evaluation, cached)
        if cached:  # failures of before do not count against what was mended since
            return
        self._failures = [] if evaluation.ok else [*self._failures, evaluation]
        if self.max_failures is not None and len(self._failures) >= self.max_failures:
            kinds = Counter(f"{e.status} ({e.reason})" for e in self._failures)
            common = "; ".join(f"{n} x {kind}" for kind, n in kinds.most_common(3))
            raise TooManyFailures(
                f"the last {len(self._failures)} genomes failed: {common}; mend that and resume"
            )

    def _ask(self, method: str, *args: Any) -> Any:
        ((_, outcome),) = self._workers.run([Task(None, method, args, limited=False)])
        if outcome.status != "ok":
            raise RuntimeError(f"{method}: {outcome.status}, {outcome.reason}")
        return outcome.value

    def _elapsed(self) -> float:
        return self._record.elapsed() if self._record else time.monotonic() - self._started


class _Tasks:
    """An iterator whose end is not final: ``Workers.run`` asks again when a worker is free."""

    def __init__(self, evaluator: Evaluator, texts: deque[str], in_time: bool) -> None:
        self._evaluator, self._texts, self._in_time = evaluator, texts, in_time

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        task = self._evaluator._next_task(self._texts, self._in_time)
        if task is None:
            raise StopIteration
        return task


def _find_fitness(name: str) -> Fitness:
    if name not in FITNESSES:
        raise ValueError(f"fitness {name!r}, allowed {', '.join(FITNESSES)}")
    return FITNESSES[name]


def _at_least_1(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"{name} {value}, allowed 1 or more")
    return value


def _check_workers(workers: int | None) -> int:
    if workers is None:
        return cores()
    _at_least_1("workers", workers)
    if workers > cores():
        warnings.warn(
            f"{workers} workers on {cores()} cores: each will be slower, the whole not faster",
            stacklevel=3,
        )
    return workers
