"""``deap-nas space``, and ``--space`` of a run: what they show, and what they refuse."""

from __future__ import annotations

import pytest
from command import refused, run_main, snapshot

from deap_nas import FULL_SPACE, PAPER_SPACE, WIDE_SPACE, SearchSpace, parse_genome
from deap_nas.__main__ import main as deap_nas
from deap_nas.spaces.rules import said

MINE = """
depth = [1, 2]
reductions = [0, 1]
[heads.GP]
[layers.CB]
count = [0, 1]
filters = [4, 8]
kernel = 3
activation = "relu"
[layers.MP]
size = 2
"""


def shown(capsys, *arguments) -> list[str]:
    assert deap_nas(["space", *map(str, arguments)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def drawn(lines: list[str]) -> list[str]:
    start = next(i for i, line in enumerate(lines) if line.endswith(" genomes drawn:"))
    return [line.strip() for line in lines[start + 1 : lines.index("", start)]]


@pytest.mark.parametrize(
    ("name", "space"), [("wide", WIDE_SPACE), ("paper", PAPER_SPACE), ("full", FULL_SPACE)]
)
def test_a_named_space(capsys, name, space):
    lines = shown(capsys, name)
    assert lines[0] == "images 28 x 28 x 1, 10 classes"
    assert f"{space.said_size()} legal genomes" in lines
    assert all(any(said(rule, counted=False) in line for line in lines) for rule in space.rules)
    genomes = drawn(lines)
    assert len(genomes) == 5
    assert all(parse_genome(genome) in space for genome in genomes)


def test_a_file(home, capsys):
    (home / "mine.toml").write_text(MINE)
    # Depth 1: CB 4, CB 8, MP. Depth 2: CB and MP in two orders. Nothing else is allowed.
    assert shown(capsys, "mine.toml", "--draw", 0)[:-8] == [
        "images 28 x 28 x 1, 10 classes",
        "  0 to 1 CB, filters 4, 8, kernel 3, activation relu",
        "  0 to 2 MP, size 2",
        "  in any order, 1 to 2 in all; each fits the map that reaches it",
        "  0 to 1 of them make the feature map smaller",
        "  then one head: GP",
        "7 legal genomes",
    ]


def test_the_spread_of_costs(home, capsys):
    # One layer CB 4 3 relu on 6x6x2: 72 weights and 8 of its normalisation, then (4 + 1) * 3.
    space = 'depth = 1\nheads = "GP"\n[layers.CB]\nfilters = 4\nkernel = 3\nactivation = "relu"\n'
    (home / "one.toml").write_text(space)
    lines = shown(capsys, "one.toml", "--images", "6x6x2", "--classes", 3)
    assert lines[0] == "images 6 x 6 x 2, 3 classes"
    assert lines[-5].split() == ["least", "a", "tenth", "half", "nine", "tenths", "most"]
    assert lines[-4].split() == ["parameters", *["95"] * 5]
    assert lines[-3].split()[-5:] == [f"{36 * 72 + 4 * 3:,}"] * 5
    # 6x6x2 bytes and 6x6x4, each a multiple of 16
    assert lines[-2].split() == ["bytes", "of", "RAM", *[f"{80 + 144}"] * 5]
    assert lines[-1].split()[:3] == ["bytes", "of", "flash"]


def test_budgets_and_devices(home, capsys):
    (home / "mine.toml").write_text(MINE.replace("depth", "max_params = 125\ndepth", 1))
    # CB 4 3 relu costs 44, CB 8 3 relu 88; GP behind them 50 and 90, and alone 20.
    lines = shown(capsys, "mine.toml", "--draw", 50)
    assert "  in all at most 125 parameters" in lines
    assert "4 legal genomes" in lines  # CB 4, MP, and both in two orders
    assert not any("CB 8" in genome for genome in drawn(lines))
    lines = shown(capsys, "mine.toml", "--max-params", 20, "--max-multiply-adds", 10)
    assert "  in all at most 20 parameters, at most 10 multiply-adds an image" in lines
    assert "1 legal genome" in lines
    lines = shown(capsys, "mine.toml", "--device", "arduino_uno", "--max-ram", 1000)
    budgets = "at most 125 parameters, at most 1,000 bytes of RAM, at most 32,768 bytes of flash"
    assert f"  in all {budgets}" in lines


def test_seed_and_number_of_genomes(capsys):
    one, again, other = (
        drawn(shown(capsys, "wide", "--draw", 20, "--seed", seed)) for seed in (1, 1, 2)
    )
    assert len(one) == 20
    assert one == again != other


def test_the_images_decide_what_fits(capsys):
    lines = shown(capsys, "paper", "--images", "8x8x3")
    size = SearchSpace(input_shape=(8, 8, 3)).said_size()
    assert f"{size} legal genomes" in lines
    assert lines[0] == "images 8 x 8 x 3, 10 classes"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wider"], ["space 'wider'", "paper, full, wide", ".toml"]),
        (["none.toml"], ["none.toml", "No such file"]),
        (["bad.toml"], ["bad.toml", "layer CB", "filters 0"]),
        (["wide", "--layers", "none.py"], ["none.py", "No such file"]),
        (["wide", "--images", "28x28"], ["--images 28x28", "32x32x3"]),
        (["wide", "--images", "0x28x1"], ["--images 0x28x1"]),
        (["paper", "--images", "5x5x1"], ["no genome is legal", "(5, 5, 1)"]),
        (["wide", "--classes", "1"], ["n_classes 1", "2 or more"]),
        (["wide", "--classes", "x"], ["--classes", "'x'"]),
        (["wide", "--draw", "-1"], ["--draw -1", "0 or more"]),
        (["wide", "--max-params", "0"], ["max_params 0", "from 1 to"]),
        (["wide", "--max-ram", "-8"], ["max_ram -8", "from 1 to"]),
        (["wide", "--max-flash", "8k"], ["--max-flash", "'8k'"]),
        (["wide", "--max-params", "19"], ["max_params 19", "the cheapest, '", "20 parameters"]),
        (["wide", "--device", "uno"], ["device 'uno'", "arduino_uno, microbit_v1"]),
        (["wide", "--nonsense"], ["--nonsense"]),
        ([], ["NAME|FILE"]),
    ],
)
def test_refused(home, capsys, arguments, words):
    (home / "bad.toml").write_text(MINE.replace("filters = [4, 8]", "filters = 0"))
    before = snapshot(home)
    refused(lambda: deap_nas(["space", *arguments]), capsys, *words)
    assert snapshot(home) == before


