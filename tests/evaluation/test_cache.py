"""evaluation.cache: what is measured once is measured once, and damage is never believed."""

from __future__ import annotations

import base64
import random
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import drivers
import joblib.memory
import numpy as np
import pytest
import stubs

from deap_nas.evaluation.cache import Cache, CacheWarning, pack, unpack
from deap_nas.evaluation.fitness import STATUSES, Evaluation, failed
from deap_nas.evaluation.trained import Trained
from deap_nas.genome import parse_genome
from deap_nas.training.evaluator import Evaluator
from deap_nas.training.recipes import RECIPES

GENOMES = [
    parse_genome(f"NC {n} 3 relu;RC 4 3 {a};RC 4 3 relu;FL tanh")
    for n, a in ((2, "relu"), (4, "gelu"), (6, "tanh"), (8, "relu"))
]
DATA = drivers.tiny_dataset()
KEY = '{"genome": "NC 2 3 relu;FL relu"}'


def trained(i: int = 0) -> Trained:
    rng = random.Random(i)
    return Trained(stubs.evaluation(rng), stubs.weights(rng))


def same(one: Trained, other: Trained) -> bool:
    arrays = zip(one.weights, other.weights, strict=True)
    equal = all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in arrays)
    return equal and one.evaluation == other.evaluation


def files(folder: Path, name: str = "*") -> list[Path]:
    return sorted(p for p in folder.rglob(name) if p.is_file())


# --- in and out


def test_what_is_put_is_got_exactly(tmp_path):
    cache = Cache(tmp_path)
    assert cache.get(KEY) is None
    cache.put(KEY, trained())
    for reader in (cache, Cache(tmp_path), Cache(str(tmp_path))):
        found = reader.get(KEY)
        assert found is not None
        assert same(found, trained())
    assert cache.get(KEY + " ") is None


def test_every_field_survives(tmp_path):
    evaluation = Evaluation(
        *(0.1 + 0.2, 1 / 3, 12345, 1e-9),
        train_cpu_seconds=2.5,
        multiply_adds=7,
        epochs=3,
        best_epoch=2,
        confusion=((1, 2), (3, 4)),
        curve=({"epoch": 1, "loss": 0.1}, {"epoch": 2, "loss": 5e-324}),
        reason="é ✓",
        measured_on="there",
    )
    Cache(tmp_path).put(KEY, Trained(evaluation, []))
    found = Cache(tmp_path).get(KEY)
    assert found is not None
    assert found.evaluation == evaluation


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_would_come_out_again_is_kept(tmp_path, status):
    evaluation = trained().evaluation if status == "ok" else failed(status, "why", 5)
    Cache(tmp_path).put(KEY, Trained(evaluation, []))
    assert (Cache(tmp_path).get(KEY) is not None) == (status in ("ok", "diverged"))


def test_a_diverged_one_keeps_its_curve_free_of_nan_or_with_it(tmp_path):
    evaluation = failed("diverged", "loss nan in epoch 1", 5, curve=({"loss": float("nan")},))
    Cache(tmp_path).put(KEY, Trained(evaluation, []))
    found = Cache(tmp_path).get(KEY)
    assert found is not None
    assert found.evaluation.status == "diverged"


def test_pack_is_a_checksum_and_json():
    text = pack(KEY, trained())
    assert same(unpack(KEY, text), trained())
    for bad in ("", "x", text[:-1], text + " ", text.replace("ok", "OK"), None, 3):
        with pytest.raises(ValueError, match="checksum"):
            unpack(KEY, bad)
    with pytest.raises(ValueError, match="checksum"):
        unpack(KEY + " ", text)


