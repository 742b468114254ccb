"""``deap-nas export``: what is written, that it is whole, and what is refused; without TensorFlow.

A stand-in writes the files; the real ones are in test_export_real.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drivers
import numpy as np
import pytest
from command import refused, snapshot
from report_runs import make_run

from deap_nas.__main__ import main
from deap_nas.devices.model import Int8Model, Quantisation
from deap_nas.layers import LAYERS, Layer, LayerError, register_layer
from deap_nas.layers.gene import MAKERS
from deap_nas.report import export, export_folder, exporter
from deap_nas.report.export import check, pick
from deap_nas.report.exporter import Exporter
from deap_nas.runs.journal import Journal
from deap_nas.runs.record import read_run

CONTENT = bytes(range(256)) * 4
FILE = CONTENT + bytes(99)  # the same for TensorFlow Lite
DATA = drivers.tiny_dataset(side=28)
Y = DATA.y_val


class Stand:
    """In a studio's place: files of a few letters, and labels as told."""

    def __init__(self, labels: np.ndarray[Any, Any]) -> None:
        self.labels, self.written = labels, 0

    def write(self, genome: str, weights: Any, path: Path) -> None:
        self.written += 1
        path.write_text(genome)

    def quantise(self, genome: str, weights: Any, sample: Any) -> Int8Model:
        assert sample.dtype == np.float32
        steps = Quantisation(1 / 255, -128)
        nodes = ("CONV_2D", "LOGISTIC", "MUL", "FULLY_CONNECTED")
        return Int8Model(CONTENT, FILE, nodes, (28, 28, 1), 3, steps, steps, nodes, 9, 20)

    def predict_with(self, path: Path, x: Any) -> Any:
        assert path.exists()
        return self.labels

    def predict_int8(self, content: bytes, x: Any) -> Any:
        assert content in (CONTENT, FILE)
        return self.labels[: len(x)]


