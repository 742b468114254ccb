"""Genomes in, Evaluations out: what is known, what is cached, and what must be trained."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, Self

from deap_nas.evaluation.asking import Asked, Asking
from deap_nas.evaluation.backend import Backend, Outcome, Task, run
from deap_nas.evaluation.failures import Failures, TooManyFailures as TooManyFailures
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.halving import Floors, Halving
from deap_nas.evaluation.outcomes import Outcomes
from deap_nas.evaluation.own_fitness import Fitness as Fitness, OwnFitness, find_fitness
from deap_nas.evaluation.protocol import Budget, Record, Request, Trainer
from deap_nas.evaluation.replay import SLOTS, Source, Stream
from deap_nas.evaluation.shared import Shared
from deap_nas.evaluation.trained import Trained, Weights, as_trained
from deap_nas.evaluation.worker import one_line
from deap_nas.words import counted

AT_HOME = (
    "an evaluator stays in the process that made it, and trains in processes of its own: for the "
    "toolbox's map register evaluator.map, or the map of a pool of threads"
)


class GeneralEvaluator:
    """Measures genomes by any trainer, each once: a callable for ``toolbox.register("evaluate",
    ...)``. ``Evaluator`` is the one that trains networks.

    Args:
        trainer: what measures a genome.
        backend: whose workers have a copy of the trainer, such as ``Workers(trainer, count=2)``;
            closed with the evaluator.
        fitness: a function of an Evaluation, or its name.
        budget: what the trainer may spend on each genome.
        text: an individual's genome, as one canonical text: what it is known by, and what the
            trainer gets.
        cache: a folder; None for none.
        max_evaluations: distinct genomes after which no more are measured; the rest get None.
        time_budget: seconds after which no training is begun; the rest get None. Some of
            them may be kept for something else: the attribute ``reserve`` is a function that says
            how many.
        max_failures: failures in a row that stop the search.
        slots: genomes that ``stream`` has in training at once; unlike the number of workers, which
            should not be greater, it changes the course of a search.
        record: writes and recalls outcomes; a run's journal.
        halving: says which trainings are stopped early. The trainer's ``train`` then gets a third
            argument, the floors, and gives ``halving.stop`` of what it has where it is below one.
            ``stream`` trains all to the end.

    Use it as a context manager, or call ``close()``: it owns processes. Threads may share it: a
    genome that several ask for is trained once, and all workers are busy; ``map`` is the fast way.
    """

    def __init__(
        self,
        trainer: Trainer,
        backend: Backend,
        *,
        fitness: str | Fitness,
        budget: Budget = None,
        text: Callable[[Any], str] = str,
        cache: str | Path | None = None,
        max_evaluations: int | None = None,
        time_budget: float | None = None,
        max_failures: int = 20,
        slots: int = SLOTS,
        record: Record | None = None,
        halving: Halving | None = None,
    ) -> None:
        self.fitness = find_fitness(fitness) if isinstance(fitness, str) else fitness
        self.max_evaluations, self.time_budget = max_evaluations, time_budget
        self.slots = at_least_1("slots", slots)
        self.observe: Callable[[str, Evaluation, bool], None] = lambda *_: None
        self.reserve: Callable[[], float] = lambda: 0.0
        self._trainer, self._backend, self._budget = trainer, backend, budget
        self._text, self._record, self._halving = text, record, halving
        self._outcomes = Outcomes(trainer, cache, record, self._tell)
        self._shared = Shared(backend, known=self._outcomes.__contains__)
        self._asking = Asking()
        self._process = os.getpid()
        self._failures = Failures(max_failures)
        self._stream: Stream | None = None
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def budget(self) -> Budget:
        """What the trainer may spend on each genome."""
        return self._budget

    def close(self) -> None:
        """End the worker processes; measuring again starts new ones."""
        self._shared.close()
        self._outcomes.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(AT_HOME)

    def __call__(self, genome: Any) -> tuple[float, ...]:
        """The fitness of a genome, measured if it is not known."""
        return self.fitness(self.measure(genome))

    def measure(self, genome: Any) -> Evaluation:
        """The Evaluation of a genome.

        Raises:
            RuntimeError: when the budget is spent and the genome is not known.
        """
        (evaluation,) = self.measure_all([genome])
        if evaluation is None:
            raise RuntimeError(f"the budget is spent: '{self._text(genome)}' was not measured")
        return evaluation

    def map(self, function: Callable[[Any], Any], genomes: Iterable[Any]) -> list[Any]:
        """``toolbox.register("map", evaluator.map)``: measure all that is new and that ``function``
        asks this evaluator for at once, on all workers; None for a genome whose function the budget
        did not serve. What the function did before it asked, it does again to go on."""
        genomes = list(genomes)
        values: list[Any] = [None] * len(genomes)
        waiting = list(range(len(genomes)))
        while waiting:
            asked: dict[int, list[Request]] = {}
            for i in waiting:
                try:
                    values[i] = self._asking.call(function, genomes[i])
                except Asked as ask:
                    asked[i] = ask.requests
            self._measure(list(chain(*asked.values())))
            waiting = [i for i, each in asked.items() if all(r in self._outcomes for r in each)]
        return values

    def measure_all(self, genomes: Iterable[Any]) -> list[Evaluation | None]:
        """Evaluations in order; each distinct genome is measured once; None beyond the budget."""
        return self.measure_each((genome, self._budget) for genome in genomes)

    def measure_each(self, pairs: Iterable[tuple[Any, Budget]]) -> list[Evaluation | None]:
        """Evaluations in order; each distinct pair is measured once; None beyond the limits.

        Args:
            pairs: a genome, and a budget of its own; trainings begin in this order.
        """
        return self._measure([(self._text(genome), budget) for genome, budget in pairs])

    def _measure(self, requests: list[Request]) -> list[Evaluation | None]:
        self._check_process()
        new = [each for each in dict.fromkeys(requests) if each not in self._outcomes]
        if new and self._asking.on:
            raise Asked(new)
        with self._outcomes.lock:
            floors = self._floors(new)  # before any of them is known, whichever that will be first
            claimed = [r for r in new if not self._outcomes.skips(r[0]) and self._claim(r)]
        try:
            self._train([r for r in claimed if not self._outcomes.find(r, floors.get(r))], floors)
        finally:
            self._outcomes.release(claimed)
        self._outcomes.skip([each[0] for each in new if each not in self._outcomes])
        return [self._outcomes.get(each) for each in requests]

    def stream(
        self, function: Callable[[Any], Any], genomes: Iterable[Any]
    ) -> Iterator[tuple[Any, Any]]:
        """``toolbox.register("stream", evaluator.stream)``: (genome, ``function(genome)``) as
        trainings end; genomes are taken as a slot is free; None beyond the budget. As with ``map``,
        only what ``function`` asks for is measured.

        With a record, outcomes come in its order as far as it goes, so that who breeds from them
        breeds the same again.

        Raises:
            ReplayError: where the record's next outcome is of a genome that was not asked for.
        """
        self._check_process()
        values: dict[int, Any] = {}  # of genomes, by id, for which nothing is to be measured

        def wants(genome: Any) -> str | None:
            try:
                values[id(genome)] = self._asking.call(function, genome)
            except Asked as ask:
                return ask.requests[0][0]
            return None

        source = Source(
            wants=wants,
            find=lambda text: self._outcomes.find((text, self._budget)),
            task=lambda text: self._task((text, self._budget)),
            keep=self._keep,
            claim=lambda text: self._claim((text, self._budget)),
            release=lambda text: self._outcomes.release([(text, self._budget)]),
            late=self._late,
        )
        ahead = deque(each for each in self._written() if not self._knows(each[0]))
        self._stream = stream = Stream(source, self._shared.share(), self.slots, ahead)
        for genome, measured in stream.run(genomes):
            if id(genome) in values:
                yield genome, values.pop(id(genome))
            else:
                yield genome, function(genome) if measured else None

    def foretold(self) -> bool:
        """Whether the record tells of genomes that were not asked for yet: then the search that
        wrote it went on, whatever the clock says now."""
        asked = self._stream.flying if self._stream else {}
        return any(not self._knows(text) and text not in asked for text, _ in self._written())

    def lift_limits(self, *, time: bool = True) -> None:
        """The search is over: measure what else is asked for, to the end, whatever was spent or has
        failed.

        Args:
            time: the time budget as well.
        """
        self.max_evaluations = self._failures.most = self._halving = None
        self.reserve = lambda: 0.0
        if time:
            self.time_budget = None

    def failed(self, genome: Any) -> bool:
        """Whether a measured genome has no score, or the user's own fitness no value for it: it may
        enter no elite, archive or front."""
        request = self._text(genome), self._budget
        evaluation = self._outcomes.get(request)
        if evaluation is None:
            return False
        spoilt = isinstance(self.fitness, OwnFitness) and self.fitness.fails(evaluation)
        return spoilt or not evaluation.ok

    def stopped(self, genome: Any) -> bool:
        """Whether a genome's training was stopped early (``Halving``); it ``failed``, too."""
        evaluation = self._outcomes.get((self._text(genome), self._budget))
        return evaluation is not None and evaluation.stopped

    def spent(self) -> str:
        """Why no further genome will be measured; empty while the budget lasts."""
        if self.max_evaluations is not None and len(self._outcomes) >= self.max_evaluations:
            return counted(self.max_evaluations, "evaluation")
        return f"time budget of {self.time_budget:g} s" if self._late() else ""

    def weights(self, genome: Any, budget: Budget = None) -> Weights | None:
        """Trained weights of a genome, trained anew where they are lost; None if it failed.

        Args:
            genome: the network.
            budget: what they were trained with; the evaluator's own unless given.
        """
        request = self._text(genome), self._budget if budget is None else budget
        if self._failed(request):
            return None
        return self._outcomes.weights(request, lambda: self._retrained(request)) or None

    def key(self, text: str) -> str:
        """What a training depends on, as one canonical text."""
        return self._trainer.key(text, self._budget)

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError(AT_HOME)

    def _knows(self, text: str) -> bool:
        return (text, self._budget) in self._outcomes

    def _written(self) -> list[tuple[str, bool]]:
        return self._outcomes.written(self._budget)

    def _failed(self, request: Request) -> bool:
        evaluation = self._outcomes.get(request)
        return evaluation is not None and not evaluation.ok

    def _claim(self, request: Request) -> bool:
        return self._outcomes.promise(request, self.max_evaluations)

    def _late(self) -> bool:
        if self.time_budget is None:
            return False
        return self._elapsed() >= self.time_budget - self.reserve()

    def _elapsed(self) -> float:
        return self._record.elapsed() if self._record else time.monotonic() - self._started

    def _task(self, request: Request, floors: Floors | None = None) -> Task:
        return Task(request, "train", (*request, floors) if floors else request)

    def _floors(self, requests: list[Request]) -> dict[Request, Floors]:
        """Of those that are trained with the evaluator's own budget."""
        if self._halving is None:
            return {}
        texts = [text for text, budget in requests if budget == self._budget]
        found = self._halving.floors(texts, self._outcomes.of(self._budget))
        return {(text, self._budget): each for text, each in found.items()}

    def _train(self, requests: list[Request], floors: dict[Request, Floors]) -> None:
        """Train and keep what there is time for."""
        if not requests:
            return
        # What a written generation did not skip was measured, whatever the clock says now.
        lost = self._record is not None and self._record.closed()

        def tasks() -> Iterator[Task]:
            for request in requests:
                if self._late() and not lost:
                    return
                yield self._task(request, floors.get(request))

        with closing(run(self._shared.share(), tasks())) as outcomes:
            for task, outcome in outcomes:
                self._keep(task, outcome)

    def _retrained(self, request: Request) -> Trained:
        return as_trained(self._ask("train", *request))

    def _keep(self, task: Task, outcome: Outcome) -> None:
        with self._outcomes.lock:
            if task.key not in self._outcomes:  # else another thread has kept it
                self._outcomes.keep(task.key, self._trained(task.key[0], outcome))

    def _trained(self, text: str, outcome: Outcome) -> Trained:
        if outcome.status == "ok":
            try:
                return as_trained(outcome.value)
            except TypeError as error:
                outcome = Outcome("error", reason=one_line(error), seconds=outcome.seconds)
        return Trained(self._failure(text, outcome))

    def _failure(self, text: str, outcome: Outcome) -> Evaluation:
        """The Evaluation of a genome whose training did not end well."""
        status, reason = outcome.status, outcome.reason
        return Evaluation(status=status, reason=reason, train_seconds=outcome.seconds)

    def _tell(self, request: Request, evaluation: Evaluation, cached: bool) -> None:
        self.observe(request[0], evaluation, cached)
        if not cached:  # failures of before do not count against what was mended since
            self._failures.count(evaluation)

    def _ask(self, method: str, *args: Any) -> Any:
        self._check_process()
        share = self._shared.share()
        ((_, outcome),) = run(share, [Task(None, method, args, limited=False)])
        if outcome.status != "ok":
            raise RuntimeError(f"{method}: {outcome.status}, {outcome.reason}")
        return outcome.value


def at_least_1(name: str, value: int) -> int:
    """The value of an argument that may not be less."""
    if value < 1:
        raise ValueError(f"{name} {value}, allowed 1 or more")
    return value
