"""Train every genome of TABLE_SPACE: the table of deap_nas.tabular.

    python benchmarks/build_table.py              # hours on two cores; Ctrl-C and go on at any time
    python benchmarks/build_table.py --shards 2   # only the next two shards

6,000 training images (600 a class) of Fashion-MNIST; validation accuracy on 10,000 others after
epochs 1, 2, 4, ... and the last; test accuracy on the 10,000 test images after the last, from which
nothing was chosen. Train seed 0 for all genomes, seeds 1 and 2 as well for a random tenth. The
recipe rests on table_recipe.py. Writes results/table/shards/NN.csv, a row a training, as each ends,
so that a kill loses what was in training; when all are there, the table of the package.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
from common import RESULTS, ROOT, make_parser, provenance
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tested import make_workers

from deap_nas import RECIPES, Conv, Dataset, Genome, Head, load_dataset
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.files import write_whole
from deap_nas.genome import Gene
from deap_nas.tabular import CURVE, FILE, TABLE_SPACE
from deap_nas.training.trainer import ENVIRONMENT

OUT = RESULTS / "table"
RECIPE = replace(
    RECIPES["fast"], name="table", version=1, batch_size=64, epochs=4, scored="doubling"
)
SHARD = 250  # trainings a file
N_TRAIN = 6000
MORE_SEEDS = (1, 2)  # for a random tenth

Row = dict[str, Any]
Job = tuple[str, int]  # genome, train seed


def load_images() -> Dataset:
    """Fashion-MNIST with 6,000 of its 50,000 training images, 600 a class."""
    whole = load_dataset("fashion_mnist")
    rng = np.random.default_rng(0)
    chosen = np.concatenate(
        [
            rng.permutation(np.flatnonzero(whole.y_train == label))[: N_TRAIN // whole.n_classes]
            for label in range(whole.n_classes)
        ]
    )
    chosen.sort()
    return replace(whole, x_train=whole.x_train[chosen], y_train=whole.y_train[chosen])


def every_genome() -> Iterator[Genome]:
    """All of TABLE_SPACE, in a fixed order."""
    space = TABLE_SPACE
    attributes = list(product(space.filters, space.kernels, space.activations))
    for n_normal in range(space.n_normal[0], space.n_normal[1] + 1):
        kinds_of_all = ["NC"] * n_normal + ["RC"] * space.n_reduction
        for kinds in sorted(set(permutations(kinds_of_all))):
            for convs in product(attributes, repeat=len(kinds)):
                genes: list[Gene] = [Conv(k, *conv) for k, conv in zip(kinds, convs, strict=True)]
                yield from (Genome([*genes, Head(a)]) for a in space.head_activations)


def every_job() -> list[Job]:
    """What to train, in the order of training: shuffled, so that any beginning is a sample."""
    genomes = [str(genome) for genome in every_genome()]
    random.Random(0).shuffle(genomes)
    tenth = genomes[: len(genomes) // 10 + 1]
    return [(g, 0) for g in genomes] + [(g, seed) for seed in MORE_SEEDS for g in tenth]


def make_row(job: Job, evaluation: Any, test_accuracy: float) -> Row:
    scores = {
        row["epoch"]: row["val_accuracy"] for row in evaluation.curve if "val_accuracy" in row
    }
    epochs = [epoch for epoch in range(1, RECIPE.epochs + 1) if RECIPE.is_scored(epoch)]
    return {
        "genome": job[0],
        "train_seed": job[1],
        "n_params": evaluation.n_params,
        "multiply_adds": evaluation.multiply_adds,
        **{f"{CURVE}{epoch}": f"{scores.get(epoch, 0.0):.4f}" for epoch in epochs},
        "test_accuracy": f"{test_accuracy:.4f}",
        "train_accuracy": f"{evaluation.train_accuracy:.4f}",
        "train_seconds": f"{evaluation.train_seconds:.3f}",
        "train_cpu_seconds": f"{evaluation.train_cpu_seconds:.3f}",
        "status": evaluation.status,
        "measured_on": evaluation.measured_on,
    }


def read_rows(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def as_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def in_order(rows: Sequence[Row], jobs: Sequence[Job]) -> list[Row]:
    by_job = {(row["genome"], int(row["train_seed"])): row for row in rows}
    return [by_job[job] for job in jobs if job in by_job]


def train_shard(path: Path, jobs: Sequence[Job], workers: Workers, advance: Any) -> None:
    """Train what the shard lacks; the file is whole after each training."""
    rows = in_order(read_rows(path), jobs)
    advance(len(rows))
    done = {(row["genome"], int(row["train_seed"])) for row in rows}
    left = [job for job in jobs if job not in done]
    tasks = (Task(job, "train_tested", (job[0], RECIPE, job[1])) for job in left)
    for task, outcome in workers.run(tasks):
        if outcome.status != "ok":
            raise SystemExit(f"{task.key}: {outcome.status}, {outcome.reason}; mend it and go on")
        rows.append(make_row(task.key, *outcome.value))
        write_whole(path, as_csv(in_order(rows, jobs)))
        advance(1)


def assemble(shards: Sequence[Path]) -> None:
    """One compact file from all shards, the same bytes each time."""
    rows = [row for path in shards for row in read_rows(path)]
    target = ROOT / "deap_nas" / "data" / "files" / FILE
    write_whole(target, gzip.compress(as_csv(rows).encode(), 9, mtime=0))
    print(f"{len(rows)} trainings, {target.stat().st_size / 2**20:.2f} MiB: {target}")


def main() -> None:
    parser = make_parser(__doc__, OUT)
    parser.add_argument("--shards", type=int, default=1000, help="stop after so many new ones")
    arguments, measured_with = parser.parse_args(), provenance()
    jobs = every_job()
    parts = [jobs[start : start + SHARD] for start in range(0, len(jobs), SHARD)]
    paths = [arguments.out / "shards" / f"{number:02}.csv" for number in range(len(parts))]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    images, made, started = load_images(), 0, time.monotonic()
    columns = (TextColumn("trainings"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    environment = {**ENVIRONMENT, "PYTHONWARNINGS": "ignore"}
    with (
        Progress(*columns) as progress,
        make_workers(images, "validation", recycle_after=200, environment=environment) as workers,
    ):
        bar = progress.add_task("", total=len(jobs))
        for path, part in zip(paths, parts, strict=True):
            complete = len(read_rows(path)) == len(part)
            if not complete and made >= arguments.shards:
                break
            made += not complete
            train_shard(path, part, workers, lambda n: progress.advance(bar, n))
    if made:
        told = {
            **measured_with,
            "recipe": RECIPE.to_dict(),
            "wall_seconds": time.monotonic() - started,
        }
        with (arguments.out / "runs.jsonl").open("a") as file:
            file.write(json.dumps(told) + "\n")
    if all(len(read_rows(path)) == len(part) for path, part in zip(paths, parts, strict=True)):
        assemble(paths)


if __name__ == "__main__":
    main()
