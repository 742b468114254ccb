"""deap_nas.data: where the data come from, how they are split, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import pickle
import socket
import struct
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deap_nas import data
from deap_nas.data import DataError, Dataset, load_dataset

ROOT = Path(__file__).parents[1]
ARRAYS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
RNG = np.random.default_rng(0)


def refuse(call: Callable[[], object], *words: str) -> str:
    """Assert that a call raises a one-line DataError with these words; return the message."""
    with pytest.raises(DataError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, f"{word!r} is not in {message!r}"
    return message


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python of its own at the root of the project, with these environment variables."""
    env = {key: value for key, value in os.environ.items() if key != data.DATA_VARIABLE}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**env, "PYTHONPATH": str(ROOT), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- Fashion-MNIST: small stand-ins for the four files, whose checksums take the place of the real


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


FAKE_Y = RNG.permutation(np.repeat(np.arange(10, dtype=np.uint8), 12))
FAKE_X = RNG.integers(0, 256, (120, 4, 4), dtype=np.uint8)
FAKE = {
    "train-labels-idx1-ubyte": idx(FAKE_Y),
    "train-images-idx3-ubyte": idx(FAKE_X),
    "t10k-labels-idx1-ubyte": idx(np.arange(10, dtype=np.uint8)),
    "t10k-images-idx3-ubyte": idx(FAKE_X[:10] ^ 255),
}


def fake_files() -> dict[str, tuple[str, str]]:
    return {
        name: (
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(gzip.compress(content, mtime=0)).hexdigest(),
        )
        for name, content in FAKE.items()
    }


def write_fakes(folder: Path, gz: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FAKE.items():
        if gz:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name).write_bytes(content)
    return folder


