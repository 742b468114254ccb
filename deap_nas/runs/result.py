"""What a search found, and the files that say so."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deap_nas.devices.int8 import Int8
from deap_nas.evaluation.fitness import Evaluation, accuracy_of
from deap_nas.evaluation.protocol import Budget
from deap_nas.files import write_whole
from deap_nas.genome import Genome, parse_genome
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.finalists import Finalist, finalists_table, seed_of
from deap_nas.runs.guess import Guess, guess
from deap_nas.runs.int8 import Quantising
from deap_nas.runs.journal import Journal
from deap_nas.runs.kept import kept_weights
from deap_nas.runs.settings import Settings
from deap_nas.runs.tables import evaluations_table, write_tables
from deap_nas.training.evaluator import Evaluator


@dataclass(frozen=True)
class Finding:
    """A network and its scores: of the search's split, and of the test set, once, at the end.

    Args:
        genome: as text.
        evaluation: of the training that it is taken from.
        test_accuracy: in [0, 1]; None where there is none.
        test_confusion: counts, [true class][predicted class].
        finalist: all its final trainings, where it has any; ``evaluation`` is of the best of them.
        int8: what the training comes to in int8, where that was scored.
    """

    genome: str
    evaluation: Evaluation
    test_accuracy: float | None
    test_confusion: tuple[tuple[int, ...], ...] = ()
    finalist: Finalist | None = None
    int8: Int8 | None = None

    @property
    def budget(self) -> str | None:
        """Of its final training; None: it is the search's own."""
        return self.finalist.best if self.finalist else None

    def to_dict(self) -> dict[str, Any]:
        own = {
            "genome": self.genome,
            "test_accuracy": self.test_accuracy,
            "test_confusion": self.test_confusion,
            **self.evaluation.to_dict(),
        }
        if self.int8:
            own |= {"int8_test_accuracy": self.int8.test_accuracy}
        if self.finalist and self.budget:
            own |= {"train_seed": seed_of(self.budget), **self.finalist.scores()}
        return own

    def guesses(self, split: str) -> dict[str, Guess]:
        """What needs no network, on each of the splits that this one is scored on.

        Args:
            split: the search's own.
        """
        counts = {split: self.evaluation.confusion, "test": self.test_confusion}
        found = {name: guess(each) for name, each in counts.items() if each}
        return {name: each for name, each in found.items() if each}


@dataclass(frozen=True)
class Findings:
    """What a search found. ``best`` is None where every genome failed; it is the chosen one of the
    ``finalists``, if there are any."""

    best: Finding | None
    baseline: Finding | None
    finalists: list[Finalist]
    population: list[Genome]
    logbook: Any
    rows: list[dict[str, Any]]
    stopped: str


def find_best(
    best: list[Genome],
    finalists: list[Finalist],
    evaluator: Evaluator,
    journal: Journal,
    quantising: Quantising | None = None,
) -> Finding | None:
    """The chosen finalist; without finalists, the best of the search. With ``quantising`` also what
    it comes to in int8."""
    chosen = next((each for each in finalists if each.chosen), None)
    if chosen:
        return _finding(parse_genome(chosen.genome), evaluator, journal, chosen, quantising)
    return _finding(best[0], evaluator, journal, None, quantising) if best else None


def find_baseline(
    baseline: str,
    finalist: Finalist | None,
    evaluator: Evaluator,
    journal: Journal,
    quantising: Quantising | None = None,
) -> Finding | None:
    """The user's network, trained as the search's were; and as the finalists, if there are any."""
    if not baseline:
        return None
    evaluator.lift_limits()
    journal.start_generation(None)
    evaluator.measure(parse_genome(baseline))
    return _finding(parse_genome(baseline), evaluator, journal, finalist, quantising)


def _finding(
    genome: Genome,
    evaluator: Evaluator,
    journal: Journal,
    finalist: Finalist | None,
    quantising: Quantising | None,
) -> Finding:
    """A network that is already chosen, with its test score."""
    budget: Budget = evaluator.budget
    if finalist and finalist.best:
        evaluation, budget = finalist.trainings[finalist.best], finalist.best
    else:
        evaluation, finalist = evaluator.measure(genome), None
    if not evaluation.ok:
        return Finding(str(genome), evaluation, None)
    int8 = quantising.test(str(genome), budget) if quantising else None
    found = Finding(
        str(genome), int8.shown(evaluation) if int8 else evaluation, None, (), finalist, int8
    )
    if evaluator.split == "test":
        return replace(found, test_accuracy=evaluation.accuracy)
    if counts := test_once(str(genome), budget, evaluator, journal):
        confusion = tuple(map(tuple, counts))
        return replace(found, test_accuracy=accuracy_of(counts), test_confusion=confusion)
    return found


def test_once(genome: str, budget: Budget, evaluator: Evaluator, journal: Journal) -> Any:
    """The one place where a search touches the test set: for a network that will be shown, after
    the choice. Its counts are written, and taken from there ever after; None without weights."""
    if (genome, budget) not in journal.tests:
        weights = kept_weights(genome, budget, evaluator, journal)
        if not weights:
            return None
        counts = evaluator.test(parse_genome(genome), weights).tolist()
        journal.append("test", genome=genome, budget=budget, confusion=counts)
    return journal.tests[genome, budget]


def write_finalists(finalists: list[Finalist], directory: RunDirectory) -> list[dict[str, Any]]:
    """Write their table, where there are any; the same as plain values, a training each besides."""
    if finalists:
        write_whole(directory.finalists, finalists_table(finalists).to_csv(index=False))
    return [
        {**each.row(), "seeds": each.seeds, "accuracies": each.accuracies}
        | {"test_accuracies": each.test_accuracies}
        | ({"int8_accuracies": each.int8_accuracies} if each.int8 else {})
        for each in finalists
    ]


def write_result(
    result: Findings,
    evaluator: Evaluator,
    journal: Journal,
    folder: Path,
    settings: Settings,
    model: bool = True,
    quantising: Quantising | None = None,
) -> None:
    """Write a run's files, ``result.json`` last.

    Args:
        result: what they say.
        evaluator: makes the network's files.
        journal: the run's.
        folder: of the run.
        settings: of the search.
        model: whether the best network's Keras model is written.
        quantising: makes the best network's int8 model, where it has one.
    """
    directory = RunDirectory(folder)
    write_tables(evaluations_table(result.rows, settings.telling, settings.judge), folder)
    lines = io.StringIO()
    writer = csv.DictWriter(lines, result.logbook.header)
    writer.writeheader()
    writer.writerows(result.logbook)
    write_whole(directory.logbook, lines.getvalue())
    best = parse_genome(result.best.genome) if result.best else None
    budget = result.best.budget if result.best else None
    if best and (weights := kept_weights(str(best), budget, evaluator, journal)):
        if model:
            evaluator.save(best, weights, directory.best)
        if quantising and result.best and result.best.int8 and not result.best.int8.reason:
            int8 = quantising.file(str(best), budget or evaluator.budget)
            write_whole(directory.best_int8, int8)
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
        "finalists": write_finalists(result.finalists, directory),
        "test_scored": len(journal.tests),  # networks, each once
        "without_network": {
            split: {"class": names[each.label], **each.to_dict()} for split, each in guesses.items()
        },
        "seconds": round(journal.elapsed(), 1),
    }
    write_whole(directory.result, json.dumps(content, indent=2))
    if journal.end is None:
        journal.append("end", stopped=result.stopped)
