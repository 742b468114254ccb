"""What the benchmarks share: where results go, and what they were measured with."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from deap_nas.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("deap", "numpy", "tensorflow", "tensorflow-cpu", "keras")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, table.to_csv(index=False, float_format="%.6g"))


def provenance() -> dict[str, Any]:
    """Command, commit, versions and machine of a measurement."""
    return {
        "command": ["python", *sys.argv],
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed_files": len(_git("status", "--porcelain", "--untracked-files=no").splitlines()),
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "versions": _versions(),
        "machine": {"processor": _processor(), "system": platform.platform()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    vector = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
    return f"{len(models)} x {models[0]} ({vector})" if models else platform.processor()
