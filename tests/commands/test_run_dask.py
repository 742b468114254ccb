"""``--backend dask``: a search ends as the serial one, whatever becomes of its cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import clusters
import drivers
import psutil
import pytest
import stubs
from clusters import client_of, cluster
from command import refused, run_main, snapshot
from drivers import wait_until

from deap_nas.data import load_dataset
from deap_nas.evaluation.dask import DaskBackend
from deap_nas.runs.cluster import connect
from deap_nas.runs.settings import Settings
from deap_nas.training import evaluator

pytest.importorskip("distributed", reason="needs the extra dask")
pytestmark = pytest.mark.cluster

FEW = ("--population", 4, "--generations", 2, "--no-cache", "--no-report", "--epochs", 1)


@pytest.fixture(autouse=True)
def light(home: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are saved without TensorFlow."""
    monkeypatch.setattr(evaluator, "Saver", lambda *_: stubs.Saver())


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stub trainings that take a moment, on a cluster and here; their log."""
    log = tmp_path / "trainings.txt"
    monkeypatch.setenv(stubs.LOG, str(log))
    monkeypatch.setenv(stubs.SECONDS, "0.5")

    def on_dask(client: Any, trainer: Any, **settings: Any) -> DaskBackend:
        settings |= {"inherit": (stubs.LOG, stubs.SECONDS), "check": None}
        return DaskBackend(client, stubs.stand_in(trainer), **settings)

    monkeypatch.setattr(evaluator, "DaskBackend", on_dask)
    monkeypatch.setattr(evaluator, "Workers", drivers.stub_workers)
    return log


def search(data: Path, out: str, *words: Any) -> dict[str, Any]:
    assert run_main("--dataset", data, "--out", out, *FEW, *words) == 0
    return drivers.outcome(Path(out))


def evaluations(folder: str) -> int:
    return sum(line["kind"] == "evaluation" for line in drivers.lines_of(Path(folder)))


def test_real_trainings_have_the_bits_of_the_serial_run(data: Path, tmp_path: Path) -> None:
    native = ("--engine", "native", "--space", "wide")
    serial = search(data, "serial", "--workers", 1, *native)
    with cluster(tmp_path, 2) as made, client_of(made, 2):
        on_two = search(data, "on-two", "--backend", "dask", "--scheduler", made.file, *native)
    assert drivers.differences(serial, on_two) == []
    own = search(data, "own", "--backend", "dask", "--workers", 1, *native)
    assert drivers.differences(serial, own) == []


def test_own_layers_travel(data: Path, tmp_path: Path) -> None:
    """The file is gone by the time that workers need it: they have its text."""
    from deap_nas.layers import LAYERS

    file = tmp_path / "own.py"
    file.write_text(Path(drivers.ROOT, "examples/own_layer.py").read_text())
    before = dict(LAYERS)
    genome = "CR 4 3 relu;SE 2;GP"
    try:
        with cluster(tmp_path, 1) as made, client_of(made, 1) as client:
            from deap_nas import Evaluator, load_layers, parse_genome

            load_layers(file)
            settings: dict[str, Any] = {"recipe": "fast", "cache": None, "engine": "keras"}
            with Evaluator(data, client=client, **settings) as remote:
                file.unlink()
                found = remote.measure(parse_genome(genome))
            assert found.ok, found.reason
    finally:
        LAYERS.clear()
        LAYERS.update(before)


@pytest.mark.parametrize("algorithm", ["preselected", "steady_state"])
def test_workers_and_the_scheduler_are_lost_and_the_search_goes_on_here(
    data: Path, tmp_path: Path, slow: Path, capsys: Any, algorithm: str
) -> None:
    how = ("--algorithm", algorithm, "--slots", 1)
    serial = search(data, "serial", "--workers", 1, *how)
    slow.unlink()
    with cluster(tmp_path) as made:
        made.add_workers(2, "--no-nanny")
        with client_of(made, 2):
            pass

        def lose() -> None:
            wait_until(lambda: evaluations("lost") >= 2, clusters.PATIENCE)
            made.kill(made.workers[0])
            made.kill(made.workers[1])
            made.add_worker("--no-nanny")
            wait_until(lambda: evaluations("lost") >= 4, clusters.PATIENCE)
            made.kill(made.scheduler)

        losing = threading.Thread(target=lose)
        losing.start()
        capsys.readouterr()
        where = ("--backend", "dask", "--scheduler", made.address)
        status = run_main("--dataset", data, "--out", "lost", *FEW, *how, *where)
        losing.join()
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert status == 1
    assert error.startswith("error: the Dask scheduler at tcp://127.0.0.1")
    assert "--resume" in error
    assert 4 <= evaluations("lost") < len(serial["evaluations"])
    assert run_main("--resume", "lost", "--backend", "local", "--workers", 2, "--no-report") == 0
    assert drivers.differences(serial, drivers.outcome(Path("lost"))) == []


def test_a_scheduler_that_is_not_there_is_refused(data: Path, tmp_path: Path, capsys: Any) -> None:
    here, dask = snapshot(Path()), ("--dataset", data, "--backend", "dask")
    nobody = ("--scheduler", "tcp://127.0.0.1:1")
    refused(
        lambda: run_main(*dask, *nobody), capsys, "tcp://127.0.0.1:1: no Dask scheduler answers"
    )
    refused(lambda: run_main(*dask, "--scheduler", "none.json"), capsys, "none.json is neither")
    refused(lambda: run_main("--dataset", data, *nobody), capsys, "add --backend dask")
    assert snapshot(Path()) == here
    with cluster(tmp_path) as made:
        for place in (made.address, str(made.file)):
            settings = Settings(dataset=str(data), backend="dask", scheduler=place)
            with connect(settings, load_dataset(data)) as client:
                assert client.status == "running"


def test_a_cluster_of_its_own_listens_on_the_loopback_interface_alone(data: Path) -> None:
    settings = Settings(dataset=str(data), backend="dask", workers=1)
    with connect(settings, load_dataset(data)) as client:
        wait_until(lambda: client.nthreads(), clusters.PATIENCE)
        us = psutil.Process()
        found = [
            each.laddr.ip
            for process in [us, *us.children(recursive=True)]
            for each in process.net_connections()
            if each.status == psutil.CONN_LISTEN
        ]
    assert len(found) >= 2
    assert set(found) == {"127.0.0.1"}


@pytest.mark.parametrize("count", [1, 3])
def test_a_cluster_of_its_own_is_as_large_as_it_is_told(data: Path, count: int) -> None:
    settings = Settings(dataset=str(data), backend="dask", workers=count)
    with connect(settings, load_dataset(data)) as client:
        assert list(client.nthreads().values()) == [1] * count


def test_ctrl_c_is_for_the_search_alone(data: Path, tmp_path: Path) -> None:
    """As a terminal sends it, to the search and to the cluster that it has started."""
    words = ("--dataset", data, "--out", "run", *FEW, "--backend", "dask", "--workers", 1)
    log = tmp_path / "log"
    variables = {"REAL_TRAINING": "1", "DASK_LOGGING__DISTRIBUTED": "error"}
    with log.open("w") as output:
        search = subprocess.Popen(
            [
                sys.executable,
                str(drivers.TESTS / "drivers.py"),
                *map(str, words),
                "--epochs",
                "500",
            ],
            env=drivers.environment(**variables),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        wait_until(lambda: drivers.workers_of(search.pid), clusters.PATIENCE)
        os.killpg(search.pid, signal.SIGINT)
        assert search.wait(clusters.PATIENCE) == 130
    said = log.read_text()
    assert "Traceback" not in said
    assert "stopped; go on with: python -m deap_nas.run --resume run" in said


def test_an_encrypted_cluster(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/cluster.md shows it; who has no certificate is refused."""
    pytest.importorskip("cryptography", reason="makes the certificates")
    from distributed.security import Security

    made_up = Security.temporary()
    files = {"ca": made_up.tls_ca_file, "cert": made_up.tls_client_cert}
    files["key"] = made_up.tls_client_key
    for name, text in files.items():
        (tmp_path / f"{name}.pem").write_text(text)
    tls = {"COMM__REQUIRE_ENCRYPTION": "True", "COMM__TLS__CA_FILE": "ca.pem"}
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        tls |= {f"COMM__TLS__{who}__CERT": "cert.pem", f"COMM__TLS__{who}__KEY": "key.pem"}
    for name, value in tls.items():
        path = str(tmp_path / value) if value.endswith(".pem") else value
        monkeypatch.setenv(f"DASK_DISTRIBUTED__{name}", path)
    with cluster(tmp_path, protocol="tls") as made:
        made.add_worker("--no-nanny")
        assert made.address.startswith("tls://")
        words = ("--dataset", data, "--out", "tls", *FEW, "--scheduler", made.address)
        done = drivers.stub_cli(*words, "--backend", "dask")
        assert done.returncode == 0, done.stderr
        for name in tls:
            monkeypatch.delenv(f"DASK_DISTRIBUTED__{name}")
        refusal = drivers.stub_cli(*words, "--backend", "dask", "--out", "none")
        assert refusal.returncode == 2
        assert "Dask has no certificate to show there" in refusal.stderr
        assert refusal.stderr.count("\n") == 1
