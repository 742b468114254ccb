"""The data sets a search runs on: Fashion-MNIST, a small draw of it, and the user's own .npz files.

Nothing here imports TensorFlow or Keras, except a download of Fashion-MNIST, which uses Keras's
downloader and its cache. Every problem with the data is a one-line ``DataError``.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import importlib
import io
import logging
import os
import socket
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[Any]  # (n, height, width, channels), uint8 (0-255) or float32 (0-1)
Labels = npt.NDArray[np.int64]  # (n,), 0..n_classes-1

DATASETS = ("fashion_mnist", "fashion_mnist_mini")
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
# IDX file -> sha256 of its content, sha256 of the official .gz. Only the content is checked on
# disk: other distributors compress the same bytes differently.
FASHION_FILES = {
    "train-labels-idx1-ubyte": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    "train-images-idx3-ubyte": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    "t10k-labels-idx1-ubyte": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    "t10k-images-idx3-ubyte": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
}
BASE_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
DATA_VARIABLE = "DEAP_NAS_DATA"
DEBIAN_DIR = Path("/usr/share/datasets/fashion-mnist")
MINI_PATH = Path(__file__).with_name("datasets") / "fashion_mnist_mini.npz"
NETWORK_TIMEOUT = 10.0  # seconds without an answer

_REMEDIES = (
    "apt-get install dataset-fashion-mnist, or name a directory that holds its four IDX files "
    f"with --data-dir DIR or {DATA_VARIABLE}, or run once with a network (and TensorFlow "
    "installed), or use --dataset fashion_mnist_mini"
)
_NPZ_ARRAYS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test", "class_names")
_NPZ_REMEDY = (
    "write it with numpy.savez_compressed(path, x_train=..., y_train=..., x_test=..., y_test=...) "
    "from uint8 or float images and integer labels"
)
_LOG = logging.getLogger(__name__)


class DataError(ValueError):
    """A data set that is missing, damaged or not usable; the message is one line."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """A classified set of images in three parts; its arrays are C-contiguous and read-only.

    ``x_*``: (n, height, width, channels), uint8 (0-255) or float32 (0-1), one dtype for all three.
    ``y_*``: (n,) int64 labels in 0..n_classes-1. ``name`` is the name it was loaded by, ``source``
    says for a reader where the files came from.
    """

    name: str
    x_train: Images = field(repr=False)
    y_train: Labels = field(repr=False)
    x_val: Images = field(repr=False)
    y_val: Labels = field(repr=False)
    x_test: Images = field(repr=False)
    y_test: Labels = field(repr=False)
    n_classes: int
    class_names: tuple[str, ...]
    source: str

    def __post_init__(self) -> None:
        for key in _NPZ_ARRAYS[:6]:
            object.__setattr__(self, key, _read_only(getattr(self, key)))

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that depend on the arrays' dtypes, shapes and bytes, and nothing else."""
        digest = hashlib.sha256()
        for key in _NPZ_ARRAYS[:6]:
            array = getattr(self, key)
            digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array)
        return digest.hexdigest()[:16]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one image."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels

    def split(self, name: str) -> tuple[Images, Labels, Images, Labels]:
        """Return (x_train, y_train, x_scored, y_scored) for a final score on one part.

        "validation" trains on the training images and scores on the validation images; "test"
        trains on both of these together and scores on the test images. Raises DataError for
        another name.
        """
        if name == "validation":
            return self.x_train, self.y_train, self.x_val, self.y_val
        if name != "test":
            raise DataError(f"split {name!r} is unknown: allowed validation, test; use one of them")
        x_all = _read_only(np.concatenate([self.x_train, self.x_val]))
        y_all = _read_only(np.concatenate([self.y_train, self.y_val]))
        return x_all, y_all, self.x_test, self.y_test


