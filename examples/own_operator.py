"""Your own operator against ours, on a table of 3,456 networks that are trained already.

Each search takes a fraction of a second, so that many seeds are no trouble. Here a crossover that
swaps a stretch, made to keep the rules by ``rejecting``, stands beside ours in the same search.
First it is checked against the contract of all operators. Prints each one's mean regret, by how
much the best of all is ahead of what a search found, and whether a difference is shown.

    deap-nas benchmark --operators examples/own_operator.py --seeds 50    # with a page
    python examples/own_operator.py --seeds 50
"""

import argparse
import random
import sys
from functools import partial
from pathlib import Path

from deap_nas import rejecting
from deap_nas.benchmark import compare


def swap_stretch(one, other, rng=random):
    """Swap the genes between two places that both have; in place, as DEAP's operators do."""
    a, b = sorted(rng.sample(range(min(len(one), len(other)) + 1), 2))
    one[a:b], other[a:b] = other[a:b], one[a:b]
    return one, other


def cx_stretch(one, other, space, rng):
    """The same, but illegal children are put back."""
    return rejecting(partial(swap_stretch, rng=rng), space)(one, other)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--trainings", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("results", "benchmark", "own_operator"))
    args = parser.parse_args(argv)
    found = compare(
        {"cx_stretch": cx_stretch}, seeds=args.seeds, evaluations=args.trainings, folder=args.out
    )
    print(found.table.to_string(index=False))
    for verdict in found.verdicts():
        print(verdict)
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
