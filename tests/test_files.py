"""Texts as editors write them, at every place where the package reads one of a user's."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import SMALL, run_main
from report_runs import make_run

from deap_nas.files import read_text
from deap_nas.layers import LAYERS, load_layers
from deap_nas.report.compare import make_comparison
from deap_nas.report.page import make_report
from deap_nas.runs.config import read_config
from deap_nas.runs.presets import read_settings
from deap_nas.spaces import find_space

WAYS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "marked": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, the other way round": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "lines as on Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "lines as on old Macs": lambda text: text.replace("\n", "\r").encode(),
}
TEXT = "population = 3\n# größer, 大きい\nseed = 4\n"
SPACE = """\
depth = [1, 3]
[heads.GP]
[layers.CR]
filters = 4
kernel = 3
activation = "relu"
"""


LAYER = """\
from deap_nas import Layer, register_layer

# größer, 大きい
register_layer(Layer("XX", {}, lambda shape: [], shape=lambda shape: shape))
"""


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_is_the_same_text(tmp_path: Path, way: str) -> None:
    path = tmp_path / "text"
    path.write_bytes(WAYS[way](TEXT))
    assert read_text(path) == TEXT


def test_what_is_no_text_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\x80\x81")
    with pytest.raises(UnicodeDecodeError):
        read_text(path)


@pytest.mark.parametrize("way", WAYS)
def test_settings_and_spaces(tmp_path: Path, way: str) -> None:
    contents = {"a.toml": TEXT, "a.json": '{"population": 3,\n"seed": 4}', "A.JSON": '{"seed": 4}'}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(WAYS[way](content))
        assert read_settings(tmp_path / name)["seed"] == 4
    (tmp_path / "space.toml").write_bytes(WAYS[way](SPACE))
    assert find_space(str(tmp_path / "space.toml")).size() == 3


@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_layers(tmp_path: Path, way: str) -> None:
    path, before = tmp_path / "layers.py", dict(LAYERS)
    path.write_bytes(WAYS[way](LAYER))
    try:
        (layer, *_) = load_layers(path)
        assert layer.source is not None
        assert layer.source.text == LAYER
    finally:
        LAYERS.clear()
        LAYERS.update(before)


@pytest.mark.parametrize("way", WAYS)
def test_a_runs_own_files_that_somebody_saved_again(tmp_path: Path, way: str) -> None:
    folder = make_run(tmp_path / "many" / "repeat-1", population=4, generations=1)
    config = read_config(folder)
    for name in ("config.json", "result.json"):
        text = json.dumps(json.loads((folder / name).read_text()), indent=2)
        (folder / name).write_bytes(WAYS[way](text))
    assert read_config(folder) == config
    if way == "marked":
        assert "finished" in make_report(folder, tensorflow=False).read_text()
        make_comparison([tmp_path / "many"], tmp_path / "compare.html")


@pytest.mark.parametrize("way", ["marked", "UTF-16"])
def test_a_run_goes_on_whoever_saved_its_configuration(
    home: Path, stub: Any, data: Path, no_page: None, way: str
) -> None:
    assert run_main("--dataset", data, "--out", "many", *SMALL, "--repeat", 1, "--no-report") == 0
    (home / "many" / "repeat-1" / "result.json").unlink()
    for path in (home / "many").rglob("*.json"):
        path.write_bytes(WAYS[way](path.read_text()))
    assert run_main("--resume", "many", "--no-report") == 0
    assert run_main("--config", "many/repeat-1/config.json", "--out", "again") == 0
