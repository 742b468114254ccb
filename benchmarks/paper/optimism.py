"""What scoring on the test set added to the report's scores.

Two measurements. The networks that the run scored on validation trained, on the test set: scoring
alone, about 2 s each (it needs that run's weights). And the winners of both runs, by fitness and by
accuracy, trained anew with other train seeds: on 50,000 images, the epoch chosen on the 10,000
validation images, the test set scored once; about 80 s of CPU a training.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.progress import track

from benchmarks.common import provenance, write_csv, write_json
from benchmarks.paper.plan import Plan, winner
from benchmarks.paper.trainings import Job, train_all
from benchmarks.tested import make_workers
from deap_nas.data import Dataset
from deap_nas.evaluation.fitness import accuracy_of
from deap_nas.evaluation.workers import Task
from deap_nas.runs.journal import read_weights


def measure(plan: Plan) -> None:
    score(plan.table("validation"), plan.runs / "validation", plan.out, plan.dataset)
    tables = (plan.table("seed-0"), plan.table("validation"))
    winners = dict.fromkeys(winner(t, by) for t in tables for by in ("fitness", "accuracy"))
    seeds = range(1, 1 + plan.n_seeds(3))
    jobs = [Job(genome, plan.recipe(), seed, "validation") for seed in seeds for genome in winners]
    train_all(jobs, plan.out / "winners.csv", plan.dataset)


def score(table: pd.DataFrame, run: Path, out: Path, dataset: Dataset) -> None:
    """``tested.csv``: every network of the run, its validation and its test accuracy."""
    path = out / "tested.csv"
    if path.exists() and len(pd.read_csv(path)) == len(table):
        return
    weights = {genome: read_weights(run, genome) for genome in table["genome"]}
    lost = [genome for genome, found in weights.items() if not found]
    if lost:
        raise SystemExit(f"{run}/weights lacks {len(lost)} networks; search anew, or keep {path}")
    write_json(provenance(), path.with_suffix(".json"))
    data = (dataset.x_test, dataset.y_test)
    tasks = [Task(g, "score", (g, found, *data)) for g, found in weights.items()]
    found = {}
    with make_workers(dataset, "validation") as workers:
        for task, outcome in track(workers.run(tasks), "tested", total=len(tasks)):
            if outcome.status != "ok":
                raise RuntimeError(f"{task.key}: {outcome.status}, {outcome.reason}")
            found[task.key] = accuracy_of(outcome.value)
    scores = table[["genome", "accuracy", "n_params", "fitness", "generation"]].copy()
    scores["test_accuracy"] = scores["genome"].map(found)
    write_csv(scores, path)
