"""What the benchmarks share: their command line, and how results and their origin are written."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from deap_nas import Evaluation, accuracy_per_log_params, time_penalised
from deap_nas.files import write_whole

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
PACKAGES = ("deap", "numpy", "tensorflow", "tensorflow-cpu", "keras")
PUBLISHED = (  # the report's complete genomes, figures 2 to 4
    "NC 16 3 tanh;NC 6 3 swish;RC 6 3 tanh;RC 10 3 tanh;FL swish",
    "NC 16 4 gelu;RC 10 4 relu;NC 8 4 gelu;NC 16 4 tanh;RC 4 5 tanh;FL swish",
    "NC 10 4 relu;RC 14 4 tanh;RC 14 4 relu;FL tanh",
    "NC 14 3 relu;NC 8 3 gelu;RC 12 3 tanh;RC 12 4 gelu;FL gelu",
)
FITNESS = {"fitness": accuracy_per_log_params, "fitness_time": time_penalised}


def make_parser(doc: str | None, out: Path | None) -> argparse.ArgumentParser:
    """A command line that says what the benchmark is and has ``--out``."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=out, help="default: %(default)s")
    return parser


def measured(evaluation: Evaluation, *columns: str) -> dict[str, Any]:
    """Columns of a training's row: fields of its Evaluation, fitness, fitness_time."""
    return {
        name: FITNESS[name](evaluation)[0] if name in FITNESS else getattr(evaluation, name)
        for name in columns
    }


def save(out: Path, made: dict[str, Any], **tables: pd.DataFrame) -> None:
    """Write ``NAME.csv`` of each table, and ``run.json``: what they were made with."""
    for name, table in tables.items():
        write_csv(table, out / f"{name}.csv")
    write_json(made, out / "run.json")


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a table that are there already."""
    return pd.read_csv(path).to_dict("records") if path.exists() else []


def gone_on(out: Path, made: dict[str, Any]) -> dict[str, Any]:
    """The origin of results of which a part was there already: the first part's, and the commits of
    those that went on with it."""
    if not (out / "run.json").exists():
        return made
    before = json.loads((out / "run.json").read_text())
    commits = dict.fromkeys([before["commit"], *before.get("resumed", []), made["commit"]])
    return {**before, "resumed": list(commits)[1:]}


def write_json(content: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(content, indent=2) + "\n")


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