BAD = [
    ("[layers.CB]", "[layers.XX]", ["layer 'XX'", "allowed NC, RC", "--layers FILE"]),
    ("kernel", "kernal", ["layer CB", "field 'kernal'", "allowed count, filters, kernel"]),
    ("[0, 1]\nf", "[3, 4]\nf", ["counts allow 3 to 6 genes", "depth 1 to 2", "change a count"]),
    ("[4, 8]", "[4, 0]", ["layer CB: filters 0", "allowed a whole number"]),
    ("[4, 8]", "[]", ["layer CB: filters []", "one value or more"]),
    ("reductions = [0, 1]", "reductions = 3", ["reductions (3, 3)", "contradict"]),
    ("[heads.GP]", "[heads.CR]", ["head 'CR'", "FL, GP, GD", "CR belongs under layers"]),
    ("depth = [1, 2]", "depth", ["neither TOML nor JSON"]),
    # A pool of 15 fits 28x28, but not the images of the data.
    ("size = 2", "size = 15\ncount = 1", ["no genome is legal", "images of shape (14, 14, 1)"]),
]


@pytest.mark.parametrize(("good", "bad", "words"), BAD, ids=[f"{bad}" for _, bad, _ in BAD])
def test_a_run_refuses_a_bad_space(home, data, stub, capsys, good, bad, words):
    assert MINE.count(good) == 1
    (home / "bad.toml").write_text(MINE.replace(good, bad))
    before = snapshot(home)
    refused(lambda: run_main("--dataset", data, "--space", "bad.toml"), capsys, "bad.toml", *words)
    assert snapshot(home) == before
    assert not stub.counts()


def test_a_run_refuses_a_space_that_is_not_there(home, data, stub, capsys):
    refused(lambda: run_main("--dataset", data, "--space", "none.toml"), capsys, "none.toml")
    assert snapshot(home) == set()
    assert not stub.counts()
