"""Trained weights of a run's networks."""

from __future__ import annotations

from deap_nas.evaluation.protocol import Budget
from deap_nas.genome import parse_genome
from deap_nas.runs.journal import Journal
from deap_nas.training.evaluator import Evaluator
from deap_nas.training.trainer import Weights


def kept_weights(
    genome: str, budget: Budget, evaluator: Evaluator, journal: Journal
) -> Weights | None:
    """Trained weights from the run; where its file is lost, trained anew and written."""
    weights = journal.weights(genome, budget)
    if weights is None and (weights := evaluator.weights(parse_genome(genome), budget)):
        journal.keep_weights(genome, weights, budget)
    return weights
