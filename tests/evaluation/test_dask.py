"""evaluation.dask on real clusters: what happens to one task or Dask worker costs no other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clusters
import drivers
import pytest
from clusters import client_of, cluster
from drivers import is_running, wait_until

from deap_nas.evaluation.backend import Outcome, Task, run
from deap_nas.evaluation.dask import (
    LOOK_SECONDS,
    DaskBackend,
    DaskWarning,
    SchedulerLostError,
)
from deap_nas.evaluation.dask_books import ALONE, ATTEMPTS
from deap_nas.evaluation.workers import Workers, WorkerStartError

pytest.importorskip("distributed", reason="needs the extra dask")
pytestmark = pytest.mark.cluster

PACKAGE = drivers.ROOT / "deap_nas"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Of a cluster of two Dask workers, which the tests leave as they are."""
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder) as made:
        made.add_workers(2, "--no-nanny")
        with client_of(made, 2) as client:
            yield client


def make(client: Any, log: Path | str = "", **settings: Any) -> DaskBackend:
    return DaskBackend(client, "stubs:Servant", (str(log),), **settings)


def outcomes(backend: Any, *calls: tuple[Any, ...]) -> list[Outcome]:
    """Outcomes of (method, *args) calls, in the order given."""
    tasks = [Task(i, method, args) for i, (method, *args) in enumerate(calls)]
    found = {task.key: outcome for task, outcome in run(backend, tasks)}
    assert sorted(found) == list(range(len(calls)))
    return [found[i] for i in range(len(calls))]


def marked(log: Path) -> list[list[str]]:
    """(text, process) of the tasks that are begun."""
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


# --- one task


def test_each_way_to_end_is_as_on_one_machine(client: Any) -> None:
    calls = [("echo", 7), ("fail", "x"), ("exit", 3), ("kill",), ("sleep", 1000), ("echo", "last")]
    calls += [("allocate", 600), ("unpicklable",), ("ununpicklable",), ("echo", b"x" * 11_000_000)]
    limits = {"max_seconds": 5, "max_memory": 300}
    there = client.nthreads()
    with make(client, **limits) as backend, Workers("stubs:Servant", count=2, **limits) as workers:
        on_dask, here = outcomes(backend, *calls), outcomes(workers, *calls)
    assert [(o.status, o.value) for o in on_dask] == [(o.status, o.value) for o in here]
    assert [o.reason for o in on_dask][1:4] == [o.reason for o in here][1:4]
    assert {o.status for o in on_dask} == {"ok", "error", "killed", "timeout", "oom"}
    assert client.nthreads() == there, "a Dask worker was lost"


def test_what_cannot_be_read_is_an_error_of_its_task_alone(client: Any) -> None:
    import stubs

    with make(client) as backend:
        bad, good = outcomes(backend, ("echo", stubs.Ununpicklable()), ("echo", 1))
    assert bad.status == "error"
    assert "does not unpickle" in bad.reason
    assert good.value == 1


