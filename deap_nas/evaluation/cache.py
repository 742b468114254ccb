"""What was measured once is never measured again: ``joblib.Memory`` behind a checksum."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

from deap_nas.evaluation.fitness import Evaluation
from deap_nas.evaluation.worker import one_line
from deap_nas.training.trainer import Trained, pack_weights, unpack_weights

KEPT = ("ok", "diverged")  # what would come out the same again


class CacheWarning(UserWarning):
    """An entry is damaged, or cannot be stored; the search goes on without it."""


class Cache:
    """Trainings by key, in a folder that other searches may share or that is read-only.

    The key is one canonical JSON text. Only measurements are kept, never a fitness, so that another
    fitness trains nothing anew.
    """

    def __init__(self, folder: str | Path) -> None:
        import joblib

        from deap_nas.evaluation.memo import remember

        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"cache {folder} is a file: name a folder, or use no cache")
        self._writable = True
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib's own; ours are below
                memory = joblib.Memory(self.folder, verbose=0)
                self._remember: Any = memory.cache(remember, ignore=["produce"])
        except OSError as error:
            self._remember = None
            self._warn(f"cache folder {folder} cannot be used ({error.strerror})")

    def get(self, key: str) -> Trained | None:
        """The training under ``key``; None if there is none, or it is damaged (with a warning)."""
        # joblib's entries without its check of the function's code, which empties the cache when
        # a file beside the entries is damaged, and writes where only reading is allowed.
        if self._remember is None:
            return None
        store, item = self._remember.store_backend, self._item(key)
        try:
            if not store.contains_item(item):
                return None
            return unpack(key, store.load_item(item, verbose=0))
        except Exception as error:
            self._set_aside(item)
            self._warn(
                f"damaged cache entry set aside, and trained anew ({one_line(error)}): {key}"
            )
            return None

    def put(self, key: str, trained: Trained) -> None:
        """Keep a training, unless another run would give another outcome."""
        if self._remember is None or not self._writable or trained.evaluation.status not in KEPT:
            return
        store, item = self._remember.store_backend, self._item(key)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # joblib only warns where it cannot write
                store.dump_item(item, pack(key, trained), verbose=0)
        except Exception as error:
            self._writable = False
            self._warn(f"cache folder {self.folder} takes no entries ({one_line(error)})")

    def _set_aside(self, item: tuple[str, str]) -> None:
        aside = self.folder / "damaged"
        with contextlib.suppress(OSError):
            aside.mkdir(exist_ok=True)
            shutil.rmtree(aside / item[1], ignore_errors=True)
            Path(self._remember.store_backend.location, *item).rename(aside / item[1])

    def _item(self, key: str) -> tuple[str, str]:
        return self._remember.func_id, self._remember._get_args_id(key, None)

    def _warn(self, text: str) -> None:
        warnings.warn(f"{text}; results of this run are kept all the same", CacheWarning, 3)


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
