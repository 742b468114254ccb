"""Genomes ranked by one number, whatever a loop breeds by."""

from __future__ import annotations

from typing import Any

from deap import tools

from deap_nas.evaluation.own_fitness import Fitness
from deap_nas.genome import Genome


class Scores:
    """A genome's fitness as one number, and the best genomes that a loop has met.

    Args:
        fitness: tells the best.
        several: whether the loop breeds by several objectives; then the best is among those that
            nothing beats.
    """

    def __init__(self, fitness: Fitness, several: bool, evaluator: Any) -> None:
        self._several = several
        self._fitness, self._evaluator = fitness, evaluator
        self.halloffame = tools.ParetoFront() if several else tools.HallOfFame(1)

    def __call__(self, genome: Genome) -> float:
        if self._several:
            return self._fitness(self._evaluator.measure(genome))[0]
        return float(genome.fitness.values[0])

    def best(self) -> list[Genome]:
        """The best genome; nobody where all failed."""
        return [max(self.halloffame, key=self)] if self.halloffame else []
