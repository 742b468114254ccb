"""deap_nas.data: images that could be of two scales, and what their range advises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st
from stand_ins import arrays, refuse

from deap_nas.data import load_dataset
from deap_nas.data.images import advice

GOOD = arrays()
X, X_TEST = GOOD["x_train"], GOOD["x_test"]
F, F_TEST = X / 255, X_TEST / 255
WIDE, WIDE_TEST = X.astype(np.uint16) * 257, X_TEST.astype(np.uint16) * 257
Change = Callable[[np.ndarray], np.ndarray]

# Values of which the range says what to do; the last is what brings them to 0 to 1.
BAD_VALUES: dict[str, tuple[np.ndarray, np.ndarray, str, Change]] = {
    "16 bits": (WIDE, WIDE_TEST, "x / 65535", lambda x: x / 65535),
    "16-bit floats": (WIDE * 1.0, WIDE_TEST * 1.0, "x / 65535", lambda x: x / 65535),
    "12 bits": (WIDE // 16, WIDE_TEST // 16, "x / 4095", lambda x: x / 4095),
    "few levels": (X // 16, X_TEST // 16, "x / 15 for", lambda x: x / 15),
    "few levels of 255": (X // 16, X_TEST // 16, "x.astype('uint8')", lambda x: x.astype("uint8")),
    "fractions to 300": (F * 300.5, F_TEST, "x / 511", lambda x: x / 511),
    "fractions to 127.5": (F * 127.5, F_TEST, "x / 128 ", lambda x: x / 128),
    "fractions to 1.5": (F * 1.5, F_TEST, "x / 1.5", lambda x: x / 1.5),
    "fractions to 2.3412": (F * 2.3412, F_TEST, "x / 2.35", lambda x: x / 2.35),
    "int8": (
        X.astype(int) - 128,
        X_TEST.astype(int) - 128,
        "(x + 128) /",
        lambda x: (x + 128) / 255,
    ),
    "-1 to 1": (F * 1.99 - 0.99, F_TEST * 2 - 1, "(x + 1) / 2", lambda x: (x + 1) / 2),
    "a little below 0": (F - 0.1, F_TEST - 0.1, "(x + 1) / 2", lambda x: (x + 1) / 2),
    "standardised": (F * 3 - 1.2345, F_TEST * 3 - 1.2345, "(x + 1.24) / 3.01",
                     lambda x: (x + 1.24) / 3.01),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values(npz: Callable[..., str], case: str) -> None:
    x_train, x_test, words, remedy = BAD_VALUES[case]
    if case.startswith("few"):  # what stays of the dtype uint8 is not refused
        x_train, x_test = x_train.astype(int), x_test.astype(int)
    path = npz(**{**GOOD, "x_train": x_train, "x_test": x_test})
    low, high = min(x_train.min(), x_test.min()), max(x_train.max(), x_test.max())
    refuse(lambda: load_dataset(path), path, f"values from {low} to {high}", words, "every x")
    dataset = load_dataset(npz(**{**GOOD, "x_train": remedy(x_train), "x_test": remedy(x_test)}))
    assert np.array_equal(dataset.x_test[..., 0], remedy(x_test).astype(dataset.x_test.dtype))


@given(low=st.floats(-1e6, 1e6, width=32), high=st.floats(-1e6, 1e6, width=32), whole=st.booleans())
def test_the_advice_by_range_brings_all_values_to_0_to_1(
    low: float, high: float, whole: bool
) -> None:
    low, high = min(low, high), max(low, high)
    if whole:
        low, high = float(int(low)), float(int(high))
    if (low >= 0 and high <= 1) or (whole and low >= 0 and 128 <= high <= 255):
        return
    x = np.array([low, high, (low + high) / 2])
    expression = advice(low, high, whole).removeprefix("use ").partition(" for")[0]
    scaled = eval(expression, {"x": x})
    assert scaled.min() >= 0
    assert scaled.max() <= 1
    spread = 0.2 * (high - low) / max(high - min(low, 0), 2, -low)
    assert scaled.max() - scaled.min() >= spread - 1e-9, "but for rounding"
