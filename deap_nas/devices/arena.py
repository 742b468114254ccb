"""The RAM that TensorFlow Lite Micro takes for a model: one array, its arena.

The head has the tensors of images and feature maps, the tail the runtime's own tables.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from deap_nas.devices.model import Int8Model

ALIGNMENT = 16  # bytes
ROOM = 2**24  # bytes that the runtime is given here; the ten times a model that it takes may not do

# Bytes of the tail on a machine of 64 bits: whatever is in it, and for each tensor, operator and
# scale. TENSOR and CHANNEL by least squares over 44 conversions, NODE over 681; BASE is so large
# that no tail of the 681 was larger.
BASE = 875
TENSOR = 53
NODE = {
    "ADD": 115,
    "AVERAGE_POOL_2D": 106,
    "CONV_2D": 77,
    "DEPTHWISE_CONV_2D": 89,
    "FULLY_CONNECTED": 86,
    "HARD_SWISH": 66,
    "LOGISTIC": 50,
    "MAX_POOL_2D": 107,
    "MUL": 87,
    "TANH": 50,
}
OTHER = 76
CHANNEL = 8.1


@dataclass(frozen=True)
class Arena:
    """Bytes of an arena.

    Args:
        head: for tensors.
        tail: for tables.
        source: where the numbers are from, in words.
    """

    head: int
    tail: int
    source: str

    @property
    def total(self) -> int:
        """What to reserve."""
        return -(-(self.head + self.tail) // ALIGNMENT) * ALIGNMENT


def has_runtime() -> bool:
    """Whether TensorFlow Lite Micro is installed here."""
    return find_spec("tflite_micro") is not None


def measure(content: bytes) -> Arena:
    """What TensorFlow Lite Micro says that it takes on this machine; needs tflite-micro.

    Args:
        content: of a ``.tflite`` file.
    """
    from tflite_micro.python.tflite_micro import runtime

    with tempfile.TemporaryFile() as file:
        with _standard_error_in(file.fileno()):
            runtime.Interpreter.from_bytes(content, arena_size=ROOM).print_allocations()
        file.seek(0)
        said = file.read().decode()
    head, tail = (
        int(re.findall(rf"Arena allocation {p} (\d+) bytes", said)[0]) for p in ("head", "tail")
    )
    return Arena(head, tail, "as tflite-micro reports it")


def predict(model: Int8Model, head: int) -> Arena:
    """What it takes by formula: of TensorFlow Lite Micro on a machine of 64 bits, with a little to
    spare.

    Args:
        model: read from its file.
        head: bytes for tensors, ``deap_nas.arena_head`` of the genome.
    """
    nodes = sum(NODE.get(name, OTHER) for name in model.nodes)
    tail = BASE + nodes + TENSOR * model.tensors + CHANNEL * model.channels
    return Arena(head, round(tail), "by formula")


@contextlib.contextmanager
def _standard_error_in(file: int) -> Iterator[None]:
    """The runtime writes there, past Python."""
    sys.stderr.flush()
    before = os.dup(2)
    os.dup2(file, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
