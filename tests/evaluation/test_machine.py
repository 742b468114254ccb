"""evaluation.machine: cores and memory, as a container's limits leave them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from deap_nas.evaluation import machine
from deap_nas.evaluation.machine import cores, memory

ALL = 64
OWN = "docker/1234"


@pytest.fixture(autouse=True)
def large_machine(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(ALL))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=2**37))


def make(root: Path, groups: str, files: dict[str, str] | None = None) -> Path:
    """A root with control groups."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, text in (files or {}).items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("250000 100000", 2),
        ("6400000 50000", ALL),
        ("max 100000", ALL),
        ("nonsense", ALL),
        ("", ALL),
    ],
)
def test_a_quota_of_today(tmp_path, quota, expected):
    assert cores(make(tmp_path, "0::/\n", {"cpu.max": quota})) == expected


@pytest.mark.parametrize("quota", ["-1", "150000", "400000"])
@pytest.mark.parametrize("path", ["", OWN])
def test_a_quota_of_before(tmp_path, quota, path):
    """In a container its group may be mounted as the root, under a name that is not there."""
    names = {"cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": "100000"}
    root = make(tmp_path, f"4:memory:/x\n3:cpu,cpuacct:/{path}\n1:name=systemd:/\n", names)
    assert cores(root) == {"-1": ALL, "150000": 1, "400000": 4}[quota]


def test_the_least_limit_of_all_groups_counts(tmp_path):
    files = {
        "cpu.max": "3200000 100000",
        "docker/cpu.max": "300000 100000",
        "docker/1234/cpu.max": "max 100000",
        "memory.max": "max",
        "docker/memory.max": str(2**31),
        "docker/1234/memory.max": str(2**32),
    }
    root = make(tmp_path, f"0::/{OWN}\n", files)
    assert (cores(root), memory(root)) == (3, 2048)


def test_memory_of_before(tmp_path):
    files = {
        "memory/memory.limit_in_bytes": str(2**63 - 4096),
        f"memory/{OWN}/memory.limit_in_bytes": str(2**30),
    }
    assert memory(make(tmp_path, f"9:memory:/{OWN}\n", files)) == 1024


@pytest.mark.parametrize("groups", ["", "0::/../../other\n", "garbage\n"])
def test_without_limits_the_machine_counts(tmp_path, groups):
    root = make(tmp_path, groups)
    assert (cores(root), memory(root)) == (ALL, 2**17)
    assert (cores(tmp_path / "none"), memory(tmp_path / "none")) == (ALL, 2**17)


def test_here_there_is_one_core_and_some_memory_at_least():
    assert cores() >= 1
    assert 0 < memory() <= psutil.virtual_memory().total // machine.MIB
