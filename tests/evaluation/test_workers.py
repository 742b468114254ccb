"""evaluation.workers with real processes: what happens to one task never reaches another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drivers
import psutil
import pytest
import stubs
from drivers import is_running, wait_until

from deap_nas.evaluation import process
from deap_nas.evaluation.workers import Task, Workers, WorkerStartError

SECONDS = 40  # far more than anything takes: a test that hangs fails


@pytest.fixture(autouse=True)
def no_orphans() -> Iterator[None]:
    yield
    assert drivers.workers_of(os.getpid()) == []


def make(log: Path | None = None, **settings: Any) -> Workers:
    return Workers("stubs:Servant", (str(log or ""),), **settings)


def outcomes(workers: Workers, *calls: tuple[Any, ...]) -> list[Any]:
    """Outcomes of (method, *args) calls, in the order given."""
    tasks = [Task(i, method, args) for i, (method, *args) in enumerate(calls)]
    found = {task.key: outcome for task, outcome in workers.run(tasks)}
    assert sorted(found) == list(range(len(calls)))
    return [found[i] for i in range(len(calls))]


def one(call: tuple[Any, ...], **settings: Any) -> Any:
    with make(**settings) as workers:
        return outcomes(workers, call)[0]


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


def in_thread(function: Any, *args: Any) -> Any:
    import threading

    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


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


# --- how many, how long


def test_workers_are_kept_between_runs_and_tasks():
    with make() as workers:
        first = outcomes(workers, ("pid",), ("pid",))
        second = outcomes(workers, ("pid",))
    assert len({outcome.value for outcome in [*first, *second]}) == 1


def test_no_more_workers_than_asked_for_and_none_without_work():
    with make(count=3) as workers:
        assert drivers.workers_of(os.getpid()) == []
        outcomes(workers, ("echo", 1))
        assert len(drivers.workers_of(os.getpid())) == 1
        outcomes(workers, *[("sleep", 0.2)] * 9)
        assert len(drivers.workers_of(os.getpid())) == 3


def test_tasks_run_side_by_side():
    with make(count=4) as workers:
        outcomes(workers, *[("sleep", 0.5)] * 4)  # all four are up
        start = time.monotonic()
        outcomes(workers, *[("sleep", 0.5)] * 4)
        assert time.monotonic() - start < 1.8


def test_a_worker_is_recycled_after_so_many_tasks():
    with make(recycle_after=3) as workers:
        assert [o.value for o in outcomes(workers, *[("nth",)] * 7)] == [1, 2, 3, 1, 2, 3, 1]


def test_a_worker_that_holds_much_memory_is_recycled():
    with make(recycle_memory=250) as workers:
        small, big, after = outcomes(workers, ("hold", 1), ("hold", 300), ("pid",))
    assert small.value == big.value != after.value


def test_tasks_are_taken_lazily():
    taken = []

    def tasks() -> Iterator[Task]:
        for i in range(10):
            taken.append(i)
            yield Task(i, "echo", (i,))

    with make() as workers:
        results = workers.run(tasks())
        next(results)
        assert len(taken) <= 2
        results.close()


def test_no_tasks_at_all():
    with make() as workers:
        assert list(workers.run([])) == []


# --- ends


def test_closing_the_generator_early_kills_what_runs_and_nothing_else(tmp_path):
    log = tmp_path / "log"
    with make(log, count=2) as workers:
        idle, _ = (o.value for o in outcomes(workers, ("sleep", 0.3), ("sleep", 0.3)))
        results = workers.run(
            [Task(0, "pid", ()), Task(1, "mark_and_sleep", ("x", 1000)), Task(2, "pid", ())]
        )
        assert next(results)[1].value == idle
        wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
        busy = int(log.read_text().split()[-1])
        results.close()
        assert not psutil.pid_exists(busy)
        assert outcomes(workers, ("echo", 5))[0].value == 5
        assert psutil.pid_exists(idle)


def test_an_error_of_who_iterates_leaves_no_worker_busy():
    def consume(workers: Workers) -> None:
        for _ in workers.run([Task(0, "echo", (0,)), Task(1, "sleep", (1000,))]):
            raise KeyError("mine")

    with make(count=2) as workers:
        with pytest.raises(KeyError):
            consume(workers)
        assert outcomes(workers, ("echo", 5))[0].value == 5


def test_close_ends_busy_workers_and_may_be_called_twice(tmp_path):
    log = tmp_path / "log"
    workers = make(log)
    killer = in_thread(lambda: list(workers.run([Task(0, "pid", ())])))
    killer.join()
    assert len(drivers.workers_of(os.getpid())) == 1
    workers.close()
    workers.close()
    assert drivers.workers_of(os.getpid()) == []


def test_after_close_it_starts_anew():
    with make() as workers:
        first = outcomes(workers, ("pid",))[0].value
        workers.close()
        assert outcomes(workers, ("pid",))[0].value != first


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("stubs:refusing", "ImportError: no such library"),
        ("nowhere:Servant", "'nowhere'"),
        ("stubs:nothing", "'nothing'"),
    ],
)
def test_a_start_that_fails_is_one_line(target, words):
    with Workers(target, count=2) as workers, pytest.raises(WorkerStartError) as caught:
        list(workers.run([Task(i, "echo", (i,)) for i in range(3)]))
    assert "\n" not in str(caught.value)
    assert words in str(caught.value)


def test_an_object_starts_in_each_worker_before_the_clock_does():
    with Workers(stubs.SlowStart(1.0), max_seconds=0.5) as workers:
        assert [o.value for o in outcomes(workers, ("nth",), ("nth",))] == [11, 12]
    with Workers(stubs.SlowStart(0)) as workers, pytest.raises(WorkerStartError, match="no time"):
        outcomes(workers, ("nth",))


def test_room_is_for_so_many_and_cancelled_tasks_are_never_heard_of():
    with make(count=2) as workers:
        assert workers.wait() == []
        for key in range(2):
            assert workers.has_room()
            workers.submit(Task(key, "sleep", (1000,)))
        assert not workers.has_room()
        workers.cancel()
        assert workers.has_room()
        assert workers.wait() == []
        workers.submit(Task(3, "echo", (5,)))
        ((task, outcome),) = workers.wait()
        assert (task.key, outcome.value) == (3, 5)


def test_a_worker_that_dies_while_starting_blames_no_task():
    start = time.monotonic()
    with Workers("stubs:dying") as workers, pytest.raises(WorkerStartError, match="exit code 7"):
        list(workers.run([Task(i, "echo", (i,)) for i in range(20)]))
    assert time.monotonic() - start < SECONDS


def test_a_start_that_takes_for_ever_is_given_up(monkeypatch):
    monkeypatch.setattr(process, "START_SECONDS", 0.5)
    with Workers("time:sleep", (1000,)) as slow, pytest.raises(WorkerStartError, match="ready"):
        list(slow.run([Task(0, "echo", (1,))]))


def test_the_environment_is_set_before_anything_is_imported():
    with Workers(
        "stubs:Servant", environment={"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "5"}
    ) as hashing:
        list(hashing.run([Task(0, "pid", ())]))
        (worker,) = drivers.workers_of(os.getpid())
        assert worker.environ()["PYTHONHASHSEED"] == "5"


PARENT = """
import sys, time
from deap_nas.evaluation.workers import Task, Workers
with Workers("stubs:Servant", count=2) as workers:
    list(workers.run([Task(i, "sleep", (0.5,)) for i in range(2)]))  # both are up
    call, *args = eval(sys.argv[1])
    for _ in workers.run([Task(0, "echo", (0,)), *[Task(i, call, args) for i in (1, 2)]]):
        print("begun", flush=True)
        time.sleep(1000)  # takes no result, so that who sends one is stuck
"""


@pytest.mark.parametrize("call", [("sleep", 1000), ("busy", 1000), ("huge", 100)])
def test_workers_die_with_a_parent_that_is_killed(call):
    """Though they sleep, are busy in C, or stand in the middle of sending a result."""
    command = [sys.executable, "-c", PARENT, repr(call)]
    with subprocess.Popen(
        command, env=drivers.environment(), stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "begun\n"
        time.sleep(0.5)
        found = drivers.workers_of(parent.pid)
        parent.kill()
        parent.wait()
    assert len(found) == 2
    wait_until(lambda: not any(drivers.is_worker(process) for process in found), 10)


def test_ctrl_c_is_for_the_parent():
    """Workers are in sessions of their own: the terminal's signal does not reach them."""
    with make() as workers:
        outcomes(workers, ("pid",))
        (worker,) = drivers.workers_of(os.getpid())
        assert os.getsid(worker.pid) != os.getsid(os.getpid())
