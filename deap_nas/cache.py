"""What was measured once is never measured again: ``joblib.Memory`` behind a checksum."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from deap_nas.fitness import Evaluation
from deap_nas.train import Trained, Weights

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

        from deap_nas.memo import remember

        self.folder = Path(folder)
        self._writable = True
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(f"cache folder {self.folder} cannot be made: {error.strerror}") from error
        memory = joblib.Memory(self.folder, verbose=0)
        self._remember: Any = memory.cache(remember, ignore=["produce"])

    def get(self, key: str) -> Trained | None:
        """The training under ``key``; None if there is none, or it is damaged (with a warning)."""
        if not self._remember.check_call_in_cache(key, None):
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib's own, on what it cannot load
                return unpack(self._remember(key, _nothing))
        except Exception as error:
            warnings.warn(
                f"damaged cache entry set aside and trained anew ({error}): {key}",
                CacheWarning,
                stacklevel=2,
            )
            self._discard(key)
            return None

    def put(self, key: str, trained: Trained) -> None:
        """Keep a training, unless another run would give another outcome."""
        if trained.evaluation.status not in KEPT or not self._writable:
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # joblib only warns where it cannot write
                self._remember(key, lambda: pack(trained))
        except Exception as error:
            self._writable = False
            warnings.warn(
                f"cache folder {self.folder} takes no entries ({error}): results of this run are "
                "kept in its own folder alone",
                CacheWarning,
                stacklevel=2,
            )

    def _discard(self, key: str) -> None:
        try:
            self._remember.store_backend.clear_item(self._call_id(key))
        except Exception:  # read-only: it will be warned of again
            self._writable = False

    def _call_id(self, key: str) -> tuple[str, str]:
        func_id: str = self._remember.func_id
        return func_id, self._remember._get_args_id(key, None)


def _nothing() -> Any:
    raise LookupError("unreadable")


def pack(trained: Trained) -> str:
    """A training as one text: its sha256, then JSON."""
    weights = io.BytesIO()
    np.savez_compressed(weights, *trained.weights)
    body = json.dumps(
        {
            "evaluation": trained.evaluation.to_dict(),
            "weights": base64.b64encode(weights.getvalue()).decode(),
        }
    )
    return f"{_digest(body)}\n{body}"


def unpack(text: Any) -> Trained:
    """The inverse of ``pack``.

    Raises:
        ValueError: if the text is not what was packed.
    """
    digest, _, body = str(text).partition("\n")
    if digest != _digest(body):
        raise ValueError("checksum differs")
    content = json.loads(body)
    return Trained(
        Evaluation.from_dict(content["evaluation"]),
        load_weights(base64.b64decode(content["weights"])),
    )


def load_weights(data: bytes) -> Weights:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return [arrays[f"arr_{i}"] for i in range(len(arrays.files))]


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
