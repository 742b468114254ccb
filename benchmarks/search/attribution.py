"""What each part brings: our search with one thing changed, and what it replaced.

    python -m benchmarks.search.attribution            # all that are missing, one after the other
    python -m benchmarks.search.attribution --part "no model" --seed 0 1

Each is a run of the command on full Fashion-MNIST with the plan's preset and minutes, and other
settings as ``PARTS`` says. Writes results/search/attribution/SPACE/PART-SEED; a run that was
stopped is gone on with. Two parts are searches of other benchmarks, in the folders of these: ours
as it is (``targets``), and ours without finalists (``rivals``, begun anew where it was stopped).
``benchmarks.search.describe`` makes tables of all.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.search import rivals, targets
from benchmarks.search.plan import OUT, SEEDS, SMALL_ENOUGH, SPACES, search_flags
from benchmarks.search.runs import go, make_parser, minutes_of
from deap_nas import Evaluation, accuracy_per_log_params
from deap_nas.runs.presets import PRESETS
from deap_nas.runs.record import Record

WHOLE, ALONE = "our search", "no finalists"
# The report's search, but for what it is trained and scored with.
REPORT = {
    name: value
    for name, value in PRESETS["paper"].items()
    if name not in ("dataset", "split", "recipe")
}
REPORT.pop("generations")  # the clock ends it
ONE_NUMBER = {"fitness": "accuracy_per_log_params"}  # the report's
REPORT.update(ONE_NUMBER)
DRAWS = 3000  # more than ten minutes train
PARTS: dict[str, dict[str, Any]] = {
    WHOLE: {},
    "the report's search, our recipe": REPORT,
    "random search, our recipe": {
        "algorithm": "generational",
        "generations": 0,
        "population": DRAWS,
        "first": "drawn",
        "finalists": 0,
        **ONE_NUMBER,
    },
    "our search, the report's recipe": {"recipe": "paper", "epochs": 0},
    ALONE: {"finalists": 0},
    "no model": {"candidates": 1},
    "with halving": {"halving": 2},
    "a model that learns fitness": {"learns": "fitness"},
    "first genomes spread": {"first": "spread"},
    "cost is no matter": {"per_cost": 0.0},
    "cost counts less": {"per_cost": 0.5},
}


def searches(out: Path) -> Iterator[tuple[str, str, int, Path]]:
    """Space, part, seed and folder of each run that there may be."""
    for space, name, seed in itertools.product(SPACES, PARTS, SEEDS):
        yield space, name, seed, folder_of(out, space, name, seed)


def folder_of(out: Path, space: str, name: str, seed: int) -> Path:
    if name == WHOLE:
        return targets.front_of(out, space, seed)
    if name == ALONE:
        return rival(space, seed).path(out)
    words = re.findall(r"\w+", name.replace("'", ""))
    return out / "attribution" / space / f"{'_'.join(words)}-{seed}"


def rival(space: str, seed: int) -> rivals.Search:
    """Ours without finalists, as a rival."""
    return rivals.Search(rivals.OURS, "native", space, seed)


def taken_home(record: Record) -> dict[str, Any]:
    """The network that a run ends with, on test images: the mean of its trainings, if several."""
    best = record.result["best"] if record.result else None
    if not best:
        return {}
    accuracy = best["test_accuracy"]
    if finalist := record.trained_again.get(best["genome"]):
        accuracy = finalist.scores()["test_accuracy_mean"]
    n_params = int(best["n_params"])
    counted = max(SMALL_ENOUGH, n_params)
    fitness = accuracy_per_log_params(Evaluation(accuracy, n_params=counted))[0]
    home = {"n_params": n_params, "test_accuracy": accuracy, "test_fitness": fitness}
    return {f"home_{name}": value for name, value in home.items()}


def main(argv: list[str] | None = None) -> int:
    parser = make_parser(__doc__, OUT, SEEDS, spaces=SPACES[:1])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), metavar="NAME")
    arguments = parser.parse_args(argv)
    minutes = minutes_of(parser, arguments)
    wanted = itertools.product(arguments.space, arguments.seed, arguments.part)
    for space, seed, name in wanted:
        changes = {**PARTS[name], **arguments.changes}
        folder = folder_of(arguments.out, space, name, seed)
        if name == ALONE:
            if not (search := rival(space, seed)).done(arguments.out):
                rivals.run(search, arguments.out, minutes, changes)
        elif status := go(folder, search_flags(space, seed, minutes, **changes), page=False):
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
