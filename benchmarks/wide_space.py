"""The same search in the wide space and in the report's: what the grammar is worth.

    python benchmarks/wide_space.py    # about two hours on two cores; goes on where it was stopped

Six searches of full Fashion-MNIST, 60 trainings of 5 epochs each, scored on validation images:

    python -m deap_nas.run --dataset fashion_mnist --space SPACE --population 12 --generations 12
        --epochs 5 --seed SEED --out results/wide_space/SPACE-SEED --no-report

Writes results/wide_space/summary.csv (a row a search), course.csv (best fitness so far, by
trainings), course.png and course.svg. Of the searches all but the weights is committed.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from common import RESULTS, make_parser, write_csv

from deap_nas.report.figure import BLUE, ORANGE, Figure, new_canvas, styled, write_figure
from deap_nas.report.progress import outcomes_table
from deap_nas.run import main as run
from deap_nas.runs.directory import RunDirectory
from deap_nas.runs.record import read_run

SPACES = {"wide": BLUE, "paper": ORANGE}
SEEDS = (0, 1, 2)


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "wide_space")
    parser.add_argument("--only-tables", action="store_true", help="of the searches that are there")
    arguments = parser.parse_args()
    folders = {
        (space, seed): arguments.out / f"{space}-{seed}" for seed in SEEDS for space in SPACES
    }
    for (space, seed), folder in folders.items():
        if not arguments.only_tables and not RunDirectory(folder).finished():
            search(space, seed, folder)
    there = {key: each for key, each in folders.items() if RunDirectory(each).finished()}
    summary = pd.DataFrame([describe(*key, folder) for key, folder in there.items()])
    courses = [course(*key, folder) for key, folder in there.items()]
    write_csv(summary, arguments.out / "summary.csv")
    write_csv(pd.concat(courses), arguments.out / "course.csv")
    write_figure(draw(pd.concat(courses)), arguments.out)
    print(summary.to_string(index=False))


def search(space: str, seed: int, folder: Path) -> None:
    new = (
        *("--dataset", "fashion_mnist", "--space", space, "--population", "12"),
        *("--generations", "12", "--epochs", "5", "--seed", str(seed), "--out", str(folder)),
        *("--finalists", "0"),
    )
    begun = RunDirectory(folder).begun()
    if status := run([*(("--resume", str(folder)) if begun else new), "--no-report"]):
        raise SystemExit(status)  # stopped, or it cannot go on: nor do the others


def describe(space: str, seed: int, folder: Path) -> dict[str, object]:
    """The winner of a search by fitness."""
    record = read_run(folder)
    assert record.result is not None
    best = record.result["best"]
    table = pd.read_csv(RunDirectory(folder).evaluations)
    return {
        "space": space,
        "seed": seed,
        "fitness": table["fitness"].max(),
        "genome": best["genome"],
        "n_params": best["n_params"],
        "accuracy": best["accuracy"],
        "test_accuracy": best["test_accuracy"],
        "trainings": len(table),
        "failed": int((table["status"] != "ok").sum()),
        "train_cpu_seconds": table["train_cpu_seconds"].sum(),
    }


def course(space: str, seed: int, folder: Path) -> pd.DataFrame:
    """The best fitness so far after each training, from the journal."""
    found = outcomes_table(read_run(folder))[["evaluations", "best_so_far"]]
    return found.assign(space=space, seed=seed)


@styled
def draw(courses: pd.DataFrame) -> Figure:
    canvas, ax = new_canvas(height=3.4)
    for (space, seed), each in courses.groupby(["space", "seed"]):
        label = f"{space} space" if seed == SEEDS[0] else None
        ax.plot(each["evaluations"], each["best_so_far"], c=SPACES[space], label=label, lw=1.6)
    ax.set(xlabel="trainings", ylabel="best validation fitness so far")
    canvas.legend(loc="outside upper left", ncols=2, borderaxespad=0)
    alt = "Line chart: best fitness so far of each search, in the wide space and in the report's."
    return Figure("course", canvas, "What the grammar is worth", alt)


if __name__ == "__main__":
    main()
