"""Your own expensive function, measured as ours are: each design once, in supervised workers.

A car's suspension is to be found: a spring and two damping rates, so that the body shakes little
and the wheel keeps to the ground. A ride over a long road tells; no network is anywhere. The
project has individuals from ``creator.create`` and DEAP's own loop; what comes from here is the
``GeneralEvaluator`` with its cache and the ``Journal``, which need one class, the trainer. Kill the
search, and give the command again: what was measured is read from OUT, and it ends as if nothing
had been.

    python examples/own_evaluator.py --out /tmp/suspension
"""

import argparse
import json
import math
import random
import sys
from pathlib import Path

from deap import algorithms, base, creator, tools

from deap_nas import Evaluation, GeneralEvaluator, Journal, Workers

BODY, WHEEL, TYRE = 300.0, 40.0, 200_000.0  # kg, kg, N/m
WEIGHT = 9.81 * (BODY + WHEEL)
SPEED, STEP = 20.0, 0.001  # m/s, s
LOW, HIGH = (5, 1, 1), (60, 50, 50)  # spring in kN/m; damping in and out in 100 Ns/m


class Ride:
    """The trainer. A genome is a text such as "20 10 15", a budget is metres of road."""

    def key(self, genome, metres):
        """All that the outcome depends on; raise the version when ``train`` gives other numbers."""
        return json.dumps({"design": genome, "metres": metres, "ride": 1})

    def start(self):
        """Called once in each worker; here belongs what takes long to load."""
        rng, self.road = random.Random(0), [0.0]
        while len(self.road) < 10_000:
            self.road.append(0.995 * self.road[-1] + rng.gauss(0, 0.002))

    def train(self, genome, metres):
        """One ride, in a worker. What it raises is the failure of this design alone."""
        spring, damping_in, damping_out = (float(number) for number in genome.split())
        body = wheel = body_speed = wheel_speed = shaking = 0.0
        steps, lost = round(metres / SPEED / STEP), 0
        for step in range(steps):
            squeezed, squeezing = wheel - body, wheel_speed - body_speed
            if abs(squeezed) > 0.15:  # would end so each time: "diverged" is kept, an error is not
                reason = f"hits its end after {step * STEP * SPEED:.0f} m"
                return Evaluation(status="diverged", reason=reason)
            damping = damping_in if squeezing > 0 else damping_out
            force = 1000 * spring * squeezed + 100 * damping * squeezing
            load = TYRE * (self.road[step % len(self.road)] - wheel)
            if load < -WEIGHT:
                load, lost = -WEIGHT, lost + 1
            acceleration = force / BODY
            body_speed += acceleration * STEP
            wheel_speed += (load - force) / WHEEL * STEP
            body += body_speed * STEP
            wheel += wheel_speed * STEP
            shaking += acceleration**2
        return Evaluation(metrics={"shaking": math.sqrt(shaking / steps), "lost": lost / steps})


def discomfort(evaluation):
    """To be minimised: m/s² of the body, and a penalty for each percent without contact."""
    if not evaluation.ok:
        return (100.0,)
    return (evaluation.metrics["shaking"] + 100 * evaluation.metrics["lost"],)


creator.create("Discomfort", base.Fitness, weights=(-1.0,))
creator.create("Suspension", list, fitness=creator.Discomfort)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the journal")
    parser.add_argument("--population", type=int, default=20)
    parser.add_argument("--generations", type=int, default=8)
    parser.add_argument("--metres", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    random.seed(args.seed)  # DEAP's loops draw from the module: equal seeds, the same search again
    toolbox, best = base.Toolbox(), tools.HallOfFame(1)
    toolbox.register("individual", lambda: creator.Suspension(map(random.randint, LOW, HIGH)))
    toolbox.register("population", tools.initRepeat, list, toolbox.individual)
    toolbox.register("mate", tools.cxUniform, indpb=0.5)
    toolbox.register("mutate", tools.mutUniformInt, low=LOW, up=HIGH, indpb=0.4)
    toolbox.register("select", tools.selTournament, tournsize=3)

    trainer, trained = Ride(), []
    with (
        Journal(args.out) as journal,
        GeneralEvaluator(
            trainer,
            Workers(trainer, count=args.workers, max_seconds=600),
            fitness=discomfort,
            budget=args.metres,
            text=lambda design: " ".join(map(str, design)),
            cache=args.out / "cache",
            record=journal,
        ) as evaluator,
    ):
        evaluator.observe = lambda text, _, found: None if found else trained.append(text)
        toolbox.register("evaluate", evaluator)
        toolbox.register("map", evaluator.map)
        population = toolbox.population(n=args.population)
        rates = {"cxpb": 0.7, "mutpb": 0.5, "ngen": args.generations}
        algorithms.eaSimple(population, toolbox, **rates, halloffame=best, verbose=False)
        metrics, measured = evaluator.measure(best[0]).metrics, len(journal.rows())
    print(f"{measured} designs measured, {len(trained)} of them in this session")
    print("best: spring {} kN/m, damping {} and {} x 100 Ns/m:".format(*best[0]), end=" ")
    print(f"{metrics['shaking']:.3f} m/s², without contact {metrics['lost']:.2%} of the time")
    return best[0], metrics, trained


if __name__ == "__main__":
    main(sys.argv[1:])
