"""evaluation.workers with real processes: what happens to one task never reaches another."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import drivers
import pytest
from drivers import is_running, wait_until
from servants import SECONDS, in_thread, make, one, outcomes

from deap_nas.evaluation.workers import Task


@pytest.fixture(autouse=True)
def no_orphans() -> Iterator[None]:
    yield
    assert drivers.workers_of(os.getpid()) == []


# --- how a task can end


@pytest.mark.parametrize("value", [1, "text", None, [1.5, {"a": (2,)}], b"\x00" * 10])
def test_a_result_comes_back(value):
    outcome = one(("echo", value))
    assert (outcome.status, outcome.value, outcome.reason) == ("ok", value, "")
    assert 0 <= outcome.seconds < SECONDS


def test_an_exception_is_an_error_in_one_line():
    outcome = one(("fail", "not\n  this way"))
    assert (outcome.status, outcome.value) == ("error", None)
    assert outcome.reason == "ValueError: not this way"


def test_a_long_reason_is_cut():
    assert len(one(("fail", "x" * 10_000)).reason) == 300


def test_an_exception_that_cannot_say_why_is_an_error_too():
    outcome = one(("fail_without_text",))
    assert outcome.status == "error"
    assert "BadText" in outcome.reason


def test_a_hanging_task_times_out():
    start = time.monotonic()
    with make(max_seconds=0.5) as workers:
        late, good = outcomes(workers, ("sleep", 1000), ("echo", 1))
    assert (late.status, late.reason) == ("timeout", "over 0.5 s")
    assert good.value == 1
    assert time.monotonic() - start < SECONDS


def test_the_clock_starts_when_the_worker_does():
    """A start that takes longer than the limit is not the task's fault."""
    with make(max_seconds=0.05) as workers:
        assert outcomes(workers, ("echo", 1))[0].status == "ok"


def test_a_task_may_be_free_of_the_limits():
    """Scoring and saving the winner at the end of a search."""
    with make(max_seconds=0.2, max_memory=1) as workers:
        ((_, outcome),) = workers.run([Task(0, "sleep", (1.0,), limited=False)])
    assert outcome.status == "ok"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("exit", 3), "exit code 3"),
        (("exit", 0), "exit code 0"),
        (("leave",), "exit code 4"),
        (("kill",), "signal 9"),
    ],
)
def test_a_task_that_ends_its_process_is_killed(call, reason):
    outcome = one(call)
    assert outcome.status == "killed"
    assert reason in outcome.reason


def test_an_unpicklable_result_is_an_error():
    outcome = one(("unpicklable",))
    assert (outcome.status, outcome.value) == ("error", None)
    assert "does not pickle" in outcome.reason


def test_a_result_that_does_not_unpickle_is_an_error_of_its_task_alone():
    with make(count=2) as workers:
        bad, good = outcomes(workers, ("ununpicklable",), ("sleep", 0.5))
    assert bad.status == "error"
    assert "does not unpickle" in bad.reason
    assert good.status == "ok"


def test_huge_results_come_whole():
    with make(count=2) as workers:
        found = outcomes(workers, *[("huge", 50)] * 3)
    assert [len(outcome.value) for outcome in found] == [50 * 2**20] * 3


def test_a_huge_task_goes_whole():
    assert one(("echo", b"x" * 50_000_000)).value == b"x" * 50_000_000


def test_too_much_memory_is_oom_and_a_clean_failure_keeps_the_worker():
    with make(max_memory=300) as workers:
        pid, oom, after = outcomes(workers, ("pid",), ("allocate", 1000), ("pid",))
    assert oom.status == "oom"
    assert oom.reason
    assert (pid.status, after.status) == ("ok", "ok")


def test_memory_under_the_limit_is_fine():
    assert one(("allocate", 50), max_memory=400).value == 50


def test_the_parent_watches_memory_too(monkeypatch):
    """Where the operating system does not limit: slow growth is seen from outside."""
    with make(max_memory=1) as workers:  # a limit below what the interpreter alone takes
        outcome = outcomes(workers, ("sleep", 1000))[0]
    assert outcome.status == "oom"
    assert "allowed 1" in outcome.reason


# --- one task's fate is its own


def test_other_tasks_go_on_undisturbed(tmp_path):
    """The long ones are each begun once, though every kind of failure happens beside them."""
    log = tmp_path / "log"
    with make(log, count=2, max_seconds=8, max_memory=500) as workers:
        found = outcomes(
            workers,
            ("mark_and_sleep", "long", 3),
            *(("fail", "x"), ("exit", 1), ("kill",), ("allocate", 1000), ("unpicklable",)),
            *[("echo", i) for i in range(20)],
        )
    statuses = [outcome.status for outcome in found]
    assert statuses[0] == "ok"
    assert statuses[1:5] == ["error", "killed", "killed", "oom"]
    assert [outcome.value for outcome in found[6:]] == list(range(20))
    assert len(log.read_text().splitlines()) == 1


def test_a_timeout_leaves_its_neighbour_alone():
    with make(count=2, max_seconds=3) as workers:
        late, good = outcomes(workers, ("sleep", 1000), ("sleep", 2))
    assert (late.status, good.status) == ("timeout", "ok")


def test_one_task_may_be_given_again_while_it_runs():
    task = Task(None, "echo", ("again",))
    with make(count=2) as workers:
        found = list(workers.run([task] * 5))
    assert [outcome.value for _, outcome in found] == ["again"] * 5
    assert all(told is task for told, _ in found)


def kill_marked(log: Path, nth: int, number: int = signal.SIGKILL) -> None:
    """Kill the worker that wrote the nth line."""
    line = wait_until(lambda: log.exists() and log.read_text().split("\n")[nth:-1], SECONDS)[0]
    os.kill(int(line.split()[-1]), number)


def test_a_worker_killed_from_outside_once_costs_nothing(tmp_path):
    log = tmp_path / "log"
    killer = in_thread(kill_marked, log, 0)
    with make(log) as workers:
        (outcome,) = outcomes(workers, ("mark_and_sleep", "a", 1))
    killer.join()
    first, second = (int(line.split()[-1]) for line in log.read_text().splitlines())
    assert outcome.status == "ok"
    assert outcome.value == second != first


def test_a_worker_killed_twice_fails_its_task(tmp_path):
    log = tmp_path / "log"
    killers = [in_thread(kill_marked, log, nth) for nth in (0, 1)]
    with make(log) as workers:
        killed, after = outcomes(workers, ("mark_and_sleep", "a", 30), ("echo", 1))
    for killer in killers:
        killer.join()
    assert (killed.status, after.value) == ("killed", 1)
    assert "signal 9" in killed.reason
    assert len(log.read_text().splitlines()) == 2


def test_the_second_try_counts(tmp_path):
    assert one(("die_the_first_time", str(tmp_path / "mark"))).value == "second try"


def test_an_idle_worker_that_died_is_replaced():
    with make(count=2) as workers:
        before = [outcome.value for outcome in outcomes(workers, ("sleep", 0.3), ("sleep", 0.3))]
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: not is_running(pid))
        after = outcomes(workers, ("pid",), ("pid",))
    assert [outcome.status for outcome in after] == ["ok", "ok"]
    assert not {outcome.value for outcome in after} & set(before)
