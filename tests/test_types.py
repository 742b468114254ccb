"""What a user's mypy knows of the public names, which load lazily: each has a type, none is Any."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import deap_nas

ROOT = Path(__file__).parents[1]
# A user's file: mypy must refuse the lines that say so, and no other.
RIGHT_AND_WRONG = """\
import random

from deap_nas import (
    PAPER_SPACE, Evaluation, Evaluator, Genome, SearchSpace, accuracy_per_log_params, count_params,
    cx_one_point, ea_preselected, load_dataset, make_toolbox, parse_genome,
)

genome: Genome = parse_genome("NC 4 3 relu;FL relu")
text: str = parse_genome("NC 4 3 relu;FL relu")  # wrong
parse_genome(3)  # wrong
count_params(genome) + 1
count_params(genome).nonsense  # wrong
PAPER_SPACE.sample(random.Random(0))
PAPER_SPACE.nonsense  # wrong
SearchSpace().nonsense  # wrong
cx_one_point(genome, genome, space=PAPER_SPACE)
cx_one_point(genome, genome)  # wrong
cx_one_point(genome, genome, space=3)  # wrong
make_toolbox(PAPER_SPACE, accuracy_per_log_params, mutation="gene")
make_toolbox(PAPER_SPACE, 3)  # wrong
ea_preselected([genome], make_toolbox(PAPER_SPACE, len), 8, 4, 0.5, 1.0, 3)
ea_preselected([genome], make_toolbox(PAPER_SPACE, len), 8, 4, 0.5, 1.0, "three")  # wrong
images: int = load_dataset("fashion_mnist_mini")  # wrong
with Evaluator("fashion_mnist_mini", workers=2) as evaluator:
    evaluation: Evaluation = evaluator.measure(genome)
    number: int = evaluator.measure(genome)  # wrong
    evaluator.nonsense  # wrong
Evaluator("fashion_mnist_mini", workers="two")  # wrong
evaluation.nonsense  # wrong
accuracy_per_log_params("text")  # wrong
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests, so that the second finds mypy's cache."""
    return tmp_path_factory.mktemp("types")


def mypy(folder: Path, text: str) -> list[tuple[int, str]]:
    """(line, message) of what mypy says of a file."""
    (folder / "user.py").write_text(text)
    options = ("--strict", "--config-file=", "--follow-imports=silent", "--cache-dir=cache")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "user.py"],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = re.findall(r"^user\.py:(\d+): (?:note|error): (.*)$", done.stdout, re.MULTILINE)
    return [(int(line), message) for line, message in found]


def test_every_public_name_has_a_type(folder: Path) -> None:
    names = deap_nas.__all__
    text = "\n".join(["import deap_nas", *(f"reveal_type(deap_nas.{name})" for name in names)])
    said = dict(mypy(folder, text))
    for line, name in enumerate(names, 2):
        revealed = re.fullmatch('Revealed type is "(.*)"', said[line])
        assert revealed, f"{name}: {said[line]}"
        assert revealed[1] != "Any", name
        # a function of which nothing is known, and a class of an unknown base
        assert not re.fullmatch(r"def \(\*\w*: Any, \*\*\w*: Any\) -> Any", revealed[1]), name


def test_wrong_uses_are_refused_and_right_ones_are_not(folder: Path) -> None:
    lines = enumerate(RIGHT_AND_WRONG.splitlines(), 1)
    wrong = {number for number, line in lines if line.endswith("# wrong")}
    said = mypy(folder, RIGHT_AND_WRONG)
    assert {line for line, _ in said} == wrong, said
