"""The report's choices, measured.

    python -m benchmarks.paper.choices              # all of them
    python -m benchmarks.paper.choices optimizers   # one of them
    python -m benchmarks.paper.choices --quick --out /tmp/choices   # a smoke test

Every training is written as it ends; calling it again does only what is missing. ``clocks`` needs
a machine with nothing else to do. Writes results/paper/choices/NAME.csv and NAME.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.paper import clocks, optimism, optimizers, patience, stability
from benchmarks.paper.plan import Plan
from benchmarks.paper.run import RESULTS

CHOICES = {
    "optimizers": optimizers.measure,
    "optimism": optimism.measure,
    "stability": stability.measure,
    "patience": patience.measure,
    "clocks": clocks.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("choices", nargs="*", metavar="NAME", help=f"of {', '.join(CHOICES)}")
    parser.add_argument("--runs", type=Path, default=RESULTS, help="where the searches are")
    parser.add_argument("--out", type=Path, default=None, help="default: RUNS/choices")
    parser.add_argument(
        "--seeds", type=int, default=None, help="train seeds (default: each its own)"
    )
    parser.add_argument("--genomes", type=int, default=None, help="of stability and patience")
    parser.add_argument("--epochs", type=int, default=None, help="fewer than the paper's 20")
    parser.add_argument("--quick", action="store_true", help="mini data, one epoch, two of each")
    arguments = vars(parser.parse_args())
    names = arguments.pop("choices") or list(CHOICES)
    for name in names:
        if name not in CHOICES:
            parser.error(f"choice {name!r}, allowed {', '.join(CHOICES)}")
    if (arguments["quick"] or arguments["epochs"]) and not arguments["out"]:
        parser.error("--quick and --epochs need --out: the page's own measurements are no place")
    plan = Plan(**{**arguments, "out": arguments["out"] or arguments["runs"] / "choices"})
    for name in names:
        CHOICES[name](plan)


if __name__ == "__main__":
    main()
