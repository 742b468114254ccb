"""Workers that train with the engine native, some genomes with kernels that misbehave.

What a genome's kernels do is in its file in the folder of faults, as for ``stubs``.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from typing import Any

import stubs

from deap_nas.evaluation.workers import Workers
from deap_nas.genome import format_genes
from deap_nas.training import trainer
from deap_nas.training.native.network import NativeNetwork

ENDS = {  # what becomes of a genome: status, and what the reason tells
    "fault": ("killed", "signal 11"),
    "illegal": ("killed", "signal 4"),
    "abort": ("killed", "signal 6"),
    "allocate": ("oom", "MemoryError"),
}
UD2 = b"\x0f\x0b"  # of x86: always illegal


class Broken(NativeNetwork):
    """Trains, unless its genome is marked."""

    def __init__(self, genome: Any, *args: Any, **settings: Any) -> None:
        super().__init__(genome, *args, **settings)
        self._fault = stubs.fault_of(format_genes(genome))

    def __call__(self, order: Any, rates: Any, moves: Any = None) -> tuple[float, float]:
        if self._fault == "fault":  # the kernels read images where there are none
            self._library.deap_nas_images(self._handle, 8, 1, self._labels.ctypes.data, None)
        elif self._fault == "illegal":
            ctypes.CFUNCTYPE(None)(address_of(UD2))()
        elif self._fault == "abort":  # as an exception does that leaves the kernels
            os.abort()
        elif self._fault:
            stubs.misbehave(self._fault)
        return super().__call__(order, rates, moves)


_pages = []  # of code, kept


def address_of(code: bytes) -> int:
    page = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    _pages.append(page)
    return ctypes.addressof(ctypes.c_char.from_buffer(page))


class Trainer:
    """Stands in for a ``training.evaluator.RecipeTrainer`` in a worker."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def start(self) -> None:
        trainer.NativeNetwork = Broken  # type: ignore[misc, attr-defined]
        self._real.start()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._real, name)


def workers(target: Any, **settings: Any) -> Workers:
    """``Workers`` whose kernels may be broken."""
    return Workers(Trainer(target) if hasattr(target, "train") else target, **settings)