def load_dataset(name: str, *, data_dir: str | Path | None = None, split_seed: int = 0) -> Dataset:
    """Load "fashion_mnist", "fashion_mnist_mini" or the .npz file at the path ``name``.

    ``data_dir`` names the directory of Fashion-MNIST's four IDX files; only "fashion_mnist" reads
    it. ``split_seed`` (a whole number from 0) draws the validation images, one sixth of each class,
    unless the data set brings its own. Raises DataError when the data cannot be had or used.
    """
    if split_seed < 0:
        raise DataError(f"split_seed is {split_seed}: allowed whole numbers from 0; use 0")
    if name == "fashion_mnist":
        return _load_fashion_mnist(data_dir, split_seed)
    if name == "fashion_mnist_mini":
        source = "shipped with deap_nas: 7,000 images of Fashion-MNIST (Zalando SE, MIT licence)"
        return _load_npz(MINI_PATH, name, source, split_seed)
    if name.lower().endswith(".npz"):
        path = Path(os.path.expanduser(name)).absolute()
        return _load_npz(path, name, f"read from {path}", split_seed)
    raise DataError(
        f"dataset {name!r} is unknown: allowed {', '.join(DATASETS)}, or the path of a file that "
        "ends in .npz; use one of them"
    )


def read_fashion_mnist(
    data_dir: str | Path | None = None,
) -> tuple[Images, Labels, Images, Labels, str]:
    """Find, check and read the official files, in their order: x, y of 60,000; x, y of 10,000.

    Also returns the sentence that says where they were found. Raises DataError when they cannot be
    found or downloaded, or when one is damaged.
    """
    paths, source = _find_fashion_mnist(data_dir)
    y_train, x_train, y_test, x_test = (
        _read_idx(paths[name], sha256) for name, (sha256, _) in FASHION_FILES.items()
    )
    x_train, x_test = x_train[..., np.newaxis], x_test[..., np.newaxis]
    return x_train, y_train.astype(np.int64), x_test, y_test.astype(np.int64), source


def _load_fashion_mnist(data_dir: str | Path | None, split_seed: int) -> Dataset:
    x, y, x_test, y_test, source = read_fashion_mnist(data_dir)
    held = _held_out(y, split_seed)
    return Dataset(
        "fashion_mnist",
        *(x[~held], y[~held], x[held], y[held], x_test, y_test),
        n_classes=len(FASHION_CLASSES),
        class_names=FASHION_CLASSES,
        source=source,
    )


def _find_fashion_mnist(data_dir: str | Path | None) -> tuple[dict[str, Path], str]:
    """Return {IDX file: path} from the first source that has all four, and that source."""
    variable = os.environ.get(DATA_VARIABLE)
    if data_dir is not None or variable:
        label = "data_dir" if data_dir is not None else DATA_VARIABLE
        directory = Path(os.path.expanduser(data_dir if data_dir is not None else variable or ""))
        paths = max(_files_in(directory), _files_in(directory / "fashion-mnist"), key=len)
        missing = [f"{name}[.gz]" for name in FASHION_FILES if name not in paths]
        if missing:
            raise DataError(
                f"{label} {directory} lacks {', '.join(missing)}: allowed a directory with these "
                "files, or with them in a subfolder fashion-mnist; put them there or name another"
            )
        return paths, f"read from {label} {directory}"
    cache = Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras"))
    cache = cache / "datasets" / "fashion-mnist"
    for directory, label in (
        (cache, "Keras's cache"),
        (DEBIAN_DIR, "the Debian package dataset-fashion-mnist in"),
    ):
        paths = _files_in(directory)
        if len(paths) == len(FASHION_FILES):
            return paths, f"read from {label} {directory}"
    _download(cache)
    return _files_in(cache), f"downloaded from {BASE_URL} to {cache}"


def _files_in(folder: Path) -> dict[str, Path]:
    """Return {IDX file: path} for those in a folder; a plain file is preferred to a gzipped one."""
    # os.path.isfile, because Path.is_file raises for a folder that may not be entered.
    return {
        name: path
        for name in FASHION_FILES
        for path in (folder / f"{name}.gz", folder / name)
        if os.path.isfile(path)
    }


