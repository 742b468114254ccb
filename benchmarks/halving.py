"""What successive halving saves, and what it costs: regret by epochs, on a space all known.

    python benchmarks/halving.py            # 60 seeds; minutes of one core

Each search is the project's default on the table of trained networks (population 10, first genomes
spread over sizes, 4 of 40 children a generation) with ``--halving`` N. It may spend so many epochs
of training: a network that is trained to the end takes 4, one that is stopped 1 or 2. Regret is how
far the genome in hand, of those trained to the end, is from the best there is, by test accuracy.
Seeds from 100 on chose the rung; 0 to 59 report. Writes --out (results/halving): regret.csv,
rungs.csv (how well an epoch tells the end), run.json.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd
from common import RESULTS, make_parser, provenance, save
from scipy.stats import spearmanr
from variants.problems import TABLE, find_problem, trainings

from deap_nas import Evaluation, ea_preselected, make_toolbox
from deap_nas.benchmark.problem import Measured, TableProblem
from deap_nas.benchmark.statistics import mean_interval, p_better
from deap_nas.evaluation.halving import Halving, accuracy_after, cut
from deap_nas.evaluation.trained import Trained
from deap_nas.genome import format_genes, parse_genome
from deap_nas.runs.first import spread
from deap_nas.training.recipes import rungs_of

EPOCHS = 4  # of a training to the end, in the table
BUDGETS = (100, 200, 400)  # epochs: of 25, 50 and 100 networks trained to the end
ETAS = (0, 2, 3, 4)
COUNTED = ("rank", "networks", "stopped")


class Spent(Exception):
    """All epochs are used up."""


class Answer(NamedTuple):
    """The genome in hand after so many epochs.

    Args:
        epochs: that might be spent.
        regret: by test accuracy.
        rank: among all of the table; 1 is the best.
        networks: that were trained.
        stopped: of these.
    """

    epochs: int
    regret: float
    rank: float
    networks: int
    stopped: int


class Lookup:
    """Stands in for an evaluator with ``halving``, with the table's answers.

    Args:
        measured: what the table holds.
        halving: None: every network is trained to the end.
    """

    def __init__(self, measured: Measured, halving: Halving | None) -> None:
        self._measured, self._halving = measured, halving
        self.found: dict[tuple[Any, ...], Evaluation] = {}
        self.epochs = 0

    def __call__(self, genome: Any) -> tuple[float, ...]:
        return self._measured.fitness(self.found[tuple(genome)])

    def map(self, function: Callable[[Any], Any], genomes: Iterable[Any]) -> list[Any]:
        genomes = list(genomes)
        new = [genome for genome in genomes if tuple(genome) not in self.found]
        texts, seen = list(map(format_genes, new)), list(self.found.values())
        floors = self._halving.floors(texts, seen) if self._halving else {}
        for genome, text in zip(new, texts):
            if self.epochs >= max(BUDGETS):
                raise Spent
            trained = cut(Trained(self._measured.measure(genome)), floors.get(text, {}))
            assert trained
            self.found[tuple(genome)] = trained.evaluation
            self.epochs += trained.evaluation.epochs
        return list(map(function, genomes))

    def failed(self, genome: Any) -> bool:
        return not self.found[tuple(genome)].ok

    def stopped(self, genome: Any) -> bool:
        return self.found[tuple(genome)].stopped


def make_halving(measured: Measured, eta: int) -> Halving | None:
    if not eta:
        return None
    rungs = rungs_of(EPOCHS, eta)
    return Halving(eta, rungs, measured.fitness, lambda text: measured.size(parse_genome(text)))


def search(problem: TableProblem, seed: int, eta: int) -> dict[Any, Evaluation]:
    """What a search measured, in order."""
    rng = random.Random(seed)
    random.seed(seed)  # DEAP's own selection draws from the module
    measured = trainings(problem)
    lookup = Lookup(measured, make_halving(measured, eta))
    operators = {"crossover": "uniform", "mutation": "mixture", "selection": "tournament"}
    toolbox = make_toolbox(problem.space, lookup, **operators, rng=rng)
    measured.register(toolbox, lambda genome: lookup.found[tuple(genome)])
    first = spread(toolbox.individual, 10, measured.size)
    settings = {"mu": 10, "lambda_": 4, "cxpb": 0.5, "mutpb": 1.0, "ngen": 10**6}
    with contextlib.suppress(Spent):
        ea_preselected(first, toolbox, **settings, rng=rng)
    return lookup.found


def answers(problem: TableProblem, found: dict[Any, Evaluation]) -> Iterator[Answer]:
    """What a search has in hand at each budget."""
    scores, best = problem.scores, problem.optimum
    for budget in BUDGETS:
        spent, within = 0, []
        for genes, evaluation in found.items():
            spent += evaluation.epochs
            if spent > budget:
                break
            within.append((genes, evaluation))
        whole = [genes for genes, evaluation in within if evaluation.ok]
        held_out = scores[max(whole, key=lambda genes: scores[genes].seen)].held_out
        stopped, rank = len(within) - len(whole), problem.rank(held_out)
        yield Answer(budget, best.held_out - held_out, rank, len(within), stopped)


def measure(eta: int, seeds: range) -> list[Answer]:
    """The answers of a search for each seed."""
    problem = find_problem(TABLE)
    return [each for seed in seeds for each in answers(problem, search(problem, seed, eta))]


def summary(measured: dict[int, list[Answer]]) -> pd.DataFrame:
    """Each search at each budget, beside the one that trains all to the end."""
    rows = []
    for eta, found in measured.items():
        for budget in BUDGETS:
            mine, other = ([a for a in each if a.epochs == budget] for each in (found, measured[0]))
            regret = [each.regret for each in mine]
            means = [fmean(getattr(each, name) for each in mine) for name in COUNTED]
            interval = mean_interval(regret)
            better = p_better(regret, [each.regret for each in other])
            rows.append((eta, budget, len(mine), *interval, better, *means))
    columns = ("halving", "epochs", "seeds", "mean_regret", "low", "high", "p_better_than_0")
    return pd.DataFrame(rows, columns=[*columns, *(f"mean_{name}" for name in COUNTED)])


def rungs_table(measured: Measured) -> pd.DataFrame:
    """How well fitness at a rung tells the fitness at the end: rank correlation, among all networks
    of the table and among the best at the end."""
    good = [e for e in measured.evaluations.values() if e.ok]
    good.sort(key=lambda each: measured.fitness(each), reverse=True)
    ends, rows = [measured.fitness(each)[0] for each in good], []
    for rung in (1, 2):
        then = [replace(each, accuracy=accuracy_after(each, rung)) for each in good]
        values = [measured.fitness(each)[0] for each in then]
        for n in (len(good), 1000, 300, 100):
            rows.append((rung, n, spearmanr(values[:n], ends[:n]).statistic))
    return pd.DataFrame(rows, columns=["rung", "best_at_the_end", "rank_correlation"])


def main() -> None:
    parser = make_parser(__doc__, RESULTS / "halving")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    arguments, made = parser.parse_args(), provenance()
    rungs, measured = rungs_table(trainings(find_problem(TABLE))), dict[int, list[Answer]]()
    of_seeds = partial(measure, seeds=range(arguments.seeds))
    with multiprocessing.get_context("spawn").Pool(arguments.jobs) as pool:
        for eta, found in zip(ETAS, pool.imap(of_seeds, ETAS)):
            measured[eta] = found
            save(arguments.out, made, regret=summary(measured), rungs=rungs)
    print(summary(measured).to_string(index=False))


if __name__ == "__main__":
    main()
