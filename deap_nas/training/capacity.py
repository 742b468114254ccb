"""How many workers there is room for."""

from __future__ import annotations

import warnings

from deap_nas.data import Dataset
from deap_nas.evaluation.machine import MIB, cores, memory

# results/memory: MiB of a worker, and of the parent, at their most, with 55 MiB of images; more
# images cost each of them as much more.
WORKER, PARENT, IMAGES = 700, 134, 55


class WorkersWarning(UserWarning):
    """Workers of which some are of no use; the message is one line."""


def default_workers(dataset: Dataset, max_memory: int | None = None) -> int:
    """One worker a core, or as many as the memory holds; one at the least.

    Args:
        dataset: what each has a copy of.
        max_memory: MiB that one may reach; by default as much as we have measured.
    """
    return max(1, min(cores(), _that_fit(dataset, max_memory)))


def count_workers(workers: int | None, dataset: Dataset, max_memory: int | None = None) -> int:
    """As many as asked for, with a warning where they are too many; by default as many as fit.

    Args:
        workers: that are asked for; None: by default.
        dataset: what each has a copy of.
        max_memory: MiB that one may reach.

    Raises:
        ValueError: for less than one.
    """
    if workers is None:
        return default_workers(dataset, max_memory)
    if workers < 1:
        raise ValueError(f"workers {workers}, allowed 1 or more")
    if workers > cores():
        warnings.warn(
            f"{workers} workers on {cores()} cores: each will be slower, the whole not faster",
            WorkersWarning,
            stacklevel=3,
        )
    elif workers > (fit := max(1, _that_fit(dataset, max_memory))):
        warnings.warn(
            f"{workers} workers in {memory()} MiB of memory: some may be killed; {fit} have room",
            WorkersWarning,
            stacklevel=3,
        )
    return workers


def _that_fit(dataset: Dataset, max_memory: int | None) -> int:
    arrays = (dataset.x_train, dataset.x_val, dataset.x_test)
    more = max(0, sum(array.nbytes for array in arrays) // MIB - IMAGES)
    return (memory() - PARENT - more) // (max_memory or WORKER + more)