def _download(cache: Path) -> None:
    """Download the files that ``cache`` lacks; DataError with all remedies on failure."""
    timeout = socket.getdefaulttimeout()
    _LOG.info("downloading Fashion-MNIST (30 MB) from %s", BASE_URL)
    try:
        get_file = importlib.import_module("keras.utils").get_file
        cache.mkdir(parents=True, exist_ok=True)
        socket.setdefaulttimeout(NETWORK_TIMEOUT)  # get_file has no timeout of its own
        # Moved into the cache when complete, so that no other process reads half a file; stdout
        # would get a progress bar for each file.
        with (
            tempfile.TemporaryDirectory(dir=cache) as staging,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            for name in [name for name in FASHION_FILES if name not in _files_in(cache)]:
                path = get_file(
                    f"{name}.gz",
                    origin=f"{BASE_URL}{name}.gz",
                    file_hash=FASHION_FILES[name][1],
                    hash_algorithm="sha256",
                    cache_subdir="fashion-mnist",
                    cache_dir=staging,
                )
                os.replace(path, cache / f"{name}.gz")
    except Exception as error:  # get_file raises Exception itself
        reason = _one_line(error)
        raise DataError(
            f"Fashion-MNIST was not found and not downloaded ({reason}): {_REMEDIES}"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)


def _read_idx(path: Path, sha256: str) -> npt.NDArray[np.uint8]:
    """Read an IDX file of bytes, gzipped or not; DataError when its content is not the expected."""
    try:
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read ({_one_line(error)}): delete it, then {_REMEDIES}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path} is damaged: its content has the sha256 {found}, allowed {sha256}; delete it, "
            f"then {_REMEDIES}"
        )
    start = 4 + 4 * content[3]  # the fourth byte is the number of dimensions
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _held_out(labels: Labels, seed: int) -> npt.NDArray[np.bool_]:
    """Mark one sixth of each class (rounded down, at least one image) for validation."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        held[rng.permutation(members)[: max(1, len(members) // 6)]] = True
    return held


def _load_npz(path: Path, name: str, source: str, split_seed: int) -> Dataset:
    """Read and check an .npz file; its validation images are drawn when it has none."""
    arrays = _read_npz(path)
    parts = (
        ("train", "val", "test") if "x_val" in arrays or "y_val" in arrays else ("train", "test")
    )
    for key in (f"{axis}_{part}" for part in parts for axis in "xy"):
        if key not in arrays:
            raise DataError(f"{path} has no array {key}: {_NPZ_REMEDY}")
    x = {part: _images(f"{path}: x_{part}", arrays[f"x_{part}"]) for part in parts}
    y = {part: _labels(f"{path}: y_{part}", arrays[f"y_{part}"], len(x[part])) for part in parts}
    for part in parts[1:]:
        _check_alike(f"{path}: x_{part}", x[part], x["train"])
    n_classes = _count_classes(f"{path}: y_train", y["train"])
    for part in parts[1:]:
        top = int(y[part].max())
        if top >= n_classes:
            raise DataError(
                f"{path}: y_{part} has the label {top}: allowed 0..{n_classes - 1}, the classes of "
                "y_train; add training images of that class or leave its images out"
            )
    if "val" not in parts:
        _check_can_hold_out(f"{path}: y_train", y["train"])
        held = _held_out(y["train"], split_seed)
        x["val"], y["val"] = x["train"][held], y["train"][held]
        x["train"], y["train"] = x["train"][~held], y["train"][~held]
    return Dataset(
        name,
        *(x["train"], y["train"], x["val"], y["val"], x["test"], y["test"]),
        n_classes=n_classes,
        class_names=_class_names(f"{path}: class_names", arrays.get("class_names"), n_classes),
        source=source,
    )


def _read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read those of _NPZ_ARRAYS that the file has; DataError for a missing or damaged file."""
    if not os.path.isfile(path):
        raise DataError(
            f"{path} is not a file: allowed {', '.join(DATASETS)}, or the path of an existing .npz "
            "file; correct the path"
        )
    key = "archive"
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("not a zip archive")
        arrays = {}
        # Opened here, because np.load leaves the file open when the archive is damaged.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as npz:
            for key in [key for key in _NPZ_ARRAYS if key in npz]:
                arrays[key] = npz[key]
                if not isinstance(arrays[key], np.ndarray):  # bytes of what is no .npy file
                    raise ValueError("not an array")
        return arrays
    except Exception as error:  # a damaged zip raises a dozen classes
        reason = _one_line(error)
        raise DataError(f"{path}: {key} cannot be read ({reason}): {_NPZ_REMEDY}") from error


