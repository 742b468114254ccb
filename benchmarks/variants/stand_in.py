"""A made-up table, where the real one is absent: the same space, plausible accuracies, no training.

For tests and for trying the benchmark out; no conclusion rests on it.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator

from deap_nas import Conv, Evaluation, Genome, Head, SearchSpace, count_params
from deap_nas.cost import count_multiply_adds

STAND_IN_SPACE = SearchSpace(
    n_normal=(1, 2),
    filters=(4, 12),
    kernels=(3,),
    activations=("relu", "tanh"),
    head_activations=("relu", "swish"),
)


class StandInTable:
    """Looks like ``deap_nas.tabular``'s table. Accuracy grows with the logarithm of multiply-adds
    and saturates; activations and order add to it; a hash of the genome is the noise."""

    space = STAND_IN_SPACE

    def items(self) -> Iterator[tuple[Genome, Evaluation]]:
        for genome in genomes(self.space):
            yield genome, self.measure(genome)

    def measure(self, genome: Genome) -> Evaluation:
        accuracy = _accuracy(genome) + _noise(genome, "validation")
        seconds = (2 + 4e-6 * count_multiply_adds(genome)) * (1 + 2 * _noise(genome, "seconds"))
        return Evaluation(accuracy, accuracy, count_params(genome), seconds)

    def test_accuracy(self, genome: Genome) -> float:
        return _accuracy(genome) + _noise(genome, "test")


def genomes(space: SearchSpace) -> Iterator[Genome]:
    """Every genome of a small space."""
    attributes = list(itertools.product(space.filters, space.kernels, space.activations))
    for n_normal in range(space.n_normal[0], space.n_normal[1] + 1):
        length = n_normal + space.n_reduction
        for places in itertools.combinations(range(length), space.n_reduction):
            kinds = ["RC" if i in places else "NC" for i in range(length)]
            for chosen in itertools.product(attributes, repeat=length):
                convs = [Conv(kind, *values) for kind, values in zip(kinds, chosen)]
                for head in space.head_activations or space.activations:
                    genome = Genome([*convs, Head(head)])
                    if genome in space:
                        yield genome


def _accuracy(genome: Genome) -> float:
    *convs, head = genome
    size = math.log(count_multiply_adds(genome))
    accuracy = 0.80 - 0.25 * math.exp(-(size - 9.5) / 1.2)
    accuracy += 0.012 * (head.activation == "swish")
    for i, conv in enumerate(convs):
        accuracy += (0.008 if i == len(convs) - 1 else -0.006) * (conv.activation == "tanh")
        follows = convs[i - 1] if i else None
        accuracy -= 0.01 * (follows is not None and follows.kind == conv.kind == "RC")
        accuracy += 0.006 * (follows is not None and follows.activation != conv.activation)
    return min(0.95, max(0.1, accuracy))


def _noise(genome: Genome, what: str) -> float:
    """Normal with standard deviation 0.006, a function of the genome alone."""
    digest = hashlib.sha256(f"{what} {genome}".encode()).digest()
    u, v = ((int.from_bytes(digest[i : i + 6], "big") + 0.5) / 2**48 for i in (0, 6))
    return 0.006 * math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)
