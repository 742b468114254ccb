"""Graphics cards as the search knows them: a name, some memory, and how workers share that."""

from __future__ import annotations

from dataclasses import dataclass, replace

ACCELERATORS = ("cpu", "gpu", "auto")
VISIBLE = "CUDA_VISIBLE_DEVICES"  # the user's choice, where there are several cards
# MiB of a card for each worker, at least; and what of it CUDA takes for itself, beside TensorFlow's
# own limit. Both are guesses, since we have no card.
LEAST, CONTEXT = 2048, 512


@dataclass(frozen=True)
class Card:
    """A graphics card, or a worker's share of one.

    Args:
        name: as TensorFlow has it, such as "NVIDIA H100 80GB HBM3".
        memory: MiB that may be taken.
    """

    name: str
    memory: int

    @property
    def kind(self) -> str:
        """What results depend on: two cards of one name compute alike."""
        return f"gpu {self.name}"

    @property
    def holds(self) -> int:
        """How many workers have room."""
        return self.memory // LEAST

    def share(self, workers: int) -> Card:
        """What one of so many workers may take: an equal part, less what CUDA does."""
        return replace(self, memory=max(1, self.memory // workers - CONTEXT))
