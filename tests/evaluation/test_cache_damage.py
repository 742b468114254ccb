"""evaluation.cache: what is read-only, and what is damaged, which is never believed."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import drivers
import joblib.memory
import numpy as np
import pytest
from cached import DATA, GENOMES, KEY, evaluate, files, same, trained

from deap_nas.evaluation.cache import Cache, CacheWarning
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.trained import Trained
from deap_nas.training.evaluator import Evaluator

# --- read-only, for root too

READ_ONLY = """
import sys, warnings
import drivers
from deap_nas import parse_genome
from deap_nas.training import evaluator
evaluator.Workers = drivers.InlineWorkers
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    with evaluator.Evaluator(drivers.tiny_dataset(), cache=sys.argv[1]) as evaluate:
        for text in sys.argv[2:]:
            print(evaluate(parse_genome(text)))
for warning in caught:
    print("warning", warning.category.__name__, str(warning.message).count(chr(10)))
try:
    open(sys.argv[1] + "/new", "w")
except OSError:
    print("read-only")
"""


def read_only(folder: Path, *arguments: Any) -> Any:
    """Run READ_ONLY with a folder that not even root can write to."""
    mount = f"mount -o bind {folder} {folder} && mount -o remount,bind,ro {folder}"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root, or unprivileged mount namespaces")
    return subprocess.run(
        [
            *("unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"),
            *(sys.executable, "-c", READ_ONLY, *map(str, arguments)),
        ],
        env=drivers.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_read_only_cache_serves_hits_and_warns_once_on_misses(tmp_path, stub):
    cache = tmp_path / "cache"
    with Evaluator(DATA, cache=cache, workers=1) as evaluator:
        hit = evaluator(GENOMES[0])
        misses = None
    before = {p: p.read_bytes() for p in files(cache)}
    stub._log.write_text("")
    result = read_only(cache, cache, *GENOMES)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == str(hit)
    assert lines[4:] == ["warning CacheWarning 0", "read-only"]
    assert stub.counts() == {str(genome): 1 for genome in GENOMES[1:]}
    assert {p: p.read_bytes() for p in files(cache)} == before
    with Evaluator(DATA, cache=None, workers=1) as evaluator:
        misses = [str(evaluator(genome)) for genome in GENOMES[1:]]
    assert lines[1:4] == misses


def test_a_read_only_cache_that_is_only_read_does_not_warn(tmp_path, stub):
    cache = tmp_path / "cache"
    with Evaluator(DATA, cache=cache, workers=1) as evaluator:
        hit = evaluator(GENOMES[0])
    result = read_only(cache, cache, GENOMES[0])
    assert result.stdout.splitlines() == [str(hit), "read-only"], result.stderr


def test_an_empty_read_only_cache_folder_warns_and_works(tmp_path, stub):
    cache = tmp_path / "cache"
    cache.mkdir()
    result = read_only(cache, cache, GENOMES[0], GENOMES[1])
    assert result.returncode == 0, result.stderr
    assert "warning CacheWarning 0" in result.stdout
    assert result.stdout.count("warning") == 1
    assert stub.counts().total() == 2


def test_a_damaged_entry_in_a_read_only_cache_is_trained_anew(tmp_path, stub):
    cache = tmp_path / "cache"
    with Evaluator(DATA, cache=cache, workers=1) as evaluator:
        hit = evaluator(GENOMES[0])
    (path,) = files(cache, "output.pkl")
    path.write_bytes(path.read_bytes()[:-20])
    result = read_only(cache, cache, GENOMES[0])
    assert result.stdout.splitlines()[0] == str(hit), result.stderr
    assert "warning CacheWarning 0" in result.stdout


# --- damage


def get(folder: Path) -> tuple[Trained | None, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = Cache(folder).get(KEY)
    assert all(w.category is CacheWarning for w in caught), [str(w.message) for w in caught]
    return found, [str(w.message) for w in caught]


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """The output file of the one entry of a cache in tmp_path / "cache"; small on purpose."""
    evaluation = Evaluation(0.5, 0.25, 30, 1.0)
    Cache(tmp_path / "cache").put(KEY, Trained(evaluation, [np.ones(2, np.float32)]))
    (path,) = files(tmp_path / "cache", "output.pkl")
    return path


def test_every_byte_flipped(tmp_path, entry):
    """Never a wrong answer: a warning and no answer, or the unharmed one."""
    expected, _ = get(tmp_path / "cache")
    assert expected is not None
    raw, rng = entry.read_bytes(), random.Random(0)
    noticed = 0
    for place in range(len(raw)):
        damaged = bytearray(raw)
        damaged[place] ^= 1 << rng.randrange(8)
        entry.parent.mkdir(exist_ok=True)
        entry.write_bytes(damaged)
        found, caught = get(tmp_path / "cache")
        if found is None:
            assert len(caught) == 1, place
            assert "damaged" in caught[0]
            noticed += 1
            assert get(tmp_path / "cache") == (None, []), "it was not set aside"
        else:
            assert same(found, expected), place
            assert not caught
    assert noticed > 0.9 * len(raw)


def test_cut_at_every_byte(tmp_path, entry):
    raw = entry.read_bytes()
    for length in range(len(raw)):
        entry.parent.mkdir(exist_ok=True)
        entry.write_bytes(raw[:length])
        found, caught = get(tmp_path / "cache")
        assert found is None, length
        assert len(caught) == 1, length


def test_a_deleted_file_is_a_miss(tmp_path, entry):
    entry.unlink()
    assert get(tmp_path / "cache") == (None, [])


def test_a_deleted_folder_is_a_miss_even_while_it_is_open(tmp_path):
    cache = Cache(tmp_path / "cache")
    cache.put(KEY, trained())
    shutil.rmtree(tmp_path / "cache")
    assert cache.get(KEY) is None
    cache.put(KEY, trained())
    found = cache.get(KEY)
    assert found is not None
    assert same(found, trained())


def test_another_object_in_its_place_is_damage(tmp_path, entry):
    joblib.dump({"not": "ours"}, entry)
    found, caught = get(tmp_path / "cache")
    assert found is None
    assert len(caught) == 1


def test_an_entry_of_another_key_in_its_place_is_damage(tmp_path, entry):
    """A mix-up of files is not believed either."""
    cache = Cache(tmp_path / "cache")
    cache.put(KEY + " other", trained(5))
    (other,) = [p for p in files(tmp_path / "cache", "output.pkl") if p != entry]
    shutil.copy(other, entry)
    found, caught = get(tmp_path / "cache")
    assert found is None
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["metadata.json", "func_code.py"])
def test_damage_beside_the_entries_loses_no_entry(tmp_path, entry, name):
    """Files that joblib may write: bytes flipped, the file cut, and empty, for a new process."""
    path = entry.parent / name if name == "metadata.json" else entry.parent.parent / name
    if not path.exists():
        path.write_text('{"duration": 0.1}' if name == "metadata.json" else "# first line: 4\n")
    raw, whole = path.read_bytes(), entry.read_bytes()
    rng = random.Random(0)
    expected, _ = get(tmp_path / "cache")
    assert expected is not None
    flips = []
    for place in range(len(raw)):
        flipped = bytearray(raw)
        flipped[place] ^= 1 << rng.randrange(8)
        flips.append(bytes(flipped))
    for content in [b"", raw[: len(raw) // 2], *flips]:
        path.write_bytes(content)
        joblib.memory._FUNCTION_HASHES.clear()
        found, _ = get(tmp_path / "cache")
        assert entry.exists(), content
        assert entry.read_bytes() == whole
        assert found is not None
        assert same(found, expected)


def test_after_damage_it_is_trained_and_kept_again(tmp_path, stub):
    cache = tmp_path / "cache"
    assert evaluate(GENOMES[:2], cache, stub) == [1, 1]
    path = files(cache, "output.pkl")[0]
    path.write_bytes(b"nonsense")
    with pytest.warns(CacheWarning, match="damaged cache entry set aside"):
        assert sum(evaluate(GENOMES[:2], cache, stub)) == 1
    assert evaluate(GENOMES[:2], cache, stub) == [0, 0]
