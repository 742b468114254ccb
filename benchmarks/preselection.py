"""What a search loses or gains by what its model learns, and by its first genomes: regret on spaces
of which all is known.

    python benchmarks/preselection.py --macro PATH      # 60 seeds; minutes

Each search is the project's default (population 10, 4 of 40 children a generation) with one thing
changed. Regret is how far the genome in hand is from the best there is, by held-out score (test
images; the mean of three trainings). Scale, noise, weight and the rest were chosen on seeds from
100 on; seeds 0 to 59 report. Writes --out (results/preselection): regret.csv, compared.csv,
run.json. PATH is NAS-Bench-Macro's table (or set DEAP_NAS_MACRO); without it our own tables alone.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from common import RESULTS, make_parser, provenance, save
from variants.problems import MACRO_VARIABLE, available, find_problem
from variants.variants import BEST

from deap_nas.benchmark.courses import compared, run, summary

BUDGETS = (25, 50, 100)
DEFAULT = BEST.name
SEARCHES = (
    BEST,
    replace(BEST, name="learns fitness", learns="fitness"),
    replace(BEST, name="first genomes as drawn", first="drawn"),
    replace(BEST, name="learns fitness, first genomes as drawn", learns="fitness", first="drawn"),
)


def main(argv: list[str] | None = None) -> None:
    parser = make_parser(__doc__, RESULTS / "preselection")
    parser.add_argument("--macro", type=Path, help="NAS-Bench-Macro's table")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    arguments, made = parser.parse_args(argv), provenance()
    if arguments.macro:
        os.environ[MACRO_VARIABLE] = str(arguments.macro.resolve())
    problems, seeds = list(map(find_problem, available())), range(arguments.seeds)
    with tempfile.TemporaryDirectory() as folder:
        how = {"folder": Path(folder), "workers": arguments.jobs, "block": 10}
        courses = run(SEARCHES, problems, seeds, max(BUDGETS), **how)
    table = summary(courses, BUDGETS)
    save(arguments.out, made, regret=table, compared=compared(courses, DEFAULT, max(BUDGETS)))
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
