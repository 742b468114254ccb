"""Searches of ten minutes in ten seconds each: what a training would say is foretold by trees that
have learned from some 1,200 real ones, and the clock is a number.

    python -m benchmarks.search.simulated    # 12 seeds of each variant; a quarter of an hour

A real search of ten minutes differs from one seed to the next by as much as settings make a
difference: this tells which are worth real minutes. Learned from are the trainings of three epochs
in results/search/simulated/trainings.csv, of real searches in the wide space. What trees cannot
know of a genome is added to it at random, the same in every search; so are searches of equal seeds
equal. Writes searches.csv, a row a search, and variants.csv, a row a variant, beside that.

Source: a surrogate in place of trainings, Zela et al. 2022, *Surrogate NAS Benchmarks*.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.common import provenance, save
from benchmarks.search.measures import at
from benchmarks.search.plan import MINUTES, OUT, search_settings
from deap_nas import WIDE_SPACE, Evaluation, make_toolbox, parse_genome
from deap_nas.algorithms import sel_crowded_tournament
from deap_nas.evaluation.forecast import LOG_OF_ERROR, cost_in, known_in, size_in
from deap_nas.layers import ACTIVATIONS
from deap_nas.runs.draws import drawing_from
from deap_nas.runs.first import first_genomes
from deap_nas.runs.known import tell_what_is_known
from deap_nas.runs.settings import Settings

KNOWN = OUT / "simulated" / "trainings.csv"
WORKERS = 2
# Of three epochs of 50,000 images on a core of an AMD EPYC with AVX2, by results/search/simulated.
SECONDS, PER_COST = 0.3, 3.9e-5
BREEDING = 0.004  # seconds a candidate
UNKNOWN = 0.08  # standard deviation of what trees cannot know, in the logarithm of the error
BEFORE = {"first": "spread", "per_cost": 0.5}
PRESENT, RANDOM = "the preset", "random search"
VARIANTS: dict[str, dict[str, Any]] = {
    PRESENT: {},
    "first genomes spread, cost 0.5": BEFORE,
    "first genomes spread": {"first": "spread"},
    "cost 0.5": {"per_cost": 0.5},
    "cost 0": {"per_cost": 0.0},
    "30 candidates": {"candidates": 30},
    "optimism 1": {"optimism": 1.0},
    "no model": {"candidates": 1},
    RANDOM: {},
}


class Truth:
    """What trees say of genomes, and what a training takes.

    Args:
        genomes: that were trained.
        accuracies: of each, in [0, 1].
        space: which they are of.
    """

    def __init__(self, genomes: Sequence[Any], accuracies: Iterable[float], space: Any) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        self.space, self._known, self._cost = space, known_in(space), cost_in(space)
        self._kinds = [rule.name for rule in space.rules]
        self._trees = ExtraTreesRegressor(60, max_features=0.5, random_state=0)
        self.inputs = np.array([self._describe(genome) for genome in genomes])
        self.numbers = np.array([LOG_OF_ERROR.to(accuracy) for accuracy in accuracies])
        self._trees.fit(self.inputs, self.numbers)
        self._told: dict[str, float] = {}

    def explained(self) -> float:
        """The share of the variance that trees explain which have not seen a genome."""
        from sklearn.model_selection import cross_val_predict

        missed = self.numbers - cross_val_predict(self._trees, self.inputs, self.numbers, cv=10)
        return float(1 - missed.var() / self.numbers.var())

    def accuracy(self, genome: Any) -> float:
        text = str(genome)
        if text not in self._told:
            (number,) = self._trees.predict([self._describe(genome)])
            own = random.Random(zlib.crc32(text.encode())).gauss(0, UNKNOWN)
            self._told[text] = LOG_OF_ERROR.back(number + own)
        return self._told[text]

    def seconds(self, genome: Any) -> float:
        return SECONDS + PER_COST * self._cost(genome)

    def _describe(self, genome: Any) -> list[float]:
        *body, head = genome
        filters = [math.log(v) for gene in body if (v := getattr(gene, "filters", 0))]
        ends = (filters[0], filters[-1]) if filters else (0.0, 0.0)
        widths = (sum(filters), max(filters, default=0.0), min(filters, default=0.0), *ends)
        said = [
            sum(name in gene for gene in genes)
            for genes in ([*body, head], body[:1], body[1:2], body[-1:])
            for name in (*self._kinds, *ACTIVATIONS)
        ]
        kernels = [gene.kernel for gene in body if hasattr(gene, "kernel")]
        about = (len(body), self._cost(genome), np.mean(kernels) if kernels else 0.0)
        return [*self._known(genome), *about, *widths, *said]


class Clock:
    """Workers that take genomes one by one, and what they found: rows as ``measures`` takes them.

    Args:
        truth: of genomes.
        pause: seconds before each generation but the first.
    """

    def __init__(self, truth: Truth, pause: float = 0.0) -> None:
        self._truth, self._pause, self._size = truth, pause, size_in(truth.space)
        self._free = [0.0] * WORKERS
        self._rows: list[tuple[int, float, float]] = []
        self._evaluations: dict[str, Evaluation] = {}

    def measure(self, genome: Any) -> Evaluation:
        """What a training said."""
        return self._evaluations[str(genome)]

    @property
    def now(self) -> float:
        return max(self._free)

    @property
    def next(self) -> float:
        """When a worker is free."""
        return min(self._free)

    def train(self, genome: Any) -> None:
        worker = self._free.index(self.next)
        self._free[worker] += self._truth.seconds(genome)
        n_params, multiply_adds = self._size(genome)
        accuracy = self._truth.accuracy(genome)
        told = {"n_params": n_params, "multiply_adds": multiply_adds}
        self._evaluations[str(genome)] = Evaluation(accuracy, **told)
        self._rows.append((n_params, accuracy, self._free[worker]))

    def map(self, evaluate: Callable[[Any], Any], genomes: Iterable[Any]) -> list[Any]:
        """A generation: all wait for the last of the one before."""
        self._free = [self.now + (self._pause if self._rows else 0.0)] * WORKERS
        found = []
        for genome in genomes:
            self.train(genome)
            found.append(evaluate(genome))
        return found

    def trials(self) -> pd.DataFrame:
        return pd.DataFrame(self._rows, columns=["n_params", "accuracy", "seconds"]).assign(
            status="ok"
        )


def space_of(settings: Settings) -> Any:
    limits = {"max_params": settings.max_params, "max_multiply_adds": settings.max_multiply_adds}
    return replace(WIDE_SPACE, **limits)


def search(settings: Settings, truth: Truth, seconds: float) -> pd.DataFrame:
    """The trials of our search, as the command would run it."""
    rng, front = random.Random(settings.seed), settings.front
    clock = Clock(truth, BREEDING * settings.candidates * settings.children)
    toolbox = make_toolbox(
        truth.space,
        lambda genome: front(clock.measure(genome)),
        crossover=settings.crossover,
        mutation=settings.mutation,
        selection=sel_crowded_tournament,
        weights=front.weights,
        rng=rng,
    )
    toolbox.register("map", clock.map)
    toolbox.decorate("select", drawing_from(random.Random(f"{settings.seed}, DEAP's own")))
    tell_what_is_known(toolbox, settings, truth.space, clock)
    about = (settings.population, settings.first, truth.space, settings.small_enough)
    initial = first_genomes(toolbox, *about)
    stop = {"stop": lambda _: clock.now >= seconds}
    settings.loop.run(initial, toolbox, settings.generations, vars(settings), rng=rng, **stop)
    return clock.trials()


def draws(settings: Settings, truth: Truth, seconds: float) -> pd.DataFrame:
    """The trials of random search."""
    rng, clock = random.Random(settings.seed), Clock(truth)
    while clock.next < seconds:
        clock.train(truth.space.sample(rng))
    return clock.trials()


def read_truth(space: Any, path: Path = KNOWN) -> Truth:
    table = pd.read_csv(path).drop_duplicates("genome")
    return Truth([parse_genome(text) for text in table["genome"]], table["accuracy"], space)


def row_of(name: str, seed: int, minutes: float) -> dict[str, Any]:
    """One search."""
    settings = search_settings("wide", seed, minutes, **VARIANTS[name])
    truth = read_truth(space_of(settings))
    trials = (draws if name == RANDOM else search)(settings, truth, 60 * minutes)
    done = trials[trials["seconds"] <= 60 * minutes]
    return {"variant": name, "seed": seed, "trainings": len(done), **at(done, 60 * minutes)}


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Means of each variant, and how much more it has than the preset, seed by seed."""
    tables = []
    for measure in ("hypervolume", "best_fitness"):
        by_seed = rows.pivot_table(values=measure, index="seed", columns="variant")
        more = by_seed.sub(by_seed[PRESENT], axis=0)
        columns = {"": by_seed.mean(), "_more": more.mean(), "_more_error": more.sem()}
        tables.append(pd.DataFrame({f"{measure}{k}": v for k, v in columns.items()}))
        tables.append(more.gt(0).sum().rename(f"{measure}_seeds_ahead"))
    trainings = rows.groupby("variant")["trainings"].mean()
    table = pd.concat([trainings, *tables], axis=1).loc[list(dict.fromkeys(rows["variant"]))]
    return table.rename_axis("variant").reset_index()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=12, help="of each variant (default 12)")
    parser.add_argument("--variant", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--minutes", type=float, default=MINUTES, help="(default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=-1, help="processes (default: all cores)")
    parser.add_argument("--out", type=Path, default=KNOWN.parent, help="(default: %(default)s)")
    arguments = parser.parse_args(argv)
    made = provenance()
    names = dict.fromkeys([PRESENT, *arguments.variant])
    wanted = [(name, seed) for seed in range(arguments.seeds) for name in names]
    explained = read_truth(space_of(search_settings("wide", 0, 1))).explained()
    print(f"trees explain {100 * explained:.0f} % of the variance of genomes they have not seen")
    run = Parallel(arguments.jobs, verbose=5)
    rows = pd.DataFrame(run(delayed(row_of)(*each, arguments.minutes) for each in wanted))
    table = compared(rows)
    save(arguments.out, {**made, "explained": explained}, searches=rows, variants=table)
    print(table.to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