def test_what_a_script_defines_travels_with_it(client: Any, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from distributed import Client\n"
        "from deap_nas.evaluation.backend import Task, run\n"
        "from deap_nas.evaluation.dask import DaskBackend\n"
        "class Doubler:\n"
        "    def double(self, number): return 2 * number\n"
        "if __name__ == '__main__':\n"
        "    with Client(sys.argv[1]) as client, DaskBackend(client, Doubler()) as backend:\n"
        "        print([o.value for _, o in run(backend, [Task(0, 'double', (21,))])])\n"
    )
    done = subprocess.run(
        [sys.executable, script, client.scheduler.address],
        capture_output=True, text=True, env=drivers.environment(), timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout == "[42]\n", done.stderr


def test_there_is_room_for_one_task_a_dask_worker(client: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with make(client, log) as backend:
        for i in range(2):
            assert backend.has_room()
            backend.submit(Task(i, "mark_and_sleep", (str(i), 1.0)))
        assert not backend.has_room()
        wait_until(lambda: len(marked(log)) == 2)
        assert max(map(len, client.processing().values())) == 1
        found: list[Any] = []
        while len(found) < 2:
            found += backend.wait() or []
    assert len({outcome.value for _, outcome in found}) == 2


def test_the_object_is_sent_once_and_its_process_stays_warm(client: Any) -> None:
    with make(client) as backend:
        pids = [outcome.value for outcome in outcomes(backend, *[("pid",)] * 20)]
        assert len(set(pids)) <= 2
        assert all(map(is_running, pids))
    wait_until(lambda: not any(map(is_running, pids)))  # closed: Dask workers keep none


def test_what_is_dropped_ends_and_makes_room(client: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with make(client, log) as backend:
        for i in range(2):
            backend.submit(Task(i, "mark_and_sleep", (str(i), 1000)))
        pids = wait_until(lambda: [int(pid) for _, pid in marked(log)] * (len(marked(log)) == 2))
        backend.cancel()
        assert backend.wait() == []
        assert [o.value for o in outcomes(backend, *[("echo", 1)] * 3)] == [1] * 3
        wait_until(lambda: not any(map(is_running, pids)))


def test_a_third_search_pushes_out_the_first_which_goes_on(client: Any) -> None:
    with make(client, "a") as one, make(client, "b") as two, make(client, "c") as three:
        for _ in range(2):
            for backend in (one, two, three):
                assert [o.value for o in outcomes(backend, *[("echo", 1)] * 4)] == [1] * 4


def test_a_search_that_is_killed_leaves_no_task_behind(client: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import sys; from distributed import Client\n"
        "from deap_nas.evaluation.backend import Task\n"
        "from deap_nas.evaluation.dask import DaskBackend\n"
        "backend = DaskBackend(Client(sys.argv[1]), 'stubs:Servant', (sys.argv[2],))\n"
        "backend.submit(Task(0, 'mark_and_sleep', ('a', 1000))); backend.wait()\n"
    )
    words = [sys.executable, "-c", code, client.scheduler.address, str(log)]
    search = subprocess.Popen(words, env=drivers.environment())
    (pid,) = wait_until(lambda: [int(pid) for _, pid in marked(log)], clusters.PATIENCE)
    search.kill()
    search.wait()
    wait_until(lambda: not is_running(pid))


# --- Dask workers


def test_dask_workers_come_and_are_lost(tmp_path: Path) -> None:
    """While one is busy another comes, and is used at once; then the first is lost, whose task is
    done by the other."""
    log, go = tmp_path / "log", tmp_path / "go"
    with cluster(tmp_path) as made, client_of(made) as client, make(client, log) as backend:

        def come() -> None:
            time.sleep(LOOK_SECONDS * ALONE * 1.5)
            made.add_worker("--no-nanny")
            wait_until(lambda: marked(log), clusters.PATIENCE)
            made.add_worker("--no-nanny")

        coming = threading.Thread(target=come)
        coming.start()
        tasks = [Task("long", "mark_and_wait", ("long", str(go))), Task("short", "echo", (1,))]
        ending = run(backend, tasks)
        with pytest.warns(DaskWarning, match="no Dask worker is ready: waiting for one"):
            (short, outcome) = next(ending)
        assert (short.key, outcome.value) == ("short", 1)
        coming.join()
        made.kill(made.workers[0])
        wait_until(lambda: len(marked(log)) == 2, clusters.PATIENCE)
        go.touch()
        (long, outcome) = next(ending)
        assert (long.key, outcome.status) == ("long", "ok")
        assert outcome.value == int(marked(log)[1][1]) != int(marked(log)[0][1])
        assert list(ending) == []


@pytest.mark.filterwarnings("ignore:no Dask worker is ready")  # for long, on a busy machine
def test_a_task_that_kills_dask_workers_is_killed_and_its_neighbours_live(tmp_path: Path) -> None:
    with cluster(tmp_path, 2) as made, client_of(made, 2) as client, make(client) as backend:
        found = outcomes(backend, ("kill_supervisor",), *[("sleep", 0.3)] * 8)
    assert found[0].status == "killed"
    assert f"{ATTEMPTS} Dask workers were lost with it" in found[0].reason
    assert [outcome.status for outcome in found[1:]] == ["ok"] * 8


def test_a_scheduler_that_is_lost_is_said_in_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with cluster(tmp_path, 1) as made, client_of(made, 1) as client:
        backend = make(client, log)
        backend.submit(Task(0, "mark_and_sleep", ("a", 1000)))
        (pid,) = wait_until(lambda: [int(pid) for _, pid in marked(log)])
        made.kill(made.scheduler)
        with pytest.raises(SchedulerLostError, match=r"^the Dask scheduler at .* is lost .*resume"):
            backend.wait()
        backend.close()
        with pytest.raises(SchedulerLostError):
            backend.has_room()
        wait_until(lambda: not is_running(pid), clusters.PATIENCE)  # the Dask worker ends, too


# --- Dask workers that cannot be used


def other_package(folder: Path, change: Any) -> str:
    """A copy of the package with a change, as PYTHONPATH."""
    shutil.copytree(PACKAGE, folder / "deap_nas")
    change(folder / "deap_nas")
    return os.pathsep.join([str(folder), str(clusters.SUPPORT)])


def forget_package(package: Path) -> None:
    shutil.rmtree(package)
    package.mkdir()
    error = "ModuleNotFoundError(\"No module named 'deap_nas'\", name='deap_nas')"
    (package / "__init__.py").write_text(f"raise {error}")


def change_version(package: Path) -> None:
    init = package / "__init__.py"
    init.write_text(init.read_text().replace('__version__ = "', '__version__ = "9.'))


def refuse(why: str) -> str:
    return f"{why} ({os.getpid()})"


def test_dask_workers_that_cannot_be_used_are_told_apart(tmp_path: Path) -> None:
    with cluster(tmp_path) as made:
        for change in (forget_package, change_version):
            folder = tmp_path / change.__name__
            made.add_worker("--no-nanny", PYTHONPATH=other_package(folder, change))
        with client_of(made, 2) as client:
            with pytest.warns(DaskWarning) as said, pytest.raises(WorkerStartError) as stopped:
                make(client)
            lines = sorted(str(each.message).split(": ", 1)[1] for each in said)
            assert lines[0].startswith("it has deap_nas 9.0")
            assert lines[0].endswith("; install the same there")
            assert lines[1] == "it has no deap_nas, or an older one; install the same there as here"
            assert str(stopped.value).startswith("no Dask worker can be used; tcp://")
            made.add_worker("--no-nanny")
            wait_until(lambda: len(client.nthreads()) == 3, clusters.PATIENCE)
            with pytest.warns(DaskWarning) as said, make(client) as backend:
                assert [o.value for o in outcomes(backend, *[("echo", 1)] * 4)] == [1] * 4
            assert len(said) == 2


def test_an_object_that_does_not_start_there_is_a_clear_error(client: Any) -> None:
    with (
        DaskBackend(client, "stubs:refusing") as backend,
        pytest.warns(DaskWarning),
        pytest.raises(WorkerStartError, match="no such library"),
    ):
        outcomes(backend, ("echo", 1))


def test_what_cannot_travel_is_refused(client: Any) -> None:
    import stubs

    with pytest.raises(WorkerStartError, match="a Unpicklable cannot be sent to a Dask worker"):
        DaskBackend(client, stubs.Unpicklable())


def test_an_asynchronous_client_is_refused() -> None:
    class Asynchronous:
        asynchronous = True

    with pytest.raises(ValueError, match="asynchronous=False"):
        make(Asynchronous())
