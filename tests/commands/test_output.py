"""commands.output: a search goes on, whatever becomes of what it writes to."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import drivers
import pytest
from command import GENOME, SMALL, run_main

from deap_nas.commands.output import Steady, say

pytestmark = pytest.mark.usefixtures("no_page")


class NoTerminal:
    """What some programs put in the place of standard output."""

    def write(self, text: str) -> int:
        return len(text)


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


def narrow() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


STREAMS = {"none": lambda: None, "bare": NoTerminal, "closed": closed, "broken": Broken}
STREAMS |= {"ascii": narrow}


@pytest.mark.parametrize("name", STREAMS)
def test_a_run_ends_whatever_its_streams_are(home, stub, data, monkeypatch, name):
    arguments = ("--dataset", data, "--no-cache", *SMALL)
    assert run_main(*arguments, "--out", "plain") == 0
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, STREAMS[name]())
    assert run_main(*arguments, "--out", "图像") == 0
    monkeypatch.undo()
    expected = drivers.outcome(home / "plain")
    assert not drivers.differences(expected, drivers.outcome(home / "图像"))


SHELL = {
    "a reader that leaves": "{command} | head -1",
    "closed": "{command} >&-",
    "all closed": "{command} <&- >&- 2>&-",
    "full": "{command} > /dev/full",
}


@pytest.mark.parametrize("how", SHELL)
def test_a_command_goes_on_without_its_streams(home, data, how):
    words = ("--dataset", data, "--no-cache", "--out", "run", "--seed", 3, *SMALL)
    words += ("--finalists", 0)
    told = " ".join(drivers.plainly(words))
    program = f"{sys.executable} {drivers.TESTS / 'drivers.py'} {told}"
    script = f"set -o pipefail; {SHELL[how].format(command=program)}"
    done = shell(script)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) <= 1
    assert drivers.stub_cli(*words[:3], "--out", "plain", *words[5:]).returncode == 0
    expected = drivers.outcome(home / "plain")
    assert not drivers.differences(expected, drivers.outcome(home / "run"))


def shell(script: str) -> Any:
    """As a user's shell runs it: Python keeps what it writes in a buffer."""
    environment = drivers.environment()
    environment.pop("PYTHONUNBUFFERED", None)
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )


@pytest.mark.parametrize("words", ["deap_nas.run --help", "deap_nas space wide", "deap_nas"])
def test_so_do_the_others(home, words):
    for reader in ("| true", ">&-", "> /dev/full"):
        done = shell(f"{sys.executable} -m {words} {reader}")
        assert (done.returncode, done.stderr) == (0, "")


def test_json_that_does_not_get_through_is_an_error(home, stub, data, monkeypatch, capsys):
    from deap_nas.commands import train

    words = [GENOME, "--json", "--no-cache", "--dataset", str(data)]
    assert train.main(words) == 0
    capsys.readouterr()
    monkeypatch.setattr(sys, "stdout", Broken())
    assert train.main(words) == 1
    assert capsys.readouterr().err.startswith("error: standard output takes no JSON")
    with Path("out.json").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        assert train.main(words) == 0
    assert json.loads(Path("out.json").read_text())["status"] == "ok"


def test_letters_that_a_stream_lacks_are_replaced(monkeypatch):
    stream = narrow()
    monkeypatch.setattr(sys, "stdout", stream)
    assert say("best 0.5 · 图像")
    assert stream.buffer.getvalue() == b"best 0.5 ? ??\n"  # type: ignore[attr-defined]
    monkeypatch.undo()
    assert not Steady(NoTerminal()).isatty()
