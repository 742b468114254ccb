"""What a search found, and the files that say so."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deap_nas.evaluation.fitness import Evaluation, accuracy_of
from deap_nas.files import write_whole
from deap_nas.genome import Genome, parse_genome
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.guess import Guess, guess
from deap_nas.runs.journal import Journal
from deap_nas.runs.tables import evaluations_table, write_tables
from deap_nas.training.evaluator import Evaluator
from deap_nas.training.trainer import Weights


@dataclass(frozen=True)
class Finding:
    """A network and its scores: of the search's split, and of the test set, once, at the end."""

    genome: str
    evaluation: Evaluation
    test_accuracy: float | None
    test_confusion: tuple[tuple[int, ...], ...] = ()  # [true class][predicted class]

    def to_dict(self) -> dict[str, Any]:
        return {
            "genome": self.genome,
            "test_accuracy": self.test_accuracy,
            "test_confusion": self.test_confusion,
            **self.evaluation.to_dict(),
        }

    def guesses(self, split: str) -> dict[str, Guess]:
        """What needs no network, on each of the splits that this one is scored on.

        Args:
            split: the search's own.
        """
        counts = {split: self.evaluation.confusion, "test": self.test_confusion}
        found = {name: guess(each) for name, each in counts.items() if each}
        return {name: each for name, each in found.items() if each}


@dataclass(frozen=True)
class Result:
    """What a search found. ``best`` is None where every genome failed."""

    best: Finding | None
    baseline: Finding | None
    population: list[Genome]
    logbook: Any
    rows: list[dict[str, Any]]
    stopped: str


def find_best(best: list[Genome], evaluator: Evaluator, journal: Journal) -> Finding | None:
    return _finding(best[0], evaluator, journal) if best else None


def find_baseline(baseline: str, evaluator: Evaluator, journal: Journal) -> Finding | None:
    if not baseline:
        return None
    evaluator.lift_limits()
    journal.start_generation(None)
    return _finding(parse_genome(baseline), evaluator, journal)


def _finding(genome: Genome, evaluator: Evaluator, journal: Journal) -> Finding:
    """The one place where a search touches the test set: for a network already chosen."""
    evaluation = evaluator.measure(genome)
    if evaluator.split == "test":
        return Finding(str(genome), evaluation, evaluation.accuracy if evaluation.ok else None)
    weights = _weights(genome, evaluator, journal)
    if not weights:
        return Finding(str(genome), evaluation, None)
    confusion = evaluator.test(genome, weights)
    counts = tuple(map(tuple, confusion.tolist()))
    return Finding(str(genome), evaluation, accuracy_of(confusion), counts)


def _weights(genome: Genome, evaluator: Evaluator, journal: Journal) -> Weights | None:
    """Trained weights from the run; where its file is lost, trained anew and written."""
    weights = journal.weights(str(genome))
    if weights is None and (weights := evaluator.weights(genome)):
        journal.keep_weights(str(genome), weights)
    return weights


def write_result(
    result: Result, evaluator: Evaluator, journal: Journal, folder: Path, fitness: str
) -> None:
    directory = RunDirectory(folder)
    write_tables(evaluations_table(result.rows, fitness), folder)
    lines = io.StringIO()
    writer = csv.DictWriter(lines, result.logbook.header)
    writer.writeheader()
    writer.writerows(result.logbook)
    write_whole(directory.logbook, lines.getvalue())
    best = parse_genome(result.best.genome) if result.best else None
    if best and (weights := _weights(best, evaluator, journal)):
        evaluator.save(best, weights, directory.best)
        with contextlib.suppress(RuntimeError):  # for the report's images; nothing depends on it
            labels = evaluator.predict(best, weights)
            write_whole(directory.test_labels, json.dumps(labels.tolist()))
    names = evaluator.dataset.class_names
    guesses = result.best.guesses(evaluator.split) if result.best else {}
    content = {
        "stopped": result.stopped,
        "scored_on": evaluator.split,
        "class_names": names,
        "best": result.best.to_dict() if result.best else None,
        "baseline": result.baseline.to_dict() if result.baseline else None,
        "without_network": {
            split: {"class": names[each.label], **each.to_dict()} for split, each in guesses.items()
        },
        "seconds": round(journal.elapsed(), 1),
    }
    write_whole(directory.result, json.dumps(content, indent=2))
    if journal.end is None:
        journal.append("end", stopped=result.stopped)
