"""The first genomes of a search: as they are drawn, or spread over sizes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from deap_nas.evaluation.forecast import size_in
from deap_nas.spaces import SearchSpace

DRAWS = 4  # for each genome that is wanted


def first_genomes(
    toolbox: Any, n: int, how: str, space: SearchSpace, small_enough: int = 0
) -> list[Any]:
    """``n`` genomes to begin with.

    Args:
        toolbox: draws them.
        n: how many.
        how: ``spread`` over sizes, or as they are ``drawn``; so, too, where a layer of the space
            has no formula for its size.
        space: what they are drawn from.
        small_enough: parameters below which none is wanted where they are spread.
    """
    if n and how == "spread" and (size := size_in(space)):
        return spread(toolbox.individual, n, size, small_enough)
    return toolbox.population(n=n)  # type: ignore[no-any-return]


def spread(
    draw: Callable[[], Any],
    n: int,
    size: Callable[[Any], tuple[int, int]],
    small_enough: int = 0,
) -> list[Any]:
    """``n`` genomes from small to large, each typical of its size in what it takes to train. ::

        12 distinct draws, sorted by parameters  ->  a b c d | e f g h | i j k l  ->  c e l

    Of ``DRAWS`` times as many draws, sorted by parameters and cut into ``n`` equal groups, each
    group gives the one in its middle by multiply-adds. (The cheapest ones tell a model too little:
    ``results/preselection``.) Where too few draws differ, the first ``n`` are taken as they are.

    Args:
        draw: draws a genome; all chance is in it.
        n: how many are wanted.
        size: genome -> (parameters, multiply-adds).
        small_enough: draws with fewer parameters are passed over, where enough others are left.
    """
    drawn = [draw() for _ in range(DRAWS * n)]
    distinct = list({tuple(genome): genome for genome in drawn}.values())
    if len(distinct) < n:
        return drawn[:n]
    wanted = [genome for genome in distinct if size(genome)[0] >= small_enough]
    distinct = wanted if len(wanted) >= n else distinct
    distinct.sort(key=lambda genome: (size(genome)[0], str(genome)))
    edges = [len(distinct) * i // n for i in range(n + 1)]
    groups = [distinct[a:b] for a, b in pairwise(edges)]
    return [sorted(group, key=lambda genome: size(genome)[1])[len(group) // 2] for group in groups]
