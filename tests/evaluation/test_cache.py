"""evaluation.cache: what is measured once is measured once."""

from __future__ import annotations

import base64
import subprocess
import sys
from dataclasses import replace

import drivers
import joblib.memory
import numpy as np
import pytest
import stubs
from cached import DATA, GENOMES, KEY, evaluate, files, same, trained

from deap_nas.evaluation.cache import Cache, pack, unpack
from deap_nas.evaluation.fitness import STATUSES, Evaluation, failed
from deap_nas.evaluation.trained import Trained
from deap_nas.genome import parse_genome
from deap_nas.training.evaluator import Evaluator
from deap_nas.training.recipes import RECIPES

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
