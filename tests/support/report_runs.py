"""Runs made up for the report's tests: directories as a search writes them, without a training."""

from __future__ import annotations

import csv
import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas import PAPER_SPACE, Evaluation, Genome, count_params, parse_genome
from deap_nas.evaluation.fitness import accuracy_per_log_params, failed
from deap_nas.evaluation.halving import stop
from deap_nas.evaluation.trained import Trained
from deap_nas.layers.cost import arena_head, count_multiply_adds, flash
from deap_nas.operators import cx_one_point, mut_gene
from deap_nas.runs.finalists import assemble, choose, pick_finalists
from deap_nas.runs.int8 import read_int8
from deap_nas.runs.journal import Journal
from deap_nas.runs.settings import Settings

BASELINE = "NC 8 3 relu;RC 8 3 relu;RC 8 3 relu;FL relu"
IMAGES = 100  # of each class


def confusion(accuracy: float, rng: random.Random, never: int | None = None) -> np.ndarray:
    """Counts [true][predicted] with about this accuracy; class ``never`` is never predicted."""
    counts = np.zeros((10, 10), int)
    for label in range(10):
        for _ in range(IMAGES):
            right = rng.random() < accuracy
            found = label if right else rng.randrange(10)
            while found == never:
                found = rng.randrange(10)
            counts[label, found] += 1
    return counts


def evaluate(genome: Genome, rng: random.Random, never: int | None = None) -> Evaluation:
    """An Evaluation that a training might give."""
    n_params = count_params(genome)
    wanted = min(0.9, 0.35 + 0.055 * math.log(n_params) + rng.uniform(-0.1, 0.1))
    counts = confusion(wanted, rng, never)
    accuracy = float(np.trace(counts) / counts.sum())
    curve = [{"epoch": e, "loss": 2.0 / e, "accuracy": accuracy * e / 5} for e in range(1, 6)]
    curve[-1] |= {"val_loss": 0.5, "val_accuracy": accuracy}
    return Evaluation(
        accuracy,
        min(1.0, accuracy + 0.013),
        n_params,
        rng.uniform(2, 9),
        train_cpu_seconds=3.0,
        multiply_adds=count_multiply_adds(genome),
        epochs=5,
        best_epoch=5,
        confusion=tuple(tuple(map(int, row)) for row in counts),
        curve=tuple(curve),
        measured_on="here",
    )


def begun(outcome: Evaluation) -> Evaluation:
    """As it would be, had training been stopped after the first epoch."""
    accuracy = outcome.curve[0]["accuracy"]
    short = {"epochs": 1, "best_epoch": 1, "curve": outcome.curve[:1]}
    return stop(replace(outcome, accuracy=accuracy, **short), 0.9)


