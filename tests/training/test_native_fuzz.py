"""The kernels against a plain network in numpy, over shapes and values drawn at random."""

from __future__ import annotations

from unittest.mock import patch

import native_networks
import numpy as np
import pytest
from hypothesis import given, settings
from native_networks import Drawn, assert_close

from deap_nas.layers import LAYERS


@settings(max_examples=150)
@given(native_networks.networks())
def test_loss_gradient_and_moving_statistics(drawn):
    agree(drawn)


@settings(max_examples=150)
@given(native_networks.own_layers())
def test_layers_of_ones_own_of_any_operations(own):
    layer, drawn = own
    with patch.dict(LAYERS, {layer.name: layer}):
        agree(drawn)


def agree(drawn: Drawn) -> None:
    network, plain = drawn.native(), drawn.plain()
    of = {"smoothing": drawn.label_smoothing, "balanced": drawn.balanced}
    loss, expected = plain.gradient(drawn.images, drawn.labels, **of)
    assert network.score(drawn.images, drawn.labels)[1] == pytest.approx(
        native_networks.scored_loss(drawn), rel=1e-4, abs=1e-6
    )
    # Rounding may take a number over a kink, which weighs much where few others are behind it.
    share = 1e-4 if plain.margin > 3e-6 else 0.3
    assert_close(network.gradient(drawn.order), expected, share)
    assert_close(native_networks.moving(network), plain.moving, 1e-5)
    assert network(drawn.order, np.zeros(1))[0] == pytest.approx(loss, rel=1e-4, abs=1e-6)
