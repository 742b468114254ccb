"""The Dask cluster that a search trains on: one that runs somewhere, or one of its own."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deap_nas.data import Dataset
from deap_nas.files import read_text
from deap_nas.runs.checks import SettingsError
from deap_nas.runs.settings import Settings
from deap_nas.training.accelerator import choose_card, engine_on
from deap_nas.training.capacity import default_workers

CONNECT_SECONDS = 10
LOOPBACK = "127.0.0.1"
LOGS = ("distributed", "tornado", "asyncio")  # what is lost or late is told in our words


def workers_here(settings: Settings, dataset: Dataset) -> int:
    """How many workers this machine has, or would have."""
    if settings.workers:
        return settings.workers
    card = choose_card(settings.engine, settings.accelerator)
    engine = engine_on(settings.accelerator, settings.engine)
    return default_workers(dataset, settings.max_memory, engine, card)


@contextlib.contextmanager
def connect(settings: Settings, dataset: Dataset) -> Iterator[Any]:
    """A client of the cluster that the settings name, or of one on this machine, which ends with
    it and listens on the loopback interface alone; None where the backend is no Dask.

    Raises:
        SettingsError: for a scheduler that does not answer.
        ImportError: without the extra ``dask``.
    """
    if settings.backend != "dask":
        yield None
        return
    from distributed import LocalCluster

    with _silence():
        if settings.scheduler:
            with _client(_address(settings.scheduler), settings.scheduler) as client:
                yield client
            return
        count = workers_here(settings, dataset)
        quiet: Any = {"dashboard_address": f"{LOOPBACK}:0", "silence_logs": logging.CRITICAL}
        with _deaf():
            cluster = LocalCluster(n_workers=count, threads_per_worker=1, host=LOOPBACK, **quiet)
        with cluster, _client(cluster, "of its own") as client:
            yield client


def _address(scheduler: str) -> str:
    """An address, or that in a file of ``dask scheduler --scheduler-file``."""
    if "://" in scheduler:
        return scheduler
    try:
        return str(json.loads(read_text(Path(scheduler)))["address"])
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(
            f"scheduler {scheduler} is neither an address nor a scheduler's file; give "
            "tcp://HOST:PORT, or the file of dask scheduler --scheduler-file"
        ) from None


def _client(place: Any, named: str) -> Any:
    from distributed import Client
    from distributed.security import Security

    encrypted = str(place).startswith("tls://")
    if encrypted and not Security().get_connection_args("client").get("ssl_context"):
        raise SettingsError(
            f"scheduler {named}: Dask has no certificate to show there; name one in its settings "
            "(DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and __KEY, and __TLS__CA_FILE)"
        )
    try:
        return Client(place, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # of many kinds: names, networks, certificates
        why = " ".join(str(error).split())
        raise SettingsError(
            f"scheduler {named}: no Dask scheduler answers ({why}); start one with dask scheduler, "
            "or leave --scheduler out"
        ) from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Without Dask's own log, which is for who runs the cluster."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in LOGS]
    before = {name: logging.getLogger(name).level for name in {*LOGS, *names}}
    for name in before:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """What is started here does not hear of Ctrl-C, which is for the search: it ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
