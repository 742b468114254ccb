"""Real Dask clusters on this machine: a scheduler, and workers that come and are killed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drivers
import psutil
from drivers import wait_until

SUPPORT = Path(__file__).parent
PATIENCE = 120  # seconds for processes that import Dask on a busy machine
QUIET = {"DASK_LOGGING__DISTRIBUTED": "error"}


class Cluster:
    """``dask scheduler`` and ``dask worker``, each a process of its own, as a user starts them.

    Args:
        folder: for their files.
        protocol: "tcp" or "tls".
    """

    def __init__(self, folder: Path, protocol: str = "tcp") -> None:
        self._folder = folder
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            "scheduler",
            *(
                "--host",
                f"{protocol}://127.0.0.1",
                "--port",
                "0",
                "--scheduler-file",
                str(self.file),
            ),
            "--no-dashboard",
        )
        self.address = str(json.loads(wait_until(self._written, PATIENCE))["address"])

    def _written(self) -> str:
        """What the scheduler's file says, once it is whole."""
        text = self.file.read_text() if self.file.exists() else ""
        return text if text.rstrip().endswith("}") else ""

    def add_worker(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """A plain ``dask worker`` with one thread."""
        words = ("worker", self.address, "--nthreads", "1", "--no-dashboard", *options)
        folder = ("--local-directory", str(self._folder / f"scratch-{len(self.workers)}"))
        self.workers.append(self._start(*words, *folder, **variables))
        return self.workers[-1]

    def add_workers(self, count: int, *options: str) -> None:
        for _ in range(count):
            self.add_worker(*options)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ask it to end, as Ctrl-C does."""
        process.terminate()
        process.wait()

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """With all its children, as a machine that is switched off."""
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in [*self.workers, self.scheduler]:
            if process.poll() is None:
                self.kill(process)

    def _start(self, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(drivers.ROOT), str(SUPPORT)])
        environment = {**os.environ, **QUIET, "PYTHONPATH": path, **variables}
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextlib.contextmanager
def cluster(folder: Path, count: int = 0, protocol: str = "tcp") -> Iterator[Cluster]:
    """A cluster of so many workers."""
    made = Cluster(folder, protocol)
    try:
        made.add_workers(count)
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def client_of(made: Cluster, count: int = 0, **settings: Any) -> Iterator[Any]:
    """A client, when so many workers are there."""
    from distributed import Client

    with Client(made.address, **settings) as client:
        wait_until(lambda: len(client.nthreads()) >= count, PATIENCE)
        yield client


def processes_of(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that train, of a Dask worker."""
    return drivers.workers_of(worker.pid)
