"""A run's directory, read without touching it: the search may still be writing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import filelock
import pandas as pd

from deap_nas.devices.int8 import Int8
from deap_nas.evaluation.fitness import Evaluation, telling
from deap_nas.evaluation.own_fitness import Fitness, find_fitness, parts_of
from deap_nas.evaluation.protocol import Budget, Request
from deap_nas.files import read_text
from deap_nas.genome import parse_genome
from deap_nas.layers import load_layers
from deap_nas.runs.config import ConfigError, read_config
from deap_nas.runs.directory import RunDirectory, is_final
from deap_nas.runs.finalists import Finalist, assemble
from deap_nas.runs.int8 import read_int8
from deap_nas.runs.journal import (
    Scored,
    forget_generations,
    learn_outcome,
    read_lines,
    read_weights,
    scored,
)
from deap_nas.runs.tables import column_of, evaluations_table
from deap_nas.spaces import SearchSpace
from deap_nas.training.trainer import Weights


class ReportError(ValueError):
    """What a report was asked for is not there; one line that says what to do."""


@dataclass(frozen=True)
class Record:
    """What a run's directory says.

    Args:
        evaluations: the journal's lines of outcomes, each genome once, in the order written.
        generations: its lines of generations, in order.
        finals: its lines of finalists' outcomes, each genome and budget once.
        tests: its confusion counts on the test set, by genome and budget.
        int8: what trainings came to in int8, by genome and budget.
        choice: its line of the choice among finalists; None until that is made.
        result: ``result.json``; None until the search has ended.
        state: "finished", "running", or "stopped" (interrupted, or killed).
        elapsed: seconds of searching up to the last line.
    """

    folder: Path
    config: dict[str, Any]
    evaluations: list[dict[str, Any]]
    generations: list[dict[str, Any]]
    finals: list[dict[str, Any]]
    tests: dict[Request, Any]
    int8: dict[Request, Int8]
    choice: dict[str, Any] | None
    result: dict[str, Any] | None
    state: str
    elapsed: float

    @property
    def directory(self) -> RunDirectory:
        """Its files."""
        return RunDirectory(self.folder)

    @cached_property
    def table(self) -> pd.DataFrame:
        """``evaluations.csv`` as it is, or would be, at this moment."""
        return evaluations_table(self.evaluations, self.telling, self._fitness)

    @cached_property
    def good(self) -> pd.DataFrame:
        """The rows of genomes that were trained with success."""
        return self.table[self.table["status"] == "ok"]

    @property
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self.config["settings"]
        return settings

    @property
    def algorithm(self) -> str:
        return str(self.settings["algorithm"])

    @property
    def split(self) -> str:
        """The images that the search scores on: "validation" or "test"."""
        return str(self.settings["split"])

    @property
    def input_shape(self) -> tuple[int, int, int]:
        height, width, channels = self.config["space"]["input_shape"]
        return height, width, channels

    @property
    def n_classes(self) -> int:
        return int(self.config["space"]["n_classes"])

    @property
    def workers(self) -> int:
        machine = self.config["machine"]
        return int(self.settings["workers"] or machine.get("workers", machine["cores"]))

    def evaluation(self, genome: str) -> Evaluation | None:
        """The outcome of a genome, if the run has it."""
        for line in self.evaluations:
            if line["genome"] == genome:
                return Evaluation.from_dict(line["evaluation"])
        return None

    @cached_property
    def trained_again(self) -> dict[str, Finalist]:
        """By genome, whatever had final trainings that the choice was made from: the finalists, and
        the baseline."""
        choice = self.choice or {"trainings": [], "genome": None}
        asked = {(genome, budget) for genome, budget in choice["trainings"]}
        lines = {(line["genome"], line["budget"]): line["evaluation"] for line in self.finals}
        found = {each: Evaluation.from_dict(lines[each]) for each in lines if each in asked}
        each = assemble(found, self.tests, choice["genome"], self.fitness, self.int8)
        return {finalist.genome: finalist for finalist in each}

    @property
    def finalists(self) -> list[Finalist]:
        """As soon as one of them is chosen."""
        names = self.choice["finalists"] if self.choice else []
        return [self.trained_again[name] for name in names if name in self.trained_again]

    def network(self, genome: str) -> tuple[Evaluation | None, Budget]:
        """The training that a genome's network is taken from, and its budget (None: the search's):
        of a finalist the best of its final ones."""
        finalist = self.trained_again.get(genome)
        if finalist and finalist.best:
            return finalist.trainings[finalist.best], finalist.best
        evaluation, int8 = self.evaluation(genome), self.in_int8(genome)
        return (int8.shown(evaluation) if evaluation and int8 else evaluation), None

    def in_int8(self, genome: str) -> Int8 | None:
        """What a genome's ``network`` came to in int8, where that was scored."""
        finalist = self.trained_again.get(genome)
        budget = finalist.best if finalist else None
        return self.int8.get((genome, budget or self._budget))

    def fitness(self, evaluation: Evaluation) -> float:
        """By the fitness that tells this run's best."""
        return self._fitness(evaluation)[0]

    @property
    def _budget(self) -> Budget:
        """Of the search's own trainings."""
        return int(self.config["recipe"]["epochs"])

    @cached_property
    def _fitness(self) -> Fitness:
        """A user's own is that of the run's copy of the file."""
        file, name = parts_of(self.telling)
        name = f"{self.directory.fitness}:{name}" if file else self.telling
        return find_fitness(name, self.settings.get("small_enough", 0))

    @property
    def telling(self) -> str:
        """The name of the fitness that tells the best."""
        return telling(self.settings["fitness"])

    def best(self) -> str | None:
        """The genome that the search chose, or would choose now; None where all failed."""
        if self.result and self.result["best"]:
            return str(self.result["best"]["genome"])
        if self.choice and self.choice["genome"]:
            return str(self.choice["genome"])
        by = column_of(self.telling)
        return str(self.good["genome"].iloc[self.good[by].argmax()]) if len(self.good) else None

    def weights(self, genome: str) -> Weights | None:
        """Trained weights of a genome's ``network``, as the run keeps them."""
        return read_weights(self.folder, genome, self.network(genome)[1])

    def reference_params(self) -> int:
        """No genome of the run's space has more parameters: the hypervolume's reference point."""
        return max([self.space.most_params(), *map(int, self.good["n_params"])])

    @cached_property
    def space(self) -> SearchSpace:
        """The rules that the run's genomes keep."""
        return read_space(self.config)


