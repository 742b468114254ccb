"""What was measured once is never measured again: ``joblib.Memory`` behind a checksum."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import shutil
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from deap_nas.evaluation.cache_folder import CacheFolder
from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.trained import Trained, pack_weights, unpack_weights
from deap_nas.evaluation.worker import one_line

LARGE = 5 * 10**9  # bytes from which a search warns of the cache's size, once
KEPT = ("ok", "diverged")  # what would come out the same again
REMEDY = "name a folder with --cache, or leave it out with --no-cache"
FILTERS = threading.Lock()  # the filters of warnings are the whole process's


class CacheWarning(UserWarning):
    """An entry is damaged, or cannot be stored, and the search goes on without it; or the cache is
    large."""


def default_cache() -> Path | None:
    """The user's cache folder for this package; None, with a warning, for a user without a home."""
    try:
        folder = Path(platformdirs.user_cache_dir("deap_nas")) / "trainings"
    except RuntimeError:
        folder = Path("~")
    if folder.is_absolute():
        return folder
    text = f"there is no home folder to keep a cache in; {REMEDY}"
    warnings.warn(text, CacheWarning, stacklevel=3)
    return None


class Cache:
    """Trainings by key, in a folder that other searches may share or that is read-only.

    The key is one canonical text. Only measurements are kept, never a fitness, so that another
    fitness trains nothing anew.
    """

    def __init__(self, folder: str | Path) -> None:
        import joblib

        from deap_nas.evaluation.memo import remember

        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"cache {folder} is a file: name a folder, or use no cache")
        self._writable, self._measured = True, False
        self._use = CacheFolder(self.folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _silence():
                memory = joblib.Memory(self.folder, verbose=0)
                self._remember: Any = memory.cache(remember, ignore=["produce"])
        except OSError as error:
            self._remember = None
            self._warn(f"cache folder {folder} cannot be used ({error.strerror}); {REMEDY}")

    def get(self, key: str) -> Trained | None:
        """The training under ``key``; None if there is none, or it is damaged (with a warning)."""
        from joblib.memory import MemorizedResult

        if self._remember is None or not (self._entry(key) / "output.pkl").exists():
            return None
        self._use.hold()
        # Not by calling what joblib memoises: that compares the code first, which empties the
        # cache when a file beside the entries is damaged, and writes where that is forbidden.
        try:
            call = self._remember.func_id, self._entry(key).name
            with _silence():
                kept = MemorizedResult(self.folder, call).get()
            trained = unpack(key, kept)
            self._use.mark(self._entry(key))
            return trained
        except Exception as error:
            self._set_aside(self._entry(key))
            self._warn(
                f"damaged cache entry set aside, and trained anew ({one_line(error)}): {key}"
            )
            return None

    def put(self, key: str, trained: Trained) -> None:
        """Keep a training, unless another run would give another outcome."""
        from joblib.memory import CacheWarning as NotStored

        if self._remember is None or not self._writable or trained.evaluation.status not in KEPT:
            return
        self._use.hold()
        try:
            with _silence():
                warnings.simplefilter("error", NotStored)  # joblib only warns where it cannot write
                self._remember.call(key, lambda: pack(key, trained))
        except Exception as error:
            self._writable = False
            said = f"cache folder {self.folder} takes no entries ({one_line(error)})"
            self._warn(f"{said}; {REMEDY}")
            return
        self._warn_if_large()

    def close(self) -> None:
        """Say that the cache is no longer used; reading and writing it say that it is again."""
        self._use.release()

    def _warn_if_large(self) -> None:
        """Once, at the first training that is kept: to look at every entry takes time."""
        if self._measured:
            return
        self._measured = True
        if (size := sum(entry.size for entry in self._use.entries())) > LARGE:
            warnings.warn(
                f"the cache {self.folder} has come to {size / 1e9:.1f} GB: make it smaller with "
                f"deap-nas cache --cache {self.folder} --keep {LARGE // 10**9}G",
                CacheWarning,
                stacklevel=3,
            )

    def _entry(self, key: str) -> Path:
        """Where joblib keeps what ``remember`` returned for the key."""
        import joblib

        return self.folder / str(self._remember.func_id) / str(joblib.hash({"key": key}))

    def _set_aside(self, entry: Path) -> None:
        aside = self.folder / "damaged"
        with contextlib.suppress(OSError):
            aside.mkdir(exist_ok=True)
            shutil.rmtree(aside / entry.name, ignore_errors=True)
            entry.rename(aside / entry.name)

    def _warn(self, text: str) -> None:
        warnings.warn(f"{text}; results of this run are kept all the same", CacheWarning, 3)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Without joblib's own warnings, in one thread at a time."""
    with FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pack(key: str, trained: Trained) -> str:
    """A training as one text: the sha256 of key and content, then the content as JSON."""
    body = json.dumps(
        {
            "evaluation": trained.evaluation.to_dict(),
            "weights": base64.b64encode(pack_weights(trained.weights)).decode(),
        }
    )
    return f"{_digest(key + body)}\n{body}"


def unpack(key: str, text: Any) -> Trained:
    """The inverse of ``pack``.

    Raises:
        ValueError: if the text is not what was packed under that key.
    """
    digest, _, body = str(text).partition("\n")
    if digest != _digest(key + body):
        raise ValueError("checksum differs")
    content = json.loads(body)
    return Trained(
        Evaluation.from_dict(content["evaluation"]),
        unpack_weights(base64.b64decode(content["weights"])),
    )


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