def write_config(folder: Path, **settings: Any) -> Settings:
    made = Settings(**settings)
    space = {**PAPER_SPACE.__getstate__(), "size": PAPER_SPACE.size()}
    config = {
        "preset": "quick",
        "settings": made.to_dict(),
        "recipe": made.make_recipe().to_dict(),
        "space": space,
        "data": {"source": "made up", "fingerprint": "0123456789abcdef"},
        "versions": {"python": "3.11"},
        "machine": {"node": "here", "system": "Linux", "cores": 2},
        "command": ["run", "--seed", str(made.seed)],
        "started": "2026-01-01T00:00:00+0000",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return made


def make_run(
    folder: Path,
    population: int = 12,
    generations: int = 4,
    *,
    fail: float = 0.0,
    stopped: float = 0.0,
    never: int | None = None,
    finished: bool = True,
    seed: int = 0,
    int8: bool = False,
    **settings: Any,
) -> Path:
    """Write a run: a share ``fail`` of its genomes failed, of the others a share ``stopped`` was
    stopped after the first epoch (not in generation 0), one class may never be predicted. With
    the setting ``finalists`` they are trained three times each, as the baseline is; with ``int8``
    they are scored so, and RAM and flash are known."""
    settings = {"baseline": BASELINE, **settings}
    write_config(folder, population=population, generations=generations, seed=seed, **settings)
    rng = random.Random(seed)
    number = iter(range(1, 10**9))
    members = [(next(number), PAPER_SPACE.sample(rng)) for _ in range(population)]
    births: list[list[Any]] = [[i, [], str(genome)] for i, genome in members]
    with Journal(folder) as journal:
        for generation in range(generations + 1):
            journal.start_generation(generation)
            for _, genome in members:
                if journal.recall(str(genome)) is None:
                    if rng.random() < fail:
                        outcome = failed("oom", "grew beyond 500 MiB", count_params(genome))
                    else:
                        outcome = evaluate(genome, rng, never)
                        if generation and stopped and rng.random() < stopped:
                            outcome = begun(outcome)
                    if int8:
                        outcome = replace(outcome, ram=arena_head(genome), flash=flash(genome))
                    journal.record(str(genome), Trained(outcome, []), rng.random() < 0.2)
            texts = [str(genome) for _, genome in members]
            ancestry = {"births": births, "members": [i for i, _ in members]}
            journal.end_generation(generation, texts, {}, **ancestry)
            members, births = _breed(members, number, rng)
        if settings["baseline"]:
            journal.start_generation(None)
            outcome = evaluate(parse_genome("FL relu"), rng, never)
            journal.record(settings["baseline"], Trained(outcome, []), False)
        chosen = _finals(journal, settings, rng, never, int8) if settings.get("finalists") else None
        if finished:
            _finish(folder, journal, settings["baseline"], rng, never, chosen)
    return folder


def _finals(journal: Journal, settings: Any, rng: random.Random, never: Any, int8: bool) -> str:
    journal.start_generation(None)
    names = pick_finalists(journal.rows(), _fitness, settings["finalists"], spread=False)
    trained: dict[Any, Evaluation] = {}
    for seed in (1000, 2000, 3000):
        for genome in dict.fromkeys([*names, settings["baseline"]]):
            budget = f"final 1, epochs 30, seed {seed}"
            trained[genome, budget] = outcome = evaluate(parse_genome(genome), rng, never)
            if int8:
                trained[genome, budget] = replace(outcome, ram=arena_head(parse_genome(genome)))
            journal.record(genome, Trained(trained[genome, budget], []), False, budget)
            if int8:
                _in_int8(journal, genome, budget, rng, "validation", "test")
    scored = read_int8(journal.int8, "validation")
    assembled = assemble(trained, {}, None, _fitness, scored)
    finalists = [each for each in assembled if each.genome in names]
    chosen = choose(finalists)
    assert chosen is not None
    content = {"genome": chosen.genome, "budget": chosen.best, "finalists": names}
    journal.append("choice", **content, trainings=[list(each) for each in trained])
    for genome, budget in trained:
        counts = confusion(0.7, rng, never).tolist()
        journal.append("test", genome=genome, budget=budget, confusion=counts)
    return chosen.genome


def _in_int8(journal: Journal, genome: str, budget: str, rng: random.Random, *splits: str) -> None:
    for split in splits:
        counts, size = confusion(0.6, rng).tolist(), flash(parse_genome(genome)) + 7
        about = {"genome": genome, "budget": budget, "split": split}
        journal.append("int8", **about, confusion=counts, flash=size, kernels="none")


def _fitness(evaluation: Evaluation) -> float:
    return accuracy_per_log_params(evaluation)[0]


def _breed(members: Any, number: Any, rng: random.Random) -> Any:
    births, children = [], []
    for _ in range(len(members) // 2):
        parents = rng.choices(members, k=2)
        pair = cx_one_point(*(Genome(genome) for _, genome in parents), space=PAPER_SPACE, rng=rng)
        for child in pair:
            i = next(number)
            births.append([i, [p for p, _ in parents], str(child)])
            children.append((i, child))
    for place, (i, child) in enumerate(children):
        if rng.random() < 0.3:
            (mutant,) = mut_gene(Genome(child), space=PAPER_SPACE, rng=rng)
            births.append([next(number), [i], str(mutant)])
            children[place] = (births[-1][0], mutant)
    return children, births


def _finish(
    folder: Path, journal: Any, baseline: str, rng: random.Random, never: Any, chosen: str | None
) -> None:
    rows = [row for row in journal.rows() if row["generation"] is not None]
    good = [row for row in rows if row["evaluation"]["status"] == "ok"]

    def fitness(row: Any) -> float:
        evaluation = row["evaluation"]
        return 100 * evaluation["accuracy"] / math.log(evaluation["n_params"])

    def finding(genome: str) -> dict[str, Any]:
        counts = confusion(0.7, rng, never)
        accuracy = float(np.trace(counts) / counts.sum())
        return {"genome": genome, "test_accuracy": accuracy, "test_confusion": counts.tolist()}

    result = {
        "stopped": "generations",
        "best": finding(chosen or max(good, key=fitness)["genome"]) if good else None,
        "baseline": finding(baseline) if baseline else None,
    }
    (folder / "result.json").write_text(json.dumps(result))


def searched(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        line["genome"]: line["evaluation"]
        for line in lines
        if line["kind"] == "evaluation" and line["generation"] is not None
    }


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "report" / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))
