"""evaluation.cache_folder: what is in a cache, who uses it, and what goes to make it smaller."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import drivers
import numpy as np
import pytest

from deap_nas.evaluation import cache as cache_module
from deap_nas.evaluation.cache import Cache, CacheWarning
from deap_nas.evaluation.cache_folder import ENTRIES, CacheFolder
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.trained import Trained
from deap_nas.genome import parse_genome
from deap_nas.training.evaluator import Evaluator

DAY = 24 * 3600
GENOME = parse_genome("NC 2 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh")


def put(folder: Path, key: str, used: float = 0.0) -> Path:
    """Keep a training that was used so many days ago; its folder."""
    cache = Cache(folder)
    cache.put(key, Trained(Evaluation(0.5, 0.5, 30, 1.0), [np.ones(2, np.float32)]))
    cache.close()
    entry = cache._entry(key)
    then = time.time() - used * DAY
    os.utime(entry / "output.pkl", (then, then))
    return entry


def total(folder: Path) -> int:
    return sum(entry.size for entry in CacheFolder(folder).entries())


def test_entries_are_where_the_cache_puts_them_oldest_first(tmp_path):
    paths = [put(tmp_path, f"key {days}", days) for days in (1, 9, 4)]
    found = CacheFolder(tmp_path).entries()
    assert [entry.path for entry in found] == [paths[1], paths[2], paths[0]]
    assert all(path.parent == tmp_path / ENTRIES for path in paths)
    assert found[0].size == sum(file.stat().st_size for file in paths[1].iterdir())
    assert found[0].used == pytest.approx(time.time() - 9 * DAY, abs=60)


def test_no_folder_is_an_empty_one(tmp_path):
    folder = CacheFolder(tmp_path / "none")
    assert (folder.entries(), folder.damaged(), folder.searches()) == ([], [], [])
    assert folder.prune(keep=0).deleted == []
    assert not (tmp_path / "none").exists()


def test_to_keep_a_size_those_used_longest_ago_go(tmp_path):
    paths = [put(tmp_path, f"key {days}", days) for days in (3, 1, 2)]
    pruned = CacheFolder(tmp_path).prune(keep=total(tmp_path) - 1)
    assert [entry.path for entry in pruned.deleted] == [paths[0]]
    assert [path.exists() for path in paths] == [False, True, True]
    assert Cache(tmp_path).get("key 3") is None
    assert Cache(tmp_path).get("key 1") is not None


def test_those_older_than_an_age_go(tmp_path):
    paths = [put(tmp_path, f"key {days}", days) for days in (100, 1, 91)]
    CacheFolder(tmp_path).prune(older_than=90 * DAY)
    assert [path.exists() for path in paths] == [False, True, False]


def test_both_limits_hold(tmp_path):
    for days in (100, 1, 2):
        put(tmp_path, f"key {days}", days)
    last = CacheFolder(tmp_path).entries()[-1]
    pruned = CacheFolder(tmp_path).prune(keep=last.size, older_than=90 * DAY)
    assert pruned.kept == [last]
    assert len(pruned.deleted) == 2


def test_an_entry_that_is_read_counts_as_used_and_keeps_its_time_of_writing(tmp_path):
    path = put(tmp_path, "old", 100) / "output.pkl"
    written = path.stat().st_mtime_ns
    assert Cache(tmp_path).get("old") is not None
    assert path.stat().st_mtime_ns == written
    assert CacheFolder(tmp_path).prune(older_than=90 * DAY).deleted == []


def test_what_is_no_entry_is_left(tmp_path):
    """joblib's own way would delete every folder whose name begins like a hash."""
    other = tmp_path / "photos" / ("a" * 32)
    other.mkdir(parents=True)
    (other / "output.pkl").write_text("mine")
    put(tmp_path, "key")
    CacheFolder(tmp_path).prune(keep=0)
    assert (other / "output.pkl").read_text() == "mine"
    assert CacheFolder(tmp_path).entries() == []


def test_what_was_set_aside_goes_first(tmp_path):
    path = put(tmp_path, "key")
    (path / "output.pkl").write_bytes(b"nonsense")
    with pytest.warns(CacheWarning, match="set aside"):
        Cache(tmp_path).get("key")
    folder = CacheFolder(tmp_path)
    assert len(folder.damaged()) == 1
    put(tmp_path, "other")
    pruned = folder.prune(keep=10**9)
    assert (len(pruned.deleted), len(pruned.kept)) == (1, 1)
    assert folder.damaged() == []


def test_what_a_running_search_used_is_left(tmp_path, stub):
    put(tmp_path, "before", 1)
    with Evaluator(drivers.tiny_dataset(), cache=tmp_path, workers=1) as evaluator:
        evaluator(GENOME)
        folder = CacheFolder(tmp_path)
        assert len(folder.searches()) == 1
        pruned = folder.prune(keep=0, older_than=0)
        assert (len(pruned.deleted), len(pruned.in_use)) == (1, 1)
        assert len(folder.entries()) == 1
    assert folder.searches() == []
    assert len(folder.prune(keep=0).deleted) == 1


def test_a_search_that_measures_again_after_its_end_holds_again(tmp_path):
    put(tmp_path, "key")
    cache = Cache(tmp_path)
    cache.get("key")
    cache.close()
    assert CacheFolder(tmp_path).searches() == []
    cache.get("key")
    assert len(CacheFolder(tmp_path).searches()) == 1
    cache.close()


KILLED = """
import os, signal, sys
from deap_nas.evaluation.cache import Cache
from deap_nas.evaluation.cache_folder import CacheFolder
from pathlib import Path
cache = Cache(sys.argv[1])
cache.get("key")
assert len(CacheFolder(Path(sys.argv[1])).searches()) == 1
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_search_that_was_killed_holds_nothing(tmp_path):
    put(tmp_path, "key", 1)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=drivers.environment(), check=False
    )
    assert done.returncode == -9
    folder = CacheFolder(tmp_path)
    assert len(list((tmp_path / "searches").iterdir())) == 1
    assert folder.searches() == []
    assert list((tmp_path / "searches").iterdir()) == []
    assert len(folder.prune(keep=0).deleted) == 1


def test_a_large_cache_is_told_of_once(tmp_path, monkeypatch):
    put(tmp_path, "key")
    monkeypatch.setattr(cache_module, "LARGE", 500)
    cache = Cache(tmp_path)
    trained = Trained(Evaluation(0.5, 0.5, 30, 1.0), [])
    with pytest.warns(CacheWarning, match="has come to 0.0 GB: make it smaller with deap-nas"):
        cache.put("another", trained)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.put("third", trained)
    cache.close()
    monkeypatch.setattr(cache_module, "LARGE", 10**6)
    Cache(tmp_path).put("fourth", trained)
