"""A Dask worker's side of ``dask``: it keeps what trains, and supervises one process of its own.

What a genome does to its process never reaches the Dask worker, which goes on to the next.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deap_nas.evaluation.backend import Outcome
from deap_nas.evaluation.process import Sealed, WorkerStartError
from deap_nas.evaluation.worker import one_line
from deap_nas.evaluation.workers import Workers

KEPT = 2  # parcels of as many searches, the last to come
UNKNOWN, UNFIT = "unknown", "unfit"  # besides the statuses of an outcome: the parcel, this worker
PLUGIN = "deap_nas"


@dataclass(frozen=True)
class Parcel:
    """All that a Dask worker needs of a search; sent once, and known by its hash.

    Args:
        target: the object that trains, pickled, with its data and the texts of its layers.
        args: where the object is a name, what makes it.
        settings: of ``Workers``.
        check: is called on the Dask worker; says why that is not to be used, or nothing.
    """

    target: bytes
    args: tuple[Any, ...]
    settings: dict[str, Any]
    check: Callable[[], str] | None

    def pack(self) -> tuple[str, bytes]:
        """Its hash and its bytes."""
        data = pickle.dumps(self)
        return hashlib.sha256(data).hexdigest(), data


@functools.cache
def version() -> str:
    """The package's version, with a hash of its source: two checkouts may share a number."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\n".encode() + path.read_bytes())
    found = importlib.import_module(__package__.partition(".")[0]).__version__
    return f"{found} (source {digest.hexdigest()[:8]})"


class Supervisor:
    """One process, which does one task at a time, whoever asks."""

    def __init__(self, parcel: Parcel) -> None:
        self._workers = Workers(Sealed(parcel.target), parcel.args, **parcel.settings)
        self._turn = threading.Lock()
        self._wanted: set[str] = set()
        self._busy = ""  # with the task of this key

    def do(self, key: str, task: bytes) -> Outcome:
        """Run a task to its end, unless it is dropped."""
        self._wanted.add(key)
        try:
            with self._turn:
                self._busy = key
                self._workers.submit(pickle.loads(task))
                if key not in self._wanted:
                    self._workers.cancel()
                ended = self._workers.wait()
                return ended[0][1] if ended else Outcome(UNKNOWN)
        except WorkerStartError as error:
            self._workers.cancel()
            return Outcome(UNFIT, reason=one_line(error))
        except Exception as error:
            return Outcome("error", reason=f"unreadable task, {one_line(error)}")
        finally:
            self._wanted.discard(key)

    def drop(self, key: str) -> None:
        """Kill the process, if it is busy with a task that nobody wants any more."""
        self._wanted.discard(key)
        if self._busy == key:
            self._workers.cancel()

    def close(self) -> None:
        self._workers.close()


class Supervisors:
    """The supervisors of one Dask worker, by their parcels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, Supervisor] = OrderedDict()

    def keep(self, name: str, parcel: Parcel) -> None:
        """Make a supervisor; the oldest goes where there are too many."""
        with self._lock:
            if name not in self._found:
                self._found[name] = Supervisor(parcel)
            self._found.move_to_end(name)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)[1].close()

    def do(self, name: str, key: str, task: bytes) -> Outcome:
        """Run a task; its outcome may have the status ``UNKNOWN`` or ``UNFIT``."""
        supervisor = self._found.get(name)
        return supervisor.do(key, task) if supervisor else Outcome(UNKNOWN)

    def drop(self, key: str) -> None:
        """Nobody wants a task any more."""
        for supervisor in list(self._found.values()):
            supervisor.drop(key)

    def forget(self, name: str) -> None:
        """Close a supervisor, if it is there."""
        with self._lock:
            if supervisor := self._found.pop(name, None):
                supervisor.close()

    def close(self) -> None:
        """Close all."""
        for name in list(self._found):
            self.forget(name)


SUPERVISORS = Supervisors()


def enter(name: str, data: bytes, theirs: str, dask_worker: Any) -> str:
    """Keep a parcel; why this Dask worker cannot be used, or "".

    Args:
        name: the parcel's hash.
        data: its bytes.
        theirs: the version of the package that sent it.
        dask_worker: where this runs; Dask gives it.
    """
    if theirs != version():
        return f"it has deap_nas {version()}, and this search {theirs}; install the same there"
    if hashlib.sha256(data).hexdigest() != name:
        return "what it was sent came damaged"
    parcel = pickle.loads(data)
    if why := parcel.check() if parcel.check else "":
        return str(why)
    dask_worker.plugins.setdefault(PLUGIN, make_watchman())
    SUPERVISORS.keep(name, parcel)
    return ""


def work(name: str, key: str, data: bytes) -> Outcome:
    """The one function that is submitted to Dask: do a task, pickled, by a parcel kept before."""
    return SUPERVISORS.do(name, key, data)


def forget(name: str) -> None:
    """A search is over: end its process."""
    SUPERVISORS.forget(name)


def make_watchman() -> Any:
    """What the Dask worker tells of its tasks, and of its own end."""
    from distributed import WorkerPlugin

    class Watchman(WorkerPlugin):  # type: ignore[misc]  # of a package without types
        def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
            if start == "executing" and finish == "released":  # cancelled, or the client is gone
                SUPERVISORS.drop(str(key))

        def teardown(self, worker: Any) -> None:
            SUPERVISORS.close()

    return Watchman()
