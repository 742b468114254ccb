"""evaluation.workers with real processes: how many there are, how long, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import drivers
import psutil
import pytest
import stubs
from drivers import wait_until
from servants import SECONDS, in_thread, make, outcomes

from deap_nas.evaluation import process
from deap_nas.evaluation.workers import Task, Workers, WorkerStartError


@pytest.fixture(autouse=True)
def no_orphans() -> Iterator[None]:
    yield
    assert drivers.workers_of(os.getpid()) == []


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
