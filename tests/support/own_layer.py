"""A layer of one's own and a space with it. It has formulas, and needs nothing of Keras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deap_nas import LAYERS, Layer, SearchSpace, register_layer


def _behind_own(groups: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    if shape[2] % groups:
        raise ValueError("channels must be a multiple of the groups")
    return (*shape[:2], groups)


@contextmanager
def own_layer() -> Iterator[Layer]:
    """``GC`` is known inside: it fits where the channels are a multiple of its groups."""
    layer = Layer(
        "GC",
        {"groups": int},
        lambda groups, shape: [],
        shape=_behind_own,
        params=lambda groups, shape: shape[2],
        multiply_adds=lambda groups, shape: shape[0] * shape[1] * shape[2],
    )
    try:
        yield register_layer(layer)
    finally:
        del LAYERS["GC"]


def own_space(**changed: Any) -> SearchSpace:
    """A space with ``GC`` among built-in layers, in which it often does not fit."""
    rules: dict[str, Any] = {
        "layers": {
            "CB": {"filters": (4, 6, 9), "kernel": (1, 3), "activation": "relu"},
            "MP": {"count": (0, 2), "size": (2, 3)},
            "GC": {"count": (1, 3), "groups": (1, 2, 3)},
        },
        "heads": ("GP",),
        "depth": (1, 5),
        "input_shape": (9, 12, 3),
    }
    return SearchSpace(**{**rules, **changed})
