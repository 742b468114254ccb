"""Runs that are in use, and runs that are stopped."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import drivers
import pytest
from command import SMALL, refused, run_main

pytestmark = pytest.mark.usefixtures("no_page")


def begin(home: Path, data: Path, seconds: float, *more: Any, **variables: str) -> Any:
    """A run with stub training in the background that has trained at least two genomes."""
    variables = {"STUB_SECONDS": str(seconds), drivers.MARK: str(home), **variables}
    arguments = ("--dataset", data, "--out", home / "run", "--no-cache", *SMALL[:4])
    process = drivers.start(*arguments, "--workers", 2, *more, **variables)
    drivers.wait_until(lambda: len(drivers.lines_of(home / "run")) >= 2, 60)
    return process


def test_a_directory_in_use_is_refused(home, stub, data, capsys):
    process = begin(home, data, 1)
    try:
        for more in ((), ("--generations", 9)):
            refused(lambda more=more: run_main("--resume", "run", *more), capsys, "in use")
    finally:
        process.kill()
        process.communicate()
    assert run_main("--resume", "run") == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_a_signal_it_says_how_to_go_on(home, stub, data, number, status):
    assert run_main("--dataset", data, "--out", "undisturbed", *SMALL) == 0
    process = begin(home, data, 1)
    assert len(drivers.marked_workers(str(home))) == 2
    start = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 5
    assert process.returncode == status, err
    assert f"python -m deap_nas.run --resume {home / 'run'}" in out
    assert "Traceback" not in out + err
    drivers.wait_until(lambda: not drivers.marked_workers(str(home)), 5)
    assert run_main("--resume", "run") == 0
    expected = drivers.outcome(home / "undisturbed")
    assert not drivers.differences(expected, drivers.outcome(home / "run"))


def test_a_second_ctrl_c_is_immediate(home, stub, data):
    process = begin(home, data, 1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode in (130, -signal.SIGINT)
    drivers.wait_until(lambda: not drivers.marked_workers(str(home)), 5)


def test_ctrl_c_before_anything_is_written_is_no_traceback(home, data):
    process = drivers.start("--dataset", data, "--out", home / "run", *SMALL, stub=False)
    maps = Path(f"/proc/{process.pid}/maps")
    drivers.wait_until(lambda: "numpy" in maps.read_text())  # it is loading its libraries
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in err


def test_no_worker_outlives_a_run(home, stub, data):
    process = begin(home, data, 0.05)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not drivers.marked_workers(str(home))
