"""A graphics card as TensorFlow has it: which are there, a share of one, what goes wrong on it.

Untested on a GPU: what TensorFlow does there is taken from its documentation.
"""

from __future__ import annotations

import re
from typing import Any

import tensorflow as tf

from deap_nas.training.cards import Card

MIB = 2**20
NO_MEMORY = re.compile(r"out of memory|OUT_OF_MEMORY|ALLOC_FAILED|failed to allocate", re.I)
# What TensorFlow raises of a kernel, a driver or a device that fails.
BROKEN = (
    tf.errors.InternalError,
    tf.errors.UnknownError,
    tf.errors.AbortedError,
    tf.errors.UnavailableError,
)
# The lines around the one that says what happened.
NOISE = re.compile(r"Graph execution error|Detected at node|<stack traces|\[\[|Hint:|  File ")


class CardError(RuntimeError):
    """The card failed, or is not there any more; a process that had it is of no more use."""


class CardFullError(MemoryError):
    """A genome needs more of the card than its worker's share."""


class CardOperationError(RuntimeError):
    """A genome has an operation that TensorFlow cannot do with equal bits each time on a card."""


class Probe:
    """Tells, in a process of its own, which cards there are."""

    def look(self) -> tuple[list[tuple[str, int]], str]:
        """Name and free memory, in MiB, of each card; or why there is none."""
        if not tf.test.is_built_with_gpu_support():
            return [], "this TensorFlow is built for the CPU alone"
        # The one place where TensorFlow tells how much memory of a card it may take.
        from tensorflow.python.client import device_lib

        devices = [each for each in device_lib.list_local_devices() if each.device_type == "GPU"]
        found = zip(names_of(tf.config.list_physical_devices("GPU")), devices)
        return [(name, each.memory_limit // MIB) for name, each in found], "TensorFlow sees no card"


def names_of(devices: list[Any], config: Any = tf.config) -> list[str]:
    """The names of cards.

    Args:
        devices: physical ones, as TensorFlow lists them.
        config: ``tf.config``.
    """
    details = [config.experimental.get_device_details(device) for device in devices]
    return [str(each.get("device_name", "of no name")) for each in details]


def use_card(card: Card, config: Any = tf.config) -> None:
    """Have TensorFlow take a share of a card, and compute alike each time; before its first sum.

    Args:
        card: the worker's share.
        config: ``tf.config``.

    Raises:
        CardError: where no card of that name is there.
    """
    devices = config.list_physical_devices("GPU")
    names = names_of(devices, config)
    if card.name not in names:
        raise CardError(f"{card.name} is gone: TensorFlow sees {', '.join(names) or 'no card'}")
    chosen = devices[names.index(card.name)]
    config.set_visible_devices(chosen, "GPU")
    limit = config.LogicalDeviceConfiguration(memory_limit=card.memory)
    config.set_logical_device_configuration(chosen, [limit])
    config.experimental.enable_op_determinism()
    config.experimental.enable_tensor_float_32_execution(False)


def blame(card: Card, error: Exception) -> None:
    """Raise what became of a card in our words, if an error is of that.

    Args:
        card: the worker's share.
        error: that a training ended with.

    Raises:
        CardFullError, CardError, CardOperationError: one of them, or nothing.
    """
    text = gist(error)
    full = isinstance(error, tf.errors.ResourceExhaustedError)
    if full or (isinstance(error, BROKEN) and NO_MEMORY.search(text)):
        raise CardFullError(f"over {card.memory:,} MiB of {card.name} ({text})") from error
    if isinstance(error, BROKEN):
        raise CardError(f"{card.name} failed ({text})") from error
    if isinstance(error, tf.errors.UnimplementedError) and "determinis" in text:
        raise CardOperationError(f"not twice the same on {card.name} ({text})") from error


def gist(error: Exception) -> str:
    """What happened, of a message that says where, in dozens of lines."""
    lines = [line.strip() for line in str(error).splitlines() if not NOISE.search(line)]
    return " ".join(filter(None, lines))[:200]