def _images(where: str, array: npt.NDArray[Any]) -> Images:
    """Check one array of images and return it as (n, height, width, channels)."""
    if array.ndim not in (3, 4):
        raise DataError(
            f"{where} has the shape {array.shape}: allowed (n, height, width) or (n, height, "
            "width, channels); reshape it"
        )
    if array.size == 0:
        raise DataError(
            f"{where} is empty (shape {array.shape}): allowed one image or more, of one pixel or "
            "more; add images"
        )
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(
            f"{where} has the dtype {array.dtype}: allowed uint8 (0-255) or floating (0-1); use "
            ".astype('uint8')"
        )
    with np.errstate(invalid="ignore"):
        low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # not (...), so that NaN fails too
        raise DataError(
            f"{where} has values from {low} to {high}: allowed finite values from 0 to 1; rescale "
            "them, or store values from 0 to 255 as uint8"
        )
    return array.astype(np.float32, copy=False)


def _check_alike(where: str, images: Images, training: Images) -> None:
    """Raise DataError unless images have the training images' shape and dtype."""
    if images.shape[1:] != training.shape[1:]:
        raise DataError(
            f"{where} has images of shape {images.shape[1:]}: allowed {training.shape[1:]}, the "
            "shape of x_train's; resize them"
        )
    if images.dtype != training.dtype:
        raise DataError(
            f"{where} has the dtype {images.dtype}: allowed {training.dtype}, that of x_train; "
            "store both as uint8 (0-255) or both as floats (0-1)"
        )


def _labels(where: str, array: npt.NDArray[Any], n_images: int) -> Labels:
    """Check one array of labels and return it as (n_images,) int64."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            f"{where} has the shape {array.shape}: allowed (n,) or (n, 1); turn one-hot rows into "
            "labels with .argmax(axis=1)"
        )
    if not np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"{where} has the dtype {array.dtype}: allowed integers; convert whole-numbered labels "
            "with .astype('int64')"
        )
    if len(array) != n_images:
        raise DataError(
            f"{where} has {len(array)} labels: allowed {n_images}, one for each image; correct it"
        )
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > np.iinfo(np.int64).max:
        raise DataError(
            f"{where} has the label {low if low < 0 else high}: allowed 0..n_classes-1; renumber "
            "the classes from 0"
        )
    return array.astype(np.int64)


def _count_classes(where: str, labels: Labels) -> int:
    """Return the number of classes; DataError when the labels are not 0..n-1, n >= 2."""
    present = np.unique(labels)
    top = int(present[-1])
    if len(present) <= top:
        gap = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise DataError(
            f"{where} has labels up to {top} and none of class {gap}: allowed 0..n_classes-1 with "
            "every class present; renumber the classes from 0 without gaps"
        )
    if top == 0:
        raise DataError(
            f"{where} has 1 class: allowed 2 classes or more; add images of another class"
        )
    return top + 1


def _check_can_hold_out(where: str, labels: Labels) -> None:
    """Raise DataError unless every class has an image to hold out and one left to train on."""
    counts = np.bincount(labels)
    if counts.min() < 2:
        raise DataError(
            f"{where} has 1 image of class {counts.argmin()}: allowed 2 or more of each class, "
            "since validation images are held out; add images, or add x_val and y_val"
        )


def _class_names(where: str, array: npt.NDArray[Any] | None, n_classes: int) -> tuple[str, ...]:
    """Return the names in ``array``, or "0", "1", ... without one."""
    if array is None:
        return tuple(str(label) for label in range(n_classes))
    if array.dtype.kind != "U" or array.shape != (n_classes,):
        raise DataError(
            f"{where} has the dtype {array.dtype} and the shape {array.shape}: allowed "
            f"{n_classes} strings, shape ({n_classes},), one for each class; correct it"
        )
    return tuple(str(name) for name in array)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a C-contiguous read-only view; the caller's own array stays as it is."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _one_line(error: BaseException) -> str:
    """An exception's message, or its class without one, on one line."""
    return " ".join(str(error).split()) or type(error).__name__