# what Cache.put(KEY, ...) of commit d7f62c9 wrote, with joblib 1.6
OLD_ENTRY = "deap_nas/memo/remember/d9f67fc7b5889270e34f2f7841bf7f33/output.pkl"
OLD_CONTENT = (
    "gASVaQIAAAAAAABYYgIAADEzMGNjNGQ4OTY1MDQyOGQyNDRlYjZhNDQ2MWYxOWEzY2NiYTkxNzc2MGM2ZDM0M2E3Y2"
    "YyMmY1MGQ4ZjcwOTIKeyJldmFsdWF0aW9uIjogeyJhY2N1cmFjeSI6IDAuNSwgInRyYWluX2FjY3VyYWN5IjogMC4y"
    "NSwgIm5fcGFyYW1zIjogMzAsICJ0cmFpbl9zZWNvbmRzIjogMS4wLCAidHJhaW5fY3B1X3NlY29uZHMiOiAwLjAsIC"
    "JtdWx0aXBseV9hZGRzIjogMCwgImVwb2NocyI6IDAsICJiZXN0X2Vwb2NoIjogMCwgImNvbmZ1c2lvbiI6IFtdLCAi"
    "Y3VydmUiOiBbXSwgInN0YXR1cyI6ICJvayIsICJyZWFzb24iOiAiIiwgIm1lYXN1cmVkX29uIjogIiJ9LCAid2VpZ2"
    "h0cyI6ICJVRXNEQkMwQUFBQUlBQUFBSVFEekJWTWgvLy8vLy8vLy8vOEpBQlFBWVhKeVh6QXVibkI1QVFBUUFJZ0FB"
    "QUFBQUFBQVNRQUFBQUFBQUFDYjdCZnFHeERKeUZER1VLMmVrbHFjWEtSdXBhQnVrMmFpcnFPZ25wWmZWRktVbUJlZl"
    "g1U1NDaEozUzh3cFRnV0tGMmNrRnFRQytScEdPcG82Q3JVS0ZBQXVCakJvc0FjQVVFc0JBaTBETFFBQUFBZ0FBQUFo"
    "QVBNRlV5RkpBQUFBaUFBQUFBa0FBQUFBQUFBQUFBQUFBSUFCQUFBQUFHRnljbDh3TG01d2VWQkxCUVlBQUFBQUFRQU"
    "JBRGNBQUFDRUFBQUFBQUE9In2ULg=="
)


def test_an_entry_of_before_is_found(tmp_path):
    path = tmp_path / OLD_ENTRY
    path.parent.mkdir(parents=True)
    path.write_bytes(base64.b64decode(OLD_CONTENT))
    weights = [np.arange(2, dtype=np.float32)]
    found = Cache(tmp_path).get(KEY)
    assert found is not None
    assert same(found, Trained(Evaluation(0.5, 0.25, 30, 1.0), weights))
    Cache(tmp_path).put(KEY, trained())
    assert files(tmp_path, "output.pkl") == [path]
    found = Cache(tmp_path).get(KEY)
    assert found is not None
    assert same(found, trained())


def test_a_changed_function_loses_no_entry(tmp_path):
    """joblib would empty the cache when what it memoises has another source than it noted."""
    Cache(tmp_path).put(KEY, trained())
    (path,) = files(tmp_path, "output.pkl")
    (path.parents[1] / "func_code.py").write_text("# first line: 1\nanother\n")
    joblib.memory._FUNCTION_HASHES.clear()
    Cache(tmp_path).put(KEY + " other", trained(1))
    assert Cache(tmp_path).get(KEY) is not None
    assert len(files(tmp_path, "output.pkl")) == 2


# --- how often the evaluator trains


def evaluate(
    genomes: Any, cache: Path | None, trainings: drivers.Trainings, **settings: Any
) -> list[int]:
    """Map over genomes with a new evaluator; how often each distinct one was trained."""
    before = trainings.counts()
    data = settings.pop("data", DATA)
    with Evaluator(data, cache=cache, workers=settings.pop("workers", 1), **settings) as evaluator:
        values = evaluator.map(evaluator, genomes)
        again = evaluator.map(evaluator, genomes)
        assert values == again == [evaluator(genome) for genome in genomes]
    after = trainings.counts()
    return [after[str(g)] - before[str(g)] for g in genomes]


def test_each_genome_is_trained_once_ever(tmp_path, stub):
    cache = tmp_path / "cache"
    assert evaluate(GENOMES[:2], cache, stub) == [1, 1]
    assert evaluate(GENOMES[:3], cache, stub) == [0, 0, 1]
    assert evaluate(GENOMES, cache, stub, workers=2) == [0, 0, 0, 1]
    assert evaluate(GENOMES, cache, stub) == [0, 0, 0, 0]


def test_duplicates_in_one_map_are_trained_once(tmp_path, stub):
    equal = [parse_genome(str(GENOMES[0])) for _ in range(5)]
    assert evaluate(equal, tmp_path / "cache", stub, workers=2) == [1] * 5
    assert evaluate(equal, None, stub, workers=2) == [1] * 5


