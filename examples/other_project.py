"""Our operators in a DEAP project without any network: repairing the signal of a sensor.

An individual is a pipeline, a list of steps such as ``("median", 5)``, with rules of count and of
order: 2 to 6 steps, the drift removed exactly once, and every median before every mean (or spikes
are smeared before they are removed). The project has its own space, individuals from
``creator.create`` and DEAP's own loops; only crossover and mutation come from here, so that no
child ever breaks a rule. Prints the error of the raw signal, and the best pipeline of each loop.

    python examples/other_project.py --generations 30
"""

import argparse
import math
import random
import statistics
import sys

from deap import algorithms, base, creator, tools

from deap_nas import cx_one_point, mut_gene

STEPS = [("median", w) for w in (3, 5, 7, 9)] + [("mean", w) for w in (3, 5, 7, 9)]
STEPS += [("detrend", w) for w in (20, 40, 80)] + [("clip", limit) for limit in (1.0, 1.5, 2.0)]


class Pipelines:
    """The space. Each list is found by asking the rules: short to write, and fast enough here."""

    def __contains__(self, steps):
        names = [name for name, _ in steps]
        spikes_first = "mean" not in names or "median" not in names[names.index("mean") :]
        known = all(step in STEPS for step in steps)
        return known and 2 <= len(steps) <= 6 and names.count("detrend") == 1 and spikes_first

    def kind(self, step):
        return step[0]

    def replacements(self, steps, i):
        others = [step for step in STEPS if step != steps[i]]
        return [step for step in others if [*steps[:i], step, *steps[i + 1 :]] in self]

    def insertions(self, steps):
        pairs = [(i, step) for i in range(len(steps) + 1) for step in STEPS]
        return [(i, step) for i, step in pairs if [*steps[:i], step, *steps[i:]] in self]

    def deletions(self, steps):
        return [i for i in range(len(steps)) if [*steps[:i], *steps[i + 1 :]] in self]

    def sample(self, rng=random):
        while True:  # the one place where trying again is the simplest way
            steps = rng.choices(STEPS, k=rng.randint(2, 6))
            if steps in self:
                return steps


def windows(signal, width):
    return [signal[max(0, i - width // 2) : i + width // 2 + 1] for i in range(len(signal))]


def repair(signal, steps):
    for name, value in steps:
        if name == "clip":
            signal = [max(-value, min(value, y)) for y in signal]
        elif name == "detrend":
            signal = [y - statistics.fmean(near) for y, near in zip(signal, windows(signal, value))]
        else:
            signal = list(map(getattr(statistics, name), windows(signal, value)))
    return signal


def error(signal, clean):
    return math.sqrt(statistics.fmean((a - b) ** 2 for a, b in zip(signal, clean)))


creator.create("LeastError", base.Fitness, weights=(-1.0,))
creator.create("Pipeline", list, fitness=creator.LeastError)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--population", type=int, default=30)
    parser.add_argument("--generations", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    random.seed(args.seed)
    clean = [math.sin(i / 3) for i in range(150)]
    drift = [y + i / 50 + random.gauss(0, 0.2) for i, y in enumerate(clean)]
    measured = [y + 6 * (random.random() < 0.05) for y in drift]

    space, toolbox = Pipelines(), base.Toolbox()
    toolbox.register("individual", lambda: creator.Pipeline(space.sample()))
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("evaluate", lambda steps: (error(repair(measured, steps), clean),))
    toolbox.register("mate", cx_one_point, space=space)
    toolbox.register("mutate", mut_gene, space=space)
    toolbox.register("select", tools.selTournament, tournsize=3)

    best, n = {"raw": (error(measured, clean), [])}, args.population
    print(f"raw signal: error {best['raw'][0]:.3f}")
    settings = {"ngen": args.generations, "verbose": False}
    for name in ("eaSimple", "eaMuPlusLambda"):
        hall, population = tools.HallOfFame(1), toolbox.population(n=n)
        rates = (0.7, 0.3) if name == "eaSimple" else (n, n, 0.6, 0.4)
        loop = getattr(algorithms, name)
        population, _ = loop(population, toolbox, *rates, halloffame=hall, **settings)
        assert all(steps in space for steps in population)
        best[name] = (hall[0].fitness.values[0], list(hall[0]))
        print(f"{name}: error {best[name][0]:.3f} by", " > ".join(f"{s} {v}" for s, v in hall[0]))
    return best


if __name__ == "__main__":
    main(sys.argv[1:])
