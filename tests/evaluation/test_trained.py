"""evaluation.trained: weights as bytes, and what a trainer may return."""

import io

import numpy as np
import pytest

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.trained import Trained, as_trained, pack_weights, unpack_weights

WEIGHTS = [np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(2), np.float32(1.5), np.zeros(0)]


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("n", range(5))
def test_any_number_of_arrays_comes_back(n):
    found = unpack_weights(pack_weights(WEIGHTS[:n]))
    assert len(found) == n
    for one, other in zip(found, WEIGHTS):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_archives_of_before_have_no_count():
    assert [
        len(array) for array in unpack_weights(archive(arr_0=WEIGHTS[0], arr_1=WEIGHTS[1]))
    ] == [
        2,
        2,
    ]


@pytest.mark.parametrize(
    "arrays",
    [
        {"arr_0": 1, "count": 2},
        {"arr_0": 1, "arr_1": 1, "count": 1},
        {"arr_0": 1, "arr_2": 1, "count": 2},
        {"arr_1": 1},
        {"arr_0": 1, "other": 1},
    ],
)
def test_lost_and_foreign_arrays_are_damage(arrays):
    with pytest.raises(ValueError, match=r"arrays, \d were packed"):
        unpack_weights(archive(**arrays))


def test_what_a_trainer_returned():
    evaluation = Evaluation(metrics={"error": 1})
    assert as_trained(evaluation) == Trained(evaluation, [])
    assert as_trained(whole := Trained(evaluation, WEIGHTS)) is whole
    with pytest.raises(TypeError, match=r"train returned float 0\.5, allowed an Evaluation or a "):
        as_trained(0.5)
