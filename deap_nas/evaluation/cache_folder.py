"""The cache as a folder: what is in it, which searches use it, and how it is made smaller.

Not by joblib's ``reduce_size``: it looks for entries in every folder below, also of others, takes
for the time of use what the file system says (under ``noatime`` that of writing), and cannot leave
what a running search uses.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENTRIES = Path("deap_nas", "memo", "remember")  # where joblib files what memo.remember returned
OUTPUT = "output.pkl"
DAMAGED = "damaged"
SEARCHES = "searches"
SUFFIX = ".held"  # of a running search's lock


@dataclass(frozen=True)
class Entry:
    """A training in the cache.

    Args:
        path: its folder.
        size: of its files, in bytes.
        used: when it was last written or read, in seconds since the epoch.
    """

    path: Path
    size: int
    used: float


@dataclass(frozen=True)
class Pruned:
    """What came of making a cache smaller."""

    deleted: list[Entry]
    kept: list[Entry]
    in_use: list[Entry]  # of those kept: what would have been deleted but for a running search


class CacheFolder:
    """A folder of trainings, which searches may share.

    A search holds a lock in it from its first look into the cache, and each training that it reads
    or writes is marked with the time; so what was used since the oldest running search began is in
    use. Whoever cannot write there holds no lock: then nothing tells that it runs.

    Args:
        path: of the folder, which need not be there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: Any = None

    def entries(self) -> list[Entry]:
        """The trainings, those used longest ago first."""
        return sorted(self._found(self.path / ENTRIES), key=lambda entry: entry.used)

    def damaged(self) -> list[Entry]:
        """What was set aside, never to be read again."""
        return list(self._found(self.path / DAMAGED))

    def mark(self, entry: Path) -> None:
        """Note that an entry is used now; its time of writing stays."""
        with contextlib.suppress(OSError):
            output = entry / OUTPUT
            os.utime(output, ns=(time.time_ns(), output.stat().st_mtime_ns))

    def hold(self) -> None:
        """Say that a search uses the cache from now on, until ``release`` or its process ends."""
        import filelock

        if self._lock is None:
            name = f"{time.time():.3f}-{uuid.uuid4().hex}{SUFFIX}"
            self._lock = filelock.FileLock(self.path / SEARCHES / name, thread_local=False)
            with contextlib.suppress(OSError):
                (self.path / SEARCHES).mkdir(parents=True, exist_ok=True)
                self._lock.acquire(timeout=0)

    def release(self) -> None:
        """Say that the search is over."""
        if self._lock is not None:
            self._lock.release()
            with contextlib.suppress(OSError):
                Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock = None

    def searches(self) -> list[float]:
        """When each search that runs now began, in seconds since the epoch."""
        return sorted(
            float(path.name.partition("-")[0])
            for path in (self.path / SEARCHES).glob(f"*{SUFFIX}")
            if _is_held(path)
        )

    def prune(self, keep: float | None = None, older_than: float | None = None) -> Pruned:
        """Delete what was set aside as damaged, and of the trainings those used longest ago.

        Args:
            keep: bytes that may stay; None for any number.
            older_than: seconds since the last use after which an entry goes; None for never.

        Raises:
            OSError: where the folder cannot be changed.
        """
        entries = self.entries()
        since = min(self.searches(), default=float("inf"))
        left = sum(entry.size for entry in entries)
        oldest = float("-inf") if older_than is None else time.time() - older_than
        deleted, kept, in_use = self.damaged(), list[Entry](), list[Entry]()
        for entry in entries:
            wanted = entry.used >= oldest and (keep is None or left <= keep)
            if wanted or entry.used >= since:
                kept.append(entry)
                in_use += [] if wanted else [entry]
                continue
            deleted.append(entry)
            left -= entry.size
        for entry in deleted:
            _delete(entry.path)
        return Pruned(deleted, kept, in_use)

    def _found(self, folder: Path) -> Iterator[Entry]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for each in os.scandir(folder):
                if each.is_dir():
                    # Somebody else may delete it meanwhile.
                    with contextlib.suppress(FileNotFoundError):
                        yield _entry(Path(each.path))


def _entry(path: Path) -> Entry:
    files = {each.name: each.stat() for each in os.scandir(path)}
    found = files.get(OUTPUT) or path.stat()
    return Entry(
        path, sum(each.st_size for each in files.values()), max(found.st_atime, found.st_mtime)
    )


def _is_held(path: Path) -> bool:
    """Whether the search that made a lock runs; a lock that a killed one left is deleted."""
    import filelock

    try:
        with filelock.FileLock(path, timeout=0):
            pass
    except (filelock.Timeout, OSError):
        return True
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    return False


def _delete(entry: Path) -> None:
    """At once, so that nobody reads half of it."""
    gone = entry.with_name(f"{entry.name}.deleted")
    try:
        entry.rename(gone)
    except FileNotFoundError:
        return
    shutil.rmtree(gone, ignore_errors=True)
