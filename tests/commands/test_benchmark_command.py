"""deap-nas benchmark: from a file of operators to a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import refused

from deap_nas.__main__ import main

SMALL = ("--seeds", "3", "--evaluations", "12", "--workers", "1")
GOOD = "def sel_first(individuals, k):\n    return [individuals[0]] * k\n"
OUT = Path("results", "benchmark", "mine")


@pytest.fixture
def file(home: Path) -> Path:
    (home / "mine.py").write_text(GOOD)
    return home / "mine.py"


def test_a_file_of_operators_becomes_a_page(home, file, capsys):
    assert main(["benchmark", "--operators", "mine.py", *SMALL]) == 0
    out = capsys.readouterr().out
    assert "sel_first: mean regret " in out
    assert f"see {OUT}/benchmark.html" in out
    assert (home / OUT / "benchmark.html").is_file()
    kept = list((home / OUT / "searches").iterdir())
    assert len(kept) == 3 * 3
    assert main(["benchmark", "--operators", "mine.py", *SMALL, "--out", str(OUT)]) == 0
    assert sorted((home / OUT / "searches").iterdir()) == sorted(kept)


def test_another_fitness_and_loop(home, file, capsys):
    more = ("--fitness", "time_penalised", "--algorithm", "generational", "--out", "out")
    assert main(["benchmark", "--operators", "mine.py", *SMALL, *more]) == 0
    assert "time_penalised" in Path("out", "benchmark.html").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--operators", "none.py"], "none.py: No such file or directory; give a Python file"),
        (["--seeds", "1"], "seeds 1, allowed 2 or more"),
        (["--workers", "0"], "--workers 0, allowed 1 or more"),
        (["--algorithm", "nsga2"], "algorithm 'nsga2', allowed preselected"),
        (["--fitness", "x"], "--fitness x, allowed accuracy_per_log_params, time_penalised"),
        (["--table", "a.csv.gz"], "--table without --space or the other way round"),
        (["--function", "mine.py"], "mine.py has no evaluate and no space"),
        (["--function", "mine.py", "--space", "paper"], "--function with --table or --space"),
        (["--table", "none.csv.gz", "--space", "paper"], "table none.csv.gz cannot be read"),
        (["--out", "mine.py"], "--out mine.py is a file: name a directory"),
    ],
)
def test_bad_words_are_one_line_and_nothing_is_written(home, file, capsys, words, said):
    refused(lambda: main(["benchmark", "--operators", "mine.py", *words]), capsys, said)
    assert [path.name for path in home.iterdir()] == ["mine.py"]


def test_an_operator_that_breaks_the_contract_is_one_line(home, file, capsys):
    file.write_text("def mut_bad(genes):\n    genes.clear()\n    return (genes,)\n")
    words = ("mut_bad breaks 'closure'", "deap_nas.testing.check_mutation shows the case")
    refused(lambda: main(["benchmark", "--operators", "mine.py"]), capsys, *words)
    assert not Path("results").exists()


def test_without_operators_it_says_what_is_needed(capsys):
    refused(lambda: main(["benchmark"]), capsys, "--operators")
