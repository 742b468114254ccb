"""deap-nas cache: what is kept, and less of it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from command import refused

from deap_nas.__main__ import main
from deap_nas.commands.cache import said_size
from deap_nas.evaluation.cache import Cache
from deap_nas.evaluation.cache_folder import CacheFolder
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.trained import Trained

DAY = 24 * 3600
FOLDER = Path(".cache", "deap_nas", "trainings")  # in a home folder


@pytest.fixture
def kept(home: Path) -> CacheFolder:
    """Five trainings in the cache of the user, used 0, 3, 20, 50 and 100 days ago."""
    folder = home / FOLDER
    for days in (0, 3, 20, 50, 100):
        cache = Cache(folder)
        cache.put(f"key {days}", Trained(Evaluation(0.5, 0.5, 30, 1.0), []))
        cache.close()
        then = time.time() - days * DAY
        os.utime(cache._entry(f"key {days}") / "output.pkl", (then, then))
    return CacheFolder(folder)


def told(capsys: Any, *words: str) -> Any:
    assert main(["cache", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_it_says_where_how_many_and_how_large(kept, capsys):
    assert main(["cache"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"trainings kept in {kept.path}"
    counts = {line[:16].strip(): int(line[16:28]) for line in lines[2:]}
    spans = ("within a day", "within a week", "within 30 days", "before", "in all")
    assert counts == dict(zip(spans, (1, 1, 1, 2, 5), strict=True))
    size = sum(entry.size for entry in kept.entries())
    assert lines[-1].endswith(said_size(size))
    found = told(capsys)
    assert (found["folder"], found["entries"], found["bytes"]) == (str(kept.path), 5, size)
    assert len(kept.entries()) == 5


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--older-than", "90d"], 4),
        (["--older-than", "2w"], 2),
        (["--older-than", "60 h"], 1),
        (["--keep", "1.5G"], 5),
        (["--keep", "1KB"], 1),
        (["--keep", "0", "--older-than", "90d"], 0),
        (["--clear"], 0),
    ],
)
def test_it_deletes_what_was_asked(kept, capsys, words, left):
    sizes = [entry.size for entry in kept.entries()]
    assert max(sizes) <= 1000 < 2 * min(sizes)  # one fits into 1 kB, two do not
    found = told(capsys, *words)
    assert (found["entries"], found["deleted"]["entries"]) == (left, 5 - left)
    assert len(kept.entries()) == left


def test_a_person_reads_what_was_deleted_and_what_was_left(kept, capsys):
    kept.hold()
    kept.mark(kept.entries()[0].path)
    assert main(["cache", "--clear"]) == 0
    out = capsys.readouterr().out
    assert "deleted 4 trainings, " in out
    assert "left 1 training, " in out
    assert "in use by a running search" in out
    assert main(["cache"]) == 0
    assert "1 search uses it" in capsys.readouterr().out
    kept.release()


def test_a_cache_that_is_not_there_is_empty(home, capsys):
    assert told(capsys)["entries"] == 0
    assert not (home / FOLDER).exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep", "5X"], "--keep 5X, allowed a size such as 500M, 5G or 1.5T"),
        (["--keep", "-1"], "--keep -1, allowed a size"),
        (["--keep", "many"], "--keep many, allowed a size"),
        (["--older-than", "90"], "--older-than 90, allowed an age such as 12h, 90d or 8w"),
        (["--older-than", "x"], "--older-than x, allowed an age"),
        (["--clear", "--keep", "5G"], "--clear with --keep or --older-than, allowed alone"),
        (["--cache", "none"], "--cache none, allowed a folder that is there"),
    ],
)
def test_bad_words_are_one_line(kept, capsys, words, said):
    refused(lambda: main(["cache", *words]), capsys, said)
    assert len(kept.entries()) == 5


@pytest.mark.parametrize(
    ("size", "said"),
    [
        *((0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_400, "99.4 kB"), (99_500, "100 kB")),
        *((999_600, "1.0 MB"), (5 * 10**9, "5.0 GB"), (3 * 10**15, "3000 TB")),
    ],
)
def test_sizes_as_a_person_says_them(size, said):
    assert said_size(size) == said
