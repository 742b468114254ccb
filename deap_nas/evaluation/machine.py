"""What of the machine this process may use: by its affinity, and by the limits of its container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path("/")
MIB = 2**20
OLD_MEMORY = "memory.limit_in_bytes"  # of the first version of control groups


def cores(root: Path = ROOT) -> int:
    """How many cores this process may use: whole ones of a quota, and one at the least.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        found = os.cpu_count() or 1
    return max(1, min([found, *map(int, _quotas(root))]))


def memory(root: Path = ROOT) -> int:
    """MiB that all processes here may have together: the container's limit, or the machine's.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    groups = [*_groups(root, ""), *_groups(root, "memory")]
    numbers = [_numbers(g, name) for g in groups for name in ("memory.max", OLD_MEMORY)]
    return int(min([psutil.virtual_memory().total, *(n[0] for n in numbers if n)]) // MIB)


def _quotas(root: Path) -> Iterator[float]:
    """Cores' worth of time in each period, by each limit that there is."""
    limits = [_numbers(group, "cpu.max") for group in _groups(root, "")]
    for group in _groups(root, "cpu"):
        limits.append([*_numbers(group, "cpu.cfs_quota_us"), *_numbers(group, "cpu.cfs_period_us")])
    for limit in limits:
        if len(limit) == 2 and min(limit) > 0:  # -1: none
            yield limit[0] / limit[1]


def _numbers(group: Path, name: str) -> list[int]:
    """What a control group's file says; nothing where it is missing, or says "max"."""
    try:
        return [int(word) for word in (group / name).read_text().split()]
    except (OSError, ValueError):
        return []


def _groups(root: Path, controller: str) -> list[Path]:
    """The folders of the control groups that this process is in, from its own to the one that is
    mounted; some need not be there.

    Args:
        root: where ``proc`` and ``sys`` are.
        controller: of the first version of control groups; "": the second.
    """
    mount, inner = root / "sys/fs/cgroup" / controller, Path()
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for _, names, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if controller in names.split(",") and ".." not in path:
            inner = Path(path.lstrip("/"))
    return list(dict.fromkeys([mount / inner, *(mount / parent for parent in inner.parents)]))
