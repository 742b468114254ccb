"""The loop that settings ask for, on a toolbox and what the loops have in common."""

from __future__ import annotations

from typing import Any

from deap import tools

from deap_nas.algorithms import (
    ea_generational,
    ea_local_search,
    ea_mu_plus_lambda,
    ea_nsga2,
    ea_preselected,
    ea_regularized,
    ea_steady_state,
)
from deap_nas.evaluation.fitness import FITNESSES
from deap_nas.genome import Genome
from deap_nas.runs.settings import Settings


def run_loop(
    settings: Settings, population: list[Genome], toolbox: Any, **common: Any
) -> tuple[list[Genome], Any]:
    """Run ``settings.algorithm``.

    Args:
        common: ``stop stats halloffame observe rng``, as every loop takes them.

    Returns:
        The last population and a ``deap.tools.Logbook``.
    """
    s, ngen = settings, settings.generations
    rates = (s.cxpb, s.mutpb, ngen)
    mu, lambda_ = s.population, s.children or s.population
    if s.algorithm == "preselected":
        common |= {"candidates": s.candidates, "optimism": s.optimism}
        return ea_preselected(population, toolbox, mu, lambda_, *rates, **common)
    if s.algorithm == "generational":
        return ea_generational(population, toolbox, *rates, elitism=s.elitism, **common)
    if s.algorithm == "mu_plus_lambda":
        return ea_mu_plus_lambda(population, toolbox, mu, lambda_, *rates, **common)
    if s.algorithm == "regularized":
        sample = s.sample or None
        return ea_regularized(population, toolbox, ngen, sample=sample, batch=s.slots, **common)
    if s.algorithm == "local_search":
        patience = s.restart_after
        return ea_local_search(
            population, toolbox, ngen, patience=patience, batch=s.slots, **common
        )
    if s.algorithm == "steady_state":
        return ea_steady_state(population, toolbox, *rates, **common)
    return ea_nsga2(population, toolbox, *rates, select=toolbox.select, **common)


class Scores:
    """A genome's fitness as one number, and the best genomes that a loop has met.

    With several objectives the number is the fitness that the settings name, and who may be the
    best are those that nothing beats.
    """

    def __init__(self, settings: Settings, evaluator: Any) -> None:
        self._several = settings.objectives != settings.fitness
        self._fitness, self._evaluator = FITNESSES[settings.fitness], evaluator
        self.halloffame = tools.ParetoFront() if self._several else tools.HallOfFame(1)

    def __call__(self, genome: Genome) -> float:
        if self._several:
            return self._fitness(self._evaluator.measure(genome))[0]
        return float(genome.fitness.values[0])

    def best(self) -> list[Genome]:
        """The best genome; nobody where all failed."""
        return [max(self.halloffame, key=self)] if self.halloffame else []
