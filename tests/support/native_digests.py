"""Trainings that must give the same bits on every machine, and digests of what they give.

``python tests/support/native_digests.py`` writes ``tests/training/native_digests.json`` anew, where
``library.VERSION`` says that the bits are others, or only new cases are added; with ``show`` it
prints them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas import Recipe, parse_genome
from deap_nas.training.moves import draw_moves
from deap_nas.training.native import library
from deap_nas.training.native.network import NativeNetwork

FILE = Path(__file__).parents[1] / "training" / "native_digests.json"


@dataclass(frozen=True)
class Case:
    """A training of two epochs on images and labels that are a function of their number."""

    genome: str
    shape: tuple[int, int, int]
    optimizer: str = "sgd"
    rate: float = 0.05
    n: int = 37
    batch_size: int = 16
    whole: bool = False  # bytes, not floats
    n_classes: int = 5
    recipe_has: dict[str, Any] = field(default_factory=dict)  # besides

    @property
    def recipe(self) -> Recipe:
        of = {"epochs": 2, "batch_size": self.batch_size, "momentum": 0.9}
        return Recipe("digest", 1, self.optimizer, self.rate, **of, **self.recipe_has)

    def data(self) -> tuple[Any, Any]:
        size = (self.n, *self.shape)
        images = (numbers(int(np.prod(size))) % 256).astype(np.uint8).reshape(size)
        labels = (numbers(self.n) % self.n_classes).astype(np.int32)
        return images if self.whole else images / np.float32(256), labels

    def network(self) -> NativeNetwork:
        genome = parse_genome(self.genome)
        return NativeNetwork(genome, self.shape, self.n_classes, self.recipe, *self.data(), seed=7)

    def epochs(self) -> Iterator[tuple[Any, ...]]:
        """Order and learning rates of each, and moves where there are; every step has another
        rate."""
        steps = -(-self.n // self.batch_size)
        for epoch in range(2):
            order = np.roll(np.arange(self.n, dtype=np.int32)[::-1], epoch)
            rates = np.float32(self.rate) * (1 - np.arange(steps, dtype=np.float32) / 64)
            moves = draw_moves(self.recipe, 7, epoch, self.n)
            yield (order, rates) if moves is None else (order, rates, moves)

    def digest(self) -> str:
        """Of the weights and the losses after training, and of the answers."""
        network = self.network()
        losses = [network(*epoch)[0] for epoch in self.epochs()]
        losses.append(network.score(*self.data())[1])
        answers = network.predict(self.data()[0])
        parts = [*network.weights, np.array(losses), answers]
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def numbers(n: int) -> Any:
    """A hash of 0, 1, 2, ...: whole numbers of 16 bits, the same with every numpy."""
    h = np.arange(1, n + 1, dtype=np.uint32) * np.uint32(0x9E3779B1)
    h = (h ^ h >> np.uint32(15)) * np.uint32(0x85EBCA6B)
    return h >> np.uint32(16)


CASES = (
    Case("NC 3 1 relu;RC 5 2 sigmoid;NC 4 7 tanh;FL swish", (13, 17, 1)),
    Case("RC 7 5 gelu;NC 17 3 swish;RC 4 4 relu6;FL tanh", (20, 15, 3), "adam", 0.01, whole=True),
    Case("CB 5 4 relu;CR 9 6 hard_swish;MP 2;GD 11 gelu", (16, 11, 3), "rmsprop", 0.01, whole=True),
    Case("CR 6 7 tanh;CB 3 2 sigmoid;AP 3;GP", (12, 19, 2), "adam", 0.01, n=45, batch_size=40),
    Case("SB 7 3 swish;SR 4 5 relu6;GD 6 tanh", (9, 14, 3), whole=True),
    Case("CB 4 3 relu;SK 3 gelu;SK 5 hard_swish;GP", (11, 8, 1), n=50, batch_size=33),
    Case("SK 2 relu;MP 3;SR 5 6 gelu;GD 3 relu6", (15, 16, 3), "rmsprop", 0.003),
    Case("DO 30;NC 6 3 relu;DO 50;CB 8 3 swish;DO 10;GP", (10, 10, 1), "adam", whole=True),
    Case("MP 2;AP 2;NC 33 3 gelu;FL relu", (17, 22, 3), whole=True),
    Case("GP", (1, 1, 5), "rmsprop", n=3, batch_size=2),
    Case("FL sigmoid", (1, 31, 1), n=20, batch_size=64, n_classes=2),
    Case("AP 2;SB 16 1 tanh;CB 20 1 relu;MP 2;SK 7 swish;GD 64 sigmoid", (18, 13, 4)),
    Case("CB 3 3 gelu;GP", (5, 7, 2), "adam", n=4, batch_size=1),
    Case(
        "NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish",
        *((28, 28, 1), "sgd", 0.01, 40, 32, True, 10),
    ),
    Case("CR 5 3 swish;GP", (11, 9, 2), recipe_has={"label_smoothing": 0.1}),
    Case("NC 3 2 gelu;FL tanh", (8, 7, 1), "adam", recipe_has={"class_weights": "balanced"}),
    Case("CB 6 3 tanh;MP 2;GP", (9, 12, 3), whole=True, recipe_has={"flips": True, "shifts": 2}),
    Case("NC 4 3 swish;GD 5 relu", (10, 6, 1), "rmsprop", 0.003, recipe_has={"shifts": 9}),
    Case("CR 3 3 gelu;FL swish", (7, 9, 1), "adam", 0.01, recipe_has={"weight_decay": 0.2}),
)


def found() -> dict[str, Any]:
    """The version of the bits, and a digest a genome."""
    return {"version": library.VERSION, "digests": {case.genome: case.digest() for case in CASES}}


def main(arguments: list[str], path: Path = FILE) -> None:
    """See above.

    Args:
        arguments: of the command line.
        path: the file of digests.

    Raises:
        SystemExit: where the file is of this version and has other digests.
    """
    if arguments == ["show"]:
        print(json.dumps(found()))
        return
    made, kept = found(), json.loads(path.read_text()) if path.exists() else {}
    same = kept.get("digests", {}).items() <= made["digests"].items()
    if kept.get("version") == library.VERSION and not same:
        sys.exit(
            f"{path.name} is of version {library.VERSION}: raise VERSION in "
            "deap_nas/training/native/library.py where the bits are to be others"
        )
    path.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
