"""exp, log, tanh, erf and the fused multiply-add of the kernels against exact values.

The bounds are what was measured, rounded up, over every 997th float and millions between -10 and
10. tanh and erf come within some units in the last place of 1 where they ought to reach it, which
is a rounding error of an activation, no more.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import special

from deap_nas.training.native import library

EXP, LOG, TANH, ERF, FMA = range(5)
RNG = np.random.default_rng(0)
NORMAL = np.arange(0x00800000, 0x7F800000, 997, dtype=np.uint32).view(np.float32)
CLOSE = RNG.uniform(-10, 10, 400_000).astype(np.float32)
ALL = np.concatenate([NORMAL, -NORMAL, CLOSE])
SPECIAL = np.array([np.inf, -np.inf, np.nan, 1e-40, -1e-40, 0.0, -0.0, 3e38, -3e38], np.float32)


@pytest.fixture(params=library.supported())
def kernels(request, monkeypatch) -> Any:
    """Each variant of the library."""
    monkeypatch.setenv(library.VARIABLE, request.param)
    return library.load()


def values(kernels: Any, which: int, x: Any) -> Any:
    n = len(x)
    x = np.concatenate([x, np.ones(-n % 16, np.float32)])  # whole vectors
    y = np.zeros_like(x)
    kernels.deap_nas_function(which, x.ctypes.data, y.ctypes.data, len(x))
    return y[:n]


def relative(y: Any, exact: Any) -> float:
    """The largest error, as a share of the exact value."""
    return float(np.max(np.abs(y.astype(np.float64) - exact) / np.abs(exact)))


# Errors


def test_exp(kernels):
    x = ALL[np.abs(ALL) < 87.3]
    assert relative(values(kernels, EXP, x), np.exp(x.astype(np.float64))) < 9.2e-8
    top, bottom = values(kernels, EXP, np.float32([87.3, -87.3]))
    assert values(kernels, EXP, SPECIAL[[0, 1, 7, 8]]).tolist() == [top, bottom, top, bottom]
    assert values(kernels, EXP, SPECIAL[3:7]).tolist() == [1, 1, 1, 1]
    assert np.isnan(values(kernels, EXP, SPECIAL[2:3])).all()


def test_log(kernels):
    """Of normal numbers: the loss takes it of a sum that is 1 or more."""
    x = np.concatenate([NORMAL, RNG.uniform(0.5, 2, 400_000).astype(np.float32)])
    x = x[x != 1]
    assert relative(values(kernels, LOG, x), np.log(x.astype(np.float64))) < 8e-8
    assert values(kernels, LOG, np.float32([1])).tolist() == [0]


@pytest.mark.parametrize(
    ("which", "exact", "bound", "held"),
    [(TANH, np.tanh, 3.6e-7, 8.0), (ERF, special.erf, 5.4e-7, 4.0)],
    ids=["tanh", "erf"],
)
def test_tanh_and_erf(kernels, which, exact, bound, held):
    x = np.concatenate([ALL, np.float32([1e-40, -1e-40])])
    y = values(kernels, which, x)
    assert relative(y[:-2], exact(x[:-2].astype(np.float64))) < bound
    assert np.abs(y).max() <= 1, "its slope would turn"
    np.testing.assert_allclose(y[-2:], exact(x[-2:].astype(np.float64)), rtol=1e-5)
    assert np.array_equal(-y, values(kernels, which, -x)), "odd"
    end = float(values(kernels, which, np.float32([held]))[0])
    assert values(kernels, which, SPECIAL[[0, 1, 7, 8]]).tolist() == [end, -end, end, -end]
    zeros = values(kernels, which, SPECIAL[5:7])
    assert not zeros.any()
    assert np.signbit(zeros).tolist() == [False, True]
    assert np.isnan(values(kernels, which, SPECIAL[2:3])).all()


def test_every_variant_gives_the_same_bits_for_any_number(kernels, monkeypatch):
    others = np.arange(0, 2**32 - 1, 99_991, dtype=np.uint32).view(np.float32)
    x = np.concatenate([others[~np.isnan(others)], SPECIAL])
    monkeypatch.setenv(library.VARIABLE, "baseline")
    for which in (EXP, LOG, TANH, ERF):
        found = values(kernels, which, x)
        assert found.tobytes() == values(library.load(), which, x).tobytes()


# The fused multiply-add: v * (v + 1) - 1 / v, both operands rounded before


def rounded(x: Fraction) -> float:
    """The nearest float32 of normal size, ties to even."""
    if not x:
        return 0.0
    digit = Fraction(2) ** (int(np.floor(np.log2(abs(float(x))))) - 23)
    return float(round(x / digit) * digit)


def fused(v: np.float32) -> float:
    a, b, c = v, v + np.float32(1), np.float32(-1) / v
    return rounded(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


def half_way() -> Any:
    """v * v is half-way between two floats, and 1 / v, too small for a double to see beside it,
    decides: what rounds to double first, and then to float, is wrong every second time."""
    odd = np.arange(4097, 5793, 2, dtype=np.float32)
    large = np.concatenate([odd * np.float32(2.0**e) for e in (17, 29, 50)])
    return np.concatenate([large, -large])


HARD = {
    "random": RNG.uniform(-4, 4, 4000).astype(np.float32),
    "cancelling": np.float32(0.7548777) + np.arange(-2000, 2000, dtype=np.float32) * 2.0**-24,
    "half-way": half_way(),
    "half-way but for a digit": np.arange(5793, 8192, dtype=np.float32),
    "large": np.concatenate([NORMAL[::2000], -NORMAL[::2000]]),
}


@pytest.mark.parametrize("kind", HARD)
def test_the_fused_multiply_add_is_rounded_once(kernels, kind):
    v = HARD[kind].astype(np.float32)
    v = v[(np.abs(v) > 1e-12) & (np.abs(v) < 1e18)]
    expected = [fused(each) for each in v]
    assert values(kernels, FMA, v).tolist() == expected


def test_rounding_twice_would_be_wrong():
    """The half-way cases are such: this is what they are for."""
    v = half_way().astype(np.float64)
    twice = (v * v - 1 / v).astype(np.float32).tolist()
    wrong = sum(a != fused(b) for a, b in zip(twice, half_way()))
    assert wrong > len(twice) / 3
