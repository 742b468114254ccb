"""After the search: finalists are trained, one is chosen, and only then the test set is used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from statistics import fmean

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.protocol import Request
from deap_nas.genome import parse_genome
from deap_nas.runs.finalists import Finalist, assemble, choose, final_budgets, pick_finalists
from deap_nas.runs.int8 import Quantising, read_int8
from deap_nas.runs.journal import Journal
from deap_nas.runs.result import test_once
from deap_nas.runs.settings import Settings
from deap_nas.runs.watcher import Watcher
from deap_nas.training.evaluator import Evaluator

MOST = 0.5  # of a time budget that the search leaves to its finalists


class Finals:
    """The finalists of one search.

    Args:
        settings: of the search.
        evaluator: trains them; it knows their budgets.
        journal: the run's.
        watcher: is told of them.
        workers: how many trainings go on at once.
        quantising: has each training scored in int8, and these scores choose; None: as trained.
    """

    def __init__(
        self,
        settings: Settings,
        evaluator: Evaluator,
        journal: Journal,
        watcher: Watcher,
        workers: int,
        quantising: Quantising | None = None,
    ) -> None:
        self._settings, self._evaluator, self._journal = settings, evaluator, journal
        self._watcher, self._workers = watcher, workers
        self._quantising = quantising
        self._budgets = list(final_budgets(settings))
        self._baseline = str(parse_genome(settings.baseline)) if settings.baseline else ""
        self._needed = (0, 0.0)  # seconds, by how many outcomes they were reckoned from

    def score(self, evaluation: Evaluation) -> float:
        """The search's fitness, as one number."""
        return self._settings.judge(evaluation)[0]

    def reserve(self) -> float:
        """Seconds of the time budget that the search must leave: what the finalists of now would
        take, but no more than ``MOST`` of it."""
        n = len(self._journal.rows())
        if self._budgets and n != self._needed[0]:
            self._needed = n, self._seconds(self._picked())
        return min(self._needed[1], MOST * (self._settings.time_budget or 0.0))

    def run(self) -> list[Finalist]:
        """Train the finalists and the baseline, choose, and score them on the test set. What the
        journal has of it is taken from there.

        Returns:
            The finalists, one of them chosen; nobody where none was trained.
        """
        if not self._budgets:
            return []
        evaluator, self._evaluator.observe = self._evaluator, self._watcher.final
        self._journal.start_generation(None)
        if self._journal.choice is None:
            self._choose(self._train(self._picked()))
        evaluator.lift_limits()
        written = self._journal.choice
        assert written is not None
        found = self._measured([(text, budget) for text, budget in written["trainings"]])
        self._watcher.stage("test")
        self._test(found)
        evaluator.observe = self._watcher.evaluated
        trained = self._assembled(found, written["genome"])
        return [each for each in trained if each.genome in written["finalists"]]

    def baseline(self) -> Finalist | None:
        """The user's network, trained and scored as the finalists are."""
        trainings = (self._journal.choice or {}).get("trainings", [])
        of_it = [(text, budget) for text, budget in trainings if text == self._baseline]
        found = self._assembled(self._measured(of_it), None)
        return found[0] if found else None

    def _picked(self) -> list[str]:
        settings = self._settings
        rows, spread = self._journal.rows(), settings.several
        few = settings.small_enough
        return pick_finalists(rows, self.score, settings.finalists, spread=spread, small_enough=few)

    def _train(self, genomes: list[str]) -> dict[Request, Evaluation]:
        """As far as the time budget goes, every network once before any a second time."""
        names = list(dict.fromkeys([*genomes, self._baseline]))
        requests: list[Request] = [
            (text, budget) for budget, text in product(self._budgets, filter(None, names))
        ]
        if genomes:
            self._watcher.finalists(genomes, len(requests), self._seconds(genomes))
        self._evaluator.lift_limits(time=False)
        return self._measured(requests if genomes else [])

    def _measured(self, requests: Sequence[Request]) -> dict[Request, Evaluation]:
        pairs = [(parse_genome(text), budget) for text, budget in requests]
        found = zip(requests, self._evaluator.measure_each(pairs))
        return {request: evaluation for request, evaluation in found if evaluation}

    def _choose(self, trained: dict[Request, Evaluation]) -> None:
        """Write the choice: once it is on disk it stands, whatever the clock says on a resume."""
        self._quantise(trained)
        picked, assembled = self._picked(), self._assembled(trained, None)
        finalists = [each for each in assembled if each.genome in picked]
        chosen = choose(finalists)
        self._journal.append(
            "choice",
            genome=chosen.genome if chosen else None,
            budget=chosen.best if chosen else None,
            finalists=[each.genome for each in finalists],
            trainings=[list(request) for request in trained],
        )

    def _quantise(self, trained: dict[Request, Evaluation]) -> None:
        """Score each training in int8, if that is what chooses."""
        if self._quantising and trained:
            self._watcher.stage("int8")
            for (text, budget), evaluation in trained.items():
                if evaluation.ok:
                    self._quantising.measure(text, budget)

    def _assembled(self, trained: dict[Request, Evaluation], chosen: str | None) -> list[Finalist]:
        int8 = read_int8(self._journal.int8, self._evaluator.split) if self._quantising else {}
        return assemble(trained, self._journal.tests, chosen, self.score, int8)

    def _test(self, trained: dict[Request, Evaluation]) -> None:
        """Score each network on the test set, unless it is what the search scores on."""
        for (text, budget), evaluation in trained.items():
            if evaluation.ok and self._evaluator.split != "test":
                test_once(text, budget, self._evaluator, self._journal)
            if evaluation.ok and self._quantising:
                self._quantising.test(text, budget)

    def _seconds(self, genomes: Iterable[str]) -> float:
        """About how long finalists take, from what an epoch of each took in the search: at most the
        work shared by all workers, and the longest training, which may begin last.

        Source: Graham 1966, the bound of list scheduling.
        """
        epochs, rows = self._settings.make_final_recipe().epochs, self._journal.rows()
        known = {row["genome"]: row["evaluation"] for row in rows if row["generation"] is not None}
        taken = [known[text]["train_seconds"] / max(1, known[text]["epochs"]) for text in genomes]
        if taken and self._baseline:
            taken.append(fmean(taken))
        work, longest = epochs * sum(taken) * len(self._budgets), epochs * max(taken, default=0.0)
        return float(work / self._workers + longest * (1 - 1 / self._workers))
