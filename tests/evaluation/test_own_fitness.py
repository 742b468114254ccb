"""A user's own fitness, from a file: its numbers count; without one a genome fails alone."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from deap_nas import Evaluation, accuracy_per_log_params
from deap_nas.evaluation.fitness import failed
from deap_nas.evaluation.own_fitness import (
    FitnessError,
    FitnessWarning,
    OwnFitness,
    find_fitness,
    parts_of,
    weights_of,
)

GOOD, SMALL = Evaluation(0.75, 0.8, 1000, 1.0), Evaluation(0.5, 0.5, 10, 1.0)


def own(tmp_path: Path, body: str, name: str = "score") -> OwnFitness:
    path = tmp_path / "mine.py"
    path.write_text(body)
    found = find_fitness(f"{path}:{name}")
    assert isinstance(found, OwnFitness)
    return found


def test_its_number_is_the_fitness(tmp_path: Path) -> None:
    fitness = own(tmp_path, "def score(e):\n    return e.accuracy * 1000 / e.n_params\n")
    assert fitness(GOOD) == (0.75,)
    assert fitness(SMALL) == (50.0,)
    assert not fitness.fails(GOOD)
    assert weights_of(f"{tmp_path}/mine.py:score") == (1.0,)
    assert weights_of("accuracy_and_params") == (1.0, -1.0)


def test_a_failed_genome_is_not_shown_to_it(tmp_path: Path) -> None:
    fitness = own(tmp_path, "def score(e):\n    raise SystemError\n")
    lost = failed("oom", "why", 77)
    assert fitness(lost) == (0.0,)
    assert not fitness.fails(lost), "that is the training's failure"


BAD = {
    "raises": ("return 1 / 0", ", line 2 raised ZeroDivisionError: division by zero"),
    "is nan": ("return float('nan')", " returned nan"),
    "is infinite": ("return 1e999", " returned inf"),
    "is negative": ("return -1", " returned -1"),
    "is None": ("pass", " returned None"),
    "is text": ("return 'good'", " returned 'good'"),
    "is a tuple": ("return (1.0,)", " returned (1.0,)"),
}


@pytest.mark.parametrize("how", BAD)
def test_what_has_no_value_costs_that_genome_alone(tmp_path: Path, how: str) -> None:
    body, said = BAD[how]
    body = f"def score(e):\n    {body}\n".replace("return", "if e.n_params == 10: return")
    body = body.replace("    pass", "    if e.n_params == 10: return None")
    fitness = own(tmp_path, body + "    return 7\n")
    assert fitness(GOOD) == (7.0,)
    with pytest.warns(FitnessWarning) as caught:
        assert fitness(SMALL) == (0.0,)
    (message,) = (str(warning.message) for warning in caught)
    assert message.startswith(f"fitness {tmp_path / 'mine.py'}, score{said} for a genome")
    assert "return a finite number, 0 or more" in message
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        assert fitness.fails(SMALL)
        assert fitness(SMALL) == (0.0,)
        assert not fitness.fails(GOOD)


def test_it_is_asked_once_of_each(tmp_path: Path) -> None:
    fitness = own(tmp_path, "seen = []\ndef score(e):\n    seen.append(e)\n    return len(seen)\n")
    assert [fitness(e)[0] for e in (GOOD, SMALL, GOOD, SMALL)] == [1, 2, 1, 2]


def test_it_may_use_what_lies_beside_it_and_a_class_may_be_it(tmp_path: Path) -> None:
    (tmp_path / "beside_mine.py").write_text("FACTOR = 3\n")
    body = (
        "from dataclasses import dataclass\nfrom beside_mine import FACTOR\n"
        "@dataclass\nclass Score:\n    by: float\n"
        "    def __call__(self, evaluation): return FACTOR * self.by\nscore = Score(2.0)\n"
    )
    assert own(tmp_path, body)(GOOD) == (6.0,)


def test_a_changed_file_is_another_fitness(tmp_path: Path) -> None:
    first = own(tmp_path, "def score(e): return 1\n")
    assert own(tmp_path, "def score(e): return 1\n") is first, "it is run once"
    second = own(tmp_path, "def score(e): return 2\n")
    assert (first(GOOD), second(GOOD)) == ((1.0,), (2.0,))
    assert first.sha256 != second.sha256


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        (None, "score", ("mine.py: No such file", "give a Python file")),
        ("def score(e: return", "score", ("mine.py, line 1: SyntaxError", "mend the file")),
        ("x = 1\n1 / 0\n", "score", ("mine.py, line 2: ZeroDivisionError", "mend the file")),
        ("import sys\nsys.exit(3)\n", "score", ("line 2: SystemExit", "mend the file")),
        ("def other(e): return 1\n", "score", ("has no function 'score'", "define score(")),
        ("score = 3\n", "score", ("has no function 'score'",)),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, body: str | None, name: str, words: tuple) -> None:
    path = tmp_path / "mine.py"
    if body is not None:
        path.write_text(body)
    with pytest.raises(FitnessError) as caught:
        find_fitness(f"{path}:{name}")
    assert all(word in str(caught.value) for word in words), caught.value
    path.write_text("def score(e): return 1\n")  # the remedy
    assert find_fitness(f"{path}:score")(GOOD) == (1.0,)


def test_names() -> None:
    assert find_fitness("accuracy_per_log_params") is accuracy_per_log_params
    assert parts_of("a/b.py:f") == ("a/b.py", "f")
    for text in ("accuracy_per_log_params", "mine.py", "mine.py:", "mine.py:a b", "mine:f"):
        assert parts_of(text) == ("", "")
    for text in ("luck", "mine.py", "mine.txt:score"):
        with pytest.raises(FitnessError, match=r"allowed accuracy_per_log_params, .*FILE\.py:NAME"):
            find_fitness(text)