def test_without_a_cache_each_evaluator_trains(stub):
    assert evaluate(GENOMES[:1], None, stub) == [1]
    assert evaluate(GENOMES[:1], None, stub) == [1]


@pytest.mark.parametrize(
    "settings",
    [
        {"recipe": "paper"},
        {"recipe": replace(RECIPES["fast"], epochs=2)},
        {"recipe": replace(RECIPES["fast"], version=99)},
        {"train_seed": 1},
        {"split": "test"},
        {"data": drivers.tiny_dataset(seed=1)},
    ],
    ids=["recipe", "epochs", "version", "seed", "split", "data"],
)
def test_what_a_training_depends_on_trains_anew(tmp_path, stub, settings):
    cache = tmp_path / "cache"
    assert evaluate(GENOMES[:1], cache, stub) == [1]
    assert evaluate(GENOMES[:1], cache, stub, **dict(settings)) == [1]
    assert evaluate(GENOMES[:1], cache, stub, **dict(settings)) == [0]
    assert evaluate(GENOMES[:1], cache, stub) == [0]


@pytest.mark.parametrize(
    "settings",
    [{"fitness": "time_penalised"}, {"workers": 2}, {"max_seconds": 50.0}, {"max_failures": 3}],
    ids=lambda settings: next(iter(settings)),
)
def test_what_it_does_not_depend_on_trains_nothing(tmp_path, stub, settings):
    cache = tmp_path / "cache"
    assert evaluate(GENOMES[:2], cache, stub) == [1, 1]
    assert evaluate(GENOMES[:2], cache, stub, **dict(settings)) == [0, 0]


def test_a_failure_is_tried_again_and_a_divergence_is_not(tmp_path, stub):
    cache = tmp_path / "cache"
    stub.set_fault(str(GENOMES[0]), "raise")
    stub.set_fault(str(GENOMES[1]), "nan")
    assert evaluate(GENOMES[:2], cache, stub) == [1, 1]
    stub.mend()
    assert evaluate(GENOMES[:2], cache, stub) == [1, 0]


def test_a_cached_answer_starts_no_worker_and_imports_no_tensorflow(tmp_path, stub):
    cache = tmp_path / "cache"
    with Evaluator(DATA, cache=cache, workers=1) as evaluator:
        expected = evaluator(GENOMES[0])
    code = """
import sys
import drivers
from deap_nas import Evaluator, parse_genome
with Evaluator(drivers.tiny_dataset(), cache=sys.argv[1]) as evaluator:
    genome = parse_genome(sys.argv[2])
    print(evaluator(genome), len(evaluator.weights(genome)), evaluator._backend._processes)
print([name for name in ("tensorflow", "keras") if name in sys.modules])
"""
    result = drivers.python(code, cache, GENOMES[0])
    assert result.stdout.splitlines() == [f"{expected} {2 * len(GENOMES[0]) + 2} []", "[]"], (
        result.stderr
    )


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


# --- two at once

SHARE = """
import sys
import drivers
from deap_nas import parse_genome
from deap_nas.training import evaluator
evaluator.Workers = drivers.InlineWorkers
with evaluator.Evaluator(drivers.tiny_dataset(), cache=sys.argv[1]) as evaluate:
    for i in range(int(sys.argv[2])):
        text = f"NC {2 + i} 3 relu;RC 4 3 relu;RC 4 3 relu;FL tanh"
        print(evaluate(parse_genome(text))[0])
"""


def test_two_processes_on_one_folder_are_both_right(tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setenv(stubs.LOG, str(log))
    command = [sys.executable, "-W", "error", "-c", SHARE, str(tmp_path / "cache"), "60"]
    running = [
        subprocess.Popen(
            command,
            env=drivers.environment(PYTHONWARNINGS="error"),
            stdout=-1,
            stderr=-1,
            text=True,
        )
        for _ in range(2)
    ]
    results = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], results
    alone = drivers.python(SHARE, tmp_path / "alone", 60)
    assert results[0][0] == results[1][0] == alone.stdout
    assert len(alone.stdout.splitlines()) == 60
    trained_before = len(log.read_text().splitlines())
    again = drivers.python(SHARE, tmp_path / "cache", 60)
    assert again.stdout == alone.stdout
    assert len(log.read_text().splitlines()) == trained_before, "an entry was lost"
