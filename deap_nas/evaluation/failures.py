"""When so much fails that a search is pointless."""

from __future__ import annotations

from collections import Counter

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.words import counted


class TooManyFailures(RuntimeError):
    """So many genomes failed in a row that the search is pointless; the message says how."""


class Failures:
    """The failures since the last success.

    Args:
        most: in a row, that stop the search; None: any number may fail.
    """

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._last: list[Evaluation] = []

    def count(self, evaluation: Evaluation) -> None:
        """Take the next outcome.

        Raises:
            TooManyFailures: if that is one too many.
        """
        fine = evaluation.ok or evaluation.stopped
        self._last = [] if fine else [*self._last, evaluation]
        if self.most is not None and len(self._last) >= self.most:
            kinds = Counter(f"{e.status} ({e.reason})" for e in self._last)
            common = "; ".join(f"{n} x {kind}" for kind, n in kinds.most_common(3))
            genomes = counted(len(self._last), "genome")
            raise TooManyFailures(f"the last {genomes} failed: {common}; mend that and resume")
