"""Commands in a program's thread that is not the main one, as in a Jupyter or a web server."""

from __future__ import annotations

import concurrent.futures
import signal
import threading
import warnings
from typing import Any

import drivers
import pytest
from command import GENOME, SMALL, run_main

from deap_nas.__main__ import main
from deap_nas.commands.options import quiet, terminable

pytestmark = pytest.mark.usefixtures("no_page")


def in_a_thread(work: Any, *arguments: Any) -> Any:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(work, *arguments).result(120)


def test_a_run_ends_as_in_the_main_thread(home, stub, data, capsys):
    arguments = ("--dataset", data, "--no-cache", *SMALL)
    assert run_main(*arguments, "--out", "main") == 0
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert in_a_thread(run_main, *arguments, "--out", "thread") == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert not drivers.differences(*(drivers.outcome(home / name) for name in ("main", "thread")))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "command",
    [
        ["space", "paper", "--draw", "1"],
        ["train", GENOME, "--no-cache", "--dataset", "DATA"],
        ["report", "RUN", "--no-tensorflow"],
        ["compare", "RUN", "--out", "page.html"],
    ],
    ids=lambda command: command[0],
)
def test_so_do_all_commands(home, stub, data, command, capsys):
    assert run_main("--dataset", data, "--no-cache", "--out", "run", *SMALL) == 0
    names = {"DATA": str(data), "RUN": "run"}
    assert in_a_thread(main, [names.get(word, word) for word in command]) == 0
    assert capsys.readouterr().err == ""


def test_several_at_once(home, stub, data):
    """Their searches do not mix, and the program has its warnings back."""
    arguments = ("--dataset", data, "--no-cache", *SMALL)
    assert run_main(*arguments, "--out", "alone") == 0
    filters, show = list(warnings.filters), warnings.showwarning
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(run_main, *arguments, "--out", f"run{i}") for i in range(3)]
        assert [run.result(120) for run in runs] == [0, 0, 0]
    assert (warnings.filters, warnings.showwarning) == (filters, show)
    expected = drivers.outcome(home / "alone")
    for i in range(3):
        assert not drivers.differences(expected, drivers.outcome(home / f"run{i}"))


def test_warnings_come_back_when_the_last_command_ends():
    show = warnings.showwarning
    first, second = threading.Event(), threading.Event()

    def work() -> None:
        with quiet():
            first.set()
            second.wait(20)

    thread = threading.Thread(target=work)
    with quiet():
        thread.start()
        first.wait(20)
    assert warnings.showwarning is not show
    second.set()
    thread.join()
    assert warnings.showwarning is show


def test_a_handler_that_is_not_pythons_does_not_stop_it(monkeypatch):
    handlers: list[Any] = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: handlers.append(handler))
    with terminable():
        assert len(handlers) == 2
    assert handlers[2:] == [signal.SIG_DFL, signal.SIG_DFL]
