"""deap_nas.data: where Fashion-MNIST is looked for, and files that are damaged or missing."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from stand_ins import FAKE, FAKE_X, FAKE_Y, Sources, load_fashion, refuse, write_fakes

from deap_nas.data import DATA_VARIABLE, load_dataset


def test_lookup_order(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (sources.named, sources.variable, sources.cache, sources.debian):
        write_fakes(folder)
    monkeypatch.setenv(DATA_VARIABLE, str(sources.variable))
    found = [load_fashion(sources.named)]
    found.append(load_fashion())
    monkeypatch.setenv(DATA_VARIABLE, "")  # empty is as good as unset
    found.append(load_fashion())
    (sources.cache / "t10k-labels-idx1-ubyte.gz").unlink()  # three files are not enough
    found.append(load_fashion())
    (sources.debian / "t10k-labels-idx1-ubyte.gz").unlink()
    assert not sources.downloads
    found.append(load_fashion())
    expected = (sources.named, sources.variable, sources.cache, sources.debian, sources.cache)
    for dataset, folder in zip(found, expected):
        assert str(folder) in dataset.source
        assert dataset.fingerprint == found[0].fingerprint
    assert [call["fname"] for call in sources.downloads] == ["t10k-labels-idx1-ubyte.gz"]
    assert "Debian" in found[3].source
    assert found[4].source.startswith("downloaded from https://")


def test_keras_cache_is_in_the_home_directory_by_default(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_HOME")
    folder = write_fakes(tmp_path / "home" / ".keras" / "datasets" / "fashion-mnist")
    assert str(folder) in load_fashion().source


@pytest.mark.parametrize("gz", [True, False])
@pytest.mark.parametrize("subfolder", ["", "fashion-mnist"])
def test_named_directory(sources: Sources, gz: bool, subfolder: str) -> None:
    write_fakes(sources.named / subfolder, gz)
    dataset = load_fashion(sources.named)
    assert str(sources.named) in dataset.source
    x, y, x_test, y_test = dataset.split("test")
    assert x.shape == (120, 4, 4, 1)
    assert sorted(image.tobytes() for image in x) == sorted(image.tobytes() for image in FAKE_X)
    assert np.array_equal(np.sort(y), np.sort(FAKE_Y))
    assert np.array_equal(x_test[..., 0], FAKE_X[:10] ^ 255)
    assert np.array_equal(y_test, np.arange(10))


def test_labels_stay_with_their_images(sources: Sources) -> None:
    write_fakes(sources.debian)
    label_of = {image.tobytes(): label for image, label in zip(FAKE_X, FAKE_Y)}
    dataset = load_fashion()
    for x, y in ((dataset.x_train, dataset.y_train), (dataset.x_val, dataset.y_val)):
        assert [label_of[image.tobytes()] for image in x] == list(y)


def test_tilde_in_a_named_directory(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_fakes(sources.named)
    assert load_fashion("~/named").n_classes == 10
    monkeypatch.setenv(DATA_VARIABLE, "~/named")
    assert load_fashion().n_classes == 10


def test_named_directory_without_the_files_is_an_error(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fakes(sources.debian)  # must not be used instead
    refuse(lambda: load_fashion(sources.named), f"data_dir {sources.named}", *FAKE)
    write_fakes(sources.named)
    (sources.named / "t10k-labels-idx1-ubyte.gz").unlink()
    message = refuse(lambda: load_fashion(sources.named), "t10k-labels-idx1-ubyte[.gz]")
    assert "train-images" not in message
    write_fakes(sources.named)  # "put them there"
    assert load_fashion(sources.named).n_classes == 10
    monkeypatch.setenv(DATA_VARIABLE, str(sources.variable))
    refuse(load_fashion, f"DEAP_NAS_DATA {sources.variable}", *FAKE)
    assert not sources.downloads


def test_damaged_files(sources: Sources) -> None:
    for folder in (sources.named, sources.cache, sources.debian):
        write_fakes(folder)
    name = "train-images-idx3-ubyte"
    changed = bytearray(FAKE[name])
    changed[-1] ^= 1
    packed = gzip.compress(FAKE[name])
    bad = {
        "one pixel": gzip.compress(bytes(changed)),
        "cut short": packed[: len(packed) // 2],
        "bad crc": packed[:-8] + bytes(8),
        "bad stream": packed[:40] + bytes(40) + packed[80:],
        "empty": b"",
        "not gzipped": bytes(changed),
    }
    for content in bad.values():
        for folder in (sources.named, sources.cache):
            (folder / f"{name}.gz").write_bytes(content)
        refuse(lambda: load_fashion(sources.named), f"{sources.named / name}.gz", "delete it")
        refuse(load_fashion, f"{sources.cache / name}.gz", "delete it", "apt-get install")
    (sources.cache / f"{name}.gz").unlink()
    assert str(sources.debian) in load_fashion().source, "where apt-get puts it"
    assert not sources.downloads


def test_unreadable_file(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    write_fakes(sources.named)

    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", denied)
    refuse(lambda: load_fashion(sources.named), "Permission denied", "cannot be read")


def test_plain_content_under_a_gz_name(sources: Sources) -> None:
    write_fakes(sources.named)  # browsers unpack such a download and keep the name
    name = "train-images-idx3-ubyte"
    (sources.named / f"{name}.gz").write_bytes(FAKE[name])
    assert load_fashion(sources.named).x_train.shape == (100, 4, 4, 1)


def test_class_names(sources: Sources) -> None:
    write_fakes(sources.debian)
    names = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Ankle boot"
    assert " ".join(load_fashion().class_names) == names
    assert " ".join(load_dataset("fashion_mnist_mini").class_names) == names
    assert len(load_fashion().class_names) == load_fashion().n_classes == 10
