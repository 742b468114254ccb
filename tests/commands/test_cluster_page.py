"""The three commands of docs/cluster.md, followed to the letter on one machine."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import clusters
import drivers
import pytest
from docs_blocks import ROOT, blocks
from drivers import wait_until

pytest.importorskip("distributed", reason="needs the extra dask")
pytestmark = pytest.mark.cluster

FEW = "--population 2 --generations 0 --epochs 1 --finalists 0 --no-cache --no-report --out run"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def terminal(command: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs meanwhile, and hears of Ctrl-C in the end."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**drivers.environment(), **clusters.QUIET, "PATH": path}
    with (folder / "terminals.txt").open("ab") as log:
        process = subprocess.Popen(
            shlex.split(command), cwd=folder, env=environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(clusters.PATIENCE)


def test_the_three_commands(home: Path, data: Path) -> None:
    from dask.system import CPU_COUNT
    from distributed import Client

    page = ROOT / "docs" / "cluster.md"
    block = next(each for each in blocks(page) if each.text.startswith("dask scheduler\n"))
    address = f"127.0.0.1:{free_port()}"
    scheduler, worker, search = block.text.replace("HOST:8786", address).splitlines()
    scheduler += f" --host 127.0.0.1 --port {address.partition(':')[2]}"
    with terminal(scheduler, home), terminal(worker, home), Client(address) as client:
        wait_until(lambda: len(client.nthreads()) == CPU_COUNT, clusters.PATIENCE)
        assert set(client.nthreads().values()) == {1}, "one core each"
        with terminal(f"{search} {FEW} --dataset {data}", home) as process:
            assert process.wait(clusters.PATIENCE) == 0, (home / "terminals.txt").read_text()
    assert (home / "run" / "result.json").exists()
