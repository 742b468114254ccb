"""What needs no network: the commonest class and chance, and when a network is no better."""

from __future__ import annotations

import numpy as np
import pytest
from command import result_of, run_main
from hypothesis import given, strategies as st
from scipy.stats import binomtest

from deap_nas.runs.guess import ONE_SIDED_95, guess, wilson


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_bounds_are_scipys(counts: tuple[int, int]) -> None:
    right, n = counts
    scipys = binomtest(right, n).proportion_ci(0.9, "wilson")
    assert wilson(right / n, n, ONE_SIDED_95) == pytest.approx(tuple(scipys), abs=1e-4)


def test_the_commonest_class_is_of_the_images_not_of_the_answers() -> None:
    found = guess([[1, 9, 0], [0, 5, 0], [0, 0, 4]])
    assert found is not None
    assert (found.label, found.accuracy, found.chance, found.images) == (0, 10 / 19, 1 / 3, 19)
    assert not found.beaten


def test_of_nothing_there_is_no_guess() -> None:
    assert guess(()) is None
    assert guess(np.zeros((3, 3))) is None


@pytest.mark.parametrize(
    ("confusion", "beaten"),
    [
        ([[940, 0], [60, 0]], False),  # the one class, always
        ([[938, 2], [50, 10]], False),  # a little better, which luck explains
        ([[938, 2], [20, 40]], True),
        ([[60, 40], [40, 60]], True),
        ([[6, 4], [4, 6]], False),  # the same share of a tenth as many images
    ],
)
def test_better_means_beyond_the_noise_of_so_many_images(
    confusion: list[list[int]], beaten: bool
) -> None:
    found = guess(confusion)
    assert found is not None
    assert found.beaten is beaten


def test_who_tosses_a_coin_is_called_better_in_one_of_twenty() -> None:
    rng, n, better = np.random.default_rng(0), 400, 0
    for right in rng.binomial(n // 2, 0.5, (1000, 2)):
        found = guess([[right[0], 200 - right[0]], [200 - right[1], right[1]]])
        assert found is not None
        better += found.beaten
    assert 25 <= better <= 75  # 1000 tries of about 5 %


def test_a_network_for_noise_is_no_success(home, no_model, no_page, capsys) -> None:
    """With 94 : 6 images of pure noise the share of the larger class is no merit."""
    rng = np.random.default_rng(0)
    y = np.array([0] * 94 + [1] * 6)
    parts = {
        f"x_{part}": rng.integers(0, 256, (100, 12, 12), np.uint8) for part in ("train", "test")
    }
    names = np.array(["[b]oring", "rare"])  # square brackets are markup to the terminal's library
    np.savez("noise.npz", **parts, y_train=y, y_test=y, class_names=names)
    few = ("--population", 2, "--generations", 0, "--workers", 1, "--epochs", 1, "--no-cache")
    assert run_main("--dataset", "noise.npz", "--out", "run", *few) == 0
    out = capsys.readouterr().out
    assert (
        "without a network: always '[b]oring' validation accuracy 0.9375, always '[b]oring' test "
        "accuracy 0.9400, chance 0.5000"
    ) in out
    assert "no better than always answering '[b]oring'" in out
    written = result_of(home / "run")["without_network"]
    assert written["test"]["class"] == "[b]oring"
    assert written["test"]["accuracy"] == 0.94
    assert written["test"]["beaten"] is False
    assert written["validation"]["images"] == 16