@pytest.fixture
def run(home: Path) -> Path:
    """A run whose networks have weights."""
    folder = make_run(Path("run"), 4, 1)
    with Journal(folder) as journal:
        for row in journal.rows():
            journal.keep_weights(row["genome"], [np.ones(2, np.float32)])
    return folder


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Every network is right about 3 of 4 images; the run has the same accuracy."""
    made = Stand(np.where(np.arange(len(Y)) % 4, Y, (Y + 1) % 3))

    @contextlib.contextmanager
    def open_it(_: Any) -> Iterator[Any]:
        yield made

    for module in (export, export_folder):
        monkeypatch.setattr(module, "open_studio", open_it)
    monkeypatch.setattr(export_folder, "check_installed", lambda: None)
    monkeypatch.setattr(exporter, "data_of", lambda _: DATA)
    monkeypatch.setattr(exporter, "class_names", lambda _: (("a", "b", "c"), ""))
    monkeypatch.setattr(exporter, "TOLERANCE", {"keras": 1.0, "onnx": 1.0})
    monkeypatch.setattr(exporter, "has_runtime", lambda: False)
    return made


def run_export(*words: Any) -> int:
    return main(["export", *map(str, words)])


def plain(run: Path) -> str:
    """A genome of the run that TensorFlow Lite Micro can run."""
    return next(text for text in read_run(run).good["genome"] if "gelu" not in text)


def test_each_format_is_written_and_told_of(run, stand, capsys):
    genome = plain(run)
    words = ("--what", genome, "--format", "keras", "tflite", "c", "tflite", "--to", "out")
    assert run_export(run, *words) == 0
    (params,) = {each["n_params"] for _, each in rows(run) if each["genome"] == genome}
    name = f"{params}-params"
    files = {str(path.relative_to("out")) for path in Path("out").rglob("*") if path.is_file()}
    assert files == {
        *("class_names.txt", "export.json", f"{name}.keras", f"{name}.tflite"),
        *(f"{name}/{each}" for each in ("model.h", "model.c", "image.h", "main.cc", "README.md")),
    }
    assert Path("out", f"{name}.tflite").read_bytes() == FILE
    told = json.loads(Path("out/export.json").read_text())
    assert [each["file"] for each in told["files"]] == [f"{name}.keras", f"{name}.tflite", name]
    assert {each["genome"] for each in told["files"]} == {genome}
    assert [each["int8_accuracy"] for each in told["files"]] == [None, 0.75, 0.75]
    assert [each["bytes"] for each in told["files"]] == [len(genome), 1123, 1024]
    assert told["files"][0]["accuracy"] == 0.75
    assert told["files"][2]["arena"]["total"] % 16 == 0
    assert told["sample"] == {"images": 200, "seed": 0}
    assert (told["scored_on"], told["versions"]["numpy"]) == ("validation", np.__version__)
    shown = capsys.readouterr().out
    assert "0.7500" in shown
    assert "out/export.json" in shown


def rows(run: Path) -> Any:
    return read_run(run).good.iterrows()


def test_the_front_has_a_file_for_each_network(run, stand):
    record = read_run(run)
    assert run_export(run, "--what", "front", "--format", "keras", "--to", "out") == 0
    told = json.loads(Path("out/export.json").read_text())["files"]
    assert {each["genome"] for each in told} == set(pick(record, "front").values())
    assert {each["file"] for each in told} == {path.name for path in Path("out").glob("*.keras")}


def test_an_earlier_export_gives_way_only_when_told(run, stand, capsys):
    words = (run, "--format", "keras", "--to", "out")
    assert run_export(*words) == 0
    Path("out/mine.txt").touch()
    capsys.readouterr()
    refused(lambda: run_export(*words), capsys, "out is there", "name a new folder", "--overwrite")
    assert Path("out/mine.txt").exists()
    assert run_export(run, "--format", "keras", "--to", "new") == 0
    assert run_export(*words, "--overwrite") == 0
    assert {path.name for path in Path("out").iterdir()} == {
        *("best.keras", "class_names.txt", "export.json"),
    }


@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_a_folder_of_something_else_is_left_alone(run, stand, capsys, more):
    Path("out").mkdir()
    words = (run, "--format", "keras", "--to", "out", *more)
    refused(lambda: run_export(*words), capsys, "out is there", "name a new folder")
    assert list(Path("out").iterdir()) == []
    assert run_export(run, "--format", "keras", "--to", "new") == 0


def test_an_export_that_fails_leaves_nothing(run, stand, capsys, monkeypatch):
    before = snapshot(Path())
    monkeypatch.setattr(exporter, "TOLERANCE", {"keras": 0.0})
    assert run_export(run, "--format", "tflite", "keras", "--to", "out") == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "when read again" in err
    assert snapshot(Path()) == before


@pytest.mark.parametrize(
    ("wrong", "form", "good"), [(1, "keras", True), (9, "keras", False), (9, "onnx", True)]
)
def test_a_file_read_again_may_differ_by_what_rounding_can_do(run, wrong, form, good):
    found = np.arange(10_000) < wrong
    with contextlib.nullcontext() if good else pytest.raises(RuntimeError, match="when read again"):
        exporter._compare(run, "test", 1 - found.mean(), 1.0, exporter.TOLERANCE[form])


def test_without_the_images_a_file_is_written_and_not_scored(run, stand, monkeypatch):
    def gone(_: Any) -> Any:
        raise ValueError("no such\nfile")

    monkeypatch.setattr(exporter, "data_of", gone)
    record = read_run(run)
    genome = plain(run)
    found = Exporter(record, stand, run).write("best", genome, "keras")
    assert (found.read_back, found.why) == (None, "no such file")
    assert found.accuracy == record.evaluation(genome).accuracy


# --- what is refused, before anything is written or TensorFlow is started


def refuse(capsys: Any, run: Path, words: Any, *told: str) -> None:
    before = snapshot(Path())
    refused(lambda: run_export(run, *words), capsys, *told)
    assert snapshot(Path()) == before


def test_a_genome_that_is_not_in_the_run(run, capsys):
    words = ("--what", "FL tanh", "--format", "c", "--to", "out")
    refuse(capsys, run, words, "'FL tanh' is not in this run")


def test_a_genome_that_failed(home, capsys):
    run = make_run(Path("failed"), 6, 0, fail=0.5, baseline="")
    table = read_run(run).table
    failed = table[table["status"] != "ok"]["genome"].iloc[0]
    words = ("--what", failed, "--format", "c", "--to", "out")
    refuse(capsys, run, words, f"'{failed}' failed in this run")


def test_a_run_of_failures_alone(home, capsys):
    run = make_run(Path("failed"), 2, 0, fail=1.0, baseline="")
    words = ("--format", "keras", "--to", "out")
    refuse(capsys, run, words, "no genome was trained with success")


def test_a_run_without_weights(home, capsys):
    run = make_run(Path("light"), 4, 1)
    refuse(capsys, run, ("--format", "keras", "--to", "out"), "weights has none of genome")


def test_no_run(home, capsys):
    refuse(capsys, Path("none"), ("--format", "keras", "--to", "out"), "none: no run is there")


def test_a_format_that_is_unknown(run, capsys):
    refuse(capsys, run, ("--format", "pdf", "--to", "out"), "'pdf'", "keras", "onnx", "tflite")


def test_a_format_whose_package_is_missing(run, capsys, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    told = ("format onnx needs the package onnx", "pip install -e '.[onnx]'")
    refuse(capsys, run, ("--format", "keras", "onnx", "--to", "out"), *told)
    monkeypatch.setattr(export, "find_spec", lambda name: name)
    check(record := read_run(run), pick(record, "best"), ("onnx",))


def test_an_activation_that_the_runtime_lacks(home, capsys):
    genome = "NC 4 3 relu;RC 4 3 gelu;RC 4 3 relu;FL relu"
    run = make_run(Path("run"), 4, 1, baseline=genome)
    with Journal(run) as journal:
        journal.keep_weights(genome, [np.ones(2, np.float32)])
    words = ("--what", genome, "--format", "tflite", "c", "--to", "out")
    refuse(capsys, run, words, "'RC 4 3 gelu': TensorFlow Lite Micro has no GELU; use")
    record = read_run(run)
    check(record, {"best": genome}, ("keras", "tflite"))
    with Journal(run) as journal:
        journal.keep_weights(plain(run), [np.ones(2, np.float32)])
    check(record, {"best": plain(run)}, ("c",))


def test_a_layer_whose_operations_are_not_given_needs_the_runtime(run, monkeypatch):
    tables = [(table, dict(table)) for table in (LAYERS, MAKERS)]
    try:
        register_layer(Layer("ZZ", {}, lambda shape: [], shape=lambda shape: shape))
        genome = "ZZ;FL relu"
        with Journal(run) as journal:
            journal.keep_weights(genome, [np.ones(2, np.float32)])
        record = read_run(run)
        monkeypatch.setattr(export, "has_runtime", lambda: False)
        check(record, {"best": genome}, ("tflite",))
        with pytest.raises(LayerError, match=r"layer ZZ.* give the layer operations"):
            check(record, {"best": genome}, ("c",))
        monkeypatch.setattr(export, "has_runtime", lambda: True)
        check(record, {"best": genome}, ("c",))
    finally:
        for table, before in tables:
            table.clear()
            table.update(before)


@pytest.mark.parametrize("to", ["taken/out", "none/out", "/proc/out"])
def test_a_folder_that_cannot_be_written(run, stand, capsys, to):
    Path("taken").touch()
    refuse(
        capsys, run, ("--format", "keras", "--to", to), f"{to} cannot be written", "name another"
    )
    assert stand.written == 0
    assert run_export(run, "--format", "keras", "--to", "out") == 0
