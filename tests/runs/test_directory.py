"""deap_nas.runs.directory: every file name once; and the configuration, read in one place."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from report_runs import make_run, write_config

import deap_nas
from deap_nas.runs.config import ConfigError, read_config
from deap_nas.runs.directory import ExportDirectory, RunDirectory, RunsDirectory
from deap_nas.runs.tables import TOPS

PACKAGE = Path(deap_nas.__file__).parent
HERE = Path("run")
DIRECTORIES = (RunDirectory(HERE), RunsDirectory(HERE), ExportDirectory(HERE))
PATHS = [path for each in DIRECTORIES for path in vars(each).values() if path != HERE]
FILES = sorted({path.name for path in PATHS if "." in path.name} | {f"{top}.csv" for top in TOPS})
FOLDERS = {path.name for path in PATHS if "." not in path.name}


def test_the_names_are_those_of_before():
    assert {str(path.relative_to(HERE)) for path in PATHS} == {
        *("config.json", "journal.jsonl", "journal.damaged", "weights", ".lock", "log.txt"),
        *("layers.py", "fitness.py", "split.csv", "images.npz", "space.json"),
        *("evaluations.csv", "logbook.csv", "best.keras", "test_labels.json", "result.json"),
        *("finalists.csv", "best.tflite"),
        *("report.html", "report", "report/test_scores.json", "export"),
        "export/class_names.txt",
        *("repeats.json", "compare.html"),
        *("class_names.txt", "export.json"),
    }
    run = RunDirectory(HERE)
    assert run.top("top_fitness") == HERE / "top_fitness.csv"
    assert run.weights_of("NC 4 3 relu;FL relu") == HERE / "weights" / "801e02623ce89195.npz"
    assert RunsDirectory(HERE).repeat(1).path == HERE / "repeat-1"


def texts(path: Path) -> list[str]:
    """What a module's code says, docstrings left out; a template is one text."""
    if path.suffix != ".py":
        return [path.read_text()]
    tree = ast.parse(path.read_text())
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    ]


def folders_joined(path: Path) -> set[str]:
    """The names that a module puts behind a path, as in ``folder / "weights"``."""
    return {
        str(node.right.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if isinstance(node.right, ast.Constant)
    }


OTHERS = [
    path
    for kind in ("*.py", "*.j2")
    for path in sorted(PACKAGE.rglob(kind))
    if path != PACKAGE / "runs" / "directory.py"
]


@pytest.mark.parametrize("path", OTHERS, ids=[str(path.relative_to(PACKAGE)) for path in OTHERS])
def test_no_other_module_spells_a_name(path):
    spelt = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, FILES))})(?![\w.])")
    assert not [text for text in texts(path) if spelt.search(text)]
    if path.suffix == ".py":
        assert not folders_joined(path) & FOLDERS


def test_runs_in_a_folder(tmp_path):
    for name in ("b", "a"):
        write_config(tmp_path / name)
    (tmp_path / "c").mkdir()
    assert RunsDirectory(tmp_path).runs() == [tmp_path / "a", tmp_path / "b"]
    assert RunsDirectory(tmp_path / "none").runs() == []


def test_begun_and_finished(tmp_path):
    none, going, done = (RunDirectory(tmp_path / name) for name in ("none", "going", "done"))
    make_run(going.path, 4, 1, finished=False)
    make_run(done.path, 4, 1)
    assert [run.begun() for run in (none, going, done)] == [False, True, True]
    assert [run.finished() for run in (none, going, done)] == [False, False, True]


def test_a_configuration_is_read_as_it_was_written(tmp_path):
    settings = write_config(tmp_path, seed=7)
    assert read_config(tmp_path)["settings"] == {**settings.to_dict(), "initial": []}


def test_an_older_configuration_says_what_the_run_did(tmp_path):
    write_config(tmp_path)
    path = RunDirectory(tmp_path).config
    config = json.loads(path.read_text())
    del config["settings"]["algorithm"]
    path.write_text(json.dumps(config))
    assert read_config(tmp_path)["settings"]["algorithm"] == "generational"


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[]", b'{"settings": {}}', b"\xff", None])
def test_a_configuration_that_is_none(tmp_path, content):
    path = RunDirectory(tmp_path).config
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.json") as caught:
        read_config(tmp_path)
    assert "\n" not in str(caught.value)


def test_settings_that_are_no_table(tmp_path):
    write_config(tmp_path)
    path = RunDirectory(tmp_path).config
    path.write_text(json.dumps({**json.loads(path.read_text()), "settings": 3}))
    with pytest.raises(ConfigError, match="settings 3"):
        read_config(tmp_path)
