"""Somebody's operators: how they are found, and what is said of those that break the contract."""

from __future__ import annotations

import pytest

from deap_nas import cx_one_point
from deap_nas.benchmark.comparison import default_problem
from deap_nas.benchmark.own import (
    BenchmarkError,
    as_operators,
    check,
    kind_of,
    load_function,
    load_operators,
)


def test_names_tell_what_is_what_and_ours_are_passed_over(mine):
    found = load_operators(mine)
    assert {name: kind_of(name) for name in found} == {
        "cx_mine": "crossover",
        "sel_four": "selection",
        "ea_mine": "loop",
    }
    assert len({own.code for own in found.values()}) == 1


def test_good_ones_pass(mine):
    for own in load_operators(mine).values():
        check(own, default_problem())


def test_functions_go_by_the_names_they_are_given():
    found = as_operators({"cx_again": cx_one_point})
    check(found["cx_again"], default_problem())
    assert found["cx_again"].code != as_operators({"cx_again": kind_of})["cx_again"].code
    with pytest.raises(BenchmarkError, match="operator 'mine', allowed names that begin with cx_"):
        as_operators({"mine": cx_one_point})


def test_what_lies_beside_the_file_can_be_imported(write, tmp_path):
    (tmp_path / "beside_own.py").write_text("def half(x):\n    return x[: len(x) // 2]\n")
    path = write("""
        from beside_own import half

        def sel_half(individuals, k):
            return (half(individuals) * k)[:k]
    """)
    check(load_operators(path)["sel_half"], default_problem())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def other(): ...", "has no operators: name your functions"),
        ("from deap_nas import cx_one_point", "has no operators"),
        ("1 / 0", "cannot be run: ZeroDivisionError"),
        ("def (", "cannot be run: SyntaxError"),
    ],
)
def test_a_file_without_operators_is_one_line(write, text, words):
    with pytest.raises(BenchmarkError, match=words) as caught:
        load_operators(write(text))
    assert "\n" not in str(caught.value)


def test_no_file_is_one_line(tmp_path):
    with pytest.raises(BenchmarkError, match="No such file or directory; give a Python file"):
        load_operators(tmp_path / "none.py")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def cx_bad(a, b):\n    return a[:1], b", "cx_bad breaks 'in place'"),
        ("def cx_bad(a, b):\n    a[0:2], b[0:2] = b[0:2], []\n    return a, b", "cx_bad breaks"),
        ("def mut_bad(a):\n    a.pop()\n    return (a,)", "mut_bad breaks 'closure'"),
        ("def mut_bad(a):\n    raise KeyError(3)", "mut_bad breaks 'raises': KeyError: 3"),
        ("def sel_bad(individuals, k):\n    return individuals[:1]", "sel_bad breaks 'arity'"),
        ("def ea_bad(population, toolbox):\n    return population", "ea_bad evaluates nobody"),
        ("def ea_bad(population):\n    return population", "ea_bad breaks 'raises': TypeError"),
        (
            "import itertools\ncount = itertools.count()\n"
            "def ea_bad(population, toolbox):\n"
            "    for each in population[next(count):]:\n        toolbox.evaluate(each)",
            "ea_bad breaks 'randomness'",
        ),
    ],
)
def test_a_broken_rule_is_one_line_that_names_it(write, text, words):
    (own,) = load_operators(write(text)).values()
    with pytest.raises(BenchmarkError, match=words) as caught:
        check(own, default_problem())
    assert "\n" not in str(caught.value)


def test_a_function_comes_with_its_space(bits, write):
    problem = load_function(bits)
    assert problem.score((1,) * 12).seen == 9.0
    assert problem.name == "bits"
    with pytest.raises(BenchmarkError, match="has no space: define evaluate"):
        load_function(write("def evaluate(genes): ..."))
    with pytest.raises(BenchmarkError, match="has no evaluate and no space"):
        load_function(write(""))
