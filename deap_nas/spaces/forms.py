"""The two forms in which the rules of a space are given, read."""

from __future__ import annotations

from typing import Any

from deap_nas.layers import REPORT_ACTIVATIONS
from deap_nas.spaces.checks import check_short_form, tidied
from deap_nas.spaces.rules import SpaceError, pair, read_heads, read_layers

SHORT_FORM = {  # the report, section IV
    "n_normal": (1, 3),
    "n_reduction": 2,
    "filters": tuple(range(2, 17, 2)),
    "kernels": (3, 4, 5),
    "activations": REPORT_ACTIVATIONS,
    "head_activations": (),
}


def read_short_form(space: Any) -> dict[str, Any]:
    """The settings of the short form, as a space keeps them.

    Raises:
        SpaceError: naming the setting and what is allowed.
    """
    for name in ("heads", "depth", "reductions"):
        if getattr(space, name) is not None:
            raise SpaceError(f"{name} without layers, allowed only with layers; give layers")
    given = {name: getattr(space, name) for name in SHORT_FORM}
    found = {
        name: tidied(name, SHORT_FORM[name] if value is None else value)
        for name, value in given.items()
    }
    check_short_form(found)
    return found


def read_layers_form(space: Any) -> dict[str, Any]:
    """Layers, heads, depth and reductions, as a space keeps them.

    Raises:
        SpaceError: naming the setting and what is allowed.
    """
    for name in SHORT_FORM:
        if getattr(space, name) is not None:
            raise SpaceError(f"{name} with layers, allowed only without; put it into layers")
    depth = None if space.depth is None else pair("depth", space.depth)
    rules = read_layers(space.layers, depth[1] if depth else None)
    low, high = sum(rule.low for rule in rules), sum(rule.high for rule in rules)
    heads, depth = read_heads(space.heads), depth or (low, high)
    if low > depth[1] or high < depth[0]:
        raise SpaceError(
            f"the counts allow {low} to {high} genes, depth {depth[0]} to {depth[1]}: they "
            "contradict each other; change a count or the depth"
        )
    reductions = space.reductions
    return {
        "layers": {rule.name: {"count": (rule.low, rule.high), **rule.values} for rule in rules},
        "heads": {rule.name: dict(rule.values) for rule in heads},
        "depth": depth,
        "reductions": None if reductions is None else pair("reductions", reductions),
    }
