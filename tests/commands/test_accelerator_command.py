"""``--accelerator``: what is refused, what is written, and what a run is resumed with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import drivers
import pytest
from command import SMALL, refused, run_main, snapshot

from deap_nas.training import accelerator
from deap_nas.training.accelerator import Seen
from deap_nas.training.cards import LEAST, Card

FEW = (*SMALL, "--no-report", "--no-cache", "--epochs", 1)


@pytest.fixture(autouse=True)
def place(home: Path, stub: Any, no_page: None) -> None:
    drivers.save_npz(Path("tiny.npz"), drivers.tiny_dataset())


def see(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    cards = tuple(Card(name, LEAST) for name in names)
    monkeypatch.setattr(accelerator, "look", lambda: Seen(cards, "TensorFlow sees no card"))


def search(*words: Any) -> int:
    return run_main("--dataset", "tiny.npz", *FEW, *words)


def program(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, "config.json").read_text())["program"]
    return found


def test_a_card_that_is_missing_is_one_line_and_nothing_is_written(monkeypatch, capsys):
    see(monkeypatch)
    before = snapshot(Path())
    for words in (["--accelerator", "gpu"], ["--accelerator", "gpu", "--engine", "keras"]):
        refused(lambda w=words: search(*w), capsys, "accelerator gpu: TensorFlow sees no card")
    assert snapshot(Path()) == before
    assert search("--accelerator", "auto", "--engine", "keras", "--out", "run") == 0
    assert program("run")["accelerator"] == "cpu"


@pytest.mark.parametrize("name", ["gpu", "cpu", "auto"])
def test_a_device_is_a_board_and_this_is_called_accelerator(capsys, name):
    refused(lambda: search("--device", name), capsys, f"use --accelerator {name}", "arduino_uno")


def test_with_engine_native_a_card_changes_nothing_and_that_is_said_once(capsys):
    assert search("--accelerator", "gpu", "--engine", "native", "--out", "run") == 0
    err = capsys.readouterr().err
    assert err.count("accelerator gpu changes nothing with engine native") == 1
    assert program("run") == {**program("run"), "engine": "native 1", "accelerator": "cpu"}


def test_a_run_on_a_card_goes_on_with_such_a_card_alone(monkeypatch, capsys):
    see(monkeypatch, "Toy 9000")
    assert search("--accelerator", "gpu", "--out", "run") == 0
    assert "the engine keras trains all networks, on gpu Toy 9000" in capsys.readouterr().err
    assert program("run") == {
        **program("run"),
        **{"engine": "keras 1", "accelerator": "gpu Toy 9000"},
    }
    Path("run", "result.json").unlink()
    assert run_main("--resume", "run") == 0
    Path("run", "result.json").unlink()
    capsys.readouterr()

    see(monkeypatch, "Toy 100")
    other = "accelerator 'gpu Toy 9000' in the run, 'gpu Toy 100' now"
    refused(lambda: run_main("--resume", "run"), capsys, other)
    see(monkeypatch)
    refused(lambda: run_main("--resume", "run"), capsys, "accelerator gpu: TensorFlow sees no card")
    on_cpu = ("--resume", "run", "--accelerator", "cpu", "--engine", "keras")
    refused(lambda: run_main(*on_cpu), capsys, "accelerator 'gpu Toy 9000' in the run, 'cpu' now")


def test_a_run_of_before_was_on_the_cpu(monkeypatch, capsys):
    assert search("--out", "run", "--engine", "keras") == 0
    config = json.loads(Path("run", "config.json").read_text())
    del config["program"]["accelerator"], config["settings"]["accelerator"]
    Path("run", "config.json").write_text(json.dumps(config))
    Path("run", "result.json").unlink()
    assert run_main("--resume", "run") == 0
    Path("run", "result.json").unlink()
    capsys.readouterr()
    see(monkeypatch, "Toy 9000")
    on_card = ("--resume", "run", "--accelerator", "auto")
    refused(lambda: run_main(*on_card), capsys, "accelerator 'cpu' in the run, 'gpu Toy 9000' now")


def test_an_estimate_says_that_it_knows_no_card(monkeypatch, capsys):
    see(monkeypatch, "Toy 9000")
    assert search("--accelerator", "gpu", "--dry-run") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "by engine keras, from a formula fitted on another machine, and on no card" in out


def test_a_cluster_is_refused(capsys):
    words = ("--backend", "dask", "--accelerator", "gpu")
    refused(lambda: search(*words), capsys, "accelerator gpu with backend dask, allowed with local")
