"""Your own operator against ours, on a table of 3,456 networks that are trained already.

Each search takes milliseconds, so that many seeds are no trouble. Here a crossover that swaps a
stretch, made to keep the rules by ``rejecting``, stands beside ``cx_uniform`` in the same loop.
First it is checked against the contract of all operators. Prints each one's mean regret, by how
much the best of all is ahead of what a search found, and how often, seed by seed, yours was ahead.

    python examples/own_operator.py --seeds 50
"""

import argparse
import random
import sys
from functools import partial
from statistics import fmean

from deap import tools

from deap_nas import accuracy_per_log_params, cx_uniform, ea_generational, make_toolbox, rejecting
from deap_nas.tabular import TabularEvaluator, load_table
from deap_nas.testing import check_crossover


def swap_stretch(one, other, rng=random):
    """Swap the genes between two places that both have; in place, as DEAP's operators do."""
    a, b = sorted(rng.sample(range(min(len(one), len(other)) + 1), 2))
    one[a:b], other[a:b] = other[a:b], one[a:b]
    return one, other


def regret(table, mate, seed, trainings):
    """How far a search of so many trainings stays behind the table's best."""
    best = max(accuracy_per_log_params(evaluation)[0] for _, evaluation in table.items())
    random.seed(seed)
    evaluator = TabularEvaluator(table, max_evaluations=trainings)
    toolbox = make_toolbox(table.space, evaluator, crossover=mate, selection="tournament")
    found = tools.HallOfFame(1)
    population = toolbox.population(n=10)
    ea_generational(population, toolbox, 0.9, 0.3, ngen=100, elitism=1, halloffame=found)
    return best - found[0].fitness.values[0]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--trainings", type=int, default=50)
    args = parser.parse_args(argv)
    table = load_table()
    mine = rejecting(swap_stretch, table.space)
    check_crossover(mine, table.space, trials=100)
    regrets = {
        name: [regret(table, mate, seed, args.trainings) for seed in range(args.seeds)]
        for name, mate in {"mine": mine, "uniform": partial(cx_uniform, space=table.space)}.items()
    }
    for name, values in regrets.items():
        print(f"{name}: mean regret {fmean(values):.3f} after {args.trainings} trainings")
    pairs = list(zip(*regrets.values(), strict=True))
    ahead, equal = sum(a < b for a, b in pairs), sum(a == b for a, b in pairs)
    print(f"mine is ahead with {ahead} of {len(pairs)} seeds, equal with {equal}")
    return regrets


if __name__ == "__main__":
    main(sys.argv[1:])
