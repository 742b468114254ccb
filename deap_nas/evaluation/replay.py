"""Genomes in training one by one, outcomes as they end, and the same order again on resume.

A search that breeds from what has ended is a function of its seeds and of the order in which
outcomes came. That order is the journal's: while it lasts, outcomes are taken from it, and nothing
is trained. What was in training when the journal broke off is trained then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deap_nas.evaluation.backend import Backend, Outcome, Task

SLOTS = 4


class ReplayError(RuntimeError):
    """The journal's outcomes are not those that this search asks for."""


@dataclass(frozen=True)
class Source:
    """What a stream asks of its evaluator. Genomes are texts.

    Args:
        wants: the genome that must be measured for an individual; None where nothing must.
        find: take an outcome from the journal or the cache; whether there was one.
        task: the training of a genome.
        keep: take an outcome from a worker.
        claim: take a genome's place in the budget; whether there is one.
        release: give it back; the genome is known, or will not be.
        late: whether no training may begin any more.
    """

    wants: Callable[[Any], str | None]
    find: Callable[[str], bool]
    task: Callable[[str], Task]
    keep: Callable[[Task, Outcome], None]
    claim: Callable[[str], bool]
    release: Callable[[str], None]
    late: Callable[[], bool]


@dataclass
class Stream:
    """At most ``slots`` genomes in flight; yields each as it ends.

    Between two outcomes the free slots are filled, so that what is bred depends on the outcomes
    before, and on nothing else. A genome that is known ends at once; so does one that was found in
    the cache, which the journal tells from trained ones. A genome that is in flight already waits
    for the same outcome, in a slot of its own.

    Args:
        written: the journal's outcomes that are still ahead, as (genome, whether it was cached).
    """

    source: Source
    backend: Backend
    slots: int
    written: deque[tuple[str, bool]]
    flying: dict[str, list[Any]] = field(default_factory=dict)
    _pending: deque[str] = field(default_factory=deque)  # in flight, and not begun
    _unsought: deque[str] = field(default_factory=deque)  # not looked up in the cache yet
    _ended: deque[tuple[Task, Outcome]] = field(default_factory=deque)  # and not told yet

    def run(self, genomes: Iterable[Any]) -> Iterator[tuple[Any, bool]]:
        """(genome, whether it was measured), in the order in which they end.

        Raises:
            ReplayError: where the journal's next outcome is of a genome that is not in flight.
        """
        incoming = iter(genomes)
        try:
            while True:
                while sum(map(len, self.flying.values())) < self.slots:
                    genome = next(incoming, None)
                    if genome is None:
                        break
                    if (measured := self._begin(genome)) is not None:
                        yield genome, measured
                if not self.flying:
                    return
                text, measured = self._end()
                self.source.release(text)
                for genome in self.flying.pop(text):
                    yield genome, measured
        finally:
            self.backend.cancel()
            for text in self.flying:
                self.source.release(text)

    def _begin(self, genome: Any) -> bool | None:
        """Put a genome in flight; or, where that needs no training, whether it was measured."""
        source = self.source
        text = source.wants(genome)
        if text is None:
            return True
        if text in self.flying:
            self.flying[text].append(genome)
            return None
        if self.written and self.written[0] == (text, True):
            self.written.popleft()
            source.find(text)
            return True
        if (not self._was_begun() and source.late()) or not source.claim(text):
            return False
        if not self.written and source.find(text):
            source.release(text)
            return True
        if self.written:
            self._unsought.append(text)
        self.flying[text] = [genome]
        self._pending.append(text)
        return None

    def _was_begun(self) -> bool:
        """Whether the journal shows that a genome bred now was begun, whatever the clock says: by
        its own outcome, or by that of a genome that was bred later."""
        return any(other not in self.flying for other, _ in self.written)

    def _end(self) -> tuple[str, bool]:
        """The genome in flight that ends next, and whether it was measured: the journal's, in its
        order; then the cache's; then trained ones; then those for which it is too late."""
        if self.written:
            return self._replay(), True
        while self._unsought and not self.source.late():
            text = self._unsought.popleft()
            if text in self._pending and self.source.find(text):
                self._pending.remove(text)
                return text, True
        if not self._ended:
            self._train()
        if not self._ended:
            return self._pending.popleft(), False
        task, outcome = self._ended.popleft()
        self.source.keep(task, outcome)
        return str(task.args[0]), True

    def _replay(self) -> str:
        text, _ = self.written.popleft()
        if text not in self.flying:
            raise ReplayError(
                f"the journal's next outcome is of '{text}', which this search does not ask for: a "
                "line is lost, or the program, a library or a file changed since; start a new run "
                "(the cache keeps what was trained)"
            )
        self._pending.remove(text)
        self.source.find(text)
        return text

    def _train(self) -> None:
        """Begin what is pending, while there is room and time, and wait until something ends."""
        ended = None
        while ended is None:
            while self._pending and self.backend.has_room() and not self.source.late():
                self.backend.submit(self.source.task(self._pending.popleft()))
            ended = self.backend.wait()
        self._ended.extend(ended)
