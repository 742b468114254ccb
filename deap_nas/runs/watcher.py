"""Who is told of a search as it goes."""

from __future__ import annotations

from typing import Any

from deap_nas.evaluation.fitness import Evaluation


class Watcher:
    """Told of a search as it goes; does nothing. Subclass it to show progress."""

    def evaluated(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        """An outcome is known: trained now, or ``cached`` from before."""

    def generation(self, number: int, record: dict[str, Any]) -> None:
        """A generation is complete; ``record`` is its line in the logbook."""

    def stage(self, name: str) -> None:
        """What follows the generations begins.

        Args:
            name: ``int8`` (finalists are scored in int8), ``test`` (the winner is scored on the
                test set), ``baseline`` (yours is trained and scored) or ``page`` (the report is
                made).
        """

    def finalists(self, genomes: list[str], trainings: int, seconds: float) -> None:
        """The search has ended; its finalists are trained, ``trainings`` in all (the baseline's
        among them), which takes about so many seconds."""

    def final(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        """A finalist, or the baseline, was trained once more; ``cached`` as in ``evaluated``."""


class Watchers(Watcher):
    """Several watchers as one, told in this order."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def evaluated(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        for watcher in self._watchers:
            watcher.evaluated(genome, evaluation, cached)

    def generation(self, number: int, record: dict[str, Any]) -> None:
        for watcher in self._watchers:
            watcher.generation(number, record)

    def stage(self, name: str) -> None:
        for watcher in self._watchers:
            watcher.stage(name)

    def finalists(self, genomes: list[str], trainings: int, seconds: float) -> None:
        for watcher in self._watchers:
            watcher.finalists(genomes, trainings, seconds)

    def final(self, genome: str, evaluation: Evaluation, cached: bool) -> None:
        for watcher in self._watchers:
            watcher.final(genome, evaluation, cached)
