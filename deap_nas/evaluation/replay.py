"""Genomes in training one by one, outcomes as they end, and the same order again on resume.

A search that breeds from what has ended is a function of its seeds and of the order in which
outcomes came. That order is the journal's: while it lasts, outcomes are taken from it, and nothing
is trained. What was in training when the journal broke off is trained then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deap_nas.genome import format_genes

Genome = Iterable[Any]
SLOTS = 4


class ReplayError(RuntimeError):
    """The journal's outcomes are not those that this search asks for."""


@dataclass(frozen=True)
class Source:
    """What a stream asks of its evaluator. Genomes are texts.

    Args:
        known: whether an outcome is there.
        recall: take an outcome from the journal.
        find: take an outcome from the cache; whether there was one.
        train: train what is pending, taking from the left; yield each as it ends.
        full: whether, with so many genomes in flight, no other may be measured.
        late: whether no training may begin any more.
    """

    known: Callable[[str], bool]
    recall: Callable[[str], object]
    find: Callable[[str], bool]
    train: Callable[[deque[str]], Iterator[str]]
    full: Callable[[int], bool]
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
    slots: int
    written: deque[tuple[str, bool]]
    flying: dict[str, list[Genome]] = field(default_factory=dict)
    _pending: deque[str] = field(default_factory=deque)  # in flight, and not begun
    _unsought: deque[str] = field(default_factory=deque)  # not looked up in the cache yet

    def run(self, genomes: Iterable[Genome]) -> Iterator[tuple[Genome, bool]]:
        """(genome, whether it was measured), in the order in which they end.

        Raises:
            ReplayError: where the journal's next outcome is of a genome that is not in flight.
        """
        incoming, ended = iter(genomes), self._ended()
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
                text, measured = next(ended)
                for genome in self.flying.pop(text):
                    yield genome, measured
        finally:
            ended.close()

    def _begin(self, genome: Genome) -> bool | None:
        """Put a genome in flight; or, where that needs no training, whether it was measured."""
        text, source = format_genes(genome), self.source
        if source.known(text):
            return True
        if text in self.flying:
            self.flying[text].append(genome)
            return None
        if self.written and self.written[0] == (text, True):
            self.written.popleft()
            source.recall(text)
            return True
        if source.full(len(self.flying)) or (not self._was_begun() and source.late()):
            return False
        if not self.written and source.find(text):
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

    def _ended(self) -> Generator[tuple[str, bool], None, None]:
        """(genome, whether it was measured) of those in flight: the journal's, in its order; then
        the cache's; then trained ones."""
        while True:
            while self.written:
                text, _ = self.written.popleft()
                if text not in self.flying:
                    raise ReplayError(
                        f"the journal's next outcome is of '{text}', which this search does not "
                        "ask for: a line is lost, or the program, a library or a file changed "
                        "since; start a new run (the cache keeps what was trained)"
                    )
                self._pending.remove(text)
                self.source.recall(text)
                yield text, True
            while self._unsought and not self.source.late():
                text = self._unsought.popleft()
                if text in self._pending and self.source.find(text):
                    self._pending.remove(text)
                    yield text, True
            for text in self.source.train(self._pending):
                yield text, True
            if self._pending:  # it is late
                yield self._pending.popleft(), False
