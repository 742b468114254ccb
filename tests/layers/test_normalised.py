"""layers.normalised: which networks train with the higher rate."""

from __future__ import annotations

import pytest
from own_layer import own_layer

from deap_nas.genome import parse_genome
from deap_nas.layers.normalised import is_normalised


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CB 4 3 relu;GP", True),
        ("CR 4 3 relu;SB 8 3 relu;SR 8 3 relu;SK 3 tanh;MP 2;DO 10;GD 32 relu", True),
        ("NC 4 3 relu;FL relu", False),
        ("CB 4 3 relu;NC 4 3 relu;GP", False),  # one that is not is enough
        ("NC 4 3 relu;CB 4 3 relu;GP", False),
        ("MP 2;GP", False),  # no convolution
    ],
)
def test_all_convolutions_must_be(text: str, expected: bool) -> None:
    assert is_normalised(parse_genome(text)) is expected


def test_a_layer_that_does_not_say_what_it_computes_may_not_be() -> None:
    with own_layer():
        assert not is_normalised(parse_genome("CB 4 3 relu;GC 2;GP"))
