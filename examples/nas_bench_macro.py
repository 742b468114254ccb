"""A table of somebody else's: NAS-Bench-Macro, all 6,561 networks of eight layers (CIFAR-10).

Each layer is 0 (identity), 1 or 2 (MobileNet blocks); each network was trained three times. The
search sees only the first training, as fitness accuracy (%) / ln(parameters). What it finds is then
scored on the mean of all three, so that luck in one training does not count, and ranked among all.

    python examples/nas_bench_macro.py --table nas-bench-macro_cifar10.json

(the table, from https://github.com/xiusu/NAS-Bench-Macro, is not part of this project). Prints the
best network found, its mean accuracy, and its ranks by mean fitness and by mean accuracy.
"""

import argparse
import json
import math
import random
import sys

from deap_nas import ea_generational, make_toolbox

SOURCE = "https://github.com/xiusu/NAS-Bench-Macro"
N_LAYERS, CHOICES = 8, "012"


class MacroSpace:
    """Eight layers, each any of three: what the operators need to know of a space."""

    def __contains__(self, genes):
        return len(genes) == N_LAYERS and all(gene in CHOICES for gene in genes)

    def kind(self, gene):
        return "layer"

    def replacements(self, genes, i):
        return [gene for gene in CHOICES if gene != genes[i]]

    def insertions(self, genes):
        return []

    def deletions(self, genes):
        return []

    def sample(self, rng):
        return rng.choices(CHOICES, k=N_LAYERS)


def fitness(row, accuracy):
    return accuracy / math.log(row["params"])


def rank(table, name, score):
    """1 for the best; equal scores share the better rank."""
    return 1 + sum(score(row) > score(table[name]) for row in table.values())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", required=True, help=f"of {SOURCE}, as JSON")
    parser.add_argument("--population", type=int, default=20)
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    try:
        with open(args.table) as file:
            table = json.load(file)
    except OSError as error:
        parser.error(f"--table {args.table}: {error.strerror}; see --help")

    looked_up = {}  # network -> fitness: what the search has seen

    def evaluate(genes):
        row = table["".join(genes)]
        looked_up["".join(genes)] = fitness(row, row["test_acc"][0])
        return (looked_up["".join(genes)],)

    random.seed(args.seed)  # one source for all: DEAP's tournament draws from the module too
    toolbox = make_toolbox(MacroSpace(), evaluate, selection="tournament")
    population = toolbox.population(n=args.population)
    ea_generational(population, toolbox, cxpb=0.9, mutpb=0.3, ngen=args.generations, elitism=1)

    best = max(looked_up, key=looked_up.get)
    mean, params = table[best]["mean_acc"], table[best]["params"]
    print(f"looked up {len(looked_up)} of {len(table):,} networks")
    print(f"best found: {best}, {params:,} parameters, fitness {looked_up[best]:.4f} in run 1")
    by_fitness = rank(table, best, lambda row: fitness(row, row["mean_acc"]))
    by_accuracy = rank(table, best, lambda row: row["mean_acc"])
    print(f"mean of three runs: accuracy {mean:.2f} %, fitness {fitness(table[best], mean):.4f}")
    print(f"rank of {len(table):,}: {by_fitness} by mean fitness, {by_accuracy} by mean accuracy")
    return best, mean, by_fitness


if __name__ == "__main__":
    main(sys.argv[1:])
