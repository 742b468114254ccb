"""Do the committed results come out again here, to the last digit?

    python -m benchmarks.paper.check                # five networks drawn at random
    python -m benchmarks.paper.check --n 20 --seed 7 --results results/wide_space

Draws trainings from the searches in a folder, trains each anew, without any cache, and
compares all that a training gives but its times: scores, learning curve, confusion counts. Exit
status 1 if a digit differs.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from benchmarks.paper.run import RESULTS
from deap_nas import Evaluation, parse_genome
from deap_nas.runs.config import read_config
from deap_nas.runs.record import read_run
from deap_nas.runs.search import load, make_evaluator
from deap_nas.runs.settings import Settings
from deap_nas.training.engines import usual_engine

# Not of a training: clocks, and bytes that a formula tells, which older runs did not write down.
PASSED_OVER = ("train_seconds", "train_cpu_seconds", "measured_on", "ram", "flash")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=5, help="trainings (default 5)")
    parser.add_argument("--seed", type=int, default=None, help="of the draw; another each time")
    parser.add_argument("--results", type=Path, default=RESULTS, help="a folder of searches")
    arguments = parser.parse_args(argv)
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    folders = sorted(path.parent for path in arguments.results.glob("*/config.json"))
    there = [(folder, line) for folder in folders for line in read_run(folder).evaluations]
    chosen = random.Random(seed).sample(there, min(arguments.n, len(there)))
    print(f"{len(chosen)} of {len(there)} trainings, drawn with --seed {seed}")
    failed = sum(not check(folder, line) for folder, line in chosen)
    print("all come out again" if not failed else f"{failed} do not come out again")
    return int(failed > 0)


def check(folder: Path, line: dict[str, Any]) -> bool:
    """Train a genome of a search anew, and say how it compares."""
    config = read_config(folder)
    settings = settings_of(config["settings"])
    made = config.get("program", {}).get("engine", "an engine that is gone")
    here = usual_engine(settings.engine)
    if made != here:
        print(f"{folder.name}, {line['genome']}: made by {made}, here it is {here}: make it anew")
        return False
    dataset, _ = load(settings)
    with make_evaluator(replace(settings, cache=None, workers=1), dataset) as evaluator:
        found = evaluator.measure(parse_genome(line["genome"]))
    different = differing(Evaluation.from_dict(line["evaluation"]), found)
    print(f"{folder.name}, {line['genome']}: {', '.join(different) or 'equal'}")
    return not different


def settings_of(written: dict[str, Any]) -> Settings:
    known = {each.name for each in fields(Settings)}
    values = {name: value for name, value in written.items() if name in known}
    return Settings(**{**values, "initial": tuple(values.get("initial", ()))})


def differing(one: Evaluation, other: Evaluation) -> list[str]:
    """What differs between two measurements of one training, times aside."""
    return [
        f"{each.name} {getattr(one, each.name)!r:.80}, now {getattr(other, each.name)!r:.80}"
        for each in fields(Evaluation)
        if each.name not in PASSED_OVER and getattr(one, each.name) != getattr(other, each.name)
    ]


if __name__ == "__main__":
    raise SystemExit(main())