class Sources:
    """The places where Fashion-MNIST is looked for, all empty, and a log of the downloads."""

    def __init__(self, root: Path) -> None:
        self.named = root / "named"
        self.variable = root / "variable"
        self.cache = root / "keras" / "datasets" / "fashion-mnist"
        self.debian = root / "debian"
        self.downloads: list[dict[str, Any]] = []

    def get_file(self, fname: str, **options: Any) -> str:
        self.downloads.append({"fname": fname, **options})
        folder = Path(options["cache_dir"]) / options["cache_subdir"]
        folder.mkdir(parents=True, exist_ok=True)
        content = FAKE[fname.removesuffix(".gz")]
        (folder / fname).write_bytes(gzip.compress(content, mtime=0))
        print("Downloading data [=====>   ]")
        return str(folder / fname)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    places = Sources(tmp_path)
    monkeypatch.delenv(data.DATA_VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(data, "DEBIAN_DIR", places.debian)
    monkeypatch.setattr(data, "FASHION_FILES", fake_files())
    fake = types.SimpleNamespace(get_file=places.get_file)
    monkeypatch.setitem(sys.modules, "keras.utils", fake)  # type: ignore[arg-type]
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(33)  # a download must leave it as it was
    yield places
    socket.setdefaulttimeout(before)


def load_fashion(data_dir: Path | str | None = None) -> Dataset:
    return load_dataset("fashion_mnist", data_dir=data_dir)


def test_lookup_order(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (sources.named, sources.variable, sources.cache, sources.debian):
        write_fakes(folder)
    monkeypatch.setenv(data.DATA_VARIABLE, str(sources.variable))
    found = [load_fashion(sources.named)]
    found.append(load_fashion())
    monkeypatch.setenv(data.DATA_VARIABLE, "")  # empty is as good as unset
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
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
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
    monkeypatch.setenv(data.DATA_VARIABLE, "~/named")
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
    monkeypatch.setenv(data.DATA_VARIABLE, str(sources.variable))
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
        refuse(load_fashion, f"{sources.cache / name}.gz", "delete it")
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


def test_download(sources: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = load_fashion()
    assert capsys.readouterr().out == ""
    assert socket.getdefaulttimeout() == 33
    assert dataset.x_train.shape == (100, 4, 4, 1)
    for call, (name, (_, sha256)) in zip(sources.downloads, data.FASHION_FILES.items()):
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
    monkeypatch.setitem(sys.modules, "keras.utils", fake)  # type: ignore[arg-type]
    refuse(load_fashion, "URL fetch failure on train-labels-idx1-ubyte.gz: None -- timed out")
    assert socket.getdefaulttimeout() == 33
    assert os.listdir(sources.cache) == []


REMEDIES = (
    "apt-get install dataset-fashion-mnist",
    "--data-dir DIR",
    "DEAP_NAS_DATA",
    "run once with a network",
    "--dataset fashion_mnist_mini",
)


def test_no_source_lists_the_remedies(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: Any, **options: Any) -> str:
        raise Exception("URL fetch failure on x: None -- [Errno -2] Name or service not known")

    fake = types.SimpleNamespace(get_file=offline)
    monkeypatch.setitem(sys.modules, "keras.utils", fake)  # type: ignore[arg-type]
    refuse(load_fashion, "Name or service not known", *REMEDIES)
    monkeypatch.setitem(sys.modules, "keras.utils", None)  # type: ignore[arg-type]
    refuse(load_fashion, "keras", *REMEDIES)  # not installed


def test_unwritable_cache(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "keras").write_text("a file where the cache should be")
    refuse(load_fashion, "not downloaded", *REMEDIES)


REAL_KERAS = """
import socket, sys
from pathlib import Path
from deap_nas import data
from tests.test_data import fake_files

served, data.DEBIAN_DIR, data.FASHION_FILES = Path(sys.argv[1]), Path("none"), fake_files()
def attempt():
    try:
        print(data.load_dataset("fashion_mnist").x_train.shape)
    except data.DataError as error:
        print(error)
data.BASE_URL = served.as_uri() + "/missing/"
attempt()
with socket.create_server(("127.0.0.1", 0)) as server:  # answers nothing
    data.BASE_URL, data.NETWORK_TIMEOUT = f"http://127.0.0.1:{server.getsockname()[1]}/", 0.2
    attempt()
(served / "bad").mkdir()
(served / "bad" / "train-labels-idx1-ubyte.gz").write_bytes(b"not what was asked for")
data.BASE_URL = served.as_uri() + "/bad/"
attempt()
data.BASE_URL = served.as_uri() + "/"
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


def test_class_names(sources: Sources) -> None:
    write_fakes(sources.debian)
    names = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Ankle boot"
    assert " ".join(load_fashion().class_names) == names
    assert " ".join(load_dataset("fashion_mnist_mini").class_names) == names
    assert len(load_fashion().class_names) == load_fashion().n_classes == 10


# --- the split


def test_split_seed(sources: Sources) -> None:
    write_fakes(sources.debian)
    first, again, other = (load_dataset("fashion_mnist", split_seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.x_val, again.x_val)
    assert first.fingerprint == again.fingerprint
    assert not np.array_equal(first.x_val, other.x_val)
    assert first.fingerprint != other.fingerprint
    for dataset in (first, other):
        assert np.array_equal(np.bincount(dataset.y_train), [10] * 10)
        assert np.array_equal(np.bincount(dataset.y_val), [2] * 10)


@given(counts=st.lists(st.integers(2, 40), min_size=2, max_size=6), seed=st.integers(0, 2**70))
def test_held_out_is_a_sixth_of_each_class(counts: list[int], seed: int) -> None:
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    held = data._held_out(labels, seed)
    assert np.array_equal(np.bincount(labels[held]), [max(1, count // 6) for count in counts])
    assert np.array_equal(held, data._held_out(labels, seed))
    assert set(labels[~held]) == set(labels)


def test_split_parts(sources: Sources) -> None:
    write_fakes(sources.debian)
    dataset = load_fashion()
    validation = dataset.split("validation")
    for got, key in zip(validation, ("x_train", "y_train", "x_val", "y_val")):
        assert got is getattr(dataset, key)
    x, y, x_test, y_test = dataset.split("test")
    assert np.array_equal(x, np.concatenate([dataset.x_train, dataset.x_val]))
    assert np.array_equal(y, np.concatenate([dataset.y_train, dataset.y_val]))
    assert x_test is dataset.x_test
    assert y_test is dataset.y_test
    assert not x.flags.writeable
    refuse(lambda: dataset.split("train"), "'train'", "validation, test")


@pytest.mark.parametrize("name", ["fashion_mnist", "fashion_mnist_mini"])
def test_bad_split_seed(name: str) -> None:
    refuse(lambda: load_dataset(name, split_seed=-1), "split_seed is -1", "from 0")


# --- the real Fashion-MNIST and the small draw


@pytest.fixture(scope="module")
def real() -> Iterator[Dataset]:
    def offline(cache: Path) -> None:
        raise DataError("not on this machine")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "_download", offline)
        try:
            dataset = load_fashion()
        except DataError as error:
            pytest.skip(f"the real Fashion-MNIST is not at hand: {error}")
        yield dataset


@pytest.fixture(scope="module")
def draw_mini() -> types.ModuleType:
    path = ROOT / "benchmarks" / "draw_mini.py"
    spec = importlib.util.spec_from_file_location("draw_mini", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_real_fashion_mnist(real: Dataset) -> None:
    assert real.input_shape == (28, 28, 1)
    sizes = {"train": 5000, "val": 1000, "test": 1000}
    for part, of_each_class in sizes.items():
        x, y = getattr(real, f"x_{part}"), getattr(real, f"y_{part}")
        assert x.shape == (10 * of_each_class, 28, 28, 1)
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
        assert np.array_equal(np.bincount(y), [of_each_class] * 10)
        for array in (x, y):
            assert array.flags.c_contiguous
            assert not array.flags.writeable
    assert real.fingerprint == "dac84f4dee275128"  # a new split would end comparisons with old runs


def test_mini() -> None:
    mini = load_dataset("fashion_mnist_mini")
    assert mini.name == "fashion_mnist_mini"
    assert mini.input_shape == (28, 28, 1)
    for part, of_each_class in {"train": 500, "val": 100, "test": 100}.items():
        x, y = getattr(mini, f"x_{part}"), getattr(mini, f"y_{part}")
        assert x.shape == (10 * of_each_class, 28, 28, 1)
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
        assert np.array_equal(np.bincount(y), [of_each_class] * 10)
    assert mini.fingerprint == "e716858f15e19394"
    assert load_dataset("fashion_mnist_mini", split_seed=5).fingerprint == mini.fingerprint
    assert "Zalando" in mini.source
    assert data.MINI_PATH.stat().st_size < 4e6
    licence = data.MINI_PATH.with_name("FASHION_MNIST_LICENSE.txt").read_text()
    assert "Copyright (c) 2017 Zalando SE, https://tech.zalando.com" in licence
    assert "Permission is hereby granted, free of charge" in licence


def test_mini_images_are_in_fashion_mnist(real: Dataset) -> None:
    mini = load_dataset("fashion_mnist_mini")

    def pairs(x: np.ndarray, y: np.ndarray) -> list[tuple[bytes, int]]:
        return [(image.tobytes(), int(label)) for image, label in zip(x, y)]

    x, y, x_test, y_test = mini.split("test")
    drawn, drawn_test = pairs(x, y), pairs(x_test, y_test)
    x, y, x_test, y_test = real.split("test")
    assert set(drawn) <= set(pairs(x, y))
    assert set(drawn_test) <= set(pairs(x_test, y_test))
    assert len(set(drawn + drawn_test)) == 7000  # none twice, so none in two parts


def test_mini_is_what_the_script_draws(
    real: Dataset,
    draw_mini: types.ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert draw_mini.main(["--out", str(tmp_path / "mini.npz")]) == 0
    assert "mini.npz" in capsys.readouterr().out
    with np.load(tmp_path / "mini.npz") as drawn, np.load(data.MINI_PATH) as shipped:
        assert set(drawn) == set(shipped)
        for key in shipped:
            assert drawn[key].dtype == shipped[key].dtype
            assert np.array_equal(drawn[key], shipped[key])
    assert draw_mini.main(["--data-dir", str(tmp_path)]) == 1
    assert "train-images-idx3-ubyte" in capsys.readouterr().err


IMPORTS = """
import sys
from deap_nas.data import load_dataset
load_dataset("fashion_mnist_mini").fingerprint
try:
    load_dataset("fashion_mnist", data_dir=sys.argv[1])
except ValueError as error:  # stand-ins: they are read, and have the wrong checksum
    assert "is damaged" in str(error), error
heavy = {name.partition(".")[0] for name in sys.modules} & {"keras", "tensorflow", "jax", "torch"}
sys.exit(f"imported {heavy}" if heavy else 0)
"""


def test_local_data_import_no_framework(tmp_path: Path) -> None:
    run = python("-W", "error", "-c", IMPORTS, str(write_fakes(tmp_path)))
    assert run.returncode == 0, run.stderr
    assert run.stdout + run.stderr == ""


# --- the user's own .npz files


def arrays(n: int = 36, shape: tuple[int, ...] = (5, 4), **changes: Any) -> dict[str, Any]:
    """Arrays of a good file with 3 classes; a change to None leaves an array out."""
    made = {
        "x_train": RNG.integers(0, 256, (n, *shape), dtype=np.uint8),
        "y_train": np.arange(n) % 3,
        "x_test": RNG.integers(0, 256, (6, *shape), dtype=np.uint8),
        "y_test": np.arange(6) % 3,
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., str]:
    def write(**made: Any) -> str:
        path = tmp_path / "own.npz"
        np.savez(path, **made)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("shape", "input_shape"),
    [((5, 4), (5, 4, 1)), ((5, 4, 1), (5, 4, 1)), ((5, 4, 3), (5, 4, 3)), ((1, 1, 7), (1, 1, 7))],
)
def test_npz_shapes(
    npz: Callable[..., str], shape: tuple[int, ...], input_shape: tuple[int, ...]
) -> None:
    made = arrays(shape=shape)
    dataset = load_dataset(npz(**made))
    assert dataset.input_shape == input_shape
    assert dataset.x_train.shape == (30, *input_shape)
    assert dataset.x_val.shape == (6, *input_shape)
    assert np.array_equal(dataset.x_test, made["x_test"].reshape(6, *input_shape))
    assert np.array_equal(np.bincount(dataset.y_train), [10, 10, 10])
    assert np.array_equal(np.bincount(dataset.y_val), [2, 2, 2])
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.n_classes == 3


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64", "longdouble"])
def test_npz_floats_become_float32(npz: Callable[..., str], dtype: str) -> None:
    made = arrays()
    x = np.linspace(0, 1, 36 * 20).reshape(36, 5, 4).astype(dtype)
    dataset = load_dataset(npz(**{**made, "x_train": x, "x_test": x[:6]}))
    for key in ("x_train", "x_val", "x_test"):
        assert getattr(dataset, key).dtype.str == np.dtype(np.float32).str
    assert np.array_equal(dataset.x_test[..., 0], x[:6].astype(np.float32))


@pytest.mark.parametrize("dtype", ["uint8", "int8", ">i2", "int64", "uint64"])
def test_npz_labels_become_int64(npz: Callable[..., str], dtype: str) -> None:
    y = (np.arange(36) % 3).astype(dtype)
    dataset = load_dataset(npz(**arrays(y_train=y[:, np.newaxis], y_test=y[:6])))
    assert dataset.y_train.shape == (30,)
    for key in ("y_train", "y_val", "y_test"):
        assert getattr(dataset, key).dtype == np.int64


def test_npz_with_its_own_validation_images(npz: Callable[..., str]) -> None:
    made = arrays(n=3)  # one image of a class is enough then
    x_val = RNG.integers(0, 256, (2, 5, 4), dtype=np.uint8)
    path = npz(**made, x_val=x_val, y_val=np.array([1, 1]), extra=np.zeros(3))
    dataset, other = load_dataset(path), load_dataset(path, split_seed=1)
    assert np.array_equal(dataset.x_val[..., 0], x_val)
    assert np.array_equal(dataset.x_train[..., 0], made["x_train"])
    assert dataset.fingerprint == other.fingerprint


def test_npz_split_seed(npz: Callable[..., str]) -> None:
    path = npz(**arrays())
    assert load_dataset(path).fingerprint == load_dataset(path).fingerprint
    assert load_dataset(path).fingerprint != load_dataset(path, split_seed=1).fingerprint


def test_npz_name_and_source(
    npz: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = npz(**arrays(), class_names=np.array(["cat", "dog", "Ångström"]))
    (tmp_path / "own.npz").rename(tmp_path / "own.NPZ")
    monkeypatch.chdir(tmp_path)
    dataset = load_dataset("own.NPZ")
    assert dataset.name == "own.NPZ"
    assert dataset.source == f"read from {path[:-4]}.NPZ"
    assert dataset.class_names == ("cat", "dog", "Ångström")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_dataset("~/own.NPZ").fingerprint == dataset.fingerprint


def test_arrays_are_contiguous_and_read_only(npz: Callable[..., str]) -> None:
    x = np.asfortranarray(arrays()["x_train"])
    dataset = load_dataset(npz(**arrays(x_train=x)))
    for key in ARRAYS:
        array = getattr(dataset, key)
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_dataset_leaves_its_makers_arrays_alone() -> None:
    x, y = np.zeros((2, 3, 3, 1), np.uint8), np.array([0, 1])
    dataset = Dataset("mine", x, y, x, y, x, y, n_classes=2, class_names=("a", "b"), source="here")
    assert x.flags.writeable
    assert not dataset.x_train.flags.writeable
    assert "array" not in repr(dataset)


def test_fingerprint_is_of_the_content(npz: Callable[..., str], tmp_path: Path) -> None:
    made = arrays(x_val=np.zeros((3, 5, 4), np.uint8), y_val=np.arange(3))
    first = load_dataset(npz(**made))
    assert len(first.fingerprint) == 16
    assert int(first.fingerprint, 16) >= 0
    np.savez_compressed(tmp_path / "elsewhere.npz", **made)
    assert load_dataset(str(tmp_path / "elsewhere.npz")).fingerprint == first.fingerprint
    seen = {first.fingerprint}
    for key in ("x_train", "x_val", "x_test"):  # one pixel
        changed = made[key].copy()
        changed[-1, -1, -1] ^= 1
        seen.add(load_dataset(npz(**{**made, key: changed})).fingerprint)
    for key in ("y_train", "y_val", "y_test"):  # one label
        changed = made[key].copy()
        changed[-1] = 0
        seen.add(load_dataset(npz(**{**made, key: changed})).fingerprint)
    turned = {key: made[key].transpose(0, 2, 1).reshape(-1, 4, 5) for key in made if key[0] == "x"}
    flat = {key: made[key].reshape(-1, 4, 5) for key in made if key[0] == "x"}  # the same bytes
    seen.add(load_dataset(npz(**{**made, **turned})).fingerprint)
    seen.add(load_dataset(npz(**{**made, **flat})).fingerprint)
    assert len(seen) == 9


X, Y = arrays()["x_train"], arrays()["y_train"]
F = np.full((36, 5, 4), 0.5)


def with_value(array: np.ndarray, value: object) -> np.ndarray:
    changed = array.copy()
    changed.flat[-1] = value
    return changed


BAD_ARRAYS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "no x_train": ({"x_train": None}, ("no array x_train", "savez")),
    "no y_train": ({"y_train": None}, ("no array y_train",)),
    "no x_test": ({"x_test": None}, ("no array x_test",)),
    "no y_test": ({"y_test": None}, ("no array y_test",)),
    "x_val alone": ({"x_val": X[:6]}, ("no array y_val",)),
    "y_val alone": ({"y_val": Y[:6]}, ("no array x_val",)),
    "object images": ({"x_train": X.astype(object)}, ("x_train cannot be read", "Object")),
    "object labels": ({"y_test": np.array([0, None])}, ("y_test cannot be read",)),
    "flat images": ({"x_train": X.reshape(36, 20)}, ("x_train", "(36, 20)", "(n, height, width)")),
    "5-D images": ({"x_test": X[None, :6, ..., None]}, ("x_test", "(1, 6, 5, 4, 1)")),
    "no images": ({"x_train": X[:0], "y_train": Y[:0]}, ("x_train is empty", "(0, 5, 4)")),
    "no pixels": ({"x_train": X[:, :0]}, ("x_train is empty", "(36, 0, 4)")),
    "no test images": ({"x_test": X[:0], "y_test": Y[:0]}, ("x_test is empty",)),
    "int images": ({"x_train": X.astype(int)}, ("x_train", "int64", "uint8", "floating")),
    "bool images": ({"x_train": X > 9}, ("x_train", "dtype bool")),
    "text images": ({"x_train": X.astype(str)}, ("x_train", "dtype <U")),
    "floats to 255": ({"x_train": X.astype(float) + 1}, ("x_train", "values from", "0 to 1")),
    "negative": ({"x_train": with_value(F, -0.1), "x_test": F[:6]}, ("x_train", "-0.1 to 0.5")),
    "over 1": ({"x_train": F, "x_test": with_value(F[:6], 1.5)}, ("x_test", "0.5 to 1.5")),
    "nan": ({"x_train": with_value(F, np.nan), "x_test": F[:6]}, ("x_train", "nan", "finite")),
    "inf": ({"x_train": with_value(F, np.inf), "x_test": F[:6]}, ("x_train", "inf")),
    "uint8, float": ({"x_test": F[:6]}, ("x_test", "float32", "uint8", "x_train")),
    "test shape": ({"x_test": X[:6, :4]}, ("x_test", "(4, 4, 1)", "(5, 4, 1)")),
    "val shape": ({"x_val": X[:6, :, :3], "y_val": Y[:6]}, ("x_val", "(5, 3, 1)", "(5, 4, 1)")),
    "channels": ({"x_test": np.stack([X[:6]] * 3, axis=-1)}, ("x_test", "(5, 4, 3)")),
    "train labels": ({"y_train": Y[:-1]}, ("y_train has 35 labels", "36")),
    "test labels": ({"y_test": Y[:7]}, ("y_test has 7 labels", "6")),
    "val labels": ({"x_val": X[:6], "y_val": Y[:5]}, ("y_val has 5 labels",)),
    "one-hot": ({"y_train": np.eye(3, dtype=int)[Y]}, ("y_train", "(36, 3)", "argmax")),
    "0-D labels": ({"y_test": np.array(1)}, ("y_test", "shape ()")),
    "float labels": ({"y_train": Y + 0.5}, ("y_train", "float64", "integers")),
    "bool labels": ({"y_test": Y[:6] > 0}, ("y_test", "dtype bool")),
    "negative label": ({"y_train": Y - 1}, ("y_train has the label -1", "0..n_classes-1")),
    "negative test label": ({"y_test": Y[:6] - 1}, ("y_test has the label -1",)),
    "vast label": (
        {"y_train": with_value(Y.astype(np.uint64), 2**64 - 1)},
        ("y_train has the label 18446744073709551615",),
    ),
    "gap": ({"y_train": Y * 2}, ("y_train has labels up to 4 and none of class 1",)),
    "no class 0": ({"y_train": Y + 1}, ("y_train has labels up to 3 and none of class 0",)),
    "far gap": ({"y_train": with_value(Y, 10**12)}, ("labels up to 1000000000000", "class 3")),
    "one class": ({"y_train": Y * 0, "y_test": Y[:6] * 0}, ("y_train has 1 class", "2 classes")),
    "new in test": ({"y_test": with_value(Y[:6], 3)}, ("y_test has the label 3", "0..2")),
    "new in val": (
        {"x_val": X[:6], "y_val": with_value(Y[:6], 9)},
        ("y_val has the label 9", "0..2"),
    ),
    "lone image": ({"y_train": with_value(Y, 3)}, ("1 image of class 3", "2 or more", "x_val")),
    "names, count": ({"class_names": np.array(["a", "b"])}, ("class_names", "(2,)", "3 strings")),
    "names, dtype": ({"class_names": np.arange(3)}, ("class_names", "int64")),
    "names, shape": ({"class_names": np.array([["a"], ["b"], ["c"]])}, ("class_names", "(3, 1)")),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_npz(npz: Callable[..., str], case: str) -> None:
    changes, words = BAD_ARRAYS[case]
    path = npz(**arrays(**changes))
    refuse(lambda: load_dataset(path), path, *words)


def test_an_npz_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    refuse(lambda: load_dataset(str(path)), str(path), "is not a file", "correct the path")
    (tmp_path / "folder.npz").mkdir()
    refuse(lambda: load_dataset(str(tmp_path / "folder.npz")), "folder.npz is not a file")
    with open(path, "wb") as file:
        np.save(file, X)
    contents = {"npy": path.read_bytes(), "empty": b"", "text": b"x,y\n", "pickle": pickle.dumps(X)}
    for content in contents.values():
        path.write_bytes(content)
        refuse(lambda: load_dataset(str(path)), str(path), "not a zip archive", "savez_compressed")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", b"not an array")
    refuse(lambda: load_dataset(str(path)), f"{path}: x_train")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    compressed=st.booleans(),
    cut=st.booleans(),
    where=st.floats(0, 1, exclude_max=True),
    change=st.integers(1, 255),
)
def test_a_damaged_npz_is_refused_or_read(
    tmp_path: Path, compressed: bool, cut: bool, where: float, change: int
) -> None:
    path = tmp_path / "own.npz"
    save = np.savez_compressed if compressed else np.savez
    save(path, **arrays(n=6))
    content = bytearray(path.read_bytes())
    at = int(where * len(content))
    if cut:
        del content[at:]
    else:
        content[at] ^= change
    path.write_bytes(content)
    if cut:
        refuse(lambda: load_dataset(str(path)), str(path))
        return
    try:
        load_dataset(str(path))
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - a byte that does not matter may pass


@pytest.mark.parametrize("name", ["mnist", "", "fashion_mnist.csv", "own.npy", "Fashion_MNIST"])
def test_unknown_name(name: str) -> None:
    refuse(
        lambda: load_dataset(name), repr(name), "fashion_mnist, fashion_mnist_mini", "ends in .npz"
    )


def test_known_names() -> None:
    assert data.DATASETS == ("fashion_mnist", "fashion_mnist_mini")
    assert issubclass(DataError, ValueError)
