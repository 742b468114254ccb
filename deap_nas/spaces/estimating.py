"""How many genomes are within budgets: counted where that takes a moment, else estimated."""

from __future__ import annotations

import random
from math import sqrt
from typing import Any

from deap_nas.layers import Shape
from deap_nas.spaces.counting import TooMany
from deap_nas.spaces.rules import Rule
from deap_nas.spaces.thrift import ThriftyWalks
from deap_nas.spaces.walks import Counts

MOST_WORK = 300_000  # steps; counting exactly would take many seconds beyond
DRAWS = 400
UNITS = 128


def size_within(walks: ThriftyWalks) -> tuple[float, float]:
    """How many genomes there are, and the standard error of that; 0 where they are counted."""
    try:
        count = _Count(walks)
        return sum(count.ends(n, walks.none, walks.start) for n in walks.depths), 0.0
    except TooMany:
        pass
    tightest = min((_Coarse(walks, i) for i in range(len(walks.sums))), key=lambda each: each.size)
    from statistics import fmean, stdev  # slow to load

    rng = random.Random(0)
    guesses = [tightest.guess(rng) for _ in range(DRAWS)]
    return fmean(guesses), stdev(guesses) / sqrt(DRAWS)


class _Count:
    """Counts each place once."""

    def __init__(self, walks: ThriftyWalks) -> None:
        self._walks, self._work = walks, 0
        self._known: dict[Any, int] = {}

    def ends(self, n: int, counts: Counts, place: Any) -> int:
        """Ends of ``n`` genes and a head."""
        key = (n, counts, place)
        if key not in self._known:
            self._known[key] = self._find(n, counts, place)
        return self._known[key]

    def _find(self, n: int, counts: Counts, place: Any) -> int:
        walks, found = self._walks, 0
        for rule in (walks.layers if n else walks.heads).values():
            after = walks.counted((rule.name,), counts) if n else counts
            if after is None:
                continue
            ways = walks.ways(rule, place)
            self._work += len(ways)
            if self._work > MOST_WORK:
                raise TooMany
            for ahead, many in ways.items():
                found += many * (self.ends(n - 1, after, ahead) if n else walks.enough(counts))
        return found


class _Coarse:
    """Genomes counted by one of the budgets, in units so large that each gene costs a few, rounded
    down: rather too many, with which genomes are drawn nearly uniformly.

    Args:
        walks: within all budgets.
        i: which of the sums it counts by.
    """

    def __init__(self, walks: ThriftyWalks, i: int) -> None:
        self._walks, self._i = walks, i
        self._unit = max(1, -(-walks.start[1][i] // UNITS))
        self._known: dict[Any, Any] = {}
        most = self._units(walks.start)
        self._of_depth = [self._ends(n, walks.none, walks.start[0])[most] for n in walks.depths]
        self.size = sum(self._of_depth)

    def guess(self, rng: random.Random) -> float:
        """An unbiased guess at how many genomes are within all budgets: 0 if one that is drawn is
        not, else one over its probability.

        Source: Knuth 1975, *Estimating the Efficiency of Backtrack Programs*; with importance.
        """
        walks = self._walks
        ((left, of_depth),) = rng.choices([*zip(walks.depths, self._of_depth)], self._of_depth)
        guess, counts, place = float(self.size / of_depth), walks.none, walks.start
        while place and left >= 0:
            options = [
                (after, there, many, self._ends(left - 1, after, there[0])[self._units(there)])
                for rule, after in self._rules(left, counts)
                for there, many in walks.ways(rule, place).items()
            ]
            weights = [many * ends for _, _, many, ends in options]
            if not any(weights):
                return 0.0
            ((counts, place, _, ends),) = rng.choices(options, weights)
            guess *= float(sum(weights) / ends)
            left -= 1
        return guess

    def _ends(self, n: int, counts: Counts, shape: Shape) -> Any:
        """How many ends of ``n`` genes and a head cost at most 0, 1, 2, ... units."""
        import numpy as np

        key = (n, counts, shape)
        if n < 0:
            return np.ones(UNITS + 1)
        if key not in self._known:
            found = np.zeros(UNITS + 1)
            for rule, after in self._rules(n, counts):
                for (ahead, costs), many in self._walks.steps(rule, shape).ways.items():
                    cost = costs[self._i] // self._unit
                    if cost <= UNITS:
                        rest = self._ends(n - 1, after, ahead)
                        found[cost:] += many * rest[: UNITS + 1 - cost]
            self._known[key] = found
        return self._known[key]

    def _rules(self, n: int, counts: Counts) -> list[tuple[Rule, Counts]]:
        """The rules of the next gene, with ``n`` to go before the head; and the counts then."""
        walks = self._walks
        if n == 0:
            return [(head, counts) for head in walks.heads.values() if walks.enough(counts)]
        options = ((rule, walks.counted((rule.name,), counts)) for rule in walks.layers.values())
        return [(rule, after) for rule, after in options if after is not None]

    def _units(self, place: Any) -> int:
        return int(place[1][self._i] // self._unit)
