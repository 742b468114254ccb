"""training.capacity: workers by cores and by memory."""

from __future__ import annotations

import warnings

import drivers
import pytest

from deap_nas.training import capacity
from deap_nas.training.capacity import PARENT, WORKER, count_workers, default_workers

DATA = drivers.tiny_dataset()


@pytest.mark.parametrize(
    ("cores", "memory", "expected"),
    [(1, 10**6, 1), (64, 10**6, 64), (64, 4096, 13), (64, 100, 1), (2, 4096, 2)],
)
def test_as_many_as_have_a_core_and_memory(monkeypatch, cores, memory, expected):
    monkeypatch.setattr(capacity, "cores", lambda: cores)
    monkeypatch.setattr(capacity, "memory", lambda: memory)
    assert default_workers(DATA) == expected
    assert count_workers(None, DATA) == expected


def test_a_limit_of_the_users_is_what_each_may_take(monkeypatch):
    monkeypatch.setattr(capacity, "cores", lambda: 64)
    monkeypatch.setattr(capacity, "memory", lambda: 10_134)
    assert default_workers(DATA, max_memory=2000) == 4
    assert default_workers(DATA) == (10_134 - PARENT) // WORKER["native"]
    assert default_workers(DATA, engine="keras") == (10_134 - PARENT) // WORKER["keras"]


def test_what_is_asked_for_is_done_with_a_warning(monkeypatch):
    monkeypatch.setattr(capacity, "cores", lambda: 8)
    monkeypatch.setattr(capacity, "memory", lambda: 800)
    with pytest.warns(UserWarning, match="4 workers in 800 MiB of memory: .*; 2 have room"):
        assert count_workers(4, DATA) == 4
    with pytest.warns(UserWarning, match="9 workers on 8 cores"):
        assert count_workers(9, DATA) == 9
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert count_workers(2, DATA) == 2
    with pytest.raises(ValueError, match="workers 0, allowed 1 or more"):
        count_workers(0, DATA)
