"""Trainings outside Python, by ``native_driver.cpp``: what it is told, and should answer."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import deap_nas
from deap_nas.training.native.network import NativeNetwork, training_of
from deap_nas.training.recipes import Recipe
from deap_nas.training.targets import class_weights

KERNELS = Path(deap_nas.__file__).parent / "training" / "native" / "kernels"
EXACT = ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")  # as in setup.py

Epochs = Sequence[tuple[Any, ...]]  # order and learning rates of each, and moves where there are


def compile_driver(to: Path, *flags: str, compiler: str = "g++", kernels: Path = KERNELS) -> Path:
    """The driver with the kernels in it.

    Args:
        to: the program.
        flags: of the compiler, beyond those that the bits need.
        compiler: its command.
        kernels: their folder.
    """
    source = Path(__file__).with_name("native_driver.cpp")
    command = [compiler, "-std=c++20", *EXACT, "-Wno-psabi", *flags, f"-I{kernels}", str(source)]
    done = subprocess.run([*command, "-o", str(to)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return to


def kept(network: NativeNetwork) -> list[Any]:
    """The weights as the kernels hold them: what gradients move, then what follows what is seen."""
    pairs = list(zip(network.weights, network.plan.weights))
    return [w for moving in (False, True) for w, each in pairs if each.moving == moving]


def question(network: NativeNetwork, recipe: Recipe, data: Any, epochs: Epochs, seed: int) -> bytes:
    """A training as the driver reads it; the network is where it begins."""
    images, labels = data
    n, height, width, channels = images.shape
    about = (len(network.plan.steps), height, width, channels, network.weights[-1].size)
    rest = (recipe.batch_size, seed)
    parts = [
        np.int32([*about, *rest, images.dtype == np.uint8, n, len(epochs), len(epochs[0]) > 2]),
        *(training_of(recipe), class_weights(recipe, labels, network.weights[-1].size)),
        *(network.plan.as_array(), images, labels.astype(np.int32), *kept(network)),
        *(part for epoch in epochs for part in epoch),
    ]
    return b"".join(bytes(part) for part in parts)


def answer(network: NativeNetwork, data: Any, epochs: Epochs) -> bytes:
    """What the driver writes, as the library that is loaded gives it; trains the network."""
    losses = [network(*epoch)[0] for epoch in epochs]
    losses.append(network.score(*data)[1])
    parts = [np.array(losses), network.predict(data[0]), *kept(network)]
    return b"".join(part.tobytes() for part in parts)


def ask(command: Sequence[str], questions: bytes, **options: Any) -> subprocess.CompletedProcess:
    return subprocess.run(command, input=questions, capture_output=True, timeout=500, **options)
