"""The settings of the short form, and of the images, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deap_nas.layers import ACTIVATIONS, listed
from deap_nas.spaces.rules import SpaceError


def tidied(name: str, value: Any) -> Any:
    """A setting as a space keeps it: tuples, numbers sorted, duplicates gone."""
    try:
        if name == "n_normal":
            return (value,) * 2 if isinstance(value, int) else tuple(value)
        if name in ("filters", "kernels"):
            return tuple(sorted(set(value)))
        if name in ("activations", "head_activations"):
            return tuple(dict.fromkeys(value))
        return tuple(value) if name == "input_shape" else value
    except TypeError:
        raise SpaceError(f"{name} {value!r}, allowed a list of values of one type") from None


def check_size(input_shape: Sequence[Any], n_classes: Any) -> None:
    """The shape of images, and the number of classes."""
    if len(input_shape) != 3 or not all(_whole(n, 1) for n in input_shape):
        raise SpaceError(
            f"input_shape {input_shape!r}, allowed (height, width, channels), each 1 or more"
        )
    if not _whole(n_classes, 2):
        raise SpaceError(f"n_classes {n_classes!r}, allowed a whole number, 2 or more")


def check_short_form(given: Mapping[str, Any]) -> None:
    """The values of the report's rules.

    Raises:
        SpaceError: naming the setting and what is allowed.
    """
    normal = given["n_normal"]
    checks: list[tuple[str, bool, str]] = [
        (
            "n_normal",
            len(normal) == 2 and all(_whole(n, 0) for n in normal) and normal[0] <= normal[1],
            "two whole numbers, fewest and most, 0 or more",
        ),
        ("n_reduction", _whole(given["n_reduction"], 0), "a whole number, 0 or more"),
        ("filters", _all_whole(given["filters"]), "whole numbers, 1 or more"),
        ("kernels", _all_whole(given["kernels"]), "whole numbers, 1 or more"),
        ("activations", _all_known(given["activations"]), listed(ACTIVATIONS)),
        (
            "head_activations",
            not given["head_activations"] or _all_known(given["head_activations"]),
            listed(ACTIVATIONS),
        ),
    ]
    for name, good, allowed in checks:
        if not good:
            raise SpaceError(f"{name} {given[name]!r}, allowed {allowed}")


def _whole(value: object, low: int) -> bool:
    return type(value) is int and value >= low


def _all_whole(values: Sequence[Any]) -> bool:
    return bool(values) and all(_whole(value, 1) for value in values)


def _all_known(values: Sequence[Any]) -> bool:
    return bool(values) and all(value in ACTIVATIONS for value in values)
