"""Train every genome of a small space: the tables of which everything is known.

    python benchmarks/build_table.py                   # TABLE_SPACE: the package's own; hours
    python benchmarks/build_table.py --table digits    # a part of WIDE_SPACE; about an hour
    python benchmarks/build_table.py --shards 2        # only the next two shards

Each training is scored on validation images after epochs 1, 2, 4, ... and the last, and on the test
images after the last, from which nothing was chosen. Train seed 0 for all genomes, seeds 1 and 2 as
well for a random tenth. Writes shards/NN.csv into the table's folder, a row a training, as each
ends, so that a kill loses what was in training; when all are there, the table itself. Ctrl-C, and
go on at any time. ``plans`` says what each is of; the first one's recipe rests on table_recipe.py.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from common import RESULTS, ROOT, make_parser, provenance
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tested import make_workers

from deap_nas import RECIPES, Dataset, Genome, Recipe, load_dataset
from deap_nas.evaluation.workers import Task, Workers
from deap_nas.files import write_whole
from deap_nas.spaces import SearchSpace, find_space
from deap_nas.tabular import CURVE, FILE, TABLE_SPACE
from deap_nas.training.trainer import ENVIRONMENT

OUT = RESULTS / "table"
DIGITS = RESULTS / "digits_table"
RECIPE = replace(
    RECIPES["fast"],
    name="table",
    version=1,
    batch_size=64,
    epochs=4,
    scored="doubling",
    least_steps=0,
    normalised_rate=0.0,
)
SHARD = 250  # trainings a file
N_TRAIN = 6000
MORE_SEEDS = (1, 2)  # for a random tenth

Row = dict[str, Any]
Job = tuple[str, int]  # genome, train seed


@dataclass(frozen=True)
class Plan:
    """A table to build.

    Args:
        space: all of whose genomes are trained.
        images: loads what they are trained on.
        recipe: how.
        out: the folder of its shards.
        file: the table, when it is whole.
    """

    space: SearchSpace
    images: Callable[[], Dataset]
    recipe: Recipe
    out: Path
    file: Path


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


def load_digits() -> Dataset:
    """The 1,797 digits of scikit-learn, of 8 x 8 pixels, drawn anew: 1,000 to train, 398 to
    validate and 399 to test, since a sixth of them tells networks apart poorly."""
    whole = load_dataset("digits")
    x, y = (
        np.concatenate([getattr(whole, f"{axis}_{part}") for part in ("train", "val", "test")])
        for axis in "xy"
    )
    order = np.random.default_rng(0).permutation(len(y))
    ends = {"train": slice(1000), "val": slice(1000, 1398), "test": slice(1398, None)}
    parts: dict[str, Any] = {f"x_{part}": x[order[where]] for part, where in ends.items()}
    parts |= {f"y_{part}": y[order[where]] for part, where in ends.items()}
    return replace(whole, **parts)


def plans() -> dict[str, Plan]:
    """The tables by name."""
    small = replace(RECIPE, name="digits", batch_size=32, epochs=16)
    digits = find_space(str(DIGITS / "digits.toml"))
    return {
        "table": Plan(
            TABLE_SPACE, load_images, RECIPE, OUT, ROOT / "deap_nas" / "data" / "files" / FILE
        ),
        "digits": Plan(digits, load_digits, small, DIGITS, DIGITS / "digits.csv.gz"),
    }


def every_genome(space: SearchSpace = TABLE_SPACE) -> Iterator[Genome]:
    """All of a space, in a fixed order."""
    rules = {rule.name: rule for rule in space.rules}
    kinds = [name for name in rules if name not in space.head_kinds]
    low, high = space.depth_range
    for depth in range(low, high + 1):
        for order in product(kinds, repeat=depth):
            for head in space.head_kinds:
                choices = [rules[name].genes for name in (*order, head)]
                yield from (Genome(g) for g in product(*choices) if g in space)


def every_job(space: SearchSpace = TABLE_SPACE) -> list[Job]:
    """What to train, in the order of training: shuffled, so that any beginning is a sample."""
    genomes = [str(genome) for genome in every_genome(space)]
    random.Random(0).shuffle(genomes)
    tenth = genomes[: len(genomes) // 10 + 1]
    return [(g, 0) for g in genomes] + [(g, seed) for seed in MORE_SEEDS for g in tenth]


def make_row(job: Job, recipe: Recipe, evaluation: Any, test_accuracy: float) -> Row:
    scores = {
        row["epoch"]: row["val_accuracy"] for row in evaluation.curve if "val_accuracy" in row
    }
    epochs = [epoch for epoch in range(1, recipe.epochs + 1) if recipe.is_scored(epoch)]
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


def train_shard(
    path: Path, jobs: Sequence[Job], recipe: Recipe, workers: Workers, advance: Any
) -> None:
    """Train what the shard lacks; the file is whole after each training."""
    rows = in_order(read_rows(path), jobs)
    advance(len(rows))
    done = {(row["genome"], int(row["train_seed"])) for row in rows}
    left = [job for job in jobs if job not in done]
    tasks = (Task(job, "train_tested", (job[0], recipe, job[1])) for job in left)
    for task, outcome in workers.run(tasks):
        if outcome.status != "ok":
            raise SystemExit(f"{task.key}: {outcome.status}, {outcome.reason}; mend it and go on")
        rows.append(make_row(task.key, recipe, *outcome.value))
        write_whole(path, as_csv(in_order(rows, jobs)))
        advance(1)


def assemble(shards: Sequence[Path], target: Path) -> None:
    """One compact file from all shards, the same bytes each time."""
    rows = [row for path in shards for row in read_rows(path)]
    write_whole(target, gzip.compress(as_csv(rows).encode(), 9, mtime=0))
    print(f"{len(rows)} trainings, {target.stat().st_size / 2**20:.2f} MiB: {target}")


def main() -> None:
    parser = make_parser(__doc__, None)
    parser.add_argument("--table", choices=plans(), default="table", help="(default: %(default)s)")
    parser.add_argument("--shards", type=int, default=1000, help="stop after so many new ones")
    parser.add_argument("--workers", type=int, default=None, help="processes (default: all cores)")
    arguments, measured_with = parser.parse_args(), provenance()
    plan = plans()[arguments.table]
    out, target = plan.out, plan.file
    if arguments.out:
        out, target = arguments.out, arguments.out / plan.file.name
    jobs = every_job(plan.space)
    parts = [jobs[start : start + SHARD] for start in range(0, len(jobs), SHARD)]
    paths = [out / "shards" / f"{number:02}.csv" for number in range(len(parts))]
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    images, made, started = plan.images(), 0, time.monotonic()
    columns = (TextColumn("trainings"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    how = {"recycle_after": 200, "environment": {**ENVIRONMENT, "PYTHONWARNINGS": "ignore"}}
    with (
        Progress(*columns) as progress,
        make_workers(images, "validation", arguments.workers, **how) as workers,
    ):
        bar = progress.add_task("", total=len(jobs))
        for path, part in zip(paths, parts, strict=True):
            complete = len(read_rows(path)) == len(part)
            if not complete and made >= arguments.shards:
                break
            made += not complete
            train_shard(path, part, plan.recipe, workers, lambda n: progress.advance(bar, n))
    if made:
        told = {
            **measured_with,
            "recipe": plan.recipe.to_dict(),
            "wall_seconds": time.monotonic() - started,
        }
        with (out / "runs.jsonl").open("a") as file:
            file.write(json.dumps(told) + "\n")
    if all(len(read_rows(path)) == len(part) for path, part in zip(paths, parts, strict=True)):
        assemble(paths, target)


if __name__ == "__main__":
    main()
