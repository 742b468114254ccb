"""mnist and cifar10 by the real Keras: no network and no file, then files as Keras keeps them."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tarfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from stand_ins import python

SIZES = {"mnist": (60_000, 10_000), "cifar10": (50_000, 10_000)}
SCRIPT = """
import json, os, socket, sys
import numpy as np
from keras.src.utils import file_utils
from deap_nas.data import DataError, load_dataset

def nobody(*_, **__):
    raise OSError("nobody answers")

socket.getaddrinfo = nobody
for name in ("mnist", "cifar10"):
    try:
        load_dataset(name)
    except DataError as error:
        print(error)
os.rmdir(sys.argv[2])
os.rename(sys.argv[1], sys.argv[2])
file_utils.validate_file = lambda *_, **__: True  # the checksums are those of the real files
for name in ("mnist", "cifar10"):
    dataset = load_dataset(name)
    found = {"source": dataset.source, "names": dataset.class_names, "parts": {}}
    for part in ("train", "val", "test"):
        x, y = getattr(dataset, f"x_{part}"), getattr(dataset, f"y_{part}")
        found["parts"][part] = {
            "shape": x.shape, "types": [str(x.dtype), str(y.dtype)],
            "counts": np.bincount(y).tolist(),
            "labelled": bool((x[:, 5, 6, -1] == y).all()),
            "places": [np.unique(x[:, i, j, 0]).tolist() for i, j in ((0, 1), (1, 0))],
        }
    print(json.dumps(found))
"""


class OldPickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, which the files are of."""

    def save_bytes(self, text: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(text)) + text)
        self.memoize(text)

    dispatch: ClassVar = {**pickle._Pickler.dispatch, bytes: save_bytes}


def old_pickle(content: object) -> bytes:
    file = io.BytesIO()
    OldPickler(file, protocol=2).dump(content)
    return file.getvalue().replace(b"cnumpy._core.", b"cnumpy.core.")


def labels_of(count: int) -> np.ndarray:
    return (np.arange(count) % 10).astype(np.uint8)


def write_mnist(folder: Path) -> None:
    """mnist.npz; the label is in row 5, column 6 of each image, 200 in row 0, column 1."""
    arrays = {}
    for part, size in zip(("train", "test"), SIZES["mnist"]):
        x, y = np.zeros((size, 28, 28), np.uint8), labels_of(size)
        x[:, 5, 6], x[:, 0, 1] = y, 200
        arrays |= {f"x_{part}": x, f"y_{part}": y}
    np.savez(folder / "mnist.npz", **arrays)


def write_cifar10(folder: Path) -> None:
    """Pickles in a tar archive: a row of 3,072 bytes for each image, red, green, then blue. The
    label is in row 5, column 6 of blue; 200 in row 0, column 1 of red."""
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    archive = folder / "cifar-10-batches-py-target_archive"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name in names:
            data, labels = np.zeros((10_000, 3072), np.uint8), labels_of(10_000)
            data[:, 2 * 1024 + 5 * 32 + 6], data[:, 1] = labels, 200
            content = {b"batch_label": name.encode(), b"labels": labels.tolist(), b"data": data}
            text = old_pickle(content)
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))


def test_files_as_keras_keeps_them_are_read_and_without_them_one_line_says_what_to_do(
    tmp_path: Path,
) -> None:
    pytest.importorskip("keras")
    made, datasets = tmp_path / "made", tmp_path / "keras" / "datasets"
    for folder in (made, datasets.parent):
        folder.mkdir()
    write_mnist(made)
    write_cifar10(made)
    variables = {"HOME": str(tmp_path), "KERAS_HOME": str(datasets.parent)}
    done = python("-c", SCRIPT, str(made), str(datasets), **variables)
    assert "Traceback" not in done.stderr, done.stderr
    *refused, mnist, cifar10 = done.stdout.splitlines()
    files = ("mnist.npz", "cifar-10-batches-py-target_archive")
    for line, name, file in zip(refused, SIZES, files, strict=True):
        assert line.startswith(f"{name} was not found and not downloaded (URL fetch failure")
        assert "nobody answers" in line
        assert f"or copy the file {datasets / file} from a machine that did" in line
        assert "--dataset digits" in line
    for line, shape, (train, test) in zip(
        (mnist, cifar10), ((28, 28, 1), (32, 32, 3)), SIZES.values()
    ):
        found = json.loads(line)
        assert found["source"] == "downloaded by Keras"
        assert len(set(found["names"])) == 10
        sizes = {"train": train * 5 // 6, "val": train // 6, "test": test}
        for part, values in found["parts"].items():
            images, *of_each = values["shape"]
            assert tuple(of_each) == shape
            assert abs(images - sizes[part]) < 10
            assert sum(values["counts"]) == images
            assert max(values["counts"]) - min(values["counts"]) <= 1
            assert values["types"] == ["uint8", "int64"]
            assert values["labelled"], part
            assert values["places"] == [[200], [0]]
        assert sum(each["shape"][0] for each in found["parts"].values()) == train + test
