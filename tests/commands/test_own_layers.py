"""``--layers``: a user's own layer from the command line, from the first line to the export."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import drivers
import pytest
from command import refused, run_main, snapshot

EXAMPLES = Path(__file__).parents[2] / "examples"
OWN, SPACE = EXAMPLES / "own_layer.py", EXAMPLES / "own_layer.toml"
SHORT = (
    *("--population", 3, "--generations", 1, "--children", 2, "--epochs", 1, "--workers", 1),
    *("--finalists", 1, "--final-epochs", 1, "--final-seeds", 1, "--no-cache", "--no-report"),
)


def evaluations(folder: Path) -> int:
    return sum(line["kind"] == "evaluation" for line in drivers.lines_of(folder))


def test_a_search_with_an_own_layer_killed_and_resumed(tmp_path, data):
    pytest.importorskip("keras")
    arguments = ("--layers", OWN, "--space", SPACE, "--dataset", data, *SHORT)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = drivers.cli(*arguments, "--out", whole)
    assert done.returncode == 0, done.stderr
    process = drivers.start(*arguments, "--out", killed, stub=False)
    deadline = time.monotonic() + 240
    while evaluations(killed) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.communicate()
    assert 3 <= evaluations(killed) < evaluations(whole)
    resumed = drivers.cli("--resume", killed, "--no-report")
    assert resumed.returncode == 0, resumed.stderr
    assert drivers.differences(drivers.outcome(whole), drivers.outcome(killed)) == []
    genomes = [line["genome"] for line in drivers.lines_of(whole) if line["kind"] == "evaluation"]
    assert any("SE " in genome for genome in genomes)

    # Everything around it knows the layer, too.
    config = json.loads((whole / "config.json").read_text())
    assert list(config["layers"]) == ["SE"]
    assert (whole / "layers.py").read_text() == OWN.read_text()
    page = drivers.cli(whole, "--export", "best", module="deap_nas.report")
    assert page.returncode == 0, page.stderr
    assert "read again" in page.stdout


def test_a_changed_file_is_refused_by_name(tmp_path, data):
    pytest.importorskip("keras")
    mine, folder = tmp_path / "mine.py", tmp_path / "run"
    shutil.copy(OWN, mine)
    short = ("--population", 2, "--generations", 0, "--epochs", 1, "--finalists", 0, "--no-report")
    arguments = ("--layers", mine, "--space", SPACE, "--dataset", data, *short)
    assert drivers.cli(*arguments, "--out", folder).returncode == 0
    before = snapshot(folder)
    mine.write_text(mine.read_text() + "\n# changed\n")
    result = drivers.cli("--resume", folder)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "layer SE: its file is another than the run's" in result.stderr
    assert snapshot(folder) == before
    mine.unlink()  # the run's own copy serves
    assert drivers.cli("--resume", folder, "--no-report").returncode == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ("missing.py", "No such file", "give a Python file")),
        ("x = 1\n", ("mine.py registers none", "register_layer")),
        ("x = 1\n\n1 / 0\n", ("mine.py, line 3", "ZeroDivisionError", "mend the file")),
        ("def f(:\n", ("mine.py, line 1", "SyntaxError")),
        (
            "from deap_nas import Layer, register_layer\n"
            "register_layer(Layer('CB', {}, lambda shape: []))\n",
            ("mine.py", "'CB' is taken by a built-in layer", "another name"),
        ),
        (
            "from deap_nas import Layer, register_layer\n"
            "register_layer(Layer('XX', {'a b': int}, lambda shape: []))\n",
            ("'XX'", "'a b'", "another name"),
        ),
    ],
)
def test_a_bad_file_is_one_line_and_nothing_is_written(home, capsys, text, words):
    path = home / ("missing.py" if text is None else "mine.py")
    if text is not None:
        path.write_text(text)
    before = snapshot(home)
    refused(lambda: run_main("--layers", path), capsys, *words)
    assert snapshot(home) == before


def test_a_build_that_gives_nothing_is_named(tmp_path, data):
    pytest.importorskip("keras")
    mine, space = tmp_path / "mine.py", tmp_path / "mine.toml"
    mine.write_text(
        "from deap_nas import Layer, register_layer\n"
        "register_layer(Layer('XX', {}, lambda shape: []))\n"
    )
    space.write_text("depth = 1\n[layers.XX]\ncount = 1\n[heads.GP]\n")
    folder = tmp_path / "run"
    given = ("--layers", mine, "--space", space, "--dataset", data)
    result = drivers.cli(*given, "--out", folder)
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("\n") == 1
    for word in ("mine.py", "layer XX", "build returns []", "allowed a list of layers"):
        assert word in result.stderr
    assert not folder.exists()


def test_a_genome_whose_layer_raises_costs_itself_alone(tmp_path, data):
    """Its shape is given, so that the search believes in it; only its training fails."""
    pytest.importorskip("keras")
    mine, space = tmp_path / "mine.py", tmp_path / "mine.toml"
    mine.write_text(
        "from deap_nas import Layer, register_layer\n"
        "def build(size, shape):\n"
        "    import keras\n"
        "    if size == 2:\n"
        "        raise ValueError('not two')\n"
        "    return [keras.layers.Activation('relu')]\n"
        "register_layer(Layer('XX', {'size': (1, 2)}, build, shape=lambda size, shape: shape,\n"
        "    params=lambda size, shape: 0, multiply_adds=lambda size, shape: 0))\n"
    )
    space.write_text(
        "depth = 2\n[layers.XX]\ncount = 1\n[layers.CB]\ncount = 1\nfilters = [2, 4]\n"
        'kernel = 3\nactivation = "relu"\n[heads.GP]\n'
    )
    folder = tmp_path / "run"
    short = ("--population", 6, "--generations", 0, "--epochs", 1, "--finalists", 0)
    short += ("--no-report", "--no-cache")
    result = drivers.cli(
        *("--layers", mine, "--space", space, "--dataset", data, *short, "--out", folder)
    )
    assert result.returncode == 0, result.stderr
    lines = [line for line in drivers.lines_of(folder) if line["kind"] == "evaluation"]
    for line in lines:
        failed = "XX 2" in line["genome"]
        assert line["evaluation"]["status"] == ("error" if failed else "ok")
        assert ("not two" in line["evaluation"]["reason"]) is failed
    assert {"XX 2" in line["genome"] for line in lines} == {True, False}
