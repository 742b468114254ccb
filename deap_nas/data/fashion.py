"""The official Fashion-MNIST: where its four IDX files may be, their checksums, their content."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import logging
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from deap_nas.data.dataset import DataError, Dataset, Images, Labels, held_out, message_of
from deap_nas.data.download import keras_folder, patiently

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
NETWORK_TIMEOUT = 10.0  # seconds without an answer

_REMEDIES = (
    "apt-get install dataset-fashion-mnist, or name a directory that holds its four IDX files "
    f"with --data-dir DIR or {DATA_VARIABLE}, or run once with a network (and TensorFlow "
    "installed), or use --dataset fashion_mnist_mini"
)
_LOG = logging.getLogger(__name__)


def load_fashion_mnist(data_dir: str | Path | None, split_seed: int) -> Dataset:
    """Read the official files; the validation images are drawn from the 60,000."""
    x, y, x_test, y_test, source = read_fashion_mnist(data_dir)
    held = held_out(y, split_seed)
    return Dataset(
        "fashion_mnist",
        *(x[~held], y[~held], x[held], y[held], x_test, y_test),
        n_classes=len(FASHION_CLASSES),
        class_names=FASHION_CLASSES,
        source=source,
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
    cache = _cache()
    for directory, label in (
        (cache, "Keras's cache"),
        (DEBIAN_DIR, "the Debian package dataset-fashion-mnist in"),
    ):
        paths = _files_in(directory)
        if len(paths) == len(FASHION_FILES):
            return paths, f"read from {label} {directory}"
    _download(cache)
    return _files_in(cache), f"downloaded from {BASE_URL} to {cache}"


def fashion_mnist_is_here() -> bool:
    """Whether ``load_fashion_mnist`` would find all files, by ``DEAP_NAS_DATA`` or where they
    usually are, and download none."""
    if os.environ.get(DATA_VARIABLE):
        return True  # what is wrong with it is said when it is read
    return any(len(_files_in(each)) == len(FASHION_FILES) for each in (_cache(), DEBIAN_DIR))


def _cache() -> Path:
    """Where Keras keeps the files."""
    return keras_folder() / "datasets" / "fashion-mnist"


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
    _LOG.info("downloading Fashion-MNIST (30 MB) from %s", BASE_URL)
    try:
        get_file = importlib.import_module("keras.utils").get_file
        cache.mkdir(parents=True, exist_ok=True)
        # Moved into the cache when complete, so that no other process reads half a file.
        with tempfile.TemporaryDirectory(dir=cache) as staging, patiently(NETWORK_TIMEOUT):
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
        reason = message_of(error)
        raise DataError(
            f"Fashion-MNIST was not found and not downloaded ({reason}): {_REMEDIES}"
        ) from error


def _read_idx(path: Path, sha256: str) -> npt.NDArray[np.uint8]:
    """Read an IDX file of bytes, gzipped or not; DataError when its content is not the expected."""
    try:
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be read ({message_of(error)}): delete it, then {_REMEDIES}"
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
