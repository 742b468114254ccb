"""Small spaces of any layers, as strategies."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from general_rules import FIELDS, HEADS, every_gene
from hypothesis import assume, strategies as st
from strategies import odd_genes

from deap_nas import LAYERS, SearchSpace, SpaceError

VALUES = {  # of each field, few enough to list every genome
    "filters": (1, 4, 6),
    "kernel": (1, 2, 3, 5),
    "activation": ("relu", "hard_swish"),
    "size": (1, 2, 3, 4),
    "percent": (10, 50),
    "units": (3, 16),
    "groups": (1, 2, 3),
}
_CONV = {"filters": (4, 8), "kernel": 3, "activation": "relu"}
# On 6x6 a pool of 4 leaves 1x1, where no other fits; of 2 leaves 3x3, where 2 does and 4 does not.
TIGHT = SearchSpace(
    layers={
        "CB": {"count": (0, 2), **_CONV},
        "MP": {"size": (2, 4)},
        "CR": {"count": (0, 1), **_CONV},
    },
    heads=("GP",),
    depth=(1, 3),
    reductions=(1, 2),
    input_shape=(6, 6, 1),
)


@st.composite
def general_spaces(draw: st.DrawFn) -> SearchSpace:
    """Small spaces of any built-in layers, many with images so small that the maps bind."""

    def rule(fields: Sequence[str], most: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in fields:
            values = st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=most, unique=True)
            found[name] = draw(values)
            most = max(1, most + 1 - len(found[name]))  # at most three genes of a kind
        return found

    def pair(most: int) -> tuple[int, int]:
        low = draw(st.integers(0, most))
        return low, draw(st.integers(low, most))

    kinds = draw(st.lists(st.sampled_from(sorted({*FIELDS} - {"GC"})), min_size=1, max_size=3))
    heads = draw(st.lists(st.sampled_from(sorted(HEADS)), min_size=1, max_size=2, unique=True))
    depth = pair(3)
    layers = {kind: rule(FIELDS[kind], 3) for kind in kinds}
    for content in layers.values():
        if draw(st.booleans()):
            content["count"] = pair(2)
    try:
        return SearchSpace(
            layers=layers,
            heads={kind: rule(HEADS[kind], 2) for kind in heads},
            depth=depth,
            reductions=pair(2) if draw(st.booleans()) else None,
            input_shape=(
                draw(st.integers(1, 9)),
                draw(st.integers(1, 12)),
                draw(st.integers(1, 3)),
            ),
            n_classes=draw(st.integers(2, 20)),
        )
    except SpaceError:  # counts and depth that contradict, or nothing fits
        assume(False)
        raise


@st.composite
def nearly_legal(draw: st.DrawFn, space: SearchSpace) -> list[Any]:
    """Lists of genes that are legal or nearly: a few genes are other ones, come or go."""
    genes: list[Any] = list(space.sample(random.Random(draw(st.integers(0, 2**32)))))
    of_space = st.sampled_from(every_gene(space))
    of_others = st.sampled_from([LAYERS["CB"](99, 3, "relu"), LAYERS["MP"](99), LAYERS["GP"]()])
    for _ in range(draw(st.sampled_from((0, 1, 1, 3)))):
        start = draw(st.integers(0, len(genes)))
        stop = draw(st.integers(start, min(start + 2, len(genes))))
        genes[start:stop] = draw(
            st.lists(of_space | of_space | of_others | odd_genes(), max_size=2)
        )
    return genes
