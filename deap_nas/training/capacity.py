"""How many workers there is room for."""

from __future__ import annotations

import warnings

from deap_nas.data import Dataset
from deap_nas.evaluation.machine import MIB, cores, memory
from deap_nas.layers import own_layers
from deap_nas.training.cards import Card
from deap_nas.training.engines import engine_of
from deap_nas.words import counted

# MiB of a worker and of the parent, with 55 MiB of images; more images cost each as much more.
# results/memory has 84 and 140 at most with the engine native, and had 700 with TensorFlow's graph;
# normalised networks keep the feature maps of a whole batch, 229 in the largest of one wide search.
WORKER, PARENT, IMAGES = {"native": 300, "keras": 700}, 140, 55
ON_CARD = 3000  # of a worker with CUDA's libraries; a guess, since we have no card


class WorkersWarning(UserWarning):
    """Workers of which some are of no use; the message is one line."""


def default_workers(
    dataset: Dataset,
    max_memory: int | None = None,
    engine: str = "auto",
    card: Card | None = None,
) -> int:
    """One worker a core, or as many as the memory and the card hold; one at the least.

    Args:
        dataset: what each has a copy of.
        max_memory: MiB that one may reach; by default what is usual with the engine.
        engine: that is asked for.
        card: that they share.
    """
    holds = card.holds if card else cores()
    return max(1, min(cores(), holds, _that_fit(dataset, max_memory, engine, card)))


def count_workers(
    workers: int | None,
    dataset: Dataset,
    max_memory: int | None = None,
    engine: str = "auto",
    card: Card | None = None,
) -> int:
    """As many as asked for, with a warning where they are too many; by default as many as fit.

    Args:
        workers: that are asked for; None: by default.
        dataset: what each has a copy of.
        max_memory: MiB that one may reach.
        engine: that is asked for.
        card: that they share.

    Raises:
        ValueError: for less than one.
    """
    if workers is None:
        return default_workers(dataset, max_memory, engine, card)
    if workers < 1:
        raise ValueError(f"workers {workers}, allowed 1 or more")
    if workers > cores():
        warnings.warn(
            f"{workers} workers on {counted(cores(), 'core')}: each will be slower, the whole not "
            "faster",
            WorkersWarning,
            stacklevel=3,
        )
    elif card and workers > card.holds:
        warnings.warn(
            f"{workers} workers on {card.name} with {card.memory:,} MiB: some may find no memory "
            f"there; {card.holds} have room",
            WorkersWarning,
            stacklevel=3,
        )
    elif workers > (fit := max(1, _that_fit(dataset, max_memory, engine, card))):
        warnings.warn(
            f"{workers} workers in {memory()} MiB of memory: some may be killed; {fit} have room",
            WorkersWarning,
            stacklevel=3,
        )
    return workers


def _that_fit(dataset: Dataset, max_memory: int | None, engine: str, card: Card | None) -> int:
    arrays = (dataset.x_train, dataset.x_val, dataset.x_test)
    more = max(0, sum(array.nbytes for array in arrays) // MIB - IMAGES)
    known = all(layer.operations for layer in own_layers())
    each = ON_CARD if card else WORKER[engine_of("", engine) if known else "keras"]
    return (memory() - PARENT - more) // (max_memory or each + more)