def read_space(config: Mapping[str, Any]) -> SearchSpace:
    """The rules that a run's configuration tells of."""
    return SearchSpace.from_dict({k: v for k, v in config["space"].items() if k != "size"})


def read_run(folder: Path) -> Record:
    """Read a run that is finished, interrupted, killed or still going.

    Raises:
        ReportError: if the directory holds no run.
    """
    try:
        config = read_config(folder)
        copy = RunDirectory(folder).layers
        if copy.exists():
            load_layers(copy)
    except ConfigError as error:
        raise ReportError(
            f"{folder}: no run is there ({error}); name the directory that the run printed"
        ) from None
    lines = read_lines(folder)
    evaluations: dict[str, dict[str, Any]] = {}
    generations: dict[int, dict[str, Any]] = {}
    finals: dict[Request, dict[str, Any]] = {}
    tests: dict[Request, Any] = {}
    int8: dict[Scored, dict[str, Any]] = {}
    choice = None
    for line in lines:
        if line["kind"] == "evaluation" and is_final(line.get("budget")):
            finals.setdefault((line["genome"], line["budget"]), line)
        elif line["kind"] == "evaluation":
            learn_outcome(evaluations, line["genome"], line)
        elif line["kind"] == "generation":
            generations.setdefault(line["number"], line)
        elif line["kind"] == "test":
            tests.setdefault((line["genome"], line["budget"]), line["confusion"])
        elif line["kind"] == "int8":
            int8.setdefault(scored(line), line)
        elif line["kind"] == "choice":
            choice = {**line, "tested_before": len(tests)}  # by an earlier end of a longer run
        elif line["kind"] == "extend":
            forget_generations(generations, line)
            choice = None
    return Record(
        folder,
        config,
        list(evaluations.values()),
        [generations[number] for number in sorted(generations)],
        list(finals.values()),
        tests,
        read_int8(int8, str(config["settings"]["split"])),
        choice,
        _read_result(RunDirectory(folder)),
        _state(RunDirectory(folder)),
        max([0.0, *(line["elapsed"] for line in lines)]),
    )


def canonical(genome: str) -> str:
    """A genome as the journal writes it."""
    return str(parse_genome(genome))


def _read_result(directory: RunDirectory) -> dict[str, Any] | None:
    try:
        result: dict[str, Any] = json.loads(read_text(directory.result))
    except (OSError, ValueError):
        return None
    return result


def _state(directory: RunDirectory) -> str:
    if directory.finished():
        return "finished"
    if not directory.lock.exists():
        return "stopped"
    try:
        with filelock.FileLock(directory.lock).acquire(timeout=0):
            return "stopped"
    except filelock.Timeout:
        return "running"
    except OSError:  # a folder that may only be read
        return "stopped"
