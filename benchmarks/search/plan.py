"""What is searched, how long, and what it is measured against: the one place to change it."""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.common import RESULTS
from deap_nas.runs.presets import PRESETS, make_settings
from deap_nas.runs.settings import Settings

OUT = RESULTS / "search"
PRESET = "search"  # of the command whose search is measured
DATASET = "fashion_mnist"
SPACES = ("wide", "paper")
SEEDS = (0, 1, 2, 3, 4)
MINUTES = 10.0
# A search of each size of ``TARGETS`` alone: minutes by parameters, and settings.
SIZES = {800: 8.0, 1600: 8.0, 3264: 10.0, 5830: 14.0, 8768: 20.0}
OF_A_SIZE: dict[str, Any] = {
    **{"fitness": "accuracy", "small_enough": 0, "max_multiply_adds": 700_000, "epochs": 4},
    **{"finalists": 2, "final_seeds": 2, "final_epochs": 50},
}
FOREVER = 1000  # generations: the clock ends a search

REFERENCE = (0.5, 10_000)  # of the hypervolume: networks worse or larger add nothing
# Everybody is told so, and measured so: else the best fitness is of networks that know little.
SMALL_ENOUGH = int(PRESETS[PRESET]["small_enough"])  # fewer parameters count as so many


class Network(NamedTuple):
    """A network that a search is measured by."""

    n_params: int
    accuracy: float  # on test images, in [0, 1]


# The report's networks whose genomes it gives in full (figures 2 to 4).
REPORT = (
    Network(3264, 0.8063),
    Network(5830, 0.8413),
    Network(8768, 0.8538),
    Network(7184, 0.7548),
)


class Target(NamedTuple):
    """The test accuracy, in [0, 1], that networks of at most so many parameters should reach; None
    where there is none.

    Args:
        n_params: at most.
        report: what the report has.
        by_hand: what was drawn by hand in the wide space (one seed).
        aims: what is aimed at, by space.
    """

    n_params: int
    report: float | None
    by_hand: float | None
    aims: dict[str, float]


TARGETS = (
    Target(800, None, 0.846, {"wide": 0.875}),
    Target(1600, None, 0.889, {"wide": 0.900, "paper": 0.860}),
    Target(3264, 0.806, None, {"wide": 0.913, "paper": 0.885}),
    Target(5830, 0.841, 0.900, {"wide": 0.922, "paper": 0.900}),
    Target(8768, 0.854, 0.921, {"wide": 0.930, "paper": 0.910}),
)
# The same of the best fitness, 100 * accuracy / ln(parameters).
BEST_FITNESS = Target(0, 9.97, 13.22, {"wide": 13.8, "paper": 11.8})


def search_flags(space: str, seed: int, minutes: float, **changes: Any) -> dict[str, Any]:
    """What our search is told besides the preset: the clock ends it, and no cache spares it time.

    Args:
        space: its name.
        seed: of the search.
        minutes: of the whole, finalists too.
        changes: other settings.
    """
    limits = {"time_budget": 60 * minutes, "generations": FOREVER, "cache": None}
    about = {"dataset": DATASET, "space": space, "seed": seed}
    return {**about, **limits, **changes}


def search_settings(space: str, seed: int, minutes: float, **changes: Any) -> Settings:
    """The settings that come of it."""
    return make_settings(PRESET, None, search_flags(space, seed, minutes, **changes))
