"""deap_nas.data: the download of Fashion-MNIST, and what is said when there is none."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from stand_ins import FAKE, Sources, load_fashion, python, refuse, write_fakes

from deap_nas.data import fashion

REMEDIES = (
    "apt-get install dataset-fashion-mnist",
    "--data-dir DIR",
    "DEAP_NAS_DATA",
    "run once with a network",
    "--dataset fashion_mnist_mini",
)


def test_download(sources: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = load_fashion()
    assert capsys.readouterr().out == ""
    assert socket.getdefaulttimeout() == 33
    assert dataset.x_train.shape == (100, 4, 4, 1)
    for call, (name, (_, sha256)) in zip(sources.downloads, fashion.FASHION_FILES.items()):
        assert call["fname"] == f"{name}.gz"
        assert call["origin"] == (
            f"https://storage.googleapis.com/tensorflow/tf-keras-datasets/{name}.gz"
        )
        assert (call["file_hash"], call["hash_algorithm"]) == (sha256, "sha256")
    assert len(sources.downloads) == 4
    assert sorted(os.listdir(sources.cache)) == sorted(f"{name}.gz" for name in FAKE)
    load_fashion()  # from the cache
    assert len(sources.downloads) == 4


def test_download_is_not_for_a_half_file(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(fname: str, **options: Any) -> str:
        Path(sources.get_file(fname, **options)).write_bytes(b"\x1f\x8b half")
        raise Exception(f"URL fetch failure on {fname}:\n  None -- timed out")

    fake = types.SimpleNamespace(get_file=cut_off)
    monkeypatch.setitem(sys.modules, "keras.utils", fake)
    refuse(load_fashion, "URL fetch failure on train-labels-idx1-ubyte.gz: None -- timed out")
    assert socket.getdefaulttimeout() == 33
    assert os.listdir(sources.cache) == []


def test_no_source_lists_the_remedies(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: Any, **options: Any) -> str:
        raise Exception("URL fetch failure on x: None -- [Errno -2] Name or service not known")

    fake = types.SimpleNamespace(get_file=offline)
    monkeypatch.setitem(sys.modules, "keras.utils", fake)
    refuse(load_fashion, "Name or service not known", *REMEDIES)
    monkeypatch.setitem(sys.modules, "keras.utils", None)
    refuse(load_fashion, "keras", *REMEDIES)  # not installed


def test_unwritable_cache(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "keras").write_text("a file where the cache should be")
    refuse(load_fashion, "not downloaded", *REMEDIES)


REAL_KERAS = """
import socket, sys
from pathlib import Path
from deap_nas.data import DataError, fashion, load_dataset
from stand_ins import fake_files

served, fashion.DEBIAN_DIR, fashion.FASHION_FILES = Path(sys.argv[1]), Path("none"), fake_files()
def attempt():
    try:
        print(load_dataset("fashion_mnist").x_train.shape)
    except DataError as error:
        print(error)
fashion.BASE_URL = served.as_uri() + "/missing/"
attempt()
with socket.create_server(("127.0.0.1", 0)) as server:  # answers nothing
    fashion.BASE_URL, fashion.NETWORK_TIMEOUT = f"http://127.0.0.1:{server.getsockname()[1]}/", 0.2
    attempt()
(served / "bad").mkdir()
(served / "bad" / "train-labels-idx1-ubyte.gz").write_bytes(b"not what was asked for")
fashion.BASE_URL = served.as_uri() + "/bad/"
attempt()
fashion.BASE_URL = served.as_uri() + "/"
attempt()
"""


@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="Keras is not installed")
def test_download_with_the_real_keras(tmp_path: Path) -> None:
    served = write_fakes(tmp_path / "served")
    run = python("-c", REAL_KERAS, str(served), KERAS_HOME=str(tmp_path / "keras"), no_proxy="*")
    assert "Traceback" not in run.stderr
    missing, silent, bad, good = run.stdout.splitlines()
    assert "URL fetch failure" in missing
    assert "timed out" in silent
    assert "sha256 file hash does not match" in bad
    assert all(remedy in line for line in (missing, silent, bad) for remedy in REMEDIES)
    assert good == "(100, 4, 4, 1)"
