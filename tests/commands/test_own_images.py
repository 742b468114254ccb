"""A folder of images from the command line: searched, written down, resumed, shown."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import drivers
import numpy as np
import pytest
from command import GENOME, SMALL, refused, result_of, run_main
from PIL import Image

from deap_nas.__main__ import main as deap_nas
from deap_nas.commands import decoding
from deap_nas.report.page import make_report

NAMES = ("ant", "bee", "wasp & hornet")


@pytest.fixture
def images(home: Path) -> Path:
    """JPEG files in colour, of three classes and of several sizes."""
    rng = np.random.default_rng(0)
    for i, name in enumerate(NAMES):
        (home / "mine" / name).mkdir(parents=True)
        for j in range(24):
            pixels = rng.integers(0, 90, (20 + j % 3, 24, 3), np.uint8)
            pixels[..., i] += 120
            Image.fromarray(pixels).save(home / "mine" / name / f"{j}.jpg")
    return home / "mine"


def search(images: Path, *more: object) -> tuple[object, ...]:
    return ("--dataset", images, "--image-size", "14x12", *SMALL, "--epochs", 1, *more)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "split.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_real_search_and_its_page(
    images: Path, no_model: None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = images.parent / "run"
    assert run_main(*search(images, "--out", folder, "--no-report")) == 0
    assert capsys.readouterr().err == ""
    written = rows(folder)
    assert Counter(row["part"] for row in written) == {"train": 51, "val": 9, "test": 12}
    assert all(Path(row["file"]).parent.name == row["class"] for row in written)
    assert {images / row["file"] for row in written} == set(images.glob("*/*.jpg"))
    config = json.loads((folder / "config.json").read_text())
    assert config["data"]["class_names"] == list(NAMES) == result_of(folder)["class_names"]
    assert config["space"]["input_shape"] == [14, 12, 3]
    kept = json.loads((folder / "config.json").read_text())["data"]["fingerprint"]

    shutil.rmtree(images)  # the page knows the classes all the same
    text = make_report(folder, tensorflow=False).read_text()
    assert "stand, in this order, for: <code>ant, bee, wasp &amp; hornet</code>." in text
    header = (folder / "report" / "confusion.csv").read_text().partition("\n")[0]
    assert header == "true class,ant,bee,wasp & hornet"
    assert kept in text


def test_what_was_done_with_a_file_is_said_once(
    home: Path, stub: drivers.Trainings, capsys: pytest.CaptureFixture[str]
) -> None:
    """And not again by the page, which reads the images once more."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 12, 12), np.uint8), np.array(["cat", "dog"] * 30)
    np.savez("text.npz", x_train=x, y_train=y, x_test=x[:20], y_test=y[:20])
    assert run_main("--dataset", "text.npz", "--out", "run", *SMALL) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "its labels are text; numbered from 0 for cat, dog" in line


def test_a_resumed_run_has_the_same_images(
    images: Path, stub: drivers.Trainings, no_page: None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = images.parent / "run"
    assert run_main(*search(images, "--out", folder)) == 0
    before = rows(folder)
    assert run_main("--resume", folder, "--generations", 2) == 0
    assert rows(folder) == before
    capsys.readouterr()
    moved = images.rename(images.parent / "elsewhere")  # only what is in it counts
    assert run_main("--resume", folder, "--dataset", moved, "--generations", 3) == 0
    capsys.readouterr()
    pixels = np.zeros((20, 24, 3), np.uint8)
    Image.fromarray(pixels).save(moved / "ant" / "0.jpg")
    resumed = ("--resume", folder, "--dataset", moved, "--generations", 4)
    refused(lambda: run_main(*resumed), capsys, "fingerprint", "start a new run")


def test_training_one_network_names_the_classes(
    images: Path, stub: drivers.Trainings, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", GENOME, "--dataset", str(images), "--image-size", "14x12", "--no-cache"]
    assert deap_nas([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["class_names"] == list(NAMES)


def test_progress_of_long_decoding(
    images: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(decoding, "WAIT", 0.0)
    assert run_main(*search(images, "--dry-run")) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"decoding images: {i + 1} of 72" for i in range(72)]
    assert run_main(*search(images, "--dry-run")) == 0
    assert capsys.readouterr().err == "", "kept"
